/** The seam between the local organization's wire (protocols, signatures, IAM, faults) and its services. */

/** Who signed a request. */
export interface Principal {
  readonly kind: 'user' | 'role' | 'service' | 'root';
  /** As GetCallerIdentity prints it: user ARN, assumed-role ARN, root ARN, or a service principal's name. */
  readonly arn: string;
  readonly accountId: string;
  /** AIDA… for a user, AROA…:session for a role. */
  readonly userId: string;
  readonly userName?: string;
  /** The role behind an assumed-role session. */
  readonly roleArn?: string;
  readonly sessionName?: string;
  /** JSON documents given to AssumeRole. */
  readonly sessionPolicies?: readonly string[];
  readonly sourceIdentity?: string;
  /** The function whose execution environment sends the request. */
  readonly sourceFunctionArn?: string;
  readonly sessionTags?: Readonly<Record<string, string>>;
  readonly accessKeyId?: string;
}

/** One request after its protocol is decoded and its signature checked. */
export interface Call {
  readonly service: ServiceId;
  /** The SDK's operation name, such as `CreateAccessKey`. */
  readonly operation: string;
  readonly principal: Principal;
  readonly region: string;
  /** Virtual time. */
  readonly at: Date;
}

export type ServiceId =
  'iam' | 'sts' | 'secretsmanager' | 'sns' | 'sqs' | 's3' | 'ses' | 'lambda' | 'cloudformation' | 'kms';

/** One permission a request needs; a request is allowed when all of its accesses are. */
export interface Access {
  /** Such as `secretsmanager:GetSecretValue`. */
  readonly action: string;
  readonly resource: string;
  readonly resourceAccountId: string;
  /** Request and resource context keys beyond the global ones, such as `secretsmanager:VersionStage`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** JSON of the resource's policy: bucket, topic, key, secret, function or trust policy. */
  readonly resourcePolicy?: string;
}

export interface Operation<Input = any, Output = any> {
  accesses(input: Input, call: Call): readonly Access[];
  run(input: Input, call: Call): Output | Promise<Output>;
}

export interface Service {
  readonly id: ServiceId;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** An error as AWS answers it; `code` is AWS's own, such as `NoSuchEntity`. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly statusCode = 400,
    /** By the fault plan. */
    readonly injected = false,
  ) {
    super(message);
    this.name = code;
  }
}

/** What AWS has and the local organization does not: never a code that a client would take for something else. */
export const notModelled = (what: string): AwsError =>
  new AwsError('NotImplemented', `The local organization does not model ${what}.`, 501);
