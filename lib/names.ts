/**
 * Physical names that templates of different accounts share. They are derived from account and region, so that no
 * template needs another one's output.
 */
export const ADMIN_TOPIC_NAME = 'access-keys-admin';

export const orgBucketName = (securityAccountId: string, region: string): string => `access-keys-${securityAccountId}-${region}`;
