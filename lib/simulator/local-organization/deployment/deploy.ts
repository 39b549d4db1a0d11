/** What CloudFormation would create of each resource, created in the local organization. */
import type { IamDirectory } from '../iam/directory';
import { requirePolicy } from '../iam/policy-document';
import type { Random } from '../random';
import type { FunctionDefinition } from '../runtime/lambda-runtime';
import type { KmsState } from '../services/kms';
import type { LambdaState } from '../services/lambda';
import type { S3State } from '../services/s3';
import type { SesState } from '../services/ses';
import type { SnsState } from '../services/sns';
import type { SqsState } from '../services/sqs';
import type { FunctionCode } from '../runtime/container';
import { resolveTemplate, type Resolved, type Target, type Template } from '../../../cloud-assembly/template';

export interface RuleDefinition {
  readonly accountId: string;
  readonly region: string;
  readonly arn: string;
  readonly functionArn: string;
  /** Milliseconds between runs of a schedule. */
  readonly everyMs?: number;
  readonly pattern?: EventPattern;
}

export interface EventPattern {
  readonly source?: readonly string[];
  readonly 'detail-type'?: readonly string[];
  readonly detail?: { readonly eventName?: readonly string[] };
}

export interface QueueConsumer {
  readonly queueArn: string;
  readonly functionArn: string;
  readonly batchSize: number;
}

/** Publishes to its topics as CloudWatch when its state changes. */
export interface AlarmDefinition {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly treatMissingData?: string;
  /** Topics by the state that the alarm turns to. */
  readonly actions: Readonly<Record<'ALARM' | 'OK' | 'INSUFFICIENT_DATA', readonly string[]>>;
}

export interface StackSet {
  /** The account that made it, as the delegated administrator. */
  readonly administratorId: string;
  readonly name: string;
  readonly templateUrl: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly instances: readonly {
    readonly regions: readonly string[];
    readonly accountIds: readonly string[];
    readonly unitIds: readonly string[];
  }[];
}

/** One stack of a template in one account. */
export interface StackToDeploy {
  readonly target: Target;
  readonly template: Template;
}

export interface Deployer {
  readonly directory: IamDirectory;
  readonly random: Random;
  readonly kms: KmsState;
  readonly s3: S3State;
  readonly sns: SnsState;
  readonly sqs: SqsState;
  readonly ses: SesState;
  readonly lambda: LambdaState;
  readonly addFunction: (definition: FunctionDefinition) => void;
  readonly removeFunction: (arn: string) => void;
  readonly addRule: (rule: RuleDefinition) => void;
  readonly removeRule: (arn: string) => void;
  /** The StackSet's template in the accounts that it names; those that it no longer names lose theirs. */
  readonly deployStackSet: (stackSet: StackSet) => void;
  /** What an S3 location holds. @throws Error when there is nothing, as CloudFormation then fails */
  readonly codeAt: (bucket: string, key: string) => FunctionCode;
  readonly addConsumer: (consumer: QueueConsumer) => void;
  readonly addAlarm: (alarm: AlarmDefinition) => void;
}

/** Types that change nothing that a rehearsal can see. */
const WITHOUT_EFFECT = new Set([
  'AWS::CodeBuild::Project',
  'AWS::CodePipeline::Pipeline',
  'AWS::Logs::LogGroup',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::CDK::Metadata',
]);

/** @throws Error for a resource type that the local organization does not know */
export function deployStack(deployer: Deployer, { template, target }: StackToDeploy): void {
  stackDeployment(deployer, template, target).run();
}

/** Takes away what can still act: functions, schedules, rules and roles. */
export function deleteStack(deployer: Deployer, { template, target }: StackToDeploy): void {
  stackDeployment(deployer, template, target).remove();
}

function stackDeployment(deployer: Deployer, template: Template, target: Target): StackDeployment {
  const keyIds = new Map<string, string>();
  const keyIdOf = (logicalId: string): string => {
    let id = keyIds.get(logicalId);
    if (id === undefined) keyIds.set(logicalId, (id = deployer.random.fork(`${target.stackName}/${logicalId}`).uuid()));
    return id;
  };
  const resources = resolveTemplate(template, target, keyIdOf);
  return new StackDeployment(deployer, target, resources, keyIdOf);
}

type Makers = Readonly<Record<string, (resource: Resolved) => void>>;

/** Made with the resource that each belongs to. */
const ATTACHED = new Set([
  'AWS::KMS::Alias',
  'AWS::IAM::RolePolicy',
  'AWS::IAM::Policy',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Lambda::Permission',
]);

class StackDeployment {
  constructor(
    private readonly deployer: Deployer,
    private readonly target: Target,
    private readonly resources: readonly Resolved[],
    private readonly keyIdOf: (logicalId: string) => string,
  ) {}

  run(): void {
    const makers = { ...this.ownMakers(), ...this.makersOfOthers() };
    for (const resource of this.resources) {
      const make = makers[resource.type];
      if (make) make(resource);
      else if (!ATTACHED.has(resource.type) && !WITHOUT_EFFECT.has(resource.type))
        throw new Error(`the local organization does not know ${resource.type} (${resource.logicalId})`);
    }
  }

  private ownMakers(): Makers {
    return {
      'AWS::IAM::Role': (resource) => this.role(resource),
      'AWS::KMS::Key': (resource) => this.key(resource),
      'AWS::S3::Bucket': (resource) => this.bucket(resource),
      'AWS::SNS::Topic': (resource) => this.topic(resource),
      'AWS::SQS::Queue': (resource) => this.queue(resource),
      'AWS::Lambda::Function': (resource) => this.function(resource),
      'AWS::Events::Rule': (resource) => this.rule(resource),
      'AWS::SES::EmailIdentity': ({ properties: p }) => this.identity(p.EmailIdentity),
      'AWS::SES::ConfigurationSetEventDestination': ({ logicalId, properties: p }) =>
        this.eventDestination(logicalId, p),
    };
  }

  private makersOfOthers(): Makers {
    return {
      'AWS::SNS::Subscription': (resource) => this.subscription(resource),
      'AWS::Lambda::EventSourceMapping': ({ properties: p }) =>
        this.deployer.addConsumer({
          queueArn: p.EventSourceArn,
          functionArn: this.functionArn(p.FunctionName),
          batchSize: p.BatchSize ?? 10,
        }),
      'AWS::CloudWatch::Alarm': ({ name, properties: p }) =>
        this.deployer.addAlarm({
          ...this.place(),
          name,
          description: p.AlarmDescription,
          treatMissingData: p.TreatMissingData,
          actions: {
            ALARM: p.AlarmActions ?? [],
            OK: p.OKActions ?? [],
            INSUFFICIENT_DATA: p.InsufficientDataActions ?? [],
          },
        }),
      'AWS::CloudFormation::StackSet': ({ properties: p }) =>
        this.deployer.deployStackSet(stackSetOf(p, this.target.accountId)),
      'AWS::SES::ConfigurationSet': ({ name }) =>
        this.deployer.ses.putConfigurationSet(this.target.accountId, this.target.region, name),
    };
  }

  remove(): void {
    for (const { type, name } of this.resources) {
      if (type === 'AWS::IAM::Role') this.deployer.directory.removeRole(this.target.accountId, name);
      if (type === 'AWS::Lambda::Function') this.deployer.removeFunction(this.functionArn(name));
      if (type === 'AWS::Events::Rule') this.deployer.removeRule(this.ruleArn(name));
    }
  }

  private role({ name, properties: p }: Resolved): void {
    const inline = [
      ...(p.Policies ?? []),
      ...this.ofType('AWS::IAM::RolePolicy').filter(({ RoleName }) => RoleName === name),
      ...this.ofType('AWS::IAM::Policy').filter(({ Roles }) => Roles?.includes(name)),
    ];
    this.deployer.directory.putRole(this.target.accountId, {
      name,
      path: p.Path,
      trustPolicy: JSON.stringify(p.AssumeRolePolicyDocument),
      inlinePolicies: Object.fromEntries(
        inline.map(({ PolicyName, PolicyDocument }) => [PolicyName, JSON.stringify(PolicyDocument)]),
      ),
      maxSessionSeconds: p.MaxSessionDuration,
      permissionsBoundary: p.PermissionsBoundary && this.deployer.directory.managedPolicy(p.PermissionsBoundary),
    });
  }

  private key({ logicalId, properties: p }: Resolved): void {
    const keyId = this.keyIdOf(logicalId);
    const alias = this.ofType('AWS::KMS::Alias').find(({ TargetKeyId }) => String(TargetKeyId).endsWith(keyId))
      ?.AliasName as string | undefined;
    this.deployer.kms.putKey({ ...this.place(), keyId, alias, policy: resourcePolicy(p.KeyPolicy, logicalId)! });
  }

  private bucket({ name, properties: p }: Resolved): void {
    const policy = this.ofType('AWS::S3::BucketPolicy').find(({ Bucket }) => Bucket === name)?.PolicyDocument as
      object | undefined;
    const kmsKeyArn = p.BucketEncryption?.ServerSideEncryptionConfiguration?.[0]?.ServerSideEncryptionByDefault
      ?.KMSMasterKeyID as string | undefined;
    const blocksPublicPolicy = p.PublicAccessBlockConfiguration?.BlockPublicPolicy === true;
    const settings = { ...this.place(), name, policy: resourcePolicy(policy, name), kmsKeyArn, blocksPublicPolicy };
    this.deployer.s3.putBucket(settings);
  }

  private topic({ properties: p }: Resolved): void {
    const { accountId, region } = this.target;
    const arn = `arn:aws:sns:${region}:${accountId}:${p.TopicName}`;
    const policy = this.ofType('AWS::SNS::TopicPolicy').find(({ Topics }) => Topics.includes(arn))?.PolicyDocument as
      object | undefined;
    this.deployer.sns.putTopic({
      accountId,
      region,
      name: p.TopicName,
      policy: resourcePolicy(policy, p.TopicName),
      kmsKeyArn: p.KmsMasterKeyId,
    });
  }

  private subscription({ logicalId, properties }: Resolved): void {
    const {
      TopicArn: topicArn,
      Protocol: protocol,
      Endpoint: endpoint,
      FilterPolicy: filterPolicy,
      ...others
    } = properties;
    const scope = others.FilterPolicyScope ?? 'MessageAttributes';
    const unknown = Object.keys(others).find((name) => name !== 'FilterPolicyScope' && name !== 'Region');
    if (unknown !== undefined || scope !== 'MessageAttributes')
      throw new Error(`the local organization does not know ${unknown ?? `FilterPolicyScope ${scope}`} (${logicalId})`);
    this.deployer.sns.subscribe({ topicArn, protocol, endpoint, filterPolicy });
  }

  private queue({ properties: p }: Resolved): void {
    const { accountId, region } = this.target;
    const url = `https://sqs.${region}.amazonaws.com/${accountId}/${p.QueueName}`;
    const policy = this.ofType('AWS::SQS::QueuePolicy').find(({ Queues }) => Queues.includes(url))?.PolicyDocument as
      object | undefined;
    const redrive = p.RedrivePolicy && {
      deadLetterTargetArn: p.RedrivePolicy.deadLetterTargetArn as string,
      maxReceiveCount: Number(p.RedrivePolicy.maxReceiveCount),
    };
    this.deployer.sqs.putQueue({
      accountId,
      region,
      name: p.QueueName,
      policy: resourcePolicy(policy, p.QueueName),
      visibilityTimeoutSeconds: p.VisibilityTimeout,
      retentionSeconds: p.MessageRetentionPeriod,
      redrive,
    });
  }

  private function({ properties: p }: Resolved): void {
    const arn = this.functionArn(p.FunctionName);
    const statements = this.ofType('AWS::Lambda::Permission')
      .filter(({ FunctionName }) => this.functionArn(FunctionName) === arn)
      .map((permission) => permissionStatement(permission, arn));
    const policy = statements.length > 0 ? { Version: '2012-10-17', Statement: statements } : undefined;
    this.deployer.lambda.putFunction({ arn, policy: resourcePolicy(policy, arn) });
    this.deployer.addFunction({
      arn,
      accountId: this.target.accountId,
      region: this.target.region,
      name: p.FunctionName,
      roleArn: p.Role,
      code: this.deployer.codeAt(p.Code.S3Bucket, p.Code.S3Key),
      timeoutSeconds: p.Timeout ?? 3,
      environment: p.Environment?.Variables ?? {},
    });
  }

  /** The mail that asks for confirmation is answered at once; a domain waits for its DNS. */
  private identity(name: string): void {
    const { accountId, region } = this.target;
    if (name.includes('@')) this.deployer.ses.verify(accountId, region, name);
    else this.deployer.ses.create(accountId, region, name);
  }

  private eventDestination(name: string, { ConfigurationSetName, EventDestination }: Record<string, any>): void {
    const { accountId, region } = this.target;
    const { SnsDestination, MatchingEventTypes } = EventDestination;
    const destination = { name, topicArn: SnsDestination.TopicARN, eventTypes: MatchingEventTypes };
    this.deployer.ses.putEventDestination(accountId, region, ConfigurationSetName, destination);
  }

  private rule({ name, properties: p }: Resolved): void {
    const { accountId, region } = this.target;
    for (const target of p.Targets ?? [])
      this.deployer.addRule({
        accountId,
        region,
        arn: this.ruleArn(name),
        functionArn: target.Arn,
        everyMs: p.ScheduleExpression && rateMs(p.ScheduleExpression),
        pattern: p.EventPattern,
      });
  }

  private ruleArn(name: string): string {
    return `arn:aws:events:${this.target.region}:${this.target.accountId}:rule/${name}`;
  }

  private ofType(type: string): any[] {
    return this.resources.filter((resource) => resource.type === type).map(({ properties }) => properties);
  }

  private functionArn(nameOrArn: string): string {
    return nameOrArn.startsWith('arn:')
      ? nameOrArn
      : `arn:aws:lambda:${this.target.region}:${this.target.accountId}:function:${nameOrArn}`;
  }

  private place() {
    return { accountId: this.target.accountId, region: this.target.region };
  }
}

function stackSetOf(
  { StackSetName, TemplateURL, Parameters = [], StackInstancesGroup = [] }: Record<string, any>,
  administratorId: string,
): StackSet {
  return {
    administratorId,
    name: StackSetName,
    templateUrl: TemplateURL,
    parameters: Object.fromEntries(
      (Parameters as { ParameterKey: string; ParameterValue: string }[]).map(({ ParameterKey, ParameterValue }) => [
        ParameterKey,
        ParameterValue,
      ]),
    ),
    instances: (StackInstancesGroup as any[]).map(
      ({ Regions, DeploymentTargets: { Accounts, OrganizationalUnitIds, AccountFilterType } }) => {
        if (AccountFilterType !== 'INTERSECTION')
          throw new Error(`the local organization does not know the account filter ${AccountFilterType}`);
        return { regions: Regions, accountIds: Accounts, unitIds: OrganizationalUnitIds };
      },
    ),
  };
}

/** @throws Error for a policy that AWS would refuse */
function resourcePolicy(policy: object | undefined, owner: string): string | undefined {
  const text = policy && JSON.stringify(policy);
  if (text !== undefined) requirePolicy('resource', text, owner);
  return text;
}

function permissionStatement(
  { Action, Principal, SourceAccount, SourceArn }: Record<string, string | undefined>,
  Resource: string,
) {
  const principal = Principal?.endsWith('.amazonaws.com') ? { Service: Principal } : { AWS: Principal };
  const conditions = {
    ...(SourceAccount && { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
    ...(SourceArn && { ArnLike: { 'aws:SourceArn': SourceArn } }),
  };
  return {
    Effect: 'Allow',
    Action,
    Principal: principal,
    Resource,
    ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** @throws Error for anything but a rate */
function rateMs(expression: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count === undefined) throw new Error(`the local organization does not know the schedule ${expression}`);
  return Number(count) * UNIT_MS[unit]!;
}
