/** What the product assumes of AWS and no source settles. docs/reliability.md lists the same, by the same ids. */
export interface Assumption {
  readonly id: AssumptionId;
  readonly assumption: string;
  /** What a trial finds, to the letter, where the assumption holds. */
  readonly expected: string;
  /** Where AWS's documentation leaves it open. */
  readonly source: string;
}

export type AssumptionId =
  | 'region-services'
  | 'secret-policy'
  | 'guard-tag'
  | 'missing-unlisted'
  | 'missing-prefix'
  | 'administrator-rotates'
  | 'rotation-attempts'
  | 'test-secret'
  | 'pipeline-restarts';

/** In the order in which they are tried: the quick ones first. */
export const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: 'region-services',
    assumption: 'The region has the services that the product uses',
    expected: 'every service answers',
    source: 'https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html',
  },
  {
    id: 'secret-policy',
    assumption: "PutResourcePolicy with BlockPublicPolicy accepts the policy of a user's secret",
    expected: 'accepted',
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html',
  },
  {
    id: 'guard-tag',
    assumption: 'GetAccessKeyLastUsed can be allowed by aws:ResourceTag',
    expected: 'allowed with the tag, refused without it',
    source:
      'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html',
  },
  {
    id: 'missing-unlisted',
    assumption: 'S3 answers 403 for a missing object where the caller may not list the bucket',
    expected: '403',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html',
  },
  {
    id: 'missing-prefix',
    assumption: 'S3 answers 404 for a missing object below a prefix that the caller may list',
    expected: '404',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html',
  },
  {
    id: 'administrator-rotates',
    assumption: 'An administrator may call RotateSecret under the policy of the secret',
    expected: 'allowed',
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot_rotation.html',
  },
  {
    id: 'rotation-attempts',
    assumption: 'Secrets Manager attempts a failed rotation again without being asked',
    expected: 'attempted again within 10 minutes',
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html',
  },
  {
    id: 'test-secret',
    assumption: 'RotateSecret with RotateImmediately false calls testSecret and no other step',
    expected: 'testSecret alone',
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html',
  },
  {
    id: 'pipeline-restarts',
    assumption: 'A queued pipeline that changes itself restarts with the same commit',
    expected: 'restarts with the same commit',
    source: 'https://docs.aws.amazon.com/cdk/v2/guide/cdk_pipeline.html',
  },
];
