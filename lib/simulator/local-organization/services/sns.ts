import type { Clock } from '../clock';
import type { Random } from '../random';
import { AwsError, type Access, type Call, type Operation, type Service } from '../service';
import { formatArn } from './arn';
import type { KmsState } from './kms';
import { page } from './pages';

type Attributes = Readonly<Record<string, { readonly DataType?: string; readonly StringValue?: string }>>;
type FilterPolicy = Readonly<Record<string, readonly unknown[]>>;

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'sqs' | 'email';
  readonly endpoint: string;
  readonly filterPolicy?: FilterPolicy;
}

export interface TopicSettings {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly policy?: string;
  readonly kmsKeyArn?: string;
}

interface Topic extends TopicSettings {
  readonly arn: string;
}

/** Hands a message to a queue as SNS; rejects when the queue's policy refuses. */
export type Deliver = (queueArn: string, body: string, topicArn: string) => void | Promise<void>;

export interface DeliveredEmail {
  readonly at: Date;
  /** The same for all who received the message. */
  readonly messageId: string;
  readonly topicArn: string;
  readonly to: string;
  readonly subject?: string;
  readonly text: string;
}

export class SnsState {
  /** What e-mail subscribers received. */
  readonly emails: DeliveredEmail[] = [];
  private readonly topics = new Map<string, Topic>();
  private readonly subscriptions: Subscription[] = [];

  constructor(private readonly random: Random) {}

  /** @returns the topic's ARN */
  putTopic(settings: TopicSettings): string {
    const arn = formatArn({
      service: 'sns',
      region: settings.region,
      accountId: settings.accountId,
      resource: settings.name,
    });
    this.topics.set(arn, { ...settings, arn });
    return arn;
  }

  /** A confirmed subscription. @throws Error for a protocol or a filter operator that is not modelled */
  subscribe(subscription: Omit<Subscription, 'arn'>): string {
    if (!['sqs', 'email'].includes(subscription.protocol))
      throw new Error(`the local organization does not know subscriptions by ${subscription.protocol}`);
    checkFilterPolicy(subscription.filterPolicy ?? {});
    const arn = `${this.topic(subscription.topicArn).arn}:${this.random.uuid()}`;
    this.subscriptions.push({ ...subscription, arn });
    return arn;
  }

  list(accountId: string, region: string): Topic[] {
    return [...this.topics.values()].filter((topic) => topic.accountId === accountId && topic.region === region);
  }

  subscriptionsOf(topicArn: string): Subscription[] {
    return this.subscriptions.filter((subscription) => subscription.topicArn === topicArn);
  }

  /** @throws AwsError NotFound */
  topic(arn: string): Topic {
    const topic = this.topics.get(arn);
    if (!topic) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return topic;
  }
}

interface Outlets {
  readonly clock: Clock;
  readonly deliver: Deliver;
  readonly kms?: KmsState;
}

export function snsService({ random, ...outlets }: Outlets & { readonly random: Random }): {
  service: Service;
  state: SnsState;
} {
  const ids = random.fork('sns');
  const state = new SnsState(ids);
  const operations = {
    Publish: publishing(state, outlets, ids),
    ...topicOperations(state),
    ...subscriptionOperations(state),
  };
  return { service: { id: 'sns', operations }, state };
}

const onTopic =
  (state: SnsState, action: string) =>
  (input: { TopicArn: string }): Access[] => {
    const topic = state.topic(input.TopicArn);
    return [
      {
        action: `sns:${action}`,
        resource: topic.arn,
        resourceAccountId: topic.accountId,
        ...(topic.policy && { resourcePolicy: topic.policy }),
      },
    ];
  };

const onAll =
  (action: string) =>
  (_input: unknown, call: Call): Access[] => [
    { action: `sns:${action}`, resource: '*', resourceAccountId: call.principal.accountId },
  ];

interface PublishInput {
  readonly TopicArn: string;
  readonly Message: string;
  readonly Subject?: string;
  readonly MessageStructure?: string;
  readonly MessageAttributes?: Attributes;
}

function publishing(state: SnsState, outlets: Outlets, ids: Random): Operation {
  return {
    accesses: (input: PublishInput, call) => {
      const topic = state.topic(input.TopicArn);
      const context = { 'aws:sns:topicArn': topic.arn };
      const key = { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], via: 'sns', encryptionContext: context };
      return [
        ...onTopic(state, 'Publish')(input),
        ...(outlets.kms?.accesses(topic.kmsKeyArn, topic.accountId, key, call) ?? []),
      ];
    },
    run: (input: PublishInput) => publish(state, outlets, input, ids),
  };
}

async function publish(
  state: SnsState,
  { clock, deliver }: Outlets,
  input: PublishInput,
  ids: Random,
): Promise<object> {
  checkSubject(input.Subject);
  const texts = textsOf(input.Message, input.MessageStructure);
  const MessageId = ids.uuid();
  const at = clock.now();
  for (const { protocol, endpoint, filterPolicy } of state.subscriptionsOf(input.TopicArn)) {
    if (filterPolicy && !accepts(filterPolicy, input.MessageAttributes ?? {})) continue;
    const text = texts[protocol] ?? texts.default ?? '';
    if (protocol === 'email')
      state.emails.push({
        at,
        messageId: MessageId,
        topicArn: input.TopicArn,
        to: endpoint,
        ...(input.Subject && { subject: input.Subject }),
        text,
      });
    else await deliver(endpoint, JSON.stringify(envelope(input, MessageId, text, at)), input.TopicArn);
  }
  return { MessageId };
}

const topicOperations = (state: SnsState): Record<string, Operation> => ({
  ListTopics: {
    accesses: onAll('ListTopics'),
    run: (input, call) => {
      const { items, nextToken } = page(
        state.list(call.principal.accountId, call.region),
        100,
        input.NextToken,
        invalidNextToken,
      );
      return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), NextToken: nextToken };
    },
  },
  GetTopicAttributes: {
    accesses: onTopic(state, 'GetTopicAttributes'),
    run: (input) => {
      const topic = state.topic(input.TopicArn);
      return {
        Attributes: {
          TopicArn: topic.arn,
          Owner: topic.accountId,
          SubscriptionsConfirmed: String(state.subscriptionsOf(topic.arn).length),
          SubscriptionsPending: '0',
          ...(topic.policy && { Policy: topic.policy }),
          ...(topic.kmsKeyArn && { KmsMasterKeyId: topic.kmsKeyArn }),
        },
      };
    },
  },
});

const subscriptionOperations = (state: SnsState): Record<string, Operation> => ({
  ListSubscriptions: {
    accesses: onAll('ListSubscriptions'),
    run: (input, call) => {
      const all = state.list(call.principal.accountId, call.region).flatMap(({ arn }) => state.subscriptionsOf(arn));
      const { items, nextToken } = page(all, 100, input.NextToken, invalidNextToken);
      return { Subscriptions: items.map(printed), NextToken: nextToken };
    },
  },
  ListSubscriptionsByTopic: {
    accesses: onTopic(state, 'ListSubscriptionsByTopic'),
    run: (input) => {
      const { items, nextToken } = page(state.subscriptionsOf(input.TopicArn), 100, input.NextToken, invalidNextToken);
      return { Subscriptions: items.map(printed), NextToken: nextToken };
    },
  },
});

const printed = ({ arn, topicArn, protocol, endpoint }: Subscription) => ({
  SubscriptionArn: arn,
  TopicArn: topicArn,
  Protocol: protocol,
  Endpoint: endpoint,
  Owner: topicArn.split(':')[4],
});

const invalidNextToken = (): AwsError => new AwsError('InvalidParameter', 'Invalid parameter: NextToken');

function textsOf(message: string, structure: string | undefined): Record<string, string> {
  if (Buffer.byteLength(message) > 262_144)
    throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
  if (structure !== 'json') return { default: message };
  let texts: unknown;
  try {
    texts = JSON.parse(message);
  } catch {
    throw new AwsError('InvalidParameter', 'Invalid parameter: Message Structure - JSON message body failed to parse');
  }
  if (typeof (texts as { default?: unknown } | null)?.default !== 'string')
    throw new AwsError(
      'InvalidParameter',
      'Invalid parameter: Message Structure - No default entry in JSON message body',
    );
  return texts as Record<string, string>;
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
function checkSubject(subject: string | undefined): void {
  if (subject !== undefined && (subject.length > 100 || !/^[^\p{Cc}]+$/u.test(subject)))
    throw new AwsError('InvalidParameter', 'Invalid parameter: Subject');
}

function envelope(
  input: { TopicArn: string; Subject?: string; MessageAttributes?: Attributes },
  MessageId: string,
  Message: string,
  at: Date,
): object {
  const attributes = Object.entries(input.MessageAttributes ?? {}).map(
    ([name, { DataType: Type, StringValue: Value }]) => [name, { Type, Value }],
  );
  return {
    Type: 'Notification',
    MessageId,
    TopicArn: input.TopicArn,
    ...(input.Subject && { Subject: input.Subject }),
    Message,
    Timestamp: at.toISOString(),
    SignatureVersion: '1',
    ...(attributes.length > 0 && { MessageAttributes: Object.fromEntries(attributes) }),
  };
}

/**
 * Exact values, `prefix`, `anything-but` and `exists`. A message without any attribute passes no filter policy, `{ exists: false }` included.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html, https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
 */
function accepts(policy: FilterPolicy, attributes: Attributes): boolean {
  if (Object.keys(attributes).length === 0) return false;
  return Object.entries(policy).every(([name, rules]) => {
    const values = valuesOf(attributes[name]);
    return rules.some((rule) => holds(rule, values));
  });
}

const OPERATORS = ['exists', 'prefix', 'anything-but'];
const isScalar = (value: unknown): boolean => ['string', 'number'].includes(typeof value);

/** Every operator that is not modelled, lest a message passes or is dropped wrongly. @throws Error */
function checkFilterPolicy(policy: FilterPolicy): void {
  for (const [name, rules] of Object.entries(policy)) {
    const unknown = (Array.isArray(rules) ? rules : [rules]).find((rule) => !isModelled(rule));
    if (unknown !== undefined || !Array.isArray(rules))
      throw new Error(`the local organization does not know the filter ${JSON.stringify(unknown ?? rules)} on ${name}`);
  }
}

function isModelled(rule: unknown): boolean {
  if (typeof rule !== 'object' || rule === null) return isScalar(rule) || typeof rule === 'boolean' || rule === null;
  const [first, ...others] = Object.entries(rule as Record<string, unknown>);
  const [operator, operand] = first ?? ['', undefined];
  if (others.length > 0 || !OPERATORS.includes(operator)) return false;
  if (operator === 'exists') return typeof operand === 'boolean';
  return operator === 'prefix' ? typeof operand === 'string' : [operand].flat().every(isScalar);
}

function valuesOf(attribute: Attributes[string] | undefined): readonly unknown[] | undefined {
  if (!attribute) return undefined;
  const text = attribute.StringValue ?? '';
  if (attribute.DataType === 'String.Array') return JSON.parse(text) as unknown[];
  return [attribute.DataType === 'Number' ? Number(text) : text];
}

function holds(rule: unknown, values: readonly unknown[] | undefined): boolean {
  if (typeof rule !== 'object' || rule === null) return values?.includes(rule) ?? false;
  const {
    exists,
    prefix,
    'anything-but': not,
  } = rule as { exists?: boolean; prefix?: string; 'anything-but'?: string | number | readonly (string | number)[] };
  if (exists !== undefined) return exists === (values !== undefined);
  if (prefix !== undefined) return values?.some((value) => String(value).startsWith(prefix)) ?? false;
  return not !== undefined && (values?.some((value) => !([not].flat() as unknown[]).includes(value)) ?? false);
}
