/** Small wrongs in the domain, of the kind that other rotators have; the exploration must notice each. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Mutation {
  readonly name: string;
  /** Below lambda/domain. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const MUTATIONS: readonly Mutation[] = [
  { name: 'no intent before CreateAccessKey', file: 'create-secret.ts', from: 'await rotation.secrets.tag(rotation.secret.arn, intentTag(intent));', to: '' },
  { name: 'CreateAccessKey is retried', file: 'create-secret.ts', from: 'return await iam.create();', to: 'return await iam.create().catch(() => iam.create());' },
  { name: 'a key that could not be stored is left', file: 'create-secret.ts', from: 'await rotation.iam.delete(created.id);', to: '' },
  { name: 'the key is deleted although the put may have worked', file: 'create-secret.ts', from: 'if (stored?.id === created.id) return;', to: '' },
  { name: 'a stored pending key is not looked for', file: 'create-secret.ts', from: 'if (pending) return abandonIfGone(rotation, pending);', to: '' },
  { name: 'promotion before the key is known to work', file: 'finish-secret.ts', from: 'const pending = await requirePendingKey(rotation);\n  await requireActive(rotation, pending);', to: 'const pending = { id: "-", secret: "-" };' },
  { name: 'the previous key is deleted before promotion', file: 'finish-secret.ts', from: "  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'", to: "  for (const key of await rotation.iam.list()) if (key.id !== pending.id) await rotation.iam.delete(key.id);\n  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'" },
  { name: 'nobody is told of a promoted version', file: 'success.ts', from: 'await notices.send(notice);', to: '' },
  { name: 'told before it is true: the mark comes first', file: 'success.ts', from: "    await notices.send(notice);\n    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });", to: "    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });\n    await notices.send(notice);" },
  { name: 'protected keys are not looked for', file: 'keys.ts', from: 'if ((await protectedKeyIds(secrets, secret.arn)).has(keyId)) return false;', to: '' },
  { name: 'every key is quiet', file: 'keys.ts', from: 'return now.getTime() >= quietAt(key, lastUse, quietForHours).getTime();', to: 'return true;' },
  { name: 'an Active key is deleted as it is', file: 'keys.ts', from: "if (key.status === 'Active') await keys.deactivate(key.id);", to: '' },
  { name: 'every unknown key is an orphan of ours', file: 'ledger.ts', from: 'if (candidates.length === 0 || rivals.length > candidates.length) judged.unmanaged.push(key);\n    else if', to: 'if' },
  { name: 'orphans are never found', file: 'ledger.ts', from: 'else judged.orphans.push(key);', to: 'else judged.unmanaged.push(key);' },
  { name: 'intents are spent at once', file: 'ledger.ts', from: 'intent.token !== keepToken && now.getTime() > endOf(intent, timeoutMs) + LIST_LAG_MS && !keys.some((key) => covers(intent, key, timeoutMs))', to: 'true' },
  { name: 'room is made of any second key', file: 'making-room.ts', from: 'const victim = (await orphan(input)) ?? (await retired(input)) ?? (await unmanaged(input));', to: 'const victim = { key: existing.find(({ id }) => id !== currentKeyId)!, orphan: true };' },
  { name: 'an attempt that may still store its key is not waited for', file: 'making-room.ts', from: 'if (undecided.length > 0) {', to: 'for (const key of undecided) return { key, orphan: true };\n  if (undecided.length > 0) {' },
  { name: 'reconcile does not finish what finishSecret left', file: 'reconcile-user.ts', from: 'await finishRotation(pass);', to: '' },
  { name: 'a finished rotation is begun again', file: 'rotation.ts', from: 'if (isFinished(subject, event)) return;', to: '' },
  { name: 'AWSPENDING stays on the promoted version', file: 'success.ts', from: "if (secret.versions[versionId]?.includes('AWSPENDING')) await secrets.moveStage", to: 'if (false) await secrets.moveStage' },
  { name: 'rollback forgets to activate the key', file: 'rollback.ts', from: 'await iam.activate(olderKey);', to: '' },
  { name: 'the secret is said in a notice', file: 'finish-secret.ts', from: 'return key.id;', to: 'return key.id + key.secret;' },
];

const ROOT = join(__dirname, '../..');

/** @returns the promise that it breaks; undefined when nothing noticed. @throws Error when the mutation no longer fits the code */
export function runMutation({ name, file, from, to }: Mutation): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    for (const part of ['lambda', 'test/domain', 'test/explore', 'tsconfig.json', 'package.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'lambda/domain', file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`the mutation "${name}" no longer fits ${file}`);
    writeFileSync(path, text.replace(from, to));
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'test/explore/explore.ts', '--first-problem'], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
    return stdout.trim() || undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
