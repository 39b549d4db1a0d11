/** What people do to users, keys, secrets, policies and messages, as a scenario says it. */

/** Each with the parameters that it needs. */
export const ACTS = {
  'renames the user': ['user', 'to'],
  'deletes the user': ['user'],
  'creates the user': ['user'],
  'tags the user': ['user', 'tags'],
  'removes tags of the user': ['user', 'tagKeys'],
  'puts a policy on the user': ['user', 'policy'],
  'makes a key': ['user'],
  'activates a key': ['user', 'key'],
  'deactivates a key': ['user', 'key'],
  'deletes a key': ['user', 'key'],
  'makes the secret': ['user', 'value'],
  'adds fields to the secret': ['user', 'value'],
  'puts back the previous value': ['user'],
  'deletes the secret': ['user'],
  'restores the secret': ['user'],
  'tags the secret': ['user', 'tags'],
  'removes tags of the secret': ['user', 'tagKeys'],
  "puts the secret's policy": ['user', 'policy'],
  "deletes the secret's policy": ['user'],
  'publishes a message': ['topic', 'message'],
  'denies by a service control policy': ['actions', 'for'],
  'disables a KMS key': ['alias', 'for'],
  'lets mail bounce': ['address'],
} as const;

export type ActName = keyof typeof ACTS;

export interface ScenarioAct {
  readonly day: number;
  /** Of that day, UTC; noon unless given. At 0 it is done before what is pushed that day. */
  readonly hour?: number;
  readonly does: ActName;
  readonly account: string;
  readonly user?: string;
  /** `administrator` unless given, `owner` with the key that AWSCURRENT holds, or the ARN of a role of the account. */
  readonly as?: string;
  /** Then it is undone: `30d`, `36h`. */
  readonly for?: string;
  readonly to?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly tagKeys?: readonly string[];
  readonly policy?: object;
  /** Which of the user's keys that exist then, counted from 1, the oldest first; `stored` is AWSCURRENT's. */
  readonly key?: number | 'stored';
  /** Of a key that is made: something uses it every day from then on. */
  readonly usedDaily?: boolean;
  /** Fields of the secret's JSON. */
  readonly value?: Readonly<Record<string, unknown>>;
  /** Without it a secret is deleted for good. */
  readonly recoveryDays?: number;
  /** Name, in the account. */
  readonly topic?: string;
  readonly message?: string;
  readonly actions?: readonly string[];
  readonly alias?: string;
  readonly address?: string;
}

/** What `for` may end. */
const UNDONE: ReadonlySet<ActName> = new Set([
  'renames the user',
  'denies by a service control policy',
  'disables a KMS key',
  'lets mail bounce',
]);

/** @returns what is wrong with the acts of a scenario, one line each */
export const actProblems = (acts: readonly ScenarioAct[]): readonly string[] =>
  acts.flatMap((act, index) => {
    const missing = ACTS[act.does].filter((parameter) => act[parameter] === undefined);
    const ends = act.for !== undefined && !UNDONE.has(act.does);
    return [
      ...missing.map((parameter) => `  /acts/${index}: who "${act.does}" needs ${parameter}`),
      ...(ends ? [`  /acts/${index}: "${act.does}" cannot be undone after ${act.for}`] : []),
    ];
  });
