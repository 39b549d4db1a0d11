/** What S3 checks of a request's content and conditions. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError, notModelled } from '../service';

interface Content {
  readonly Body?: Uint8Array | string;
  readonly ContentLength?: number;
  readonly ContentMD5?: string;
  readonly ChecksumAlgorithm?: string;
  readonly ChecksumCRC32?: string;
  readonly ChecksumSHA1?: string;
  readonly ChecksumSHA256?: string;
}

const MODELLED = ['CRC32', 'SHA1', 'SHA256'];

/**
 * Every checksum that the request gives must be the content's.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 * @throws AwsError BadDigest, or NotImplemented for an algorithm that is not modelled
 */
export function checkContent(content: Content): void {
  const { Body = '', ContentLength, ContentMD5, ChecksumAlgorithm } = content;
  const bytes = Buffer.from(Body as Uint8Array);
  if (ChecksumAlgorithm !== undefined && !MODELLED.includes(ChecksumAlgorithm))
    throw notModelled(`checksums by ${ChecksumAlgorithm}`);
  if (ContentLength !== undefined && ContentLength !== bytes.length)
    throw new AwsError(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
      400,
    );
  const digest = (algorithm: string): string => createHash(algorithm).update(bytes).digest('base64');
  if (ContentMD5 !== undefined && ContentMD5 !== digest('md5')) throw badDigest('Content-MD5');
  if (content.ChecksumSHA1 !== undefined && content.ChecksumSHA1 !== digest('sha1')) throw badDigest('SHA1');
  if (content.ChecksumSHA256 !== undefined && content.ChecksumSHA256 !== digest('sha256')) throw badDigest('SHA256');
  if (content.ChecksumCRC32 !== undefined && content.ChecksumCRC32 !== crc32Of(bytes)) throw badDigest('CRC32');
}

function crc32Of(bytes: Uint8Array): string {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc32(bytes));
  return four.toString('base64');
}

const badDigest = (what: string): AwsError =>
  new AwsError('BadDigest', `The ${what} you specified did not match the calculated checksum.`, 400);

/** An ETag in or out of quotes, several of them, or `*` for any. */
export const matchesEtag = (condition: string, etag: string): boolean =>
  condition.trim() === '*' || condition.split(',').some((one) => unquoted(one.trim()) === unquoted(etag));

const unquoted = (etag: string): string => etag.replace(/^(W\/)?"|"$/g, '');

/** @throws AwsError for a condition of a write that S3 or the local organization does not have */
export function checkWriteConditions({
  IfMatch,
  IfNoneMatch,
}: {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}): void {
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*') throw notModelled('If-None-Match of anything but * in a write');
  if (IfMatch !== undefined && IfNoneMatch !== undefined) throw notModelled('If-Match together with If-None-Match');
}

/** With `url` as encoding type: so that keys with characters that XML has none for can be answered. */
export const encodedKey = (key: string, encoding: string | undefined): string =>
  encoding === 'url' ? encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+') : key;
