import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { reportPath } from '../contract/names';
import type { AccountReport } from '../contract/report';

/** The account's report in the org bucket; each run replaces it. */
export function orgReports(client: S3Client, bucket: string): { write(report: AccountReport): Promise<void> } {
  return {
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
