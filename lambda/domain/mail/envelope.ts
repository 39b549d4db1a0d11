/** A message of the admin topic as SNS hands it to the queue (raw delivery off); SNS alone vouches for what is in here. */
export interface Envelope {
  /** SNS's own id of the message: the same for every subscription. */
  readonly messageId: string;
  /** ISO 8601: when SNS took the message. */
  readonly sentAt: string;
}

const MESSAGE_ID = /^[\w-]{1,64}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;

/** @returns undefined for what did not come through the topic */
export function envelopeOf(body: string): Envelope | undefined {
  const { Type, MessageId, Timestamp } = membersOf(body);
  if (Type !== 'Notification' || !matches(MESSAGE_ID, MessageId) || !matches(INSTANT, Timestamp)) return undefined;
  return { messageId: MessageId, sentAt: Timestamp };
}

const matches = (form: RegExp, value: unknown): value is string => typeof value === 'string' && form.test(value);

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}
