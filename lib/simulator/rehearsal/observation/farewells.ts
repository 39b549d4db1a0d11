/** No key that was stored goes before its owner, or in the owner's place the admins, were notified. */
import type { NoticeEvent, NoticeOf } from '../../../../lambda/contract/notice';
import type { Player } from '../environment/participants';
import { nameOf } from '../environment/user-key';
import type { Finding } from './invariants';

interface Deactivation {
  readonly accountId: string;
  readonly userName: string;
  readonly keyId: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What says until when a previous key works. */
const NAMING: readonly NoticeEvent['type'][] = ['rotated', 'rotation-partial', 'rolled-back', 'previous-key-in-use'];

export class Farewells {
  /** Keys that AWSCURRENT has named; of others nobody is mailed before they are used. */
  private readonly once = new Set<string>();
  private readonly waitless: ReadonlySet<string>;
  /** By key of whom or of what: when it was first mailed or reported. */
  private readonly said = new Map<string, Date>();
  private open: Deactivation[] = [];

  constructor(players: readonly Player[]) {
    this.waitless = new Set(
      players
        .filter(({ user }) => user.keepPreviousForHours === 0)
        .map(({ accountId, user }) => nameOf(accountId, user.name)),
    );
  }

  stored(keyId: string): void {
    this.once.add(keyId);
  }

  deactivated(deactivation: Deactivation): void {
    if (this.once.has(deactivation.keyId)) this.open.push(deactivation);
  }

  mailed(notice: NoticeEvent, at: Date): void {
    const { previousKey } = notice as Partial<NoticeOf<'rotated'>>;
    if (NAMING.includes(notice.type) && previousKey && 'keyId' in previousKey)
      this.first(String(previousKey.keyId), at);
  }

  notified(notice: NoticeEvent): void {
    const { accountId, userName, occurredAt } = notice;
    const { code } = notice as Partial<NoticeOf<'attention'>>;
    if (notice.type === 'attention' && (code === 'OWNER_NOT_NOTIFIED' || code === 'USER_RETIRES'))
      this.said.set(nameOf(accountId, userName), new Date(occurredAt));
  }

  /** Once the mails until now are known. */
  judge(): readonly { readonly accountId: string; readonly finding: Finding }[] {
    return this.open.splice(0).flatMap(({ accountId, userName, keyId, at }) => {
      const name = nameOf(accountId, userName);
      const said = [this.said.get(keyId), this.said.get(name)].flatMap((known) => known ?? []);
      if (this.waitless.has(name) || said.some((known) => known <= new Date(at))) return [];
      const message = `key ${keyId} of ${userName} was deactivated before its owner or the admins were notified`;
      return [{ accountId, finding: { rule: 'owner-notified-first' as const, userName, message } }];
    });
  }

  private first(keyId: string, at: Date): void {
    if (!this.said.has(keyId)) this.said.set(keyId, at);
  }
}
