import { Duration } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnConfigurationSet, CfnConfigurationSetEventDestination } from 'aws-cdk-lib/aws-ses';
import { CfnSubscription, type CfnTopic, type CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ADMIN_MAIL_BOUNCED, MAIL_FEEDBACK_QUEUE, METRICS_NAMESPACE } from '../../../lambda/contract/names';
import { ALARM_NAME_PREFIX } from '../../names';

export interface MailFeedbackProps {
  readonly configurationSet: CfnConfigurationSet;
  readonly topic: CfnTopic;
  /** Has to be there first: SES tries to publish before it accepts the topic. */
  readonly topicPolicy: CfnTopicPolicy;
  readonly alarmTopicArn: string;
  readonly visibilitySeconds: number;
  readonly attempts: number;
  /** Where reports wait that the mailer could not remember. */
  readonly dead: IQueue;
}

/** `DELIVERY` only ends a delay: a mail that simply arrives is remembered as sent. */
const EVENT_TYPES = ['BOUNCE', 'COMPLAINT', 'REJECT', 'DELIVERY_DELAY', 'DELIVERY'];

/** What became of the mails: from SES by a topic of its own to the mailer. */
export class MailFeedback extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: MailFeedbackProps) {
    super(scope, id);
    const { topic, topicPolicy, configurationSet } = props;
    this.queue = new Queue(this, 'Queue', {
      queueName: MAIL_FEEDBACK_QUEUE,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(props.visibilitySeconds),
      deadLetterQueue: { queue: props.dead, maxReceiveCount: props.attempts },
    });
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'FeedbackTopicSends',
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': topic.ref } },
      }),
    );
    new CfnSubscription(this, 'Reports', { topicArn: topic.ref, protocol: 'sqs', endpoint: this.queue.queueArn });
    const destination = new CfnConfigurationSetEventDestination(this, 'Destination', {
      configurationSetName: configurationSet.ref,
      eventDestination: {
        name: 'mail-feedback',
        enabled: true,
        matchingEventTypes: EVENT_TYPES,
        snsDestination: { topicArn: topic.ref },
      },
    });
    destination.addResourceDependency(topicPolicy);
    this.alarm(props.alarmTopicArn);
  }

  /** By CloudWatch and SNS, not by SES: the mail that bounced was to the admins. */
  private alarm(alarmTopicArn: string): void {
    new CfnAlarm(this, 'AdminMailBounced', {
      alarmName: `${ALARM_NAME_PREFIX}admin-mail-bounced`,
      alarmDescription:
        "a mail to the admins in an owner's place bounced or was refused: correct notifications.admins in the roster, or the mailbox, and remove the address from the SES suppression list",
      namespace: METRICS_NAMESPACE,
      metricName: ADMIN_MAIL_BOUNCED,
      statistic: 'Sum',
      period: 300,
      evaluationPeriods: 1,
      threshold: 0,
      comparisonOperator: 'GreaterThanThreshold',
      treatMissingData: 'notBreaching',
      alarmActions: [alarmTopicArn],
    });
  }
}
