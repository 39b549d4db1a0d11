import { createHash } from 'node:crypto';
import type { Clock } from '../clock';
import type { Random } from '../random';
import { AwsError, notModelled, type Access, type Call, type Operation, type Service } from '../service';
import { formatArn } from './arn';
import { page } from './pages';
import { messageAttributes, queueAttributes } from './sqs-attributes';

interface Message {
  readonly id: string;
  readonly body: string;
  /** Unique id of who sent it. */
  readonly senderId: string;
  readonly sentAt: Date;
  receives: number;
  receipt?: string;
  visibleAt: Date;
  firstReceivedAt?: Date;
}

export interface QueueSettings {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly policy?: string;
  readonly visibilityTimeoutSeconds?: number;
  readonly retentionSeconds?: number;
  readonly redrive?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
}

interface Queue extends QueueSettings {
  readonly arn: string;
  readonly url: string;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly messages: Message[];
  /** Every handle that was given out. */
  readonly receipts: Set<string>;
  readonly arrivals: (() => void)[];
}

export class SqsState {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly options: { clock: Clock; random: Random }) {}

  /** Creates a queue, or replaces its settings and keeps its messages. @returns its ARN */
  putQueue(settings: QueueSettings): string {
    const arn = formatArn({
      service: 'sqs',
      region: settings.region,
      accountId: settings.accountId,
      resource: settings.name,
    });
    const url = `https://sqs.${settings.region}.amazonaws.com/${settings.accountId}/${settings.name}`;
    const earlier = this.queues.get(arn);
    const now = this.options.clock.now();
    this.queues.set(arn, {
      ...settings,
      arn,
      url,
      createdAt: earlier?.createdAt ?? now,
      changedAt: now,
      messages: earlier?.messages ?? [],
      receipts: earlier?.receipts ?? new Set(),
      arrivals: earlier?.arrivals ?? [],
    });
    return arn;
  }

  /** Called whenever a message arrives: what an event source mapping polls by. */
  onArrival(queueArn: string, notify: () => void): void {
    this.queue(queueArn).arrivals.push(notify);
  }

  list(accountId: string, region: string): Queue[] {
    return [...this.queues.values()].filter((queue) => queue.accountId === accountId && queue.region === region);
  }

  /** By ARN or URL. @throws AwsError QueueDoesNotExist */
  queue(reference: string): Queue {
    const queue =
      this.queues.get(reference) ??
      [...this.queues.values()].find(({ url }) => reference.endsWith(new URL(url).pathname));
    if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  send(reference: string, body: string, senderId = '', delaySeconds = 0): Message {
    const queue = this.queue(reference);
    const now = this.options.clock.now();
    const message: Message = {
      id: this.options.random.uuid(),
      body,
      senderId,
      sentAt: now,
      receives: 0,
      visibleAt: new Date(now.getTime() + delaySeconds * 1000),
    };
    queue.messages.push(message);
    for (const notify of queue.arrivals) notify();
    return message;
  }

  /** Takes visible messages; one received too often moves to the dead-letter queue instead. */
  receive(reference: string, most: number, visibilitySeconds?: number): Message[] {
    const queue = this.queue(reference);
    const now = this.options.clock.now();
    const taken: Message[] = [];
    for (const message of queue.messages.filter(({ visibleAt }) => visibleAt <= now)) {
      if (taken.length === most) break;
      if (queue.redrive && message.receives >= queue.redrive.maxReceiveCount) {
        queue.messages.splice(queue.messages.indexOf(message), 1);
        this.send(queue.redrive.deadLetterTargetArn, message.body, message.senderId);
        continue;
      }
      message.receives++;
      message.firstReceivedAt ??= now;
      message.receipt = this.options.random.uuid();
      queue.receipts.add(message.receipt);
      message.visibleAt = new Date(now.getTime() + (visibilitySeconds ?? queue.visibilityTimeoutSeconds ?? 30) * 1000);
      taken.push(message);
    }
    return taken;
  }

  /**
   * A handle of an earlier receipt, or of a message that is gone, deletes nothing and is no error.
   * @throws AwsError ReceiptHandleIsInvalid for one that nobody was given
   */
  delete(reference: string, receipt: string): void {
    const { messages, receipts } = this.queue(reference);
    if (!receipts.has(receipt)) throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
    const index = messages.findIndex((message) => message.receipt === receipt);
    if (index >= 0) messages.splice(index, 1);
  }

  /** A poll's messages as a function receives them. */
  records(reference: string, messages: readonly Message[]): { Records: object[] } {
    const queue = this.queue(reference);
    return {
      Records: messages.map((message) => ({
        messageId: message.id,
        receiptHandle: message.receipt,
        body: message.body,
        attributes: systemAttributes(message),
        messageAttributes: {},
        md5OfBody: md5(message.body),
        eventSource: 'aws:sqs',
        eventSourceARN: queue.arn,
        awsRegion: queue.region,
      })),
    };
  }
}

export function sqsService(options: { clock: Clock; random: Random }): { service: Service; state: SqsState } {
  const state = new SqsState({ ...options, random: options.random.fork('sqs') });
  const operations = { ...queueOperations(state, options.clock), ...messageOperations(state) };
  return { service: { id: 'sqs', operations }, state };
}

const onQueue =
  (state: SqsState, action: string) =>
  (input: { QueueUrl: string }): Access[] => {
    const queue = state.queue(input.QueueUrl);
    return [
      {
        action: `sqs:${action}`,
        resource: queue.arn,
        resourceAccountId: queue.accountId,
        ...(queue.policy && { resourcePolicy: queue.policy }),
      },
    ];
  };

const named = (input: { QueueName: string; QueueOwnerAWSAccountId?: string }, call: Call): string =>
  formatArn({
    service: 'sqs',
    region: call.region,
    accountId: input.QueueOwnerAWSAccountId ?? call.principal.accountId,
    resource: input.QueueName,
  });

const queueOperations = (state: SqsState, clock: Clock): Record<string, Operation> => ({
  ListQueues: {
    accesses: (_input, call) => [
      { action: 'sqs:ListQueues', resource: '*', resourceAccountId: call.principal.accountId },
    ],
    run: (input, call) => {
      const urls = state
        .list(call.principal.accountId, call.region)
        .filter(({ name }) => name.startsWith(input.QueueNamePrefix ?? ''))
        .map(({ url }) => url);
      const { items, nextToken } = page(
        urls,
        input.MaxResults ?? 1000,
        input.NextToken,
        () => new AwsError('InvalidParameterValue', 'Invalid NextToken value.'),
      );
      return { QueueUrls: items, NextToken: nextToken };
    },
  },
  GetQueueUrl: {
    accesses: (input, call) => onQueue(state, 'GetQueueUrl')({ QueueUrl: named(input, call) }),
    run: (input, call) => ({ QueueUrl: state.queue(named(input, call)).url }),
  },
  GetQueueAttributes: {
    accesses: onQueue(state, 'GetQueueAttributes'),
    run: (input) => ({
      Attributes: queueAttributes(attributesOf(state.queue(input.QueueUrl), clock.now()), input.AttributeNames),
    }),
  },
});

const messageOperations = (state: SqsState): Record<string, Operation> => ({
  SendMessage: {
    accesses: onQueue(state, 'SendMessage'),
    run: (input, call) => {
      if (!/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]+$/u.test(input.MessageBody))
        throw new AwsError('InvalidMessageContents', 'Message contains characters that are not allowed.');
      if (Buffer.byteLength(input.MessageBody ?? '') > 1_048_576)
        throw new AwsError(
          'InvalidParameterValue',
          'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.',
        );
      return {
        MessageId: state.send(input.QueueUrl, input.MessageBody, call.principal.userId, input.DelaySeconds).id,
        MD5OfMessageBody: md5(input.MessageBody),
      };
    },
  },
  ReceiveMessage: {
    accesses: onQueue(state, 'ReceiveMessage'),
    run: (input) => {
      if (input.WaitTimeSeconds > 0) throw notModelled('waiting for messages (WaitTimeSeconds)');
      const names: string[] = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
      messageAttributes({}, names);
      const received = state.receive(input.QueueUrl, input.MaxNumberOfMessages ?? 1, input.VisibilityTimeout);
      const Messages = received.map((message) => ({
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        Body: message.body,
        MD5OfBody: md5(message.body),
        Attributes: messageAttributes(systemAttributes(message), names),
      }));
      return Messages.length > 0 ? { Messages } : {};
    },
  },
  DeleteMessage: {
    accesses: onQueue(state, 'DeleteMessage'),
    run: (input) => {
      state.delete(input.QueueUrl, input.ReceiptHandle);
      return {};
    },
  },
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

function attributesOf(queue: Queue, now: Date): Record<string, string> {
  const seconds = (at: Date): string => String(Math.floor(at.getTime() / 1000));
  const hidden = queue.messages.filter(({ visibleAt }) => visibleAt > now);
  const delayed = hidden.filter(({ receives }) => receives === 0).length;
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(queue.messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds(queue.createdAt),
    LastModifiedTimestamp: seconds(queue.changedAt),
    VisibilityTimeout: String(queue.visibilityTimeoutSeconds ?? 30),
    MaximumMessageSize: '1048576',
    MessageRetentionPeriod: String(queue.retentionSeconds ?? 345_600),
    DelaySeconds: '0',
    ReceiveMessageWaitTimeSeconds: '0',
    ...(queue.policy && { Policy: queue.policy }),
    ...(queue.redrive && { RedrivePolicy: JSON.stringify(queue.redrive) }),
  };
}

const systemAttributes = (message: Message): Record<string, string> => ({
  SenderId: message.senderId,
  ApproximateReceiveCount: String(message.receives),
  SentTimestamp: String(message.sentAt.getTime()),
  ApproximateFirstReceiveTimestamp: String((message.firstReceivedAt ?? message.sentAt).getTime()),
});
