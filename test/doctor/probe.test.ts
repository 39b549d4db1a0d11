import { CreateSecretCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { ListUsersCommand } from '@aws-sdk/client-iam';
import { readFileSync } from 'node:fs';
import { define, textOf } from '../../lib/cli/doctor';
import { ASSUMPTIONS } from '../../lib/doctor/assumptions';
import { SECRETS } from '../../lib/doctor/belongings';
import { probe, type Finding } from '../../lib/doctor/probe';
import { allowFunctions, ACCOUNT, passMinutes, throwAwayAccount, type World } from './throw-away-account';
import { Command } from 'commander';

/** Whatever exists is listed by then. */
const LISTED_AFTER_MINUTES = 60;
const quiet = new AbortController().signal;
const outcomes = (findings: readonly Finding[]) => Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]));

async function left({ organization, clients, made }: World): Promise<string[]> {
  await passMinutes(organization, LISTED_AFTER_MINUTES);
  const { SecretList = [] } = await clients.secrets.send(new ListSecretsCommand({ IncludePlannedDeletion: true }));
  const { Users = [] } = await clients.iam.send(new ListUsersCommand({}));
  return [...made, ...SecretList.map(({ Name }) => Name!), ...Users.map(({ UserName }) => UserName!)];
}

test('tries what it can, says why it did not try the rest, and leaves nothing', async () => {
  const world = throwAwayAccount();
  const findings = await probe(await world.open(), quiet);
  expect(outcomes(findings)).toEqual({
    'region-services': 'as expected',
    'secret-policy': 'as expected',
    'guard-tag': 'as expected',
    'missing-unlisted': 'as expected',
    'missing-prefix': 'as expected',
    'administrator-rotates': 'not tried',
    'rotation-attempts': 'not tried',
    'test-secret': 'not tried',
    'pipeline-restarts': 'not tried',
  });
  expect(findings.find(({ id }) => id === 'test-secret')!.found).toContain('AccessDeniedException');
  expect(await left(world)).toEqual([]);
});

test('with a rotation function, its calls decide about attempts and testSecret', async () => {
  const world = throwAwayAccount();
  const called = allowFunctions(world);
  const waits = [
    () => called(SECRETS.rotated, ['createSecret']),
    () => called(SECRETS.rotated, ['createSecret', 'createSecret']),
    () => called(SECRETS.tested, ['testSecret']),
  ];
  const ids = ['administrator-rotates', 'rotation-attempts', 'test-secret'];
  const account = await world.open(async () => {
    await passMinutes(world.organization, 1);
    await waits.shift()?.();
  });
  const findings = await probe(
    account,
    quiet,
    ASSUMPTIONS.filter(({ id }) => ids.includes(id)),
  );
  expect(findings.map(({ found }) => found)).toEqual([
    'allowed',
    'attempted again within 10 minutes',
    'testSecret alone',
  ]);
  expect(await left(world)).toEqual([]);
});

test('a function that was called once only was not attempted again, and one that was never called decides nothing', async () => {
  const world = throwAwayAccount();
  const called = allowFunctions(world);
  const waits = [() => called(SECRETS.rotated, ['createSecret'])];
  const findings = await probe(
    await world.open(async () => {
      await passMinutes(world.organization, 1);
      await waits.shift()?.();
    }),
    quiet,
  );
  expect(outcomes(findings)).toMatchObject({ 'rotation-attempts': 'otherwise', 'test-secret': 'not tried' });
});

test('where AWS does otherwise, that is shown', async () => {
  const world = throwAwayAccount();
  world.organization.s3.prefixesRevealMissing = false;
  const findings = await probe(await world.open(), quiet);
  expect(findings.filter(({ outcome }) => outcome === 'otherwise')).toMatchObject([
    { id: 'missing-prefix', expected: '404', found: '403' },
  ]);
  expect(textOf(findings)).toMatch(/missing-prefix: otherwise\n[^]*expected: +404\n +found: +403\n/);
});

test('a trial that fails is not tried, the next ones are, and everything is removed', async () => {
  const world = throwAwayAccount();
  world.answers.CreateBucketCommand = () => {
    throw new Error('no buckets today');
  };
  const found = outcomes(await probe(await world.open(), quiet));
  expect(found).toMatchObject({ 'missing-unlisted': 'not tried', 'guard-tag': 'as expected' });
  expect(await left(world)).toEqual([]);
});

test('an interruption stops it, and everything is removed', async () => {
  const world = throwAwayAccount();
  const interruption = new AbortController();
  world.answers.CreateBucketCommand = () => {
    interruption.abort(new Error('interrupted'));
    throw new Error('no bucket');
  };
  await expect(probe(await world.open(), interruption.signal)).rejects.toThrow('interrupted');
  expect(await left(world)).toEqual([]);
});

test('what an interrupted run left is removed first', async () => {
  const world = throwAwayAccount();
  await world.clients.secrets.send(new CreateSecretCommand({ Name: SECRETS.policy, SecretString: '{}' }));
  const findings = await probe(await world.open(), quiet);
  expect(outcomes(findings)).toMatchObject({ 'secret-policy': 'as expected' });
});

test('what cannot be removed is named, after all else was removed', async () => {
  const world = throwAwayAccount();
  const account = await world.open();
  let deletions = 0;
  const { DeleteBucketCommand: remove } = world.answers;
  world.answers.DeleteBucketCommand = (input) => {
    if (++deletions === 1) return remove!(input);
    throw new Error('not now');
  };
  await expect(probe(account, quiet)).rejects.toThrow(`bucket access-keys-probe-${ACCOUNT}-us-east-1 (Error: not now)`);
  expect(await left(world)).toEqual([`access-keys-probe-${ACCOUNT}-us-east-1`]);
});

describe('an account that is in use is refused', () => {
  test('for a secret of ours', async () => {
    const { clients, open, organization } = throwAwayAccount();
    const Tags = [{ Key: 'access-keys:user-name', Value: 'jane' }];
    await clients.secrets.send(new CreateSecretCommand({ Name: '/access-key/jane', SecretString: '{}', Tags }));
    await passMinutes(organization, LISTED_AFTER_MINUTES);
    await expect(open()).rejects.toThrow('secrets with tags access-keys:*');
  });

  test("for the functions' role", async () => {
    const { organization, open } = throwAwayAccount();
    const trustPolicy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    organization.directory.putRole(ACCOUNT, { name: 'access-keys-rotate', trustPolicy, inlinePolicies: {} });
    await expect(open()).rejects.toThrow('the role access-keys-rotate');
  });
});

test('without --yes it lists what it would make and ends with status 2', async () => {
  const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const status = process.exitCode;
  try {
    const command = new Command('doctor');
    define(command);
    await command.parseAsync(['--probe'], { from: 'user' });
    expect(process.exitCode).toBe(2);
    expect(written.mock.calls.join('')).toContain('secret access-keys-probe-policy');
  } finally {
    process.exitCode = status;
    written.mockRestore();
  }
});

test('lines have at most 80 columns', () => {
  const findings = ASSUMPTIONS.map((it) => ({ ...it, outcome: 'otherwise' as const, found: 'word '.repeat(40) }));
  expect(
    Math.max(
      ...textOf(findings)
        .split('\n')
        .map(({ length }) => length),
    ),
  ).toBeLessThanOrEqual(80);
});

test('docs/reliability.md lists the same assumptions, word by word', () => {
  const rows = [
    ...readFileSync('docs/reliability.md', 'utf8').matchAll(/^\| `([a-z-]+)` \| (.+) \| (.+) \| <(.+)> \|$/gm),
  ];
  expect(rows.map(([, id, assumption, expected, source]) => ({ id, assumption, expected, source }))).toEqual(
    ASSUMPTIONS,
  );
});
