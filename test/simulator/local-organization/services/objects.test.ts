import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';

const ACCOUNT = '333333333333';
const OBJECT = { Bucket: 'bucket', Key: 'key' };

function world() {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [ACCOUNT],
    propagation: NO_DELAY,
  });
  const { s3, directory } = organization;
  s3.putBucket({ accountId: ACCOUNT, region: 'us-east-1', name: 'bucket' });
  s3.putObject('bucket', 'key', 'old');
  const client = new S3Client(organization.clientConfig(directory.administrator(ACCOUNT)));
  return {
    client,
    stored: () => s3.text('bucket', 'key'),
    keys: () => s3.keys('bucket'),
    put: (key: string) => s3.putObject('bucket', key, key),
  };
}

it.each([
  ['a copy', new CopyObjectCommand({ ...OBJECT, CopySource: 'bucket/other' })],
  ['tags', new PutObjectTaggingCommand({ ...OBJECT, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } })],
  ['an ACL', new PutObjectAclCommand({ ...OBJECT, ACL: 'private' })],
  ['the end of a multipart upload', new AbortMultipartUploadCommand({ ...OBJECT, UploadId: 'u' })],
  ['the end of tags', new DeleteObjectTaggingCommand(OBJECT)],
  ['a version', new GetObjectCommand({ ...OBJECT, VersionId: 'v' })],
  ['a range', new GetObjectCommand({ ...OBJECT, Range: 'bytes=0-1' })],
  ['a date as condition', new GetObjectCommand({ ...OBJECT, IfModifiedSince: new Date('2027-01-04') })],
  ['tags in a put', new PutObjectCommand({ ...OBJECT, Body: 'new', Tagging: 'a=b' })],
  ['a storage class', new PutObjectCommand({ ...OBJECT, Body: 'new', StorageClass: 'GLACIER' })],
  ['a checksum by CRC32C', new PutObjectCommand({ ...OBJECT, Body: 'new', ChecksumCRC32C: 'AAAAAA==' })],
  ['a create-only put of one ETag', new PutObjectCommand({ ...OBJECT, Body: 'new', IfNoneMatch: '"a"' })],
])('%s is not modelled: it is refused, and the object stays as it is', async (_, command) => {
  const { client, stored, keys } = world();
  await expect(client.send(command as GetObjectCommand)).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501 },
  });
  expect(stored()).toBe('old');
  expect(keys()).toEqual(['key']);
});

it('stores what its checksums are of, and nothing else', async () => {
  const { client, stored } = world();
  const put = (sums: object) => client.send(new PutObjectCommand({ ...OBJECT, Body: 'new', ...sums }));
  const of = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('base64');
  for (const wrong of [
    { ContentMD5: of('md5', 'x') },
    { ChecksumSHA256: of('sha256', 'x') },
    { ChecksumSHA1: of('sha1', 'x') },
    { ChecksumCRC32: 'AAAAAA==' },
  ]) {
    await expect(put(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
  }
  expect(stored()).toBe('old');
  await put({ ContentMD5: of('md5', 'new'), ChecksumSHA256: of('sha256', 'new') });
  expect(stored()).toBe('new');
});

it('takes a stream, whose checksum comes after it', async () => {
  const { client, stored } = world();
  await client.send(new PutObjectCommand({ ...OBJECT, Body: Readable.from(['a str', 'eam']), ContentLength: 8 }));
  expect(stored()).toBe('a stream');
});

it('lists keys of any characters in pages, from where it was asked to begin', async () => {
  const { client, put } = world();
  for (const key of ['a&b<c>', 'a b+c%d', 'other']) put(key);
  const list = async (input: object) => {
    const { Contents = [], ...rest } = await client.send(new ListObjectsV2Command({ Bucket: 'bucket', ...input }));
    return { keys: Contents.map(({ Key }) => Key), ...rest };
  };
  expect((await list({})).keys).toEqual(['a b+c%d', 'a&b<c>', 'key', 'other']);
  expect((await list({ Prefix: 'a', EncodingType: 'url' })).keys).toEqual(['a+b%2Bc%25d', 'a%26b%3Cc%3E']);
  expect((await list({ StartAfter: 'key' })).keys).toEqual(['other']);
  const first = await list({ MaxKeys: 3 });
  expect(first).toMatchObject({ IsTruncated: true, KeyCount: 3 });
  expect((await list({ ContinuationToken: first.NextContinuationToken })).keys).toEqual(['other']);
  await expect(list({ ContinuationToken: 'rubbish' })).rejects.toMatchObject({ name: 'InvalidArgument' });
  expect((await list({ MaxKeys: 5_000 })).MaxKeys).toBe(1_000);
});
