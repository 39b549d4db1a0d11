/** What the rotate function recorded of a failure and could not report itself. */
import { digest } from '../digest';
import { failureReportTag, unreportedFailure } from '../ledger/failure-reports';
import { outstanding } from '../ledger/versions';
import { noticeBase } from '../notices/compose';
import { inWords } from '../time';
import type { UserState } from './user-state';

/** So long the rotate function may take to report what it recorded. */
const REPORTED_WITHIN_MS = 60_000;

/** Reports what the rotate function recorded and could not report, as while Amazon SNS refused it. What cannot be sent stays owed. */
export async function reportRecordedFailure(state: UserState): Promise<void> {
  const { secrets, secret, notices, user, now, unsent } = state;
  const failure = unreportedFailure(secret, now, REPORTED_WITHIN_MS);
  if (!failure) return;
  const { token, code, at, since } = failure;
  const isOpen = outstanding(secret) === token;
  try {
    await notices.send({
      ...noticeBase(state, now, since),
      id: digest(secret.arn, 'ROTATION_FAILED', token, since.toISOString()),
      type: 'attention',
      audience: ['admin'],
      code: 'ROTATION_FAILED',
      reason: `an attempt to rotate the key of ${user.name} failed with ${code} at ${inWords(at)}, and the rotate function could not report it at that time`,
      nextStep: `${isOpen ? 'it is retried automatically' : 'that rotation is no longer outstanding'}; see its logs for details`,
    });
  } catch (error) {
    unsent.push(error);
    return;
  }
  await secrets.tag(secret.arn, failureReportTag({ at: now, token, kind: 'failed' }));
}
