import { Alarms } from './alarms';
import { VirtualClock } from './clock';
import { unzipSync } from 'fflate';
import type { Assembly } from '../../cloud-assembly/assembly';
import {
  deleteStack,
  deployStack,
  type Deployer,
  type StackToDeploy,
  type EventPattern,
  type QueueConsumer,
  type RuleDefinition,
} from './deployment/deploy';
import { StackSets } from './deployment/stack-sets';
import type { Target, Template } from '../../cloud-assembly/template';
import type { FaultPlan } from './faults';
import { IamDirectory, type Credentials, type Propagation } from './iam/directory';
import { iamService } from './iam/iam-service';
import { stsService } from './iam/sts-service';
import { seededRandom, type Random } from './random';
import type { FunctionCode } from './runtime/container';
import { CLIENT_ATTEMPTS, deliver, EVENTBRIDGE_RETRIES, isFault, isTransient, SNS_RETRIES } from './retries';
import { LambdaRuntime, type Answered, type LogLine } from './runtime/lambda-runtime';
import { Schedules } from './schedules';
import type { Principal } from './service';
import { cloudFormationService } from './services/cloudformation';
import { KmsState, kmsService } from './services/kms';
import { lambdaService, type LambdaState } from './services/lambda';
import type { InvocationSource } from './services/invoke';
import { s3Service, type S3State } from './services/s3';
import { secretsManagerService, type RotationEvent, type SecretsState } from './services/secretsmanager';
import { sesService, type SesState } from './services/ses';
import { snsService, type SnsState } from './services/sns';
import { sqsService, type SqsState } from './services/sqs';
import { Gateway, type CallRecord } from './wire/gateway';
import { inProcessHandler } from './wire/in-process';
import { ignoreProfiles } from './wire/profiles';

export interface LocalOrganizationOptions {
  readonly start: Date;
  readonly seed: number | string;
  readonly organizationId: string;
  readonly region: string;
  readonly accountIds: readonly string[];
  /** That one of them which no service control policy binds. */
  readonly managementAccountId?: string;
  /** Id of the organization's root. */
  readonly rootId?: string;
  /** Units below the root by account, outermost first: `ou-…/ou-…`; an account without one is out of every StackSet's reach. */
  readonly units?: Readonly<Record<string, string>>;
  readonly propagation?: Propagation;
  readonly faults?: Pick<FaultPlan, 'next'>;
  /** Run every scheduled invocation, even one that cannot differ from the last. */
  readonly everyRun?: boolean;
}

const ROOT = 'r-root';

/** ListSecrets lags; AWS says up to five minutes. */
const LIST_LAG_MS = 5 * 60_000;
const WRITES = /^(Create|Put|Update|Delete|Tag|Untag|Rotate|Cancel|Restore)/;

/** Several AWS accounts in this process: virtual time, IAM enforced, and whatever a cloud assembly deploys. */
export class LocalOrganization {
  readonly clock: VirtualClock;
  readonly region: string;
  readonly directory: IamDirectory;
  readonly gateway: Gateway;
  readonly runtime: LambdaRuntime;
  readonly schedules: Schedules;
  readonly secrets: SecretsState;
  readonly s3: S3State;
  readonly sns: SnsState;
  readonly sqs: SqsState;
  readonly ses: SesState;
  readonly kms: KmsState;
  readonly lambda: LambdaState;
  private readonly random: Random;
  private rules: RuleDefinition[] = [];
  private readonly consumers = new Set<string>();
  private readonly alarms: Alarms;
  private readonly assemblies: Assembly[] = [];
  private readonly stackSets: StackSets;
  private readonly stacks = new Map<string, StackToDeploy>();
  private readonly callListeners: ((record: CallRecord) => void)[] = [];
  private readonly logListeners: ((line: LogLine) => void)[] = [];
  private readonly answerListeners: ((answered: Answered) => void)[] = [];

  constructor(private readonly options: LocalOrganizationOptions) {
    const clock = (this.clock = new VirtualClock(options.start));
    this.region = options.region;
    const random = (this.random = seededRandom(options.seed));
    const directory = (this.directory = new IamDirectory({
      clock,
      random,
      organizationId: options.organizationId,
      propagation: options.propagation,
    }));
    for (const accountId of options.accountIds)
      directory.addAccount(accountId, {
        organizationPath: [options.rootId ?? ROOT, options.units?.[accountId]].filter(Boolean).join('/'),
        management: accountId === options.managementAccountId,
      });
    const kms = kmsService({ clock, random });
    this.kms = kms.state;
    this.runtime = new LambdaRuntime({
      clock,
      random,
      directory,
      gateway: () => this.gateway,
      onLog: (line) => this.logListeners.forEach((listen) => listen(line)),
      onAnswer: (answered) => this.answerListeners.forEach((listen) => listen(answered)),
    });
    const secrets = secretsManagerService({
      clock,
      random,
      kms: this.kms,
      principals: directory,
      invoke: (arn, payload, source) => this.invokeAs(arn, payload, source),
      emit: (event) => this.emit(event),
    });
    const s3 = s3Service({ clock, kms: this.kms });
    const sqs = sqsService({ clock, random });
    const sns = snsService({
      clock,
      random,
      kms: this.kms,
      deliver: (queueArn, body, topicArn) => this.deliver(queueArn, body, topicArn),
    });
    const ses = sesService({
      clock,
      random,
      publish: (topicArn, text, source) => this.publishAs('ses.amazonaws.com', { topicArn, text }, source),
    });
    const lambda = lambdaService({ invoke: (arn, payload) => this.runtime.invoke(arn, payload) });
    Object.assign(secrets.state, { listLagMs: LIST_LAG_MS });
    [this.secrets, this.s3, this.sqs, this.sns, this.ses, this.lambda] = [
      secrets.state,
      s3.state,
      sqs.state,
      sns.state,
      ses.state,
      lambda.state,
    ];
    this.stackSets = new StackSets({
      deployer: () => this.deployer,
      unitsOf: (accountId) => unitsOf(options, accountId),
      templateAt: (url) => JSON.parse(this.asset(url.split('/').at(-1)!)!) as Template,
    });
    const cloudFormation = cloudFormationService({
      instancesOf: (administratorId, name) => this.stackSets.instancesOf(administratorId, name),
    });
    this.alarms = new Alarms({
      clock,
      publish: (topicArn, message, source) =>
        this.publishAs('cloudwatch.amazonaws.com', { topicArn, ...message }, source),
    });
    this.schedules = new Schedules({
      clock,
      everyRun: options.everyRun ?? false,
      run: (rule) => this.runSchedule(rule),
    });
    this.gateway = new Gateway({
      services: [
        iamService(directory),
        stsService(directory),
        ...[secrets, s3, sqs, sns, ses, lambda, cloudFormation, kms].map(({ service }) => service),
      ],
      directory,
      clock,
      random,
      faults: options.faults,
      onCall: (record) => this.called(record),
    });
  }

  /**
   * Creates what the assembly's own stacks describe; a stack deployed again replaces its roles, policies and functions.
   * Those of its stages wait for the pipeline.
   */
  deploy(assembly: Assembly): void {
    this.assemblies.push(assembly);
    for (const stack of assembly.ownStacks) this.deployStack(stack);
  }

  deployStack(stack: StackToDeploy): void {
    deployStack(this.deployer, stack);
    this.stacks.set(nameOf(stack.target), stack);
  }

  /** By the account's administrator; nothing happens where there is no such stack. */
  deleteStack(target: Target): void {
    const stack = this.stacks.get(nameOf(target));
    if (stack) deleteStack(this.deployer, stack);
    this.stacks.delete(nameOf(target));
  }

  private get deployer(): Deployer {
    const { directory, random, kms, s3, sns, sqs, ses, lambda } = this;
    return {
      directory,
      random,
      kms,
      s3,
      sns,
      sqs,
      ses,
      lambda,
      addFunction: (definition) => {
        this.runtime.deploy(definition);
        this.schedules.wake(definition.accountId);
      },
      removeFunction: (arn) => {
        this.runtime.remove(arn);
        lambda.removeFunction(arn);
      },
      addRule: (rule) => this.addRule(rule),
      removeRule: (arn) => {
        this.rules = this.rules.filter((rule) => rule.arn !== arn);
        this.schedules.remove(arn);
      },
      addConsumer: (consumer) => this.consume(consumer),
      addAlarm: (alarm) => this.alarms.put(alarm),
      deployStackSet: (stackSet) => this.stackSets.deploy(stackSet),
      codeAt: (bucket, key) => this.codeAt(bucket, key),
    };
  }

  private addRule(rule: RuleDefinition): void {
    if (rule.everyMs !== undefined) return this.schedules.add(rule);
    this.rules = [
      ...this.rules.filter(({ arn, functionArn }) => arn !== rule.arn || functionArn !== rule.functionArn),
      rule,
    ];
  }

  /** An asset of the assembly, which its bootstrap bucket would hold, or a zip file in a bucket of this organization. */
  private codeAt(bucket: string, key: string): FunctionCode {
    const asset = this.asset(key);
    if (asset !== undefined) return { name: key, text: asset };
    const object = this.s3.bytes(bucket, key);
    if (!object)
      throw new Error(`s3://${bucket}/${key} does not exist: the functions' code was not published before their stack`);
    return { name: key, text: Buffer.from(unzipSync(object)['index.js']!).toString('utf8') };
  }

  private asset(key: string): string | undefined {
    return this.assemblies.map((assembly) => assembly.asset(key)).find((text) => text !== undefined);
  }

  /** Settings of an unchanged SDK client that speaks for whoever holds the credentials, and asks again as it would. */
  clientConfig(credentials: Credentials) {
    ignoreProfiles();
    return {
      region: this.options.region,
      credentials,
      maxAttempts: 1,
      requestHandler: inProcessHandler(this.gateway, undefined, CLIENT_ATTEMPTS) as never,
    };
  }

  onCall(listener: (record: CallRecord) => void): void {
    this.callListeners.push(listener);
  }

  onLog(listener: (line: LogLine) => void): void {
    this.logListeners.push(listener);
  }

  /** What functions answer, errors included. */
  onAnswer(listener: (answered: Answered) => void): void {
    this.answerListeners.push(listener);
  }

  private called(record: CallRecord): void {
    const { service, operation, principal, injected } = record;
    if (service === 's3' && WRITES.test(operation)) this.objectWritten((record.input as { Key?: string }).Key);
    const wrote = (service === 'iam' || service === 'secretsmanager') && WRITES.test(operation);
    if (wrote || injected) this.schedules.touch(principal.accountId, injected ? undefined : functionArnOf(record));
    if (principal.kind === 'user') this.keyUsed(principal);
    for (const listen of this.callListeners) listen(record);
  }

  /** Every run looks whether its slice is another one; a full pass looks which mails came back. */
  private objectWritten(key = ''): void {
    const [, kind, accountId] = /^(roster|deliveries\/feedback)\/(\d{12})(?:\.json$|\/)/.exec(key) ?? [];
    if (accountId === undefined) return;
    if (kind === 'roster') this.schedules.wake(accountId);
    else this.schedules.touch(accountId);
  }

  /** A use of the older of two keys can bring a warning forward, once IAM tells of it; any other use only puts things off. */
  private keyUsed({ accountId, userName = '', accessKeyId }: Principal): void {
    const keys = this.directory.keysOf(accountId, userName);
    const used = keys.find((key) => key.accessKeyId === accessKeyId);
    if (!used || keys.every(({ createdAt }) => createdAt <= used.createdAt)) return;
    this.clock.at(new Date(this.clock.now().getTime() + this.directory.lastUsedLagMs), () =>
      this.schedules.used(accountId),
    );
  }

  private async invokeAs(
    functionArn: string,
    payload: unknown,
    { principal, sourceArn, sourceAccount }: InvocationSource,
  ): Promise<{ payload: unknown; functionError?: 'Unhandled' }> {
    const caller: Principal = typeof principal === 'string' ? service(principal) : principal;
    const context = {
      ...(sourceArn && { 'aws:SourceArn': sourceArn }),
      ...(sourceAccount && { 'aws:SourceAccount': sourceAccount }),
    };
    const answer = (await this.gateway.call(
      caller,
      'lambda',
      'Invoke',
      this.options.region,
      { FunctionName: functionArn, Payload: Buffer.from(JSON.stringify(payload)) },
      context,
    )) as { Payload?: Uint8Array; FunctionError?: 'Unhandled' };
    return {
      payload: JSON.parse(Buffer.from(answer.Payload ?? 'null').toString()) as unknown,
      functionError: answer.FunctionError,
    };
  }

  /** @returns what the function answers; undefined when it failed, or was not reached: the schedule's next run comes anyhow */
  private async runSchedule({ functionArn, arn, accountId, region }: RuleDefinition): Promise<unknown> {
    const event = {
      version: '0',
      id: this.random.fork(`${arn} ${this.clock.now().getTime()}`).uuid(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: accountId,
      time: this.clock.now().toISOString(),
      region,
      resources: [arn],
      detail: {},
    };
    const source = { principal: 'events.amazonaws.com', sourceArn: arn, sourceAccount: accountId } as const;
    try {
      const answer = await this.invokeAs(functionArn, event, source);
      return answer.functionError === undefined ? answer.payload : undefined;
    } catch (error) {
      if (isTransient(error) || isFault(error)) return undefined;
      throw error;
    }
  }

  /** CloudWatch finds an alarm's condition true. @throws AwsError when a topic or its key refuses it */
  raise(accountId: string, name: string): Promise<void> {
    return this.alarms.raise({ accountId, region: this.region, name });
  }

  /** An alarm's metric has no data any more. @throws AwsError when a topic or its key refuses the message */
  missData(accountId: string, name: string): Promise<void> {
    return this.alarms.missData({ accountId, region: this.region, name });
  }

  private async publishAs(
    name: string,
    { topicArn, subject, text }: { readonly topicArn: string; readonly subject?: string; readonly text: string },
    source: { readonly arn: string; readonly accountId: string },
  ): Promise<void> {
    const input = { TopicArn: topicArn, ...(subject !== undefined && { Subject: subject }), Message: text };
    const context = { 'aws:SourceArn': source.arn, 'aws:SourceAccount': source.accountId };
    const publish = () => this.gateway.call(service(name), 'sns', 'Publish', this.region, input, context);
    await deliver(this.clock, publish, SNS_RETRIES);
  }

  private emit(event: RotationEvent): void {
    for (const rule of this.rules) {
      if (rule.accountId !== event.account || rule.region !== event.region || !matches(rule.pattern, event)) continue;
      const source = {
        principal: 'events.amazonaws.com',
        sourceArn: rule.arn,
        sourceAccount: rule.accountId,
      } as const;
      const invoke = () => this.invokeAs(rule.functionArn, event, source);
      this.clock.at(this.clock.now(), () => deliver(this.clock, invoke, EVENTBRIDGE_RETRIES));
    }
  }

  private async deliver(queueArn: string, body: string, topicArn: string): Promise<void> {
    const input = { QueueUrl: queueArn, MessageBody: body };
    const context = { 'aws:SourceArn': topicArn };
    const send = () =>
      this.gateway.call(service('sns.amazonaws.com'), 'sqs', 'SendMessage', this.options.region, input, context);
    await deliver(this.clock, send, SNS_RETRIES);
  }

  /** Lambda's poller: what a function does not finish comes back after the visibility timeout. */
  private consume({ queueArn, functionArn, batchSize }: QueueConsumer): void {
    if (this.consumers.has(queueArn)) return;
    this.consumers.add(queueArn);
    const poll = async (): Promise<void> => {
      const messages = this.sqs.receive(queueArn, batchSize);
      if (messages.length === 0) return;
      const answer = await this.runtime.invoke(functionArn, this.sqs.records(queueArn, messages));
      const failed = new Set(
        ((answer.payload as { batchItemFailures?: { itemIdentifier: string }[] } | null)?.batchItemFailures ?? []).map(
          ({ itemIdentifier }) => itemIdentifier,
        ),
      );
      const done = answer.functionError === undefined ? messages.filter(({ id }) => !failed.has(id)) : [];
      for (const { receipt = '' } of done) this.sqs.delete(queueArn, receipt);
      if (done.length < messages.length)
        this.clock.at(
          new Date(this.clock.now().getTime() + (this.sqs.queue(queueArn).visibilityTimeoutSeconds ?? 30) * 1000),
          poll,
        );
    };
    this.sqs.onArrival(queueArn, () => void this.clock.at(this.clock.now(), poll));
  }
}

/** The function that sent a request, told by its role session. */
function functionArnOf({ origin, principal }: CallRecord): string | undefined {
  const name = origin?.split('/')[1]?.split('#')[0];
  return name === undefined ? undefined : `${principal.accountId}:function:${name}`;
}

const unitsOf = ({ rootId = ROOT, units = {} }: LocalOrganizationOptions, accountId: string): readonly string[] => {
  const unit = units[accountId];
  return unit === undefined ? [] : [rootId, ...unit.split('/')];
};

const nameOf = ({ accountId, region, stackName }: Target): string => `${accountId}/${region}/${stackName}`;

const service = (name: string): Principal => ({ kind: 'service', arn: name, accountId: '', userId: name });

function matches(pattern: EventPattern | undefined, event: RotationEvent): boolean {
  if (!pattern) return false;
  const fits = (allowed: readonly string[] | undefined, value: string): boolean =>
    allowed === undefined || allowed.includes(value);
  return (
    fits(pattern.source, event.source) &&
    fits(pattern['detail-type'], event['detail-type']) &&
    fits(pattern.detail?.eventName, event.detail.eventName)
  );
}
