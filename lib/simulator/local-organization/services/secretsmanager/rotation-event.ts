import type { Secret } from './model';

export type RotationEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned'
  | 'TestRotationStarted'
  | 'TestRotationSucceeded'
  | 'TestRotationFailed';

/** As EventBridge delivers it. https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html */
export interface RotationEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'AWS Service Event via CloudTrail';
  readonly source: 'aws.secretsmanager';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly eventSource: 'secretsmanager.amazonaws.com';
    readonly eventName: RotationEventName;
    readonly eventType: 'AwsServiceEvent';
    readonly eventTime: string;
    readonly awsRegion: string;
    readonly recipientAccountId: string;
    readonly additionalEventData: { readonly SecretId: string };
  };
}

export function rotationEvent(secret: Secret, eventName: RotationEventName, id: string, at: Date): RotationEvent {
  const time = at.toISOString();
  return {
    version: '0',
    id,
    'detail-type': 'AWS Service Event via CloudTrail',
    source: 'aws.secretsmanager',
    account: secret.accountId,
    time,
    region: secret.region,
    resources: [],
    detail: {
      eventSource: 'secretsmanager.amazonaws.com',
      eventName,
      eventType: 'AwsServiceEvent',
      eventTime: time,
      awsRegion: secret.region,
      recipientAccountId: secret.accountId,
      additionalEventData: { SecretId: secret.arn },
    },
  };
}
