import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** Event objects in the org bucket. An object that is not there is S3's error: it was written before its message. */
export function orgEvents(client: S3Client, bucket: string): { read(key: string): Promise<string> } {
  return {
    async read(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Body!.transformToString();
    },
  };
}
