import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccountRootPrincipal, AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ROLES } from '../../../lambda/contract/names';
import { ADMIN_TOPIC_NAME, ALARM_TOPIC_NAME, MAIL_FEEDBACK_TOPIC_NAME } from '../../names';
import type { SenderIdentity } from '../../roster/sender';
import { document } from '../policy-statement';
import { Callers } from './organization-conditions';
import { CONFIGURATION_SET, Mailer } from './mailer';
import { operatorRole } from './operator-role';
import { orgBucket } from './org-bucket';

export interface NotificationStackProps extends StackProps {
  /** Undefined for one account. */
  readonly organizationId?: string;
  readonly securityAccountId: string;
  readonly homeRegion: string;
  readonly admins: readonly string[];
  readonly sender: string;
  readonly senderIdentity: SenderIdentity;
  readonly mailerCode: (stack: Stack) => { readonly s3Bucket: string; readonly s3Key: string };
}

const PUBLISHERS = [ROLES.rotate, ROLES.reconcile, ROLES.operate];
const SES = new ServicePrincipal('ses.amazonaws.com');
const CLOUDWATCH = new ServicePrincipal('cloudwatch.amazonaws.com');
const USE = ['kms:GenerateDataKey', 'kms:Decrypt'];

/** The admin topic, the org bucket that its messages point into, the mailer, and the topic of everybody's alarms. */
export class NotificationStack extends Stack {
  private readonly callers: Callers;

  constructor(scope: Construct, id: string, props: NotificationStackProps) {
    super(scope, id, props);
    const callers = (this.callers = new Callers(props.organizationId));
    const bucket = orgBucket(this, { securityAccountId: props.securityAccountId, region: props.homeRegion, callers });
    operatorRole(this, { callers, bucket, region: this.region });
    const key = this.topicKey();
    const { topic } = this.topic(
      'AdminTopic',
      ADMIN_TOPIC_NAME,
      key,
      (arn) =>
        new PolicyStatement({
          sid: 'FunctionsPublish',
          principals: [new AnyPrincipal()],
          actions: ['sns:Publish'],
          resources: [arn],
          conditions: callers.conditions(PUBLISHERS),
        }),
    );
    const { topic: alarms } = this.topic(
      'AlarmTopic',
      ALARM_TOPIC_NAME,
      key,
      (arn) =>
        new PolicyStatement({
          sid: 'AlarmsPublish',
          principals: [CLOUDWATCH],
          actions: ['sns:Publish'],
          resources: [arn],
          conditions: callers.alarms(this.region),
        }),
    );
    this.subscribeAdmins(props.admins, topic, alarms);
    new Mailer(this, 'Mailer', {
      topicArn: topic.ref,
      alarmTopicArn: alarms.ref,
      bucket,
      sender: props.sender,
      senderIdentity: props.senderIdentity,
      feedback: this.mailFeedback(key),
      admins: props.admins,
      code: props.mailerCode(this),
    });
  }

  private subscribeAdmins(admins: readonly string[], topic: CfnTopic, alarms: CfnTopic): void {
    for (const [index, endpoint] of admins.entries()) {
      new CfnSubscription(this, `Admin${index}`, {
        topicArn: topic.ref,
        protocol: 'email',
        endpoint,
        filterPolicy: { audience: ['admin'] },
      });
      new CfnSubscription(this, `AdminAlarms${index}`, { topicArn: alarms.ref, protocol: 'email', endpoint });
    }
  }

  /** Only SES publishes here, for the mailer's configuration set. */
  private mailFeedback(key: Key): { readonly topic: CfnTopic; readonly topicPolicy: CfnTopicPolicy } {
    const { partition, region, account } = this;
    const source = `arn:${partition}:ses:${region}:${account}:configuration-set/${CONFIGURATION_SET}`;
    return this.topic(
      'MailFeedbackTopic',
      MAIL_FEEDBACK_TOPIC_NAME,
      key,
      (arn) =>
        new PolicyStatement({
          sid: 'SesPublishes',
          principals: [SES],
          actions: ['sns:Publish'],
          resources: [arn],
          conditions: { StringEquals: { 'aws:SourceAccount': account }, ArnEquals: { 'aws:SourceArn': source } },
        }),
    );
  }

  /** A key of its own: a topic under `alias/aws/sns` cannot be published to from another account. */
  private topicKey(): Key {
    const key = new Key(this, 'AdminTopicKey', {
      alias: ADMIN_TOPIC_NAME,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      description: 'Encrypts the topics of access keys',
    });
    const viaSns = { StringEquals: { 'kms:ViaService': `sns.${this.region}.amazonaws.com` } };
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'FunctionsPublish',
        principals: [new AnyPrincipal()],
        actions: USE,
        resources: ['*'],
        conditions: this.callers.conditions(PUBLISHERS, viaSns),
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [CLOUDWATCH],
        actions: USE,
        resources: ['*'],
        conditions: this.callers.alarms(this.region),
      }),
    );
    // As AWS has it, without a condition: https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html.
    // Whether SES names a source to the key is documented nowhere; the topic's own policy does ask for it.
    key.addToResourcePolicy(
      new PolicyStatement({ sid: 'SesPublishes', principals: [SES], actions: USE, resources: ['*'] }),
    );
    return key;
  }

  /**
   * Alarms have a topic of their own: their messages carry no attributes, so that no filter policy lets them through,
   * `{ exists: false }` included (https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html).
   */
  private topic(
    id: string,
    topicName: string,
    key: Key,
    publish: (topicArn: string) => PolicyStatement,
  ): { readonly topic: CfnTopic; readonly topicPolicy: CfnTopicPolicy } {
    const topic = new CfnTopic(this, id, { topicName, kmsMasterKeyId: key.keyId });
    const statements = [publish(topic.ref), ...this.everyTopic(topic.ref)].map(
      (statement) => statement.toStatementJson() as unknown,
    );
    const topicPolicy = new CfnTopicPolicy(this, `${id}Policy`, {
      topics: [topic.ref],
      policyDocument: document(statements),
    });
    return { topic, topicPolicy };
  }

  private everyTopic(topicArn: string): readonly PolicyStatement[] {
    const owner = [
      'sns:GetTopicAttributes',
      'sns:SetTopicAttributes',
      'sns:ListSubscriptionsByTopic',
      'sns:Subscribe',
      'sns:Publish',
    ];
    return [
      new PolicyStatement({
        sid: 'OwnerAdministers',
        principals: [new AccountRootPrincipal()],
        actions: owner,
        resources: [topicArn],
      }),
      new PolicyStatement({
        sid: 'NobodyElseSubscribes',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['sns:Subscribe'],
        resources: [topicArn],
        conditions: { StringNotEquals: { 'aws:PrincipalAccount': this.account } },
      }),
      new PolicyStatement({
        sid: 'NothingInTheClear',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['sns:Publish'],
        resources: [topicArn],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ];
  }
}
