import Ajv from 'ajv';
import type { Random } from './random';
import type { ServiceId } from './service';

const FAULT_KINDS = ['error', 'throttle', 'timeout', 'response-lost', 'killed-before', 'killed-after'] as const;

/**
 * `error` and `throttle` answer before any effect, `timeout` and `response-lost` cut the connection before and after
 * it, `killed-before` and `killed-after` end the calling function there, and hit no other caller.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Every member that is given must match; times are ISO 8601 and virtual. */
export interface FaultRule {
  readonly kind: FaultKind;
  readonly service?: ServiceId;
  readonly operation?: string;
  readonly accountId?: string;
  /** The function that calls; outsiders never match a rule that names one. */
  readonly functionName?: string;
  /** AWS's code of an `error`; `InternalFailure` unless given. */
  readonly errorCode?: string;
  /** From which matching call on, counted from 1. */
  readonly nth?: number;
  /** For how many calls; 1 with `nth`, all of them without. */
  readonly times?: number;
  /** Probability, 0 to 1. */
  readonly rate?: number;
  readonly from?: string;
  readonly to?: string;
}

export interface FaultTarget {
  readonly service: ServiceId;
  readonly operation: string;
  readonly accountId?: string;
  readonly functionName?: string;
  readonly at: Date;
}

/** The function that called is gone; its caller sees a crash. */
export class FunctionKilled extends Error {
  override readonly name = 'FunctionKilled';
}

/** The connection broke; whether the request took effect is not known to the client. */
export class ConnectionLost extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'ECONNRESET';
}

const TEXT = { type: 'string', minLength: 1 };
const INSTANT = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?Z)?$' };
const RULES_SCHEMA = {
  type: 'array',
  items: {
    type: 'object',
    required: ['kind'],
    additionalProperties: false,
    properties: {
      kind: { enum: FAULT_KINDS },
      service: { enum: ['iam', 'sts', 'secretsmanager', 'sns', 'sqs', 's3', 'ses', 'lambda', 'kms'] },
      operation: TEXT,
      accountId: { type: 'string', pattern: '^\\d{12}$' },
      functionName: TEXT,
      errorCode: TEXT,
      nth: { type: 'integer', minimum: 1 },
      times: { type: 'integer', minimum: 1 },
      rate: { type: 'number', minimum: 0, maximum: 1 },
      from: INSTANT,
      to: INSTANT,
    },
  },
};

/** Which calls go wrong, and how. */
export class FaultPlan {
  private readonly seen: number[];

  constructor(
    private readonly rules: readonly FaultRule[],
    private readonly random: Random,
  ) {
    this.seen = rules.map(() => 0);
  }

  /** @throws Error that says which rule is wrong, and why, one line a problem */
  static parse(json: unknown, random: Random): FaultPlan {
    const validate = new Ajv({ allErrors: true }).compile<FaultRule[]>(RULES_SCHEMA);
    if (!validate(json))
      throw new Error(
        (validate.errors ?? [])
          .map(({ instancePath, message, params }) => `${instancePath || '/'}: ${message}${describe(params)}`)
          .join('\n'),
      );
    return new FaultPlan(json, random);
  }

  /** When every call that a rule matches goes wrong, for a time. */
  get outages(): readonly Pick<FaultRule, 'from' | 'to'>[] {
    return this.rules.filter(
      ({ from, to, rate, nth, times }) => (from ?? to) !== undefined && (rate ?? nth ?? times) === undefined,
    );
  }

  /** The first rule that hits this call; every matching rule counts it. */
  next(target: FaultTarget): FaultRule | undefined {
    return this.rules.filter((rule, index) => matches(rule, target) && this.hits(rule, ++this.seen[index]!))[0];
  }

  private hits({ nth, times, rate }: FaultRule, count: number): boolean {
    const first = nth ?? 1;
    const last = first + (times ?? (nth === undefined ? Infinity : 1)) - 1;
    return count >= first && count <= last && (rate === undefined || this.random.next() < rate);
  }
}

function matches(rule: FaultRule, target: FaultTarget): boolean {
  const same = (['service', 'operation', 'accountId', 'functionName'] as const).every(
    (key) => rule[key] === undefined || rule[key] === target[key],
  );
  return (
    same &&
    (target.functionName !== undefined || !rule.kind.startsWith('killed')) &&
    (rule.from === undefined || target.at >= new Date(rule.from)) &&
    (rule.to === undefined || target.at < new Date(rule.to))
  );
}

function describe(params: Record<string, unknown>): string {
  const detail = [(params.allowedValues ?? params.additionalProperty ?? []) as string | string[]].flat();
  return detail.length === 0 ? '' : ` (${detail.join(', ')})`;
}
