import type { S3Client } from '@aws-sdk/client-s3';
import type { SESClient } from '@aws-sdk/client-ses';
import { s3Deliveries } from '../../lambda/aws/org-bucket/deliveries';
import { s3MailDeliveries } from '../../lambda/aws/org-bucket/mail-delivery-store';
import { s3MailFeedback } from '../../lambda/aws/org-bucket/mail-feedback-store';
import { orgEvents } from '../../lambda/aws/org-bucket/notice-store';
import { sesMail } from '../../lambda/aws/ses';
import { s3Tally } from '../../lambda/aws/org-bucket/tally';
import { s3Roster } from '../../lambda/aws/org-bucket/slice-store';
import { eventPath, formerEventPath, slicePath } from '../../lambda/contract/names';
import { deliverBatch, type MailerPorts } from '../../lambda/domain/mail/deliver';
import type { RosterSlice } from '../../lambda/contract/slice';
import { ACCOUNT, DAY, EVENT_ID, slice } from './fixture';

const ORG = { Bucket: 'org', ExpectedBucketOwner: '222222222222' };

export const ADMINS = ['security@example.com'];

export type FaultKind = 'refused' | 'answer lost' | 'killed before' | 'killed after';

export interface Sent {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** By name, as SES gives them back. */
  readonly tags: Readonly<Record<string, string>>;
}

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Readonly<Record<string, any>>;
}

/** The mailer's adapters over a bucket and a mailbox that outlive each run; one call of a run can be made to fail. */
export class Cloud {
  readonly objects = new Map<string, { body: string; etag: string }>();
  readonly sent: Sent[] = [];
  readonly logged: string[] = [];
  /** Keys of the objects whose bodies were read. */
  readonly downloads: string[] = [];
  /** How often the alarm of admin mails was raised. */
  alarms = 0;
  /** Names of the calls of the last run. */
  calls: string[] = [];
  private writes = 0;

  put(key: string, value: unknown): void {
    this.objects.set(key, {
      body: typeof value === 'string' ? value : JSON.stringify(value),
      etag: `"${++this.writes}"`,
    });
  }

  publish(roster: RosterSlice = slice()): this {
    this.put(slicePath(roster.accountId), roster);
    return this;
  }

  record(event: unknown, accountId = ACCOUNT, id = EVENT_ID): this {
    this.put(eventPath({ accountId, day: DAY, id }), event);
    return this;
  }

  /** As schema version 1 did. */
  recordFormer(event: unknown): this {
    this.put(formerEventPath({ accountId: ACCOUNT, id: EVENT_ID }), event);
    return this;
  }

  /** One invocation in a fresh container. @returns the failed messages, or undefined when it was killed */
  async run(
    bodies: readonly (string | { readonly ses: object })[] = [pointer()],
    fault?: { readonly call: number; readonly kind: FaultKind },
    remaining = (): number => 60_000,
  ): Promise<readonly string[] | undefined> {
    this.calls = [];
    let kill = (): void => {};
    const death = new Promise<undefined>((resolve) => (kill = () => resolve(undefined)));
    const send = async (command: Command): Promise<unknown> => {
      const kind = this.calls.push(command.constructor.name) === fault?.call ? fault.kind : undefined;
      if (kind === 'refused') throw named('ServiceUnavailable');
      if (kind === 'killed before') return dead(kill);
      const answer = attempt(() => this.answer(command));
      if (kind === 'answer lost') throw named('TimeoutError');
      if (kind === 'killed after') return dead(kill);
      return answer();
    };
    const messages = bodies.map((body, index) =>
      typeof body === 'string'
        ? { messageId: `message-${index}`, body }
        : { messageId: `message-${index}`, body: envelope(body.ses), from: 'ses' as const },
    );
    return Promise.race([deliverBatch(this.ports({ send }), ADMINS, messages, remaining), death]);
  }

  private ports(client: { send(command: Command): Promise<unknown> }): MailerPorts {
    const s3 = client as unknown as S3Client;
    const log = (message: string, fields?: object): void =>
      void this.logged.push(JSON.stringify({ message, ...fields }));
    return {
      events: orgEvents(s3, ORG),
      slices: { read: (accountId) => s3Roster(s3, ORG, accountId).read() },
      deliveries: s3Deliveries(s3, ORG),
      accepted: s3MailDeliveries(s3, ORG),
      tally: s3Tally(s3, ORG),
      clock: { now: () => new Date() },
      mail: sesMail(client as unknown as SESClient, {
        sender: 'access-keys@example.com',
        configurationSet: 'access-keys',
      }),
      feedback: s3MailFeedback(s3, ORG),
      adminMailBounced: () => void this.alarms++,
      log: { info: log, warn: log, error: log },
    };
  }

  private bodyOf(key: string) {
    return {
      transformToString: async () => {
        this.downloads.push(key);
        return this.objects.get(key)!.body;
      },
    };
  }

  private answer({ constructor: { name }, input }: Command): unknown {
    const object = this.objects.get(input.Key);
    switch (name) {
      case 'GetObjectCommand':
        if (!object) throw named('NoSuchKey');
        return { ETag: object.etag, ContentLength: Buffer.byteLength(object.body), Body: this.bodyOf(input.Key) };
      case 'PutObjectCommand':
        if ((input.IfNoneMatch && object) || (input.IfMatch && input.IfMatch !== object?.etag))
          throw named('PreconditionFailed');
        this.put(input.Key, input.Body);
        return { ETag: this.objects.get(input.Key)?.etag };
      case 'SendEmailCommand': {
        const { Subject, Body } = input.Message;
        this.sent.push({
          to: input.Destination.ToAddresses,
          subject: Subject.Data,
          text: Body.Text.Data,
          html: Body.Html.Data,
          tags: Object.fromEntries(input.Tags.map((tag: { Name: string; Value: string }) => [tag.Name, tag.Value])),
        });
        return { MessageId: `mail-${this.sent.length}` };
      }
      default:
        throw new Error(`the mailer called ${name}`);
    }
  }
}

let messages = 0;
export const envelope = (message: unknown, more: object = {}): string =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: `sns-${++messages}`,
    Timestamp: '2026-03-07T10:00:00.000Z',
    Message: JSON.stringify(message),
    ...more,
  });
export const pointer = (accountId = ACCOUNT, id = EVENT_ID, day = DAY): string =>
  envelope({ event: formerEventPath({ accountId, id }), object: eventPath({ accountId, day, id }) });
export const formerPointer = (): string => envelope({ event: formerEventPath({ accountId: ACCOUNT, id: EVENT_ID }) });

/** Done now; what came of it, an error included, is for whoever asks. */
function attempt<T>(act: () => T): () => T {
  try {
    const answer = act();
    return () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const named = (name: string): Error => Object.assign(new Error('from the service'), { name });

function dead(kill: () => void): Promise<never> {
  kill();
  return new Promise<never>(() => {});
}
