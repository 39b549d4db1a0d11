import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { reportPath } from '../contract/names';
import type { Reports } from '../domain/ports';

/** The account's report in the org bucket; each run replaces it. */
export function orgReports(client: S3Client, bucket: string, accountId: string): Reports {
  return {
    async read() {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: reportPath(accountId) }));
        return await answer.Body!.transformToString();
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async write(report) {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: reportPath(report.accountId),
          Body: JSON.stringify(report),
          ContentType: 'application/json',
        }),
      );
    },
  };
}
