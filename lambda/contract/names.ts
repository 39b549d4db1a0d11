/**
 * Where the stacks, the functions and the org bucket meet: names that both the templates and the program use.
 * No SDK and no CDK here.
 */

/** Every managed secret's name is this prefix and the user's secret name. */
export const SECRET_NAME_PREFIX = '/access-key/';

/**
 * For how long a deleted secret can be restored: the longest that there is. The functions may not delete it any faster.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
 */
export const RECOVERY_DAYS = 30;

/** Physical names of the functions. Timeouts are in seconds, memory in MiB. */
export const FUNCTIONS = {
  rotate: { name: 'access-keys-rotate', timeoutSeconds: 300, memoryMiB: 512 },
  reconcile: { name: 'access-keys-reconcile', timeoutSeconds: 600, memoryMiB: 512 },
  operate: { name: 'access-keys-operate', timeoutSeconds: 300, memoryMiB: 512 },
  mailer: { name: 'access-keys-mailer', timeoutSeconds: 60, memoryMiB: 512 },
} as const;

/** How often reconcile is invoked. */
export const RECONCILE_EVERY_MINUTES = 5;

/** Physical names of the roles. Bucket, topic and trust policies name them, so they are fixed. */
export const ROLES = {
  rotate: 'access-keys-rotate',
  reconcile: 'access-keys-reconcile',
  operate: 'access-keys-operate',
  mailer: 'access-keys-mailer',
  /** Local role: may create, change and delete access keys. Only rotate may assume it. */
  keyAdministration: 'access-keys-key-administration',
  /** Local role: may change and delete access keys, never create one. Only reconcile and operate may assume it. */
  keyRetirement: 'access-keys-key-retirement',
  /** In the security account: the only principal that may invoke operate in the members. */
  operator: 'access-keys-operator',
} as const;

/**
 * The org bucket in every request to it. Its name can be guessed, so whoever made a bucket of that name before us would
 * get what we write: S3 refuses requests to a bucket that another account owns.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
export interface OwnedBucket {
  readonly Bucket: string;
  readonly ExpectedBucketOwner: string;
}

/** Environment of rotate, reconcile and operate. */
export interface MemberEnvironment {
  readonly ORG_BUCKET: string;
  /** Account of the org bucket. */
  readonly ORG_BUCKET_OWNER: string;
  readonly ADMIN_TOPIC_ARN: string;
  /** The local role this function assumes to touch IAM. */
  readonly KEY_ROLE_ARN: string;
  readonly ROTATE_FUNCTION_ARN: string;
  /** Alias of the secrets' customer managed key, or empty for aws/secretsmanager. */
  readonly SECRETS_KEY: string;
  /** Which code this is; reports carry it, so that a deployment can be seen to have arrived. */
  readonly CODE_VERSION: string;
}

/** Environment of the mailer. */
export interface MailerEnvironment {
  readonly ORG_BUCKET: string;
  /** Account of the org bucket. */
  readonly ORG_BUCKET_OWNER: string;
  readonly SENDER: string;
  /** Comma-separated; notices that no owner can receive go here. */
  readonly ADMINS: string;
  readonly CONFIGURATION_SET: string;
}

/** What names an event. `day`: calendar date in UTC. */
export interface EventPlace {
  readonly accountId: string;
  readonly day: string;
  readonly id: string;
}

/** Keys in the org bucket. */
export const slicePath = (accountId: string): string => `roster/${accountId}.json`;
export const reportPath = (accountId: string): string => `reports/${accountId}.json`;
export const eventPath = ({ accountId, day, id }: EventPlace): string => `events/${accountId}/${day}/${id}.json`;
/** Where events of schema version 1 lie. */
export const formerEventPath = ({ accountId, id }: Omit<EventPlace, 'day'>): string => `events/${accountId}/${id}.json`;
/** Code of the member functions, by what is in it: never overwritten, never pruned while a stack may use it. */
export const codePath = (digest: string): string => `code/${digest}.zip`;
/** The roster that was published last, whole. */
export const PUBLISHED_PATH = 'published.json';
/** What the guard compared with when it let a push through. */
export const JUDGED_PATH = 'judged.json';
/** The mailer's own bookkeeping of delivered events. */
export const DELIVERIES_PREFIX = 'deliveries/';
/** Which mails SES accepted, an object an event: what an account may read of its own. */
const mailDeliveryPrefix = (accountId: string): string => `${DELIVERIES_PREFIX}events/${accountId}/`;
export const mailDeliveryPath = (accountId: string, eventId: string): string =>
  `${mailDeliveryPrefix(accountId)}${eventId}.json`;
/** The bookkeeping of one event's mail, by which it is sent once; before there were deliveries it was all that was kept. */
const mailOncePrefix = (accountId: string): string => `${DELIVERIES_PREFIX}${accountId}/`;
export const mailOncePath = (accountId: string, eventId: string): string =>
  `${mailOncePrefix(accountId)}${eventId}.json`;
/** How many mails it sent for each account and hour. */
export const TALLY_PREFIX = `${DELIVERIES_PREFIX}hours/`;
/** What SES reported of the mail about an event, where it did not arrive as it should. */
export const mailFeedbackPrefix = (accountId: string): string => `${DELIVERIES_PREFIX}feedback/${accountId}/`;
export const mailFeedbackPath = (accountId: string, eventId: string): string =>
  `${mailFeedbackPrefix(accountId)}${eventId}.json`;
/** Where all of that lies which an account may read of the mails about its events. */
export const mailPrefixes = (accountId: string): readonly string[] => [
  mailDeliveryPrefix(accountId),
  mailOncePrefix(accountId),
  mailFeedbackPrefix(accountId),
];
/** The mailer's queue of SES's reports; by its name the mailer knows them from notices. */
export const MAIL_FEEDBACK_QUEUE = 'access-keys-mail-feedback';
/** Of the product's own metrics. */
export const METRICS_NAMESPACE = 'access-keys';
export const ADMIN_MAIL_BOUNCED = 'AdminMailBounced';
