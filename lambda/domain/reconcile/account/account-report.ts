/** What the account reports of itself at the end of a run. */
import { codeOf, reasonOf } from '../../errors';
import type { AccountReport, UnknownUser } from '../../../contract/report';
import type { Run } from '../context';
import { heldKeys } from './held-keys';
import { isReleased } from './release-user';

export async function accountReport(run: Run): Promise<AccountReport> {
  const { settings, cache, slice, clock } = run;
  const cached = slice.users.map(({ name }) => cache.users.get(name));
  const unknown: UnknownUser[] = [];
  for (const user of cached.flatMap((user) => user?.unknown ?? [])) unknown.push(await withHeldKeys(run, user));
  return {
    schemaVersion: 1,
    accountId: settings.accountId,
    generation: slice.generation,
    codeVersion: settings.codeVersion,
    at: clock.now().toISOString(),
    users: cached.flatMap((user) => user?.report ?? []).sort((a, b) => (a.userName < b.userName ? -1 : 1)),
    ...(slice.state === 'leaving' && { released: await isReleased(run) }),
    unknown,
  };
}

/** What the last report knew of a user that cannot be read, this one still does. */
async function withHeldKeys(run: Run, user: UnknownUser): Promise<UnknownUser> {
  try {
    const held = await heldKeys(run, user.userName);
    return held.length > 0 ? { ...user, heldKeys: held } : user;
  } catch (error) {
    run.log.error('the last report cannot be read', { code: codeOf(error), reason: reasonOf(error) });
    return user;
  }
}
