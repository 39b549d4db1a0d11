/** The end of a successful rotation: told once, then marked. Shared by finishSecret and by reconcile, which resumes it. */
import type { Secrets, Notices, Secret } from '../ports';
import type { NoticeEvent } from '../../contract/notice';
import { TAGS } from '../ledger/tags';

/** Sends the notice if that has not been done, marks the version as told and takes AWSPENDING off it last. Each part may be repeated. */
export async function closeRotation(
  secrets: Secrets,
  notices: Notices,
  secret: Secret,
  versionId: string,
  notice: () => Promise<NoticeEvent>,
): Promise<void> {
  if (secret.tags[TAGS.notified] !== versionId) {
    await notices.send(await notice());
    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });
  }
  if (secret.tags[TAGS.outstanding]) await secrets.untag(secret.arn, [TAGS.outstanding]);
  if (secret.versions[versionId]?.includes('AWSPENDING')) await takePendingOff(secrets, secret, versionId);
}

/** Somebody else may have taken it off meanwhile: then it is done. */
export async function takePendingOff(secrets: Secrets, { arn }: Secret, versionId: string): Promise<void> {
  try {
    await secrets.moveStage(arn, 'AWSPENDING', { from: versionId });
  } catch (error) {
    if ((await secrets.describe(arn))?.versions[versionId]?.includes('AWSPENDING')) throw error;
  }
}
