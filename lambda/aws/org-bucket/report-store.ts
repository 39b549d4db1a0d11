import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { reportPath, type OwnedBucket } from '../../contract/names';
import type { Reports } from '../../domain/ports';
import { isMissing } from './missing-object';

/** The account's report in the org bucket; each run replaces it. */
export function orgReports(client: S3Client, bucket: OwnedBucket, accountId: string): Reports {
  const object = { ...bucket, Key: reportPath(accountId) };
  return {
    async read() {
      try {
        const answer = await client.send(new GetObjectCommand(object));
        return await answer.Body!.transformToString();
      } catch (error) {
        if (await isMissing(client, object, error)) return undefined;
        throw error;
      }
    },
    async write(report) {
      const body = { Body: JSON.stringify(report), ContentType: 'application/json' };
      await client.send(new PutObjectCommand({ ...object, ...body }));
    },
  };
}
