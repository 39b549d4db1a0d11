/**
 * Physical names that templates of different accounts share. They are derived from account and region, so that no
 * template needs another one's output.
 */
export const ADMIN_TOPIC_NAME = 'access-keys-admin';
export const ALARM_TOPIC_NAME = 'access-keys-alarms';
/** Where SES reports what became of the mails. */
export const MAIL_FEEDBACK_TOPIC_NAME = 'access-keys-mail-feedback';
/** Every alarm's name begins like this: by it the topic knows them from other alarms. */
export const ALARM_NAME_PREFIX = 'access-keys-';

export const orgBucketName = (securityAccountId: string, region: string): string =>
  `access-keys-${securityAccountId}-${region}`;

/** The names stand in every account that the product was deployed to: a change of one makes a second stack. */
export const STACKS = {
  notification: 'AccessKeysNotification',
  rotator: 'AccessKeysRotator',
  pipeline: 'AccessKeysPipeline',
  canary: 'AccessKeysCanary',
  fleet: 'AccessKeysFleet',
} as const;

/** In the management account and other accounts that the pipeline deploys to as a stage; nothing it creates can exceed it. */
export const PERMISSIONS_BOUNDARY_NAME = 'access-keys-boundary';
/** In the security account of an organization: nothing that the pipeline creates there can exceed it. */
export const SECURITY_BOUNDARY_NAME = 'access-keys-security-boundary';
