/** Small wrongs in the domain, of the kind that other rotators have; the exploration must notice each. */
import { execFile } from 'node:child_process';
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
  { name: 'the key is deleted although the put may have worked', file: 'create-secret.ts', from: 'if (stored?.id === created.id) return;', to: '' },
  { name: 'a stored pending key is not looked for', file: 'create-secret.ts', from: 'if (pending) return abandonIfGone(rotation, pending);', to: '' },
  { name: 'promotion before the test', file: 'create-secret.ts', from: 'if (created) await storeKey(rotation, canonicalName, created);', to: "if (created) await storeKey(rotation, canonicalName, created);\n  if (created) await rotation.secrets.moveStage(rotation.secret.arn, 'AWSCURRENT', { to: rotation.event.token, from: Object.entries(rotation.secret.versions).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0] });" },
  { name: 'nobody proves that the key works', file: 'test-secret.ts', from: 'if (!identity) return false;', to: 'if (!identity) return true;' },
  { name: 'the previous key is deleted before promotion', file: 'finish-secret.ts', from: "  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'", to: "  for (const key of await rotation.iam.list()) if (key.id !== pending.id) await rotation.iam.delete(key.id);\n  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'" },
  { name: 'the previous key is not written into the ledger', file: 'finish-secret.ts', from: 'if (currentVersion) await retirePrevious(rotation, currentVersion, pending.id);', to: '' },
  { name: 'nobody is told of a promoted version', file: 'success.ts', from: 'await notices.send(notice);', to: '' },
  { name: 'told before it is true: the mark comes first', file: 'success.ts', from: "    await notices.send(notice);\n    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });", to: "    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });\n    await notices.send(notice);" },
  { name: 'AWSPENDING stays on the promoted version', file: 'success.ts', from: "if (secret.versions[versionId]?.includes('AWSPENDING')) await takePendingOff", to: 'if (false) await takePendingOff' },
  { name: 'protected keys are not looked for', file: 'keys.ts', from: 'if ((await protectedKeyIds(secrets, secret.arn)).has(keyId)) return false;', to: '' },
  { name: 'every key is quiet', file: 'keys.ts', from: 'return now.getTime() >= quietAt(key, lastUse, quietForHours).getTime();', to: 'return true;' },
  { name: 'an error is taken for a key that was never used', file: 'user-pass.ts', from: 'await iam.lastUse(key.id)', to: 'await iam.lastUse(key.id).catch(() => ({ used: false as const }))' },
  { name: 'an Active key is deleted as it is', file: 'keys.ts', from: "if (key.status === 'Active') await keys.deactivate(key.id);", to: '' },
  { name: 'every unknown key is an orphan of ours', file: 'ledger.ts', from: 'if (candidates.length === 0 || rivals.length > candidates.length) judged.unmanaged.push(key);\n    else if', to: 'if' },
  { name: 'orphans are never found', file: 'ledger.ts', from: 'else judged.orphans.push(key);', to: 'else judged.unmanaged.push(key);' },
  { name: 'intents are spent at once', file: 'ledger.ts', from: 'intent.token !== keepToken && now.getTime() > endOf(intent, timeoutMs) + LIST_LAG_MS && !keys.some((key) => covers(intent, key, timeoutMs))', to: 'true' },
  { name: 'room is made of any second key', file: 'making-room.ts', from: 'const victim = (await orphan(input)) ?? (await retired(input)) ?? (await unmanaged(input));', to: "const victim = { key: existing.find(({ id }) => id !== currentKeyId)!, found: 'retiring' as string };" },
  { name: 'reconcile does not finish what finishSecret left', file: 'reconcile-user.ts', from: 'await finishRotation(pass);', to: '' },
  { name: 'a finished rotation is begun again', file: 'rotation.ts', from: 'if (isFinished(subject, event)) return;', to: '' },
  { name: 'a failure is told to nobody', file: 'rotation.ts', from: 'if (told?.token !== event.token || told.code !== codeOf(error)) await notices.send(failureNotice(rotation, error, live));', to: '' },
  { name: 'rollback forgets to activate the key', file: 'rollback.ts', from: 'await iam.activate(older.keyId);', to: '' },
  { name: 'rollback does not look whether a rotation is outstanding', file: 'rollback.ts', from: "throw impossible('a rotation is outstanding');", to: '{}' },
  { name: 'the secret is logged', file: 'create-secret.ts', from: 'if (created) await storeKey(rotation, canonicalName, created);', to: "if (created) rotation.log.info('created', { key: Buffer.from(created.secret).toString('base64') });\n  if (created) await storeKey(rotation, canonicalName, created);" },
];

const ROOT = join(__dirname, '../..');
/** Longer than an exploration that finds nothing takes; a mutation that never comes to rest is caught by it. */
const LONGEST_MS = 240_000;

/** Explores a copy of the domain with the mutation. @returns the promise that it breaks; undefined when nothing noticed. @throws Error when the mutation no longer fits the code */
export async function runMutation({ name, file, from, to }: Mutation): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    for (const part of ['lambda', 'test/domain', 'test/explore', 'tsconfig.json', 'package.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'lambda/domain', file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`the mutation "${name}" no longer fits ${file}`);
    writeFileSync(path, text.replace(from, () => to));
    return await firstProblemIn(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function firstProblemIn(folder: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--import', 'tsx', 'test/explore/first-problem.ts'], { cwd: folder, timeout: LONGEST_MS }, (error, stdout, stderr) => {
      if (error?.killed) resolve('it never came to rest');
      else if (error) reject(new Error(`the mutated domain does not start: ${stderr.slice(0, 500)}`));
      else resolve(stdout || undefined);
    });
  });
}
