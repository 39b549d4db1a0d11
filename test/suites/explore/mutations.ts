/** Small wrongs in the product, of the kind that other rotators have; the exploration must notice each for what it is. */
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind } from './parts';
import type { Probe, Probed } from './probe-ports';

export interface Mutation {
  readonly name: string;
  /** Code that stands in one place of `lambda`, however it is broken into lines. */
  readonly from: string;
  readonly to: string;
  /** The promise that it breaks; undefined of one that changes nothing, and must not be noticed. */
  readonly breaks: RegExp | undefined;
  /** Where it shows: starting states and what is tried from them, or the bundled functions. */
  readonly where: { readonly states: readonly string[]; readonly kinds: readonly Kind[] } | 'bundled';
}

const CURRENT = 'a current key';
const singles = (...states: string[]): Mutation['where'] => ({
  states: states.length > 0 ? states : [CURRENT],
  kinds: ['singles'],
});
const deeds = (...states: string[]): Mutation['where'] => ({
  states: states.length > 0 ? states : [CURRENT],
  kinds: ['deeds'],
});

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'nothing is changed',
    from: 'throw error;\n  }\n  ports.log',
    to: 'throw error;\n  }\n\n  ports.log',
    breaks: undefined,
    where: { states: ['fresh user', CURRENT], kinds: ['singles', 'deeds'] },
  },
  {
    name: 'no intent before CreateAccessKey',
    from: 'await rotation.secrets.tag(rotation.secret.arn, intentTag(intent));',
    to: '',
    breaks: /which we made and did not store|no rotation finished|attempts instead/,
    where: singles(),
  },
  {
    name: 'CreateAccessKey is retried',
    from: 'return await iam.create();',
    to: 'return await iam.create().catch(() => iam.create());',
    breaks: /called twice in one invocation/,
    where: singles(),
  },
  {
    name: 'the key is deleted although the put may have worked',
    from: 'if (stored?.id === created.id) return;',
    to: '',
    breaks: /deleted while a version named it/,
    where: singles(),
  },
  {
    name: 'a stored pending key is not looked for',
    from: 'if (pending) return abandonIfGone(rotation, pending);',
    to: '',
    breaks: /attempts instead|no rotation finished|deleted while/,
    where: singles(),
  },
  {
    name: 'promotion before the test',
    from: 'if (created) await storeKey(rotation, canonicalName, created, current ? keptFields(current) : {});',
    to: "if (created) await storeKey(rotation, canonicalName, created, current ? keptFields(current) : {});\n  if (created) await rotation.secrets.moveStage(rotation.secret.arn, 'AWSCURRENT', { to: rotation.event.token, from: Object.entries(rotation.secret.versions).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0] });",
    breaks: /AWSCURRENT names a key that does not work/,
    where: singles(),
  },
  {
    name: 'nobody proves that the key works',
    from: 'if (!identity) return false;',
    to: 'if (!identity) return true;',
    breaks: /AWSCURRENT names a key that does not work/,
    where: singles(),
  },
  {
    name: "the key's identity is not compared",
    from: 'if (name !== userName || identity.accountId !== settings.accountId) {',
    to: 'if (false) {',
    breaks: /AWSCURRENT names a key that does not work/,
    where: deeds(),
  },
  {
    name: 'the previous key is deleted before promotion',
    from: "  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'",
    to: "  for (const key of await rotation.iam.list()) if (key.id !== pending.id) await rotation.iam.delete(key.id);\n  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'",
    breaks: /deleted while a version named it/,
    where: singles(),
  },
  {
    name: 'the previous key is not written into the ledger',
    from: 'if (currentVersion) await retirePrevious(rotation, currentVersion, pending.id, keys);',
    to: '',
    breaks: /of which it does not say until when/,
    where: singles(),
  },
  {
    name: 'nobody is told of a promoted version',
    from: 'await notices.send(await notice());',
    to: '',
    breaks: /told 0 times of one version/,
    where: singles(),
  },
  {
    name: 'told before it is true: the mark comes first',
    from: '    await notices.send(await notice());\n    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });',
    to: '    await secrets.tag(secret.arn, { [TAGS.notified]: versionId });\n    await notices.send(await notice());',
    breaks: /told 0 times of one version/,
    where: singles(),
  },
  {
    name: 'rotated is told before promotion',
    from: "  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'",
    to: "  await rotation.notices.send(rotatedNotice({ subject: rotation, versionId: event.token, currentKeyId: pending.id, existing: keys, now: rotation.clock.now() }));\n  try {\n    await secrets.moveStage(secret.arn, 'AWSCURRENT'",
    breaks: /lying notice: rotated, and AWSCURRENT is on another version/,
    where: singles(),
  },
  {
    name: 'failed and partial are swapped',
    from: "return live\n    ? { ...failure, type: 'rotation-partial'",
    to: "return !live\n    ? { ...failure, type: 'rotation-partial'",
    breaks: /lying notice: rotation-(failed|partial)/,
    where: singles(),
  },
  {
    name: 'the previous key is promised for a day too long',
    from: 'activeUntil(retirement, user).toISOString(), whenStillUsed',
    to: 'new Date(activeUntil(retirement, user).getTime() + 24 * 3_600_000).toISOString(), whenStillUsed',
    breaks: /not kept until then|before the promised instant/,
    where: singles(),
  },
  {
    name: 'the previous key is promised for a day too short',
    from: 'activeUntil(retirement, user).toISOString(), whenStillUsed',
    to: 'new Date(activeUntil(retirement, user).getTime() - 24 * 3_600_000).toISOString(), whenStillUsed',
    breaks: /not kept until then/,
    where: singles(),
  },
  {
    name: 'AWSPENDING stays on the promoted version',
    from: "if (secret.versions[versionId]?.includes('AWSPENDING')) await takePendingOff",
    to: 'if (false) await takePendingOff',
    breaks: /a version is AWSPENDING/,
    where: singles(),
  },
  {
    name: 'every key is quiet',
    from: 'return now.getTime() >= quietAt(key, lastUse, quietForHours).getTime();',
    to: 'return true;',
    breaks: /while it was used/,
    where: singles('a current key that its owner goes on using'),
  },
  {
    name: 'an error is taken for a key that was never used',
    from: 'lastUses.set(key.id, await iam.lastUse(key.id))',
    to: 'lastUses.set(key.id, await iam.lastUse(key.id).catch(() => ({ used: false as const })))',
    breaks: /deactivated while it was used/,
    where: { states: ['a current key that its owner goes on using'], kinds: ['pairs'] },
  },
  {
    name: 'an Active key is deleted as it is',
    from: "if (key.status === 'Active') await keys.deactivate(key.id);",
    to: '',
    breaks: /deleted while it was Active/,
    where: singles('the behaviour of the single-account rotator'),
  },
  {
    name: 'keepPreviousFor is ignored',
    from: 'latest(since, user.keepPreviousForHours, until);',
    to: 'since;',
    breaks: /before keepPreviousFor was over/,
    where: singles(),
  },
  {
    name: 'a key goes whoever was notified',
    from: "if (kind === 'deactivate' && !(await deadlineStands(state, retirement, key, kind))) return;",
    to: '',
    breaks: /before anybody was notified/,
    where: singles('a used current key, which stops, and no mail is sent'),
  },
  {
    name: 'a mail that bounced counts as one that arrived',
    from: "return feedback && feedback.kind !== 'delivered' ? undefined : delivery;",
    to: 'return feedback ? delivery : delivery;',
    breaks: /before anybody was notified/,
    where: singles('a current key, and the mail about the next one bounces'),
  },
  {
    name: 'a key whose mail bounced stays for ever',
    from: 'if (retirement.moved || user.keepPreviousForHours === 0',
    to: 'if (user.keepPreviousForHours === 0',
    breaks: /previous key had not been deleted/,
    where: singles('a current key, and the mail about the next one bounces'),
  },
  {
    name: 'deleteInactiveAfter is ignored',
    from: 'latest(since, user.deleteInactiveAfterHours, until);',
    to: 'since;',
    breaks: /before deleteInactiveAfter was over/,
    where: singles(),
  },
  {
    name: 'retirement never acts',
    from: 'switch (step.kind) {',
    to: "switch (step.kind === 'deactivate' ? ('forget' as never) : step.kind) {",
    breaks: /previous key had not been deleted/,
    where: singles(),
  },
  {
    name: 'every unknown key is an orphan of ours',
    from: 'if (candidates.length === 0 || rivals.length > candidates.length) judged.unmanaged.push(key);\n    else if',
    to: 'if',
    breaks: /deleted while it was Active|which a person made and the roster holds/,
    where: deeds(),
  },
  {
    name: 'orphans are never found',
    from: 'else judged.orphans.push(key);',
    to: 'else judged.unmanaged.push(key);',
    breaks: /which we made and did not store|attempts instead/,
    where: singles(),
  },
  {
    name: 'intents are spent at once',
    from: 'intent.token !== keepToken && now.getTime() > endOf(intent, timeoutMs) + LIST_LAG_MS && !keys.some((key) => covers(intent, key, timeoutMs))',
    to: 'true',
    breaks: /which we made and did not store|no rotation finished|attempts instead/,
    where: singles(),
  },
  {
    name: 'room is made of any second key',
    from: 'const victim = (await orphan(input)) ?? (isLost(input) ? undefined : ((await retired(input)) ?? (await unmanaged(input))));',
    to: "const victim = { key: existing.find(({ id }) => id !== currentKeyId)!, found: 'unmanaged' as string };",
    breaks: /deleted while it was (Active|used)/,
    where: singles('a current and an unmanaged key that is used'),
  },
  {
    name: 'reconcile does not finish what finishSecret left',
    from: 'await finishRotation(state);',
    to: '',
    breaks: /told 0 times of one version/,
    where: singles('a current key, no attempt after its promotion'),
  },
  {
    name: 'reconcile never starts a rotation again',
    from: 'await startAgain(state, pending);',
    to: '',
    breaks: /no rotation finished/,
    where: singles('two keys, both used'),
  },
  {
    name: 'a finished rotation is begun again',
    from: 'if (isFinished(subject, event)) return;',
    to: '',
    breaks: /attempts instead|no rotation finished|lying notice/,
    where: singles(),
  },
  {
    name: 'a failure is told to nobody',
    from: 'await notices.send(notice(failure.since));',
    to: '',
    breaks: /reached no admin/,
    where: singles(),
  },
  {
    name: 'only the first failure of a rotation is reported, be it before or after promotion',
    from: "return last?.token !== token || last.kind !== 'partial';",
    to: 'return last?.token !== token;',
    breaks: /reached no admin/,
    where: { states: ['fresh user'], kinds: ['pairs'] },
  },
  {
    name: 'rollback forgets to activate the key',
    from: 'await iam.activate(olderKey);',
    to: '',
    breaks: /AWSCURRENT names a key that does not work/,
    where: deeds(),
  },
  {
    name: 'rollback does not look whether a rotation is outstanding',
    from: "throw impossible('a rotation is outstanding');",
    to: '{}',
    breaks: /./,
    where: deeds(),
  },
  {
    name: 'an Inactive stored key counts as one that works',
    from: "id === currentKeyId && status === 'Active');",
    to: 'id === currentKeyId);',
    breaks: /while AWSCURRENT named no Active key/,
    where: singles('a current key that its owner deactivated, and the previous one'),
  },
  {
    name: 'what was read of the stored key is not read again before the act',
    from: "const isLast =\n    key?.status === 'Active' &&",
    to: 'const isLast =\n    false &&',
    breaks: /while AWSCURRENT named no Active key/,
    where: deeds(),
  },
  {
    name: 'a secret in the place of a lost one is taken for a new one',
    from: '...(lost.length > 0 &&',
    to: '...(lost.length > 9 &&',
    breaks: /while AWSCURRENT named no Active key/,
    where: singles('a secret in the place of one that was deleted, two keys'),
  },
  {
    name: 'the secret is logged',
    from: 'if (created) await storeKey(rotation, canonicalName, created, current ? keptFields(current) : {});',
    to: "if (created) rotation.log.info('created', { key: Buffer.from(created.secret).toString('base64') });\n  if (created) await storeKey(rotation, canonicalName, created, current ? keptFields(current) : {});",
    breaks: /a secret access key was said/,
    where: singles(),
  },
  {
    name: "the secret is in an error's cause",
    from: '    if (stored) return;\n    throw error;',
    to: '    if (stored) return;\n    throw new Error("not stored", { cause: created });',
    breaks: /a secret access key was said/,
    where: singles(),
  },
  {
    name: 'the session policy lacks iam:DeleteAccessKey',
    from: ", 'DeleteAccessKey']",
    to: ']',
    breaks: /a call of a function was not allowed/,
    where: 'bundled',
  },
];

export interface Verdict {
  readonly good: boolean;
  /** What was noticed. */
  readonly said: string;
}

const ROOT = join(__dirname, '../../..');
/** Many times what the slowest takes: a schedule that never comes to rest ends by its number of calls. */
const LONGEST_MS = 300_000;
const COPIED = ['lambda', 'lib', 'test'];

/** Explores the product with the mutation. One that no longer fits the code, or an exploration that does not end, proves nothing. */
export async function tryMutation(mutation: Mutation): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    return judge(
      mutation,
      mutation.where === 'bundled'
        ? await probeCopy(mutation, folder)
        : await probeBundle(mutation, mutation.where, folder),
    );
  } catch (error) {
    return { good: false, said: (error as Error).message };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function judge({ breaks }: Mutation, { found, other, schedules }: Probed): Verdict {
  const noticed = found ?? other;
  if (!breaks)
    return { good: noticed === undefined, said: noticed ?? `nothing in ${schedules} schedules, as it must be` };
  if (found !== undefined) return { good: true, said: found };
  return {
    good: false,
    said: other === undefined ? `NOTHING in ${schedules} schedules` : `NOT WHAT WAS EXPECTED: ${other}`,
  };
}

const SOURCES = readdirSync(join(ROOT, 'lambda'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);

/** Matches the code with other white space, and with the commas that a formatter puts before a closing bracket. */
function fitting(code: string): RegExp {
  const tokens = code.split(/\s+|(?<=[()[\]{};,])|(?=[()[\]{};,])/).filter((token) => token !== '');
  const escaped = tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(
    escaped.reduce((text, token) => `${text}${/^\\[)}\]]/.test(token) ? ',?' : ''}\\s*${token}`),
    'g',
  );
}

/** @returns the one file that the mutation fits, below `lambda`, and its text with the mutation */
export function mutated({ name, from, to }: Mutation): { readonly file: string; readonly contents: string } {
  const pattern = fitting(from);
  const fits = SOURCES.flatMap((file) => {
    const text = readFileSync(join(ROOT, 'lambda', file), 'utf8');
    return [...text.matchAll(pattern)].map(() => ({ file, contents: text.replace(pattern, () => to) }));
  });
  if (fits.length !== 1) throw new Error(`the mutation "${name}" fits ${fits.length} places of lambda, not one`);
  return fits[0]!;
}

/** The exploration at the ports as one file, with the mutated text in it. */
async function probeBundle(
  mutation: Mutation,
  where: Exclude<Mutation['where'], 'bundled'>,
  folder: string,
): Promise<Probed> {
  const outfile = join(folder, 'probe.js');
  const { file, contents } = mutated(mutation);
  await build({
    entryPoints: [join(__dirname, 'probe-ports.ts')],
    bundle: true,
    platform: 'node',
    outfile,
    plugins: [
      {
        name: 'mutation',
        setup: (bundling) =>
          bundling.onLoad({ filter: new RegExp(`lambda/${file}$`) }, () => ({ contents, loader: 'ts' })),
      },
    ],
  });
  const probe: Probe = { breaks: (mutation.breaks ?? /./).source, ...where };
  return execute([outfile, JSON.stringify(probe)], folder);
}

/** The bundled functions are made from a copy of the product. */
function probeCopy(mutation: Mutation, folder: string): Promise<Probed> {
  for (const entry of readdirSync(ROOT)) {
    if (COPIED.includes(entry)) cpSync(join(ROOT, entry), join(folder, entry), { recursive: true });
    else symlinkSync(join(ROOT, entry), join(folder, entry));
  }
  const { file, contents } = mutated(mutation);
  writeFileSync(join(folder, 'lambda', file), contents);
  return execute(['--import', 'tsx', 'test/suites/explore/probe-bundled.ts', (mutation.breaks ?? /./).source], folder);
}

function execute(args: readonly string[], cwd: string): Promise<Probed> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, timeout: LONGEST_MS, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error)
        reject(
          new Error(
            error.killed
              ? `the exploration did not end in ${LONGEST_MS / 1_000} s`
              : `the mutated product does not start: ${stderr.slice(0, 1_000)}`,
          ),
        );
      else resolve(JSON.parse(stdout) as Probed);
    });
  });
}
