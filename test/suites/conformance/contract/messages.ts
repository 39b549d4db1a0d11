import { ListStackInstancesCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { SendEmailCommand } from '@aws-sdk/client-ses';
import { PublishCommand } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { outcome, verdict, type Aws } from '../aws';
import { reference, type Case } from './case';

const BUCKET = 'access-keys-333333333333-us-east-1';
const KEY = 'roster/333333333333.json';
const CONDITIONAL = 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html';
const put = ({ admin }: Aws, Body: string, condition: object = {}) =>
  admin.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body, ...condition }));
const get = async ({ admin }: Aws, condition: object = {}): Promise<unknown> => {
  const answer = await admin.s3
    .send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY, ...condition }))
    .catch((error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      error.$metadata?.httpStatusCode === 304 ? 304 : error.name,
    );
  return typeof answer === 'object' ? answer.Body!.transformToString() : answer;
};

async function publish(
  aws: Aws,
  audiences: readonly string[],
  more: object = {},
): Promise<{ received: unknown[]; said: string }> {
  const topic = await aws.topic('access-keys-admin');
  const queue = await aws.queue('access-keys-owner-notices');
  await aws.subscribe(topic, queue, 'owner');
  const said = await verdict(
    aws.admin.sns.send(
      new PublishCommand({
        TopicArn: topic,
        Subject: 'rotated',
        MessageStructure: 'json',
        Message: JSON.stringify({ default: 'for everybody', sqs: '{"event":"x"}' }),
        MessageAttributes: { audience: { DataType: 'String.Array', StringValue: JSON.stringify(audiences) } },
        ...more,
      }),
    ),
  );
  await aws.settle();
  const { Messages = [] } = await aws.admin.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 10 }),
  );
  return {
    said,
    received: Messages.map(({ Body }) => JSON.parse(Body ?? '{}') as { Type?: string; Message?: string }).map(
      ({ Type, Message }) => [Type, Message],
    ),
  };
}

const mail = (Source: string) =>
  new SendEmailCommand({
    Source,
    Destination: { ToAddresses: ['ann@example.com'] },
    Message: {
      Subject: { Data: 'rotated', Charset: 'UTF-8' },
      Body: { Text: { Data: 'text', Charset: 'UTF-8' }, Html: { Data: '<p>text</p>', Charset: 'UTF-8' } },
    },
  });

export const MESSAGES: readonly Case[] = [
  {
    name: 'an object is written, read, seen, listed by the beginning of its key, and removed',
    source: reference('s3', 'ListObjectsV2'),
    expected: { text: '{"a":1}', length: 7, keys: [KEY], afterwards: 'NoSuchKey', again: 'succeeds' },
    async observe(aws) {
      await aws.bucket(BUCKET);
      const { s3 } = aws.admin;
      await put(aws, '{"a":1}');
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'reports/333333333333.json', Body: '{}' }));
      const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY }));
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'roster/' }));
      const text = await get(aws);
      const remove = () => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
      await remove();
      return {
        text,
        length: head.ContentLength,
        keys: Contents.map(({ Key }) => Key),
        afterwards: await get(aws),
        again: await verdict(remove()),
      };
    },
  },
  {
    name: 'an object and a bucket that are not there',
    source: reference('s3', 'GetObject'),
    expected: ['NoSuchKey', 'NotFound', 'NoSuchBucket'],
    async observe(aws) {
      const noBucket = await outcome(
        aws.admin.s3.send(new GetObjectCommand({ Bucket: 'access-keys-not-there', Key: KEY })),
      );
      await aws.bucket(BUCKET);
      return [
        await get(aws),
        await verdict(aws.admin.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY }))),
        noBucket,
      ];
    },
  },
  {
    name: 'an unchanged object is not sent again',
    source: CONDITIONAL,
    expected: [304, 'second'],
    async observe(aws) {
      await aws.bucket(BUCKET);
      const { ETag } = await put(aws, 'first');
      const unchanged = await get(aws, { IfNoneMatch: ETag });
      await put(aws, 'second');
      return [unchanged, await get(aws, { IfNoneMatch: ETag })];
    },
  },
  {
    name: 'a conditional write replaces nothing that it does not know',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html',
    expected: {
      absent: 'succeeds',
      present: 'PreconditionFailed',
      stale: 'PreconditionFailed',
      right: 'succeeds',
      text: 'third',
    },
    async observe(aws) {
      await aws.bucket(BUCKET);
      const absent = await verdict(put(aws, 'first', { IfNoneMatch: '*' }));
      const present = await verdict(put(aws, 'second', { IfNoneMatch: '*' }));
      const stale = await verdict(put(aws, 'second', { IfMatch: '"00000000000000000000000000000000"' }));
      const { ETag } = await aws.admin.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY }));
      const right = await verdict(put(aws, 'third', { IfMatch: ETag }));
      return { absent, present, stale, right, text: await get(aws) };
    },
  },
  {
    name: "a queue gets its own text, in SNS's envelope",
    source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html',
    expected: { said: 'succeeds', received: [['Notification', '{"event":"x"}']] },
    observe: (aws) => publish(aws, ['owner', 'admin']),
  },
  {
    name: 'a filter policy keeps away what is for others',
    source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html',
    expected: { said: 'succeeds', received: [] },
    observe: (aws) => publish(aws, ['admin']),
  },
  {
    name: 'texts by protocol need a default',
    source: reference('sns', 'Publish'),
    expected: { said: 'InvalidParameterException', received: [] },
    observe: (aws) => publish(aws, ['owner'], { Message: JSON.stringify({ sqs: 'x' }) }),
  },
  {
    name: 'a subject has at most 100 characters',
    source: reference('sns', 'Publish'),
    expected: { said: 'InvalidParameterException', received: [] },
    observe: (aws) => publish(aws, ['owner'], { Subject: 'x'.repeat(101) }),
  },
  {
    name: 'mail leaves from a verified sender only',
    source: reference('ses', 'SendEmail'),
    expected: ['succeeds', 'MessageRejected'],
    async observe(aws) {
      await aws.sender('keys@example.com');
      return [
        await verdict(aws.admin.ses.send(mail('keys@example.com'))),
        await verdict(aws.admin.ses.send(mail('other@example.org'))),
      ];
    },
  },
  {
    name: 'the instances of a StackSet that is not there are an error',
    source: reference('cloudformation', 'ListStackInstances'),
    expected: 'StackSetNotFoundException',
    observe: (aws) =>
      verdict(
        aws.admin.cloudFormation.send(
          new ListStackInstancesCommand({ StackSetName: 'not-there', CallAs: 'DELEGATED_ADMIN' }),
        ),
      ),
  },
  {
    name: 'a function that throws answers with FunctionError, one that is not there is an error',
    source: reference('lambda', 'Invoke'),
    expected: { error: 'Unhandled', payload: true, missing: 'ResourceNotFoundException' },
    async observe(aws) {
      const FunctionName = await aws.rotationFunction('well');
      const invoke = (name: string) =>
        aws.admin.lambda.send(
          new InvokeCommand({
            FunctionName: name,
            Payload: Buffer.from(
              JSON.stringify({ Step: 'createSecret', SecretId: 'not-there', ClientRequestToken: 'x'.repeat(32) }),
            ),
          }),
        );
      const answer = invoke(FunctionName);
      await aws.settle();
      const { FunctionError, Payload } = await answer;
      const told = JSON.parse(Buffer.from(Payload ?? []).toString() || '{}') as { errorType?: string };
      return {
        error: FunctionError,
        payload: told.errorType === 'ResourceNotFoundException',
        missing: await verdict(invoke(`${FunctionName}-not-there`)),
      };
    },
  },
];
