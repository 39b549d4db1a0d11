import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccountRootPrincipal, AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ROLES } from '../../lambda/contract';
import { ADMIN_TOPIC_NAME } from '../names';
import { Callers } from './callers';
import { Mailer } from './mailer';
import { operatorRole } from './operator';
import { orgBucket } from './org-bucket';

export interface NotificationStackProps extends StackProps {
  /** Undefined for one account. */
  readonly organizationId?: string;
  readonly securityAccountId: string;
  readonly homeRegion: string;
  readonly admins: readonly string[];
  readonly sender: string;
  readonly mailerCode: (stack: Stack) => { readonly s3Bucket: string; readonly s3Key: string };
}

const PUBLISHERS = [ROLES.rotate, ROLES.reconcile, ROLES.operate];

/** The one admin topic, the org bucket that its messages point into, and the mailer. */
export class NotificationStack extends Stack {
  constructor(scope: Construct, id: string, props: NotificationStackProps) {
    super(scope, id, props);
    const callers = new Callers(props.organizationId);
    const bucket = orgBucket(this, { securityAccountId: props.securityAccountId, region: props.homeRegion, callers });
    operatorRole(this, { callers, bucketArn: bucket.bucketArn, region: this.region });
    const topic = this.adminTopic(callers);
    for (const [index, address] of props.admins.entries()) {
      new CfnSubscription(this, `Admin${index}`, { topicArn: topic.ref, protocol: 'email', endpoint: address, filterPolicy: { audience: ['admin'] } });
    }
    new Mailer(this, 'Mailer', { topicArn: topic.ref, bucketName: bucket.bucketName, bucketArn: bucket.bucketArn, sender: props.sender, admins: props.admins, code: props.mailerCode(this) });
  }

  /** A key of its own: a topic under `alias/aws/sns` cannot be published to from another account. */
  private adminTopic(callers: Callers): CfnTopic {
    const key = new Key(this, 'AdminTopicKey', { alias: ADMIN_TOPIC_NAME, enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN, description: 'Encrypts the admin topic' });
    const viaSns = { StringEquals: { 'kms:ViaService': `sns.${this.region}.amazonaws.com` } };
    key.addToResourcePolicy(new PolicyStatement({ sid: 'FunctionsPublish', principals: [new AnyPrincipal()], actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: ['*'], conditions: callers.conditions(PUBLISHERS, viaSns) }));
    key.addToResourcePolicy(new PolicyStatement({ sid: 'AlarmsPublish', principals: [new ServicePrincipal('cloudwatch.amazonaws.com')], actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: ['*'], conditions: { StringEquals: { 'aws:SourceAccount': this.account } } }));
    const topic = new CfnTopic(this, 'AdminTopic', { topicName: ADMIN_TOPIC_NAME, kmsMasterKeyId: key.keyId });
    new CfnTopicPolicy(this, 'AdminTopicPolicy', { topics: [topic.ref], policyDocument: { Version: '2012-10-17', Statement: this.topicStatements(callers, topic.ref).map((statement) => statement.toStatementJson() as unknown) } });
    return topic;
  }

  private topicStatements(callers: Callers, topicArn: string): readonly PolicyStatement[] {
    const owner = ['sns:GetTopicAttributes', 'sns:SetTopicAttributes', 'sns:ListSubscriptionsByTopic', 'sns:Subscribe', 'sns:Publish'];
    return [
      new PolicyStatement({ sid: 'FunctionsPublish', principals: [new AnyPrincipal()], actions: ['sns:Publish'], resources: [topicArn], conditions: callers.conditions(PUBLISHERS) }),
      new PolicyStatement({ sid: 'AlarmsPublish', principals: [new ServicePrincipal('cloudwatch.amazonaws.com')], actions: ['sns:Publish'], resources: [topicArn], conditions: { StringEquals: { 'aws:SourceAccount': this.account } } }),
      new PolicyStatement({ sid: 'OwnerAdministers', principals: [new AccountRootPrincipal()], actions: owner, resources: [topicArn] }),
      new PolicyStatement({ sid: 'NobodyElseSubscribes', effect: Effect.DENY, principals: [new AnyPrincipal()], actions: ['sns:Subscribe'], resources: [topicArn], conditions: { StringNotEquals: { 'aws:PrincipalAccount': this.account } } }),
      new PolicyStatement({ sid: 'NothingInTheClear', effect: Effect.DENY, principals: [new AnyPrincipal()], actions: ['sns:Publish'], resources: [topicArn], conditions: { Bool: { 'aws:SecureTransport': 'false' } } }),
    ];
  }
}
