/** What every notice is held against: the organization as it is at the instant at which the notice is published. */
import type { NoticeEvent, NoticeOf, PreviousKey } from '../../../../lambda/contract/notice';
import type { UserState } from '../environment/account-state';
import type { Finding } from './invariants';

/** What some types of notice say of keys. */
interface KeysOfNotice {
  readonly currentKeyId?: string;
  readonly previousKey?: PreviousKey;
  readonly workingKeyIds?: readonly string[];
}

/** What a notice says of keys must be so. @param user undefined where IAM has no such user */
export function noticeIsTrue(notice: NoticeEvent, user: UserState | undefined): readonly Finding[] {
  if (!notice.userName || !user) return [];
  const { currentKeyId, previousKey, workingKeyIds = [] } = notice as KeysOfNotice;
  const lies = [
    ...(previousKey ? previousKeyIs(previousKey, user) : []),
    ...workingKeyIds.filter((id) => statusOf(user, id) !== 'Active').map((id) => `${id} works`),
    ...(SWITCHED.includes(notice.type) && currentKeyId !== currentOf(user) ? [`AWSCURRENT holds ${currentKeyId}`] : []),
    ...(notice.type === 'stored-key-unusable' && statusOf(user, currentOf(user)) === 'Active'
      ? ['the stored key does not work']
      : []),
  ];
  return lies.map((said) => ({
    rule: 'notices-are-true',
    userName: user.userName,
    message: `a notice ${notice.type} of ${user.userName} said that ${said}, and that was not so`,
  }));
}

const SWITCHED: readonly NoticeEvent['type'][] = ['rotated', 'rolled-back'];

function previousKeyIs(previousKey: PreviousKey, user: UserState): readonly string[] {
  if (!('keyId' in previousKey) || previousKey.keyId === undefined) return [];
  const status = statusOf(user, previousKey.keyId);
  if (previousKey.kind === 'works' && status !== 'Active') return [`${previousKey.keyId} works`];
  if (previousKey.kind === 'inactive' && status === 'Active') return [`${previousKey.keyId} is deactivated`];
  if (previousKey.kind === 'gone' && status !== undefined) return [`${previousKey.keyId} is deleted`];
  return [];
}

const statusOf = (user: UserState, keyId: string | undefined) => user.keys.find((key) => key.keyId === keyId)?.status;
const currentOf = (user: UserState): string | undefined =>
  user.versions?.find(({ labels }) => labels.includes('AWSCURRENT'))?.keyId;

/** Of one occasion there is one notice a day. A message whose answer was lost is published once more. */
export class NoticeCounter {
  private readonly published = new Map<string, number[]>();

  count(notice: NoticeEvent, at: Date): readonly Finding[] {
    const occasion = occasionOf(notice);
    const since = at.getTime() - ALMOST_A_DAY_MS;
    const before = (this.published.get(occasion) ?? []).filter((earlier) => earlier > since);
    this.published.set(occasion, [...before, at.getTime()]);
    const { type, code } = notice as Partial<NoticeOf<'attention'>>;
    if (before.length < MOST_A_DAY) return [];
    return [
      {
        rule: 'notices-once-a-day',
        ...(notice.userName && { userName: notice.userName }),
        message: `${notice.userName || notice.accountId} was the subject of more than ${MOST_A_DAY} notices ${type}${code ? ` ${code}` : ''} within a day`,
      },
    ];
  }
}

const ALMOST_A_DAY_MS = 23 * 3_600_000;
const MOST_A_DAY = 2;

/** However many attempts fail, for whatever reason, and whoever reports them. */
const isFailedRotation = ({ type, code }: Partial<NoticeOf<'attention' | 'rotation-failed'>>): boolean =>
  type === 'rotation-failed' || code === 'ROTATION_FAILED' || code === 'ROTATION_ABANDONED';

/** Key and version belong to the occasion: two rotations of a day are two. */
function occasionOf(notice: NoticeEvent): string {
  const { accountId, userName, secretName, type } = notice;
  if (isFailedRotation(notice as Partial<NoticeOf<'attention'>>)) return [accountId, userName, 'fails'].join(' ');
  const { code, versionId, previousKey } = notice as Partial<NoticeOf<'rotation-partial'>>;
  const keyId = previousKey && 'keyId' in previousKey ? previousKey.keyId : '';
  return [accountId, userName, secretName, type, code, versionId, keyId].join(' ');
}
