import { Duration, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnEventInvokeConfig, CfnEventSourceMapping, CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnConfigurationSet } from 'aws-cdk-lib/aws-ses';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnSubscription, type CfnTopic, type CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acceptWildcards, bucketInFindings, placeInFindings } from '../nag-acknowledgements';
import { ALARM_NAME_PREFIX } from '../../names';
import type { SenderIdentity } from '../../roster/sender';
import { allow, denyElsewhere, document, ofAccount, type Statement } from '../policy-statement';
import { DELIVERIES_PREFIX, FUNCTIONS, ROLES, type MailerEnvironment } from '../../../lambda/contract/names';
import { MailFeedback } from './mail-feedback';
import { senderIdentity } from './sender-identity';

export interface MailerProps {
  readonly topicArn: string;
  readonly alarmTopicArn: string;
  readonly bucket: IBucket;
  readonly sender: string;
  readonly senderIdentity: SenderIdentity;
  readonly feedback: { readonly topic: CfnTopic; readonly topicPolicy: CfnTopicPolicy };
  readonly admins: readonly string[];
  readonly code: { readonly s3Bucket: string; readonly s3Key: string };
}

const QUEUE_NAME = 'access-keys-owner-notices';
export const CONFIGURATION_SET = 'access-keys';
/** AWS advises six times the function's timeout; the mailer's lease ends well before. */
const VISIBILITY_SECONDS = 6 * FUNCTIONS.mailer.timeoutSeconds;
const ATTEMPTS = 5;
const LOG_RETENTION_DAYS = 365;

/** Owners' notices: from the topic by a queue to the mailer, and by SES to the owner. What cannot be mailed waits in the DLQ. */
export class Mailer extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: MailerProps,
  ) {
    super(scope, id);
    const { queue, dead } = this.queues();
    const configurationSet = new CfnConfigurationSet(this, 'ConfigurationSet', {
      name: CONFIGURATION_SET,
      reputationOptions: { reputationMetricsEnabled: true },
      deliveryOptions: { tlsPolicy: 'REQUIRE' },
    });
    senderIdentity(this, props.sender, props.senderIdentity);
    const feedback = new MailFeedback(this, 'Feedback', {
      ...props.feedback,
      configurationSet,
      alarmTopicArn: props.alarmTopicArn,
      visibilitySeconds: VISIBILITY_SECONDS,
      attempts: ATTEMPTS,
      dead,
    });
    const mailer = this.function([queue, feedback.queue]);
    this.poll('Poll', mailer, queue);
    this.poll('PollFeedback', mailer, feedback.queue);
    // Without a filter policy: what only the admins receive has to be checked too.
    new CfnSubscription(this, 'EveryNotice', { topicArn: props.topicArn, protocol: 'sqs', endpoint: queue.queueArn });
  }

  private poll(id: string, mailer: CfnFunction, queue: Queue): void {
    new CfnEventSourceMapping(this, id, {
      eventSourceArn: queue.queueArn,
      functionName: mailer.ref,
      batchSize: 5,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: 2 },
    });
  }

  private queues(): { readonly queue: Queue; readonly dead: Queue } {
    const dead = new Queue(this, 'Undeliverable', {
      queueName: `${QUEUE_NAME}-undeliverable`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const queue = new Queue(this, 'Queue', {
      queueName: QUEUE_NAME,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
      deadLetterQueue: { queue: dead, maxReceiveCount: ATTEMPTS },
    });
    queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AdminTopicSends',
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': this.props.topicArn } },
      }),
    );
    new CfnAlarm(this, 'UndeliverableNotices', {
      alarmName: `${ALARM_NAME_PREFIX}undeliverable-notices`,
      alarmDescription:
        'a notice could not be e-mailed to its owner: inspect the message in the dead-letter queue, fix the cause, then redrive it',
      namespace: 'AWS/SQS',
      metricName: 'ApproximateNumberOfMessagesVisible',
      dimensions: [{ name: 'QueueName', value: dead.queueName }],
      statistic: 'Maximum',
      period: 300,
      evaluationPeriods: 1,
      threshold: 0,
      comparisonOperator: 'GreaterThanThreshold',
      treatMissingData: 'notBreaching',
      alarmActions: [this.props.alarmTopicArn],
    });
    return { queue, dead };
  }

  private function(queues: readonly Queue[]): CfnFunction {
    const { name, timeoutSeconds, memoryMiB } = FUNCTIONS.mailer;
    const { partition, region, account } = Stack.of(this);
    const arn = `arn:${partition}:lambda:${region}:${account}:function:${name}`;
    const logs = new CfnLogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${name}`,
      retentionInDays: LOG_RETENTION_DAYS,
    });
    const role = this.role([...this.statements(queues, logs), denyElsewhere(arn)]);
    const environment: MailerEnvironment = {
      ORG_BUCKET: this.props.bucket.bucketName,
      ORG_BUCKET_OWNER: Stack.of(this).account,
      SENDER: this.props.sender,
      ADMINS: this.props.admins.join(','),
      CONFIGURATION_SET,
    };
    const mailer = new CfnFunction(this, 'Function', {
      functionName: name,
      role: role.attrArn,
      runtime: 'nodejs24.x',
      architectures: ['arm64'],
      handler: 'index.handler',
      code: this.props.code,
      timeout: timeoutSeconds,
      memorySize: memoryMiB,
      environment: { variables: { ...environment } },
      loggingConfig: { logGroup: logs.ref, logFormat: 'JSON' },
    });
    new CfnEventInvokeConfig(this, 'Once', { functionName: mailer.ref, qualifier: '$LATEST', maximumRetryAttempts: 0 });
    return mailer;
  }

  private role(statements: readonly object[]): CfnRole {
    const role = new CfnRole(this, 'Role', {
      roleName: ROLES.mailer,
      assumeRolePolicyDocument: document([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]),
      policies: [{ policyName: 'mailer', policyDocument: document(statements) }],
    });
    const bucket = bucketInFindings(this.props.bucket);
    const place = placeInFindings(Stack.of(this));
    acceptWildcards(role, {
      [`Resource::${bucket}/events/*`]: 'the events of all accounts',
      [`Resource::${bucket}/roster/*`]: 'the slices of all accounts: recipients are taken from there',
      [`Resource::${bucket}/${DELIVERIES_PREFIX}*`]: 'its own bookkeeping, an object for each event',
      [`Resource::arn:${place.partition}:ses:${place.region}:${Stack.of(this).account}:identity/*`]:
        "SES asks for the recipients' identities too while the account is in its sandbox, and for those of address and domain; the condition pins the sender",
    });
    return role;
  }

  private statements(queues: readonly Queue[], logs: CfnLogGroup): readonly Statement[] {
    const { partition, region, account } = Stack.of(this);
    const {
      bucket: { bucketArn },
      sender,
    } = this.props;
    const ses = `arn:${partition}:ses:${region}:${account}`;
    return [
      allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], logs.attrArn),
      allow(
        'TakeNotices',
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        queues.map(({ queueArn }) => queueArn),
      ),
      allow(
        'ReadEventsAndRoster',
        ['s3:GetObject'],
        [`${bucketArn}/events/*`, `${bucketArn}/roster/*`],
        ofAccount(account),
      ),
      allow(
        'RememberDeliveries',
        ['s3:GetObject', 's3:PutObject'],
        `${bucketArn}/${DELIVERIES_PREFIX}*`,
        ofAccount(account),
      ),
      allow('SeeWhetherObjectsExist', ['s3:ListBucket'], bucketArn, ofAccount(account)),
      allow('SendMail', ['ses:SendEmail'], [`${ses}:identity/*`, `${ses}:configuration-set/${CONFIGURATION_SET}`], {
        StringEquals: { 'ses:FromAddress': sender },
      }),
    ];
  }
}
