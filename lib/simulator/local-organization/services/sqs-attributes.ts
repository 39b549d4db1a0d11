/** Attributes of queues and messages: those that were asked for, and none that AWS does not have. */
import { AwsError } from '../service';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html */
const OF_FIFO_QUEUES = ['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit'];
const OF_ENCRYPTED_QUEUES = ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'];
const OF_QUEUES = [
  'Policy',
  'VisibilityTimeout',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  ...OF_FIFO_QUEUES,
  ...OF_ENCRYPTED_QUEUES,
];

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
const OF_MESSAGES = [
  'SenderId',
  'SentTimestamp',
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SequenceNumber',
  'MessageDeduplicationId',
  'MessageGroupId',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
];

type Attributes = Readonly<Record<string, string>>;

/** @throws AwsError InvalidAttributeName */
export const queueAttributes = (attributes: Attributes, names: readonly string[] = []): Attributes | undefined =>
  chosen(attributes, names, OF_QUEUES);

/** @throws AwsError InvalidAttributeName */
export const messageAttributes = (attributes: Attributes, names: readonly string[]): Attributes | undefined =>
  chosen(attributes, names, OF_MESSAGES);

function chosen(attributes: Attributes, names: readonly string[], known: readonly string[]): Attributes | undefined {
  const strange = names.find((name) => name !== 'All' && !known.includes(name));
  if (strange !== undefined) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${strange}.`);
  const wanted = Object.entries(attributes).filter(([name]) => names.includes('All') || names.includes(name));
  return wanted.length > 0 ? Object.fromEntries(wanted) : undefined;
}
