/** Ids of events whose mails say until when a previous key works: who sends them and who asks for their mails agree. */
import { digest } from '../digest';
import type { Secret } from '../ports';

/** Of `rotated`, and of the `rotation-partial` that it may have begun as. */
export const rotatedId = ({ arn }: Secret, versionId: string): string => digest(arn, versionId, 'rotated');

/** @param keyId the newer key, which retires */
export const rolledBackId = ({ arn }: Secret, keyId: string): string => digest(arn, keyId, 'rolled-back');

/** Of `previous-key-in-use`. @param dueAt when the warning came due, by the ledger */
export const warningId = ({ arn }: Secret, keyId: string, dueAt: Date): string =>
  digest(arn, keyId, 'previous-key-in-use', dueAt.toISOString());
