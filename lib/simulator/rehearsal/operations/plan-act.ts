import { isTransient } from '../../local-organization/retries';
import { ConnectionLost } from '../../local-organization/faults';
import type { Credentials } from '../../local-organization/iam/directory';
import type { LocalOrganization } from '../../local-organization/organization';
import type { KeyPair } from '../environment/environment';
import type { Player } from '../environment/participants';
import { nameOf } from '../environment/user-key';
import type { Observer } from '../observation/observer';
import type { OwnerActivities } from '../people/owner-activity';
import type { ActName, ScenarioAct } from '../scenario/acts';
import { hoursOf } from '../scenario/scenario';
import { perform, storedKeyId, type Doing } from './act';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NOON = 12;

interface Setting {
  readonly organization: LocalOrganization;
  readonly observer: Observer;
  readonly lives: OwnerActivities;
  readonly start: Date;
}

/** After these the stored key may not work: what people break is no broken promise until it works again. */
const HARMFUL: ReadonlySet<ActName> = new Set([
  'renames the user',
  'deletes the user',
  'deactivates a key',
  'deletes a key',
  'makes the secret',
  'adds fields to the secret',
  'puts back the previous value',
  'deletes the secret',
]);

/**
 * At its hour, by whom it names; undone after its time. A refusal is recorded as what happened.
 * @throws Error when the act is about a user who is not in the roster
 */
export function planAct(setting: Setting, act: ScenarioAct, players: readonly Player[]): void {
  const { organization, start } = setting;
  const player = act.user === undefined ? undefined : playerOf(act, players);
  const at = start.getTime() + act.day * DAY_MS + (act.hour ?? NOON) * HOUR_MS;
  organization.clock.at(new Date(at), () => doIt(setting, act, player, false));
  if (act.for === undefined) return;
  organization.clock.at(new Date(at + hoursOf(act.for) * HOUR_MS), () => doIt(setting, act, player, true));
}

/** Also of a user who was renamed by an earlier act: the roster's name is the one before. */
function playerOf(act: ScenarioAct, players: readonly Player[]): Player {
  const name = nameOf(act.account, act.user!);
  const player = players.find((other) => nameOf(other.accountId, other.user.name) === name);
  if (!player) throw new Error(`the scenario has ${act.user} in ${act.account}, who is not in the roster`);
  return player;
}

async function doIt(setting: Setting, act: ScenarioAct, player: Player | undefined, undo: boolean): Promise<void> {
  const { organization, observer, lives } = setting;
  const what = `somebody ${undo ? `undoes: ${act.does}` : act.does}`;
  const record = (words: string): void =>
    observer.record({
      at: organization.clock.now().toISOString(),
      accountId: act.account,
      ...(player && { userName: player.user.name }),
      kind: 'fault',
      what: words,
    });
  if (player && HARMFUL.has(act.does)) {
    const name = nameOf(act.account, player.user.name);
    observer.harm(name, act.does === 'deletes the secret');
    lives.harm(name);
  }
  try {
    const doing: Doing = {
      organization,
      act,
      secretName: player?.user.secretName ?? '',
      credentials: who(setting, act, player),
    };
    const made = await perform(doing, undo);
    record(what);
    if (made && act.usedDaily && player) lives.use(player, made as KeyPair);
  } catch (error) {
    record(`${what}, and is refused: ${(error as Error).name}`);
    if (error instanceof ConnectionLost || isTransient(error))
      organization.clock.at(new Date(organization.clock.now().getTime() + HOUR_MS), () =>
        doIt(setting, act, player, undo),
      );
  }
}

function who({ organization }: Setting, { as = 'administrator', account }: ScenarioAct, player?: Player): Credentials {
  const { directory } = organization;
  if (as === 'administrator') return directory.administrator(account);
  if (as !== 'owner') return directory.issueSession(as, 'scenario');
  const { user } = player!;
  const id = storedKeyId(organization, account, user.secretName);
  const key = directory.keysOf(account, user.name).find(({ accessKeyId }) => accessKeyId === id);
  if (!key) throw new Error(`${user.name} has no stored key to act with`);
  return key;
}
