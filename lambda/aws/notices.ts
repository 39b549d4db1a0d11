import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { eventPath, formerEventPath, type OwnedBucket } from '../contract/names';
import type { NoticeEvent, NoticePointer } from '../contract/notice';
import { adminSubject, adminText } from '../domain/notices/admin-text';
import type { Notices } from '../domain/ports';

/** The event as an object in the org bucket, then a message that points to it. */
export function orgNotices(s3: S3Client, sns: SNSClient, bucket: OwnedBucket, topicArn: string): Notices {
  const record = async (event: NoticeEvent): Promise<void> => {
    await s3.send(
      new PutObjectCommand({
        ...bucket,
        Key: eventPath(event),
        Body: JSON.stringify(event),
        ContentType: 'application/json',
      }),
    );
  };
  return {
    record,
    async send(event) {
      await record(event);
      const pointer: NoticePointer = { event: formerEventPath(event), object: eventPath(event) };
      const text = adminText(event);
      await sns.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: adminSubject(event),
          MessageStructure: 'json',
          Message: JSON.stringify({ default: text, email: text, sqs: JSON.stringify(pointer) }),
          MessageAttributes: {
            audience: { DataType: 'String.Array', StringValue: JSON.stringify(event.audience) },
            type: { DataType: 'String', StringValue: event.type },
          },
        }),
      );
    },
  };
}
