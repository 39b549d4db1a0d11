import type { Aws } from '../aws';

/** One thing that AWS does and the product relies on. */
export interface Case {
  readonly name: string;
  /** AWS's page that says so. */
  readonly source: string;
  readonly expected: unknown;
  observe(aws: Aws): Promise<unknown>;
}

const REFERENCES = {
  secretsmanager: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_',
  iam: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_',
  sts: 'https://docs.aws.amazon.com/STS/latest/APIReference/API_',
  s3: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_',
  sns: 'https://docs.aws.amazon.com/sns/latest/api/API_',
  sqs: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_',
  ses: 'https://docs.aws.amazon.com/ses/latest/APIReference/API_',
  cloudformation: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_',
  lambda: 'https://docs.aws.amazon.com/lambda/latest/api/API_',
} as const;

export const reference = (service: keyof typeof REFERENCES, operation: string): string =>
  `${REFERENCES[service]}${operation}.html`;
