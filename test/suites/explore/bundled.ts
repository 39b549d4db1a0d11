/**
 * Single faults through the bundled functions in the local organization, with the SDK's own retries, every policy
 * enforced and every promise of a rehearsal watched. Each account has one user, and one fault of its own: in its
 * account's calls, counted from the deployment. The user is new and is rotated again by an operator, or has one key, or
 * two, that the first rotation replaces; every previous key is deactivated and deleted.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultRule, FaultTarget } from '../../../lib/simulator/local-organization/faults';
import type { CallRecord } from '../../../lib/simulator/local-organization/wire/gateway';
import { rehearse, type Rehearsal } from '../../../lib/simulator/rehearsal/rehearsal';
import { planOf } from '../../../lib/plan/plan';
import { loadRoster } from '../../../lib/roster/load';
import type { Fault } from '../../domain/world';

export interface Single {
  /** Counted from 0. */
  readonly call: number;
  readonly fault: Fault;
  /** Of a new user unless given. */
  readonly start?: Start;
}

/** Keys that the user has before the product comes. */
type Start = 'one key' | 'two keys';
const STARTS: readonly (Start | undefined)[] = [undefined, 'one key', 'two keys'];
const KEYS: Readonly<Record<Start, readonly { readonly ageDays: number; readonly usedBy: 'owner' | 'nobody' }[]>> = {
  'one key': [{ ageDays: 300, usedBy: 'owner' }],
  'two keys': [
    { ageDays: 300, usedBy: 'owner' },
    { ageDays: 900, usedBy: 'nobody' },
  ],
};

export interface BundledFinding {
  readonly single: Single;
  readonly problems: readonly string[];
}

const START = new Date('2027-01-04T00:00:00Z');
const SECOND_ROTATION_DAY = 1;
/** Two days until the first key is deactivated, two until it is deleted, and one in which a fault puts it off. */
const DAYS = 7;
const WAITS = 'keepPreviousFor: 2d, quietFor: 1d, deleteInactiveAfter: 2d';
const FAULTS: readonly Fault[] = ['error', 'timeout', 'throttled', 'lost', 'killed-after'];
/** The SDK sends a read again, whatever became of it. */
const FAULTS_OF_READS: readonly Fault[] = ['error', 'killed-after'];
/** What depends on where a user starts from is what its calls change. */
const FAULTS_OF_STARTS: readonly Fault[] = ['lost', 'killed-after'];
const KINDS: Readonly<Record<Fault, FaultRule>> = {
  error: { kind: 'error' },
  timeout: { kind: 'timeout' },
  throttled: { kind: 'throttle', times: 2 },
  lost: { kind: 'response-lost' },
  'killed-before': { kind: 'killed-before' },
  'killed-after': { kind: 'killed-after' },
};
const CHANGES = /^(iam:(Create|Update|Delete)|secretsmanager:(Create|Put|Update|Rotate|Tag|Untag)|sns:)/;

/** Faults at every call of an invocation that changes anything but its report; from a start with keys, at what changes something. */
export async function bundledSingles(): Promise<readonly Single[]> {
  const all = await Promise.all(
    STARTS.map(async (start) => singlesOf(start, (await play([{ ...UNTOUCHED, start }])).calls)),
  );
  return all.flat();
}

/** An account in which nothing goes wrong. */
const UNTOUCHED: Single = { call: Infinity, fault: 'error' };

function singlesOf(start: Start | undefined, calls: readonly CallRecord[]): Single[] {
  const changes = ({ service, operation }: CallRecord): boolean => CHANGES.test(`${service}:${operation}`);
  const acting = new Set(calls.filter(changes).map(({ origin }) => origin));
  const faults = (record: CallRecord): readonly Fault[] => {
    if (start) return changes(record) ? FAULTS_OF_STARTS : [];
    return changes(record) ? FAULTS : FAULTS_OF_READS;
  };
  return calls.flatMap((record, call) =>
    acting.has(record.origin) ? faults(record).map((fault) => ({ call, fault, ...(start && { start }) })) : [],
  );
}

/** @returns what went wrong, by fault */
export async function exploreBundled(singles: readonly Single[]): Promise<readonly BundledFinding[]> {
  const played = await play(singles);
  return singles.flatMap((single, index) => {
    const problems = problemsOf(played, single, index);
    return problems.length > 0 ? [{ single, problems }] : [];
  });
}

const accountOf = (index: number): string => String(300_000_000_000 + index);
const userOf = (index: number): string => `user.${index}`;

function problemsOf(
  { rehearsal: { report, organization }, denied, failed }: Played,
  { start }: Single,
  index: number,
): string[] {
  const [accountId, user] = [accountOf(index), userOf(index)];
  const events = report.events.filter((event) => event.accountId === accountId);
  const keyIds = events.flatMap((event) => (event.kind === 'key-created' ? event.keyId : []));
  const leaks = report.events.filter(
    (event) =>
      event.kind === 'violation' && event.accountId === '' && keyIds.some((keyId) => event.message.includes(keyId)),
  );
  const made = events.filter((event) => event.kind === 'key-created' && event.origin === 'rotation').length;
  const rotated = report.users.find((other) => other.accountId === accountId)!.rotations.succeeded;
  const told = events.filter(
    (event) => event.kind === 'mail' && event.audience === 'owner' && event.subject.startsWith('New access key'),
  ).length;
  const warned = events.some(
    (event) =>
      event.kind === 'notice' &&
      (event.type === 'rotation-failed' || event.type === 'rotation-partial' || event.code === 'ROTATION_FAILED'),
  );
  const keys = organization.directory.keysOf(accountId, user);
  const unplanned = rotated > (start ? 1 : 2);
  const pending = [...organization.secrets.values()].some(
    (secret) => secret.accountId === accountId && secret.stages.includes('AWSPENDING'),
  );
  return [
    ...[...events, ...leaks].flatMap((event) => (event.kind === 'violation' ? event.message : [])),
    ...(rotated === 0 ? ['no rotation finished'] : []),
    ...(told === rotated ? [] : [`the owner had ${told} mails of ${rotated} rotations`]),
    ...(made < rotated ? ['a rotation made no key'] : []),
    ...(failed.includes(accountId) && !warned ? ['a failed attempt reached no admin'] : []),
    // an operator who got no answer commands again, and a previous key of that rotation is on its way yet
    ...(keys.length === 1 || unplanned ? [] : [`${keys.length} keys were left when the retirement should have ended`]),
    ...(pending ? ['a version was left AWSPENDING'] : []),
    ...(denied.includes(accountId) ? [REFUSED] : []),
  ];
}

/** One fault, with the calls of the account's functions as they went. */
export async function replayBundled(
  single: Single,
): Promise<{ readonly calls: readonly CallRecord[]; readonly problems: readonly string[] }> {
  const played = await play([single]);
  return { calls: played.calls, problems: problemsOf(played, single, 0) };
}

const REFUSED = 'a call of a function was not allowed';

interface Played {
  readonly rehearsal: Rehearsal;
  /** Of the first account's functions. */
  readonly calls: readonly CallRecord[];
  /** Accounts whose functions were refused something. */
  readonly denied: readonly string[];
  /** Accounts in which an attempt of a rotation surely failed: it was cut off, or CreateAccessKey did, which the SDK does not repeat. */
  readonly failed: readonly string[];
}

async function play(singles: readonly Single[]): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'bundled-'));
  const calls: CallRecord[] = [];
  const denied: string[] = [];
  const failed: string[] = [];
  try {
    writeFileSync(join(folder, 'roster.yaml'), rosterOf(singles));
    const { roster, problems } = loadRoster(join(folder, 'roster.yaml'), { at: START });
    if (!roster) throw new Error(JSON.stringify(problems));
    const owners = singles.map(({ start }, index) => ({
      user: userOf(index),
      switches: '1h',
      keys: start ? KEYS[start] : [],
    }));
    const commands = singles.flatMap(({ start }, index) =>
      start
        ? []
        : [{ day: SECOND_ROTATION_DAY, command: 'rotate' as const, account: accountOf(index), user: userOf(index) }],
    );
    const rehearsal = await rehearse({
      roster: { ...roster, acknowledge: [planOf(undefined, roster, () => undefined, START).code!] },
      days: DAYS,
      start: START,
      seed: 1,
      scenario: { owners, commands },
      faults: faultsOf(singles),
      onCall,
    });
    return { rehearsal, calls, denied, failed };
  } finally {
    rmSync(folder, { recursive: true });
  }

  function onCall(record: CallRecord): void {
    if (record.origin === undefined || record.origin.includes('mailer')) return;
    if (record.principal.accountId === accountOf(0)) calls.push(record);
    if (
      record.origin.includes('/access-keys-rotate#') &&
      (record.injected === 'killed-after' || (record.injected !== undefined && record.operation === 'CreateAccessKey'))
    )
      failed.push(record.principal.accountId);
    if (record.injected === undefined && record.outcome.startsWith('AccessDenied'))
      denied.push(record.principal.accountId);
  }
}

/** Counts the calls of each account's functions. */
function faultsOf(singles: readonly Single[]): { next(target: FaultTarget): FaultRule | undefined } {
  const byAccount = new Map(singles.map((single, index) => [accountOf(index), single]));
  const counts = new Map<string, number>();
  return {
    next({ accountId = '', functionName }) {
      const single = byAccount.get(accountId);
      if (!single || functionName === undefined) return undefined;
      const count = counts.get(accountId) ?? 0;
      counts.set(accountId, count + 1);
      const rule = KINDS[single.fault];
      return count >= single.call && count < single.call + (rule.times ?? 1) ? rule : undefined;
    },
  };
}

function rosterOf(singles: readonly Single[]): string {
  const listed = singles.map(
    ({ start }, index) =>
      `  - { id: "${accountOf(index)}", name: account ${index},${index === 0 ? ' canary: true,' : ''} users: [{ name: ${userOf(index)}, ${WAITS}${start === 'two keys' ? ', unmanagedKeys: delete' : ''} }] }`,
  );
  return `version: 1
organization: { id: o-a1b2c3d4e5, managementAccount: "999999999999", organizationalUnits: [ou-ab12-11111111], securityAccount: "111111111111", region: us-east-1 }
source: { connectionArn: "arn:aws:codeconnections:us-east-1:111111111111:connection/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", repository: acme/access-keys, branch: main }
notifications: { admins: [a@example.com], sender: k@example.com, ownerDomain: example.com }
accounts:
${listed.join('\n')}
`;
}
