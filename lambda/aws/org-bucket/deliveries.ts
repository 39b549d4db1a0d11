import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import type { Context } from 'aws-lambda';
import { DELIVERIES_PREFIX, FUNCTIONS, type OwnedBucket } from '../../contract/names';
import type { MailerPorts } from '../../domain/mail/deliver';
import type { SentMail } from '../../domain/mail/hourly-limit';
import { REMEMBERED_SECONDS, type Entry, type JSONValue } from './mail-delivery-store';

/** Longer than the function can live: when a lease has ended, its holder is dead. */
const LEASE_MS = (FUNCTIONS.mailer.timeoutSeconds + 30) * 1_000;
/**
 * One object an event, written with S3's conditional puts instead of a table. A run that ends in an error gives its lease
 * back by an overwrite, so that the function needs no permission to delete.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
class S3Deliveries extends BasePersistenceLayer {
  private readonly held = new Map<string, string | undefined>();

  constructor(
    private readonly client: S3Client,
    private readonly bucket: OwnedBucket,
  ) {
    super();
  }

  /** The event's own place is its key: it names the event better than a hash of it. */
  protected override getHashedIdempotencyKey(data: JSONValue): string {
    return `${DELIVERIES_PREFIX}${data as string}.json`;
  }

  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    const { idempotencyKey: key } = record;
    try {
      this.held.set(key, await this.write(key, entryOf(record), { IfNoneMatch: '*' }));
      return;
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
    const { entry, etag } = await this.read(key);
    if (!isOver(entry))
      throw new IdempotencyItemAlreadyExistsError('the event is or was delivered by another run', recordOf(key, entry));
    this.held.set(key, await this.write(key, entryOf(record), { IfMatch: etag }));
  }

  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    await this.write(record.idempotencyKey, entryOf(record));
    this.held.delete(record.idempotencyKey);
  }

  protected async _deleteRecord({ idempotencyKey: key }: IdempotencyRecord): Promise<void> {
    const etag = this.held.get(key);
    this.held.delete(key);
    if (etag) await this.write(key, { status: 'EXPIRED' }, { IfMatch: etag });
  }

  protected async _getRecord(key: string): Promise<IdempotencyRecord> {
    return recordOf(key, (await this.read(key)).entry);
  }

  private async write(
    key: string,
    entry: Entry,
    condition: { IfNoneMatch?: string; IfMatch?: string | undefined } = {},
  ): Promise<string | undefined> {
    const { ETag } = await this.client.send(
      new PutObjectCommand({
        ...this.bucket,
        Key: key,
        Body: JSON.stringify(entry),
        ContentType: 'application/json',
        ...condition,
      }),
    );
    return ETag;
  }

  private async read(key: string): Promise<{ entry: Entry; etag: string | undefined }> {
    const { Body, ETag } = await this.client.send(new GetObjectCommand({ ...this.bucket, Key: key }));
    return { entry: JSON.parse(await Body!.transformToString()) as Entry, etag: ETag };
  }
}

/** Powertools' idempotency over the org bucket, by the delivery's key: an event's account and id, as a rule. */
export function s3Deliveries(client: S3Client, bucket: OwnedBucket): MailerPorts['deliveries'] {
  const persistenceStore = new S3Deliveries(client, bucket);
  const config = new IdempotencyConfig({ expiresAfterSeconds: REMEMBERED_SECONDS });
  config.registerLambdaContext({ getRemainingTimeInMillis: () => LEASE_MS } as Context);
  const run = makeIdempotent((_event: string, send: () => Promise<SentMail>) => send(), { persistenceStore, config });
  return { once: (key, send) => run(key, send) };
}

function isOver({ status, inProgressExpiryTimestamp = 0, expiryTimestamp }: Entry): boolean {
  const now = Date.now();
  if (status === 'EXPIRED' || (expiryTimestamp !== undefined && expiryTimestamp * 1_000 < now)) return true;
  return status === 'INPROGRESS' && inProgressExpiryTimestamp < now;
}

function entryOf(record: IdempotencyRecord): Entry {
  const { expiryTimestamp, inProgressExpiryTimestamp, responseData } = record;
  return { status: record.getStatus(), expiryTimestamp, inProgressExpiryTimestamp, responseData };
}

const recordOf = (idempotencyKey: string, entry: Entry): IdempotencyRecord =>
  new IdempotencyRecord({ idempotencyKey, ...entry });

function isConditionFailed(error: unknown): boolean {
  return (error as Error).name === 'PreconditionFailed';
}
