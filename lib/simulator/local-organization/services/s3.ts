import { createHash } from 'node:crypto';
import type { Clock } from '../clock';
import { isPublic } from '../iam/resource-policy';
import { AwsError, type Access, type Call, type Operation, type Service } from '../service';
import type { KmsState } from './kms';
import { page, tokenOf } from './pages';
import { checkContent, checkWriteConditions, encodedKey, matchesEtag } from './s3-checks';

interface StoredObject {
  readonly body: Uint8Array;
  readonly etag: string;
  readonly contentType: string;
  readonly modifiedAt: Date;
}

export interface BucketSettings {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly policy?: string;
  /** Customer managed key of SSE-KMS; absent for SSE-S3. */
  readonly kmsKeyArn?: string;
  /** Whether a policy that S3 calls public is refused. */
  readonly blocksPublicPolicy?: boolean;
}

interface Bucket extends BucketSettings {
  readonly createdAt: Date;
  readonly objects: Map<string, StoredObject>;
}

export class S3State {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly clock: Clock) {}

  /** Whether a permission to list certain prefixes is enough for S3 to say that an object is missing: AWS does not say. */
  prefixesRevealMissing = true;

  /**
   * Creates a bucket, or replaces its settings and keeps its objects.
   * @throws AwsError AccessDenied for a policy that S3 calls public, where the bucket blocks those
   */
  putBucket(settings: BucketSettings): void {
    if (settings.blocksPublicPolicy && settings.policy && isPublic(settings.policy, 's3'))
      throw new AwsError(
        'AccessDenied',
        'Access Denied: the bucket policy is public and BlockPublicPolicy is set',
        403,
      );
    const earlier = this.buckets.get(settings.name);
    this.buckets.set(settings.name, {
      ...settings,
      createdAt: earlier?.createdAt ?? this.clock.now(),
      objects: earlier?.objects ?? new Map(),
    });
  }

  /** Writes as the deployment does, without permission. */
  putObject(bucket: string, key: string, body: Uint8Array | string, contentType = 'binary/octet-stream'): string {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    this.bucket(bucket).objects.set(key, { body: bytes, etag, contentType, modifiedAt: this.clock.now() });
    return etag;
  }

  /** Text of an object; undefined when there is none. */
  text(bucket: string, key: string): string | undefined {
    const object = this.buckets.get(bucket)?.objects.get(key);
    return object && Buffer.from(object.body).toString('utf8');
  }

  bytes(bucket: string, key: string): Uint8Array | undefined {
    return this.buckets.get(bucket)?.objects.get(key)?.body;
  }

  keys(bucket: string): string[] {
    return [...this.bucket(bucket).objects.keys()].sort();
  }

  list(accountId: string): Bucket[] {
    return [...this.buckets.values()].filter((bucket) => bucket.accountId === accountId);
  }

  /** @throws AwsError NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    return bucket;
  }
}

interface BucketInput {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string;
}

interface ObjectInput extends BucketInput {
  readonly Key: string;
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

export function s3Service({ clock, kms }: { clock: Clock; kms?: KmsState }): { service: Service; state: S3State } {
  const state = new S3State(clock);
  const accesses = new Accesses(state, kms);
  const ofBuckets = { ...listOperations(state, accesses), ...objectOperations(state, accesses) };
  const operations: Record<string, Operation> = {
    ListBuckets: {
      accesses: (_input, call) => [
        { action: 's3:ListAllMyBuckets', resource: '*', resourceAccountId: call.principal.accountId },
      ],
      run: (input, call) => listBuckets(state.list(call.principal.accountId), input, call),
    },
  };
  for (const [name, operation] of Object.entries(ofBuckets)) operations[name] = ofItsBucket(state, operation);
  return { service: { id: 's3', operations }, state };
}

/** What requests need to be allowed. */
class Accesses {
  constructor(
    private readonly state: S3State,
    private readonly kms?: KmsState,
  ) {}

  onBucket(action: string, name: string, resource: string, context?: Access['context']): Access {
    const bucket = this.state.bucket(name);
    return {
      action,
      resource,
      resourceAccountId: bucket.accountId,
      ...(context && { context }),
      ...(bucket.policy && { resourcePolicy: bucket.policy }),
    };
  }

  onObject(
    action: string,
    keyActions: readonly string[],
    contextOf: (input: ObjectInput) => Access['context'] = () => undefined,
  ) {
    return (input: ObjectInput, call: Call): Access[] => {
      const { Bucket: name, Key } = input;
      const bucket = this.state.bucket(name);
      const keyAccess =
        this.kms && keyActions.length > 0
          ? this.kms.accesses(
              bucket.kmsKeyArn,
              bucket.accountId,
              { actions: keyActions, via: 's3', encryptionContext: { 'aws:s3:arn': `arn:aws:s3:::${name}` } },
              call,
            )
          : [];
      return [this.onBucket(action, name, `arn:aws:s3:::${name}/${Key}`, contextOf(input)), ...keyAccess];
    };
  }

  /** Whether an object is missing is shown to those who may list the bucket, or it by its key as prefix; others are denied. */
  onReadObject(input: ObjectInput, call: Call): Access[] {
    const { objects } = this.state.bucket(input.Bucket);
    const prefix = this.state.prefixesRevealMissing ? { 's3:prefix': input.Key } : undefined;
    return [
      ...this.onObject('s3:GetObject', ['kms:Decrypt'])(input, call),
      ...(objects.has(input.Key)
        ? []
        : [this.onBucket('s3:ListBucket', input.Bucket, `arn:aws:s3:::${input.Bucket}`, prefix)]),
    ];
  }
}

const listOperations = (state: S3State, accesses: Accesses): Service['operations'] => ({
  ListObjectsV2: {
    accesses: (input) => [
      accesses.onBucket('s3:ListBucket', input.Bucket, `arn:aws:s3:::${input.Bucket}`, {
        's3:prefix': input.Prefix ?? '',
      }),
    ],
    run: (input) => listObjects(state.bucket(input.Bucket).objects, input),
  },
});

function objectOperations(state: S3State, accesses: Accesses): Service['operations'] {
  const onReadObject = (input: ObjectInput, call: Call): Access[] => accesses.onReadObject(input, call);
  return {
    GetObject: {
      accesses: onReadObject,
      run: (input) => {
        const object = readObject(state, input);
        return { ...headers(object), Body: object.body };
      },
    },
    HeadObject: { accesses: onReadObject, run: (input) => headers(readObject(state, input)) },
    PutObject: {
      accesses: accesses.onObject('s3:PutObject', ['kms:GenerateDataKey'], ({ IfMatch, IfNoneMatch }) => ({
        ...(IfMatch && { 's3:if-match': IfMatch }),
        ...(IfNoneMatch && { 's3:if-none-match': IfNoneMatch }),
      })),
      run: (input) => putObject(state, input),
    },
    DeleteObject: {
      accesses: accesses.onObject('s3:DeleteObject', []),
      run: (input) => {
        state.bucket(input.Bucket).objects.delete(input.Key);
        return {};
      },
    },
  };
}

function readObject(state: S3State, input: ObjectInput): StoredObject {
  const object = state.bucket(input.Bucket).objects.get(input.Key);
  if (!object) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
  if (input.IfMatch && !matchesEtag(input.IfMatch, object.etag)) throw preconditionFailed();
  if (input.IfNoneMatch && matchesEtag(input.IfNoneMatch, object.etag))
    throw new AwsError('NotModified', 'Not Modified', 304);
  return object;
}

function putObject(state: S3State, input: any): unknown {
  checkWriteConditions(input);
  checkContent(input);
  const existing = state.bucket(input.Bucket).objects.get(input.Key);
  if (input.IfNoneMatch === '*' && existing) throw preconditionFailed();
  if (input.IfMatch && !existing) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
  if (input.IfMatch && existing && !matchesEtag(input.IfMatch, existing.etag)) throw preconditionFailed();
  const { ChecksumCRC32, ChecksumSHA1, ChecksumSHA256 } = input;
  const ETag = state.putObject(input.Bucket, input.Key, input.Body ?? '', input.ContentType);
  return { ETag, ChecksumCRC32, ChecksumSHA1, ChecksumSHA256 };
}

const headers = (object: StoredObject) => ({
  ContentLength: object.body.length,
  ContentType: object.contentType,
  ETag: object.etag,
  LastModified: object.modifiedAt,
});

/**
 * A bucket is asked in the region that it is in, and for the owner that is expected:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
function ofItsBucket(state: S3State, operation: Operation): Operation {
  return {
    accesses: (input: BucketInput, call) => {
      const { accountId, region } = state.bucket(input.Bucket);
      if (region !== call.region) {
        const text = `The authorization header is malformed; the region '${call.region}' is wrong; expecting '${region}'`;
        throw new AwsError('AuthorizationHeaderMalformed', text);
      }
      if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== accountId)
        throw new AwsError('AccessDenied', 'Access Denied', 403);
      return operation.accesses(input, call);
    },
    run: (input, call) => operation.run(input, call),
  };
}

interface ListInput {
  readonly Bucket: string;
  readonly Prefix?: string;
  readonly MaxKeys?: number;
  readonly ContinuationToken?: string;
  readonly StartAfter?: string;
  readonly EncodingType?: string;
}

/** More than a thousand are never answered at once, however many are asked for. */
const KEYS_MAX = 1000;

function listObjects(objects: ReadonlyMap<string, StoredObject>, input: ListInput): object {
  const { Bucket: Name, Prefix = '', ContinuationToken, StartAfter, EncodingType } = input;
  const MaxKeys = Math.min(input.MaxKeys ?? KEYS_MAX, KEYS_MAX);
  const keys = [...objects.keys()].sort().filter((key) => key.startsWith(Prefix));
  const first = keys.filter((key) => key <= (StartAfter ?? '')).length;
  const { items, nextToken } = page(keys, MaxKeys, ContinuationToken ?? tokenOf(first), wrongToken);
  const Contents = items.map((key) => {
    const { body, etag: ETag, modifiedAt: LastModified } = objects.get(key)!;
    return { Key: encodedKey(key, EncodingType), Size: body.length, ETag, LastModified, StorageClass: 'STANDARD' };
  });
  const list = { Name, Prefix: encodedKey(Prefix, EncodingType), MaxKeys, KeyCount: items.length, Contents };
  const started = ContinuationToken === undefined ? StartAfter : undefined;
  const from = { ContinuationToken, StartAfter: started && encodedKey(started, EncodingType), EncodingType };
  const more = MaxKeys > 0 && nextToken !== undefined;
  return { ...list, ...from, IsTruncated: more, NextContinuationToken: more ? nextToken : undefined };
}

interface ListBucketsInput {
  readonly Prefix?: string;
  readonly MaxBuckets?: number;
  readonly ContinuationToken?: string;
}

function listBuckets(
  all: readonly Bucket[],
  { Prefix = '', MaxBuckets = 10_000, ContinuationToken }: ListBucketsInput,
  call: Call,
): object {
  const buckets = all.filter(({ name }) => name.startsWith(Prefix));
  const { items, nextToken } = page(buckets, MaxBuckets, ContinuationToken, wrongToken);
  const Buckets = items.map(({ name: Name, createdAt: CreationDate }) => ({ Name, CreationDate }));
  return { Buckets, Owner: { ID: call.principal.accountId }, ContinuationToken: nextToken };
}

const wrongToken = (): AwsError => new AwsError('InvalidArgument', 'The continuation token provided is incorrect');
const preconditionFailed = (): AwsError =>
  new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
