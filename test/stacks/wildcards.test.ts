/** No statement grants on everything, and none grants an action with a wildcard, unless wildcards.json says why. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { secretPolicy } from '../../lambda/domain/reconcile/secret/secret-policy';
import { toSlices } from '../../lib/roster/to-slices';
import { loadRoster } from '../../lib/roster/load';
import { ROSTERS } from '../fixtures/rosters';
import { listOf, statementsIn, synthesised, type PolicyStatement } from './synthesised';
import accepted from './wildcards.json';

interface Place {
  /** A stack, a file of docs/, or what makes the policy. */
  readonly stack: string;
  /** Logical id of what the policy belongs to. */
  readonly policy: string;
  readonly statement: PolicyStatement;
}

const EVERY = Object.values(ROSTERS);
const at = new Date('2026-11-24');

const inTemplates = (): Place[] =>
  EVERY.flatMap((roster) =>
    synthesised(roster, '333333333333').flatMap(({ stack, logicalId, properties }) =>
      statementsIn(properties).map((statement) => ({ stack, policy: logicalId, statement })),
    ),
  );

const inDocs = (): Place[] =>
  readdirSync('docs')
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) =>
      statementsIn(JSON.parse(readFileSync(join('docs', name), 'utf8'))).map((statement) => ({
        stack: `docs/${name}`,
        policy: '',
        statement,
      })),
    );

const ofSecrets = (): Place[] =>
  toSlices(loadRoster(ROSTERS.organization, { at }).roster!, () => 1).flatMap((slice) =>
    slice.users.flatMap((user) =>
      statementsIn(
        JSON.parse(secretPolicy(slice, [`arn:aws:iam::${slice.accountId}:user/${user.name}`, ...user.readers], 'aws')),
      ).map((statement) => ({ stack: 'secretPolicy', policy: user.name, statement })),
    ),
  );

/**
 * An action with a wildcard is wide whatever its condition; everything as resource or
 * principal is when no condition narrows it. In the policy of a secret, everything is that secret.
 */
function isWide({ stack, statement }: Place): boolean {
  const { Effect, Action, Resource, Principal, Condition, ...others } = statement;
  if (Effect === 'Deny') return false;
  if ('NotAction' in others || 'NotResource' in others || 'NotPrincipal' in others) return true;
  const anybody = Principal === '*' || listOf((Principal as { AWS?: string } | undefined)?.AWS).includes('*');
  return (
    listOf(Action).some((action) => action.includes('*')) ||
    (Condition === undefined && (anybody || (listOf(Resource).includes('*') && stack !== 'secretPolicy')))
  );
}

const named = ({ stack, policy, statement: { Sid, Action } }: Place): string =>
  JSON.stringify({ stack, policy, sid: Sid ?? '', actions: listOf(Action) });

const wide = new Set([...inTemplates(), ...inDocs(), ...ofSecrets()].filter(isWide).map(named));
const known = accepted.map(({ stack, policy, sid, actions }) => JSON.stringify({ stack, policy, sid, actions }));

test('every wide statement stands in wildcards.json, with all its actions', () => {
  expect([...wide].filter((place) => !known.includes(place))).toEqual([]);
});

test('every statement of wildcards.json is still there, once, with a reason', () => {
  expect(known.filter((place) => !wide.has(place))).toEqual([]);
  expect(new Set(known).size).toBe(known.length);
  expect(accepted.filter(({ reason }) => reason.length < 20)).toEqual([]);
});
