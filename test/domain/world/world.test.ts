import { Account } from './account';
import { FaultyAccount, Killed, type Call, type Fault, type Invocation } from './faults';
import { keyAdministration } from './iam';
import { ANN, World } from './index';
import { secretsManager } from './secrets-manager';

const unhindered: Call = async (_name, _about, effect) => effect();
const name = ANN.secretName;

describe('IAM', () => {
  const iamOf = (account: Account) => keyAdministration(account, unhindered, ANN.name);

  test('refuses a third key and counts that', async () => {
    const account = new Account();
    account.addKey();
    await iamOf(account).create();
    await expect(iamOf(account).create()).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect([account.keys.length, account.refusedForLimit]).toEqual([2, 1]);
  });

  test('keeps whole seconds, and lets a new key work a little later', async () => {
    const account = new Account();
    account.now = new Date('2026-11-24T00:00:00.700Z');
    const pair = await iamOf(account).create();
    expect(account.keys[0]!.createdAt).toEqual(new Date('2026-11-24T00:00:00Z'));
    expect(account.works(pair)).toBe(false);
    account.pass(0.01);
    expect(account.works(pair)).toBe(true);
    expect(account.works({ ...pair, secret: 'another' })).toBe(false);
  });

  test('deactivates and deletes a key that is gone without complaint, and activates none', async () => {
    const iam = iamOf(new Account());
    await iam.deactivate('AKIAGONE');
    await iam.delete('AKIAGONE');
    await expect(iam.activate('AKIAGONE')).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    await expect(iam.lastUse('AKIAGONE')).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  });

  test('knows no user who was deleted', async () => {
    const account = new Account();
    account.userExists = false;
    expect(await iamOf(account).user()).toBeUndefined();
  });
});

describe('Secrets Manager', () => {
  function withSecret() {
    const account = new Account();
    const key = account.addKey();
    const secret = account.addSecret(key);
    return { account, key, secret, port: secretsManager(account, unhindered) };
  }
  const labels = ({ secret }: ReturnType<typeof withSecret>) =>
    [...secret.versions.values()].map(({ stages }) => [...stages].sort());

  test('moves a label only from the version that holds it, and AWSPREVIOUS after AWSCURRENT', async () => {
    const world = withSecret();
    const [first] = [...world.secret.versions.keys()];
    const token = world.account.startRotation();
    await expect(world.port.moveStage(name, 'AWSCURRENT', { to: token })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await world.port.moveStage(name, 'AWSCURRENT', { to: token, from: first! });
    expect(labels(world)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT', 'AWSPENDING']]);
  });

  test('takes the same value of a version twice, and never another one', async () => {
    const { port, account } = withSecret();
    const token = account.startRotation();
    expect(await port.value(name, 'AWSPENDING')).toBeUndefined();
    await port.put(name, token, 'one');
    await port.put(name, token, 'one');
    await expect(port.put(name, token, 'two')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect(await port.value(name, 'AWSPENDING', token)).toBe('one');
    expect(await port.value(name, 'AWSCURRENT', token)).toBeUndefined();
  });

  test('refuses RotateSecret while a rotation is outstanding', async () => {
    const { port, account, secret } = withSecret();
    await port.rotate(name, 'rate(30 days)', true);
    const token = account.outstanding;
    await expect(port.rotate(name, 'rate(1 day)', true)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect([secret.schedule, account.outstanding, account.rotationsAsked]).toEqual(['rate(30 days)', token, 2]);
  });

  test('answers with a copy: what was read does not change with what is written later', async () => {
    const { port } = withSecret();
    const before = await port.describe(name);
    await port.tag(name, { other: 'tag' });
    expect(before!.tags).not.toHaveProperty('other');
    expect((await port.describe(name))!.tags).toHaveProperty('other', 'tag');
  });

  test('has a name that is taken, a secret that can be restored, and none that nobody made', async () => {
    const { port, secret } = withSecret();
    await expect(port.create(name, '{}', {})).rejects.toMatchObject({ name: 'ResourceExistsException' });
    await port.delete(name);
    expect([(await port.describe(name))!.deletedAt, secret.rotationEnabled]).toEqual([expect.any(Date), false]);
    await port.restore(name);
    expect((await port.describe(name))!.deletedAt).toBeUndefined();
    expect(await port.describe('/access-key/nobody')).toBeUndefined();
    await expect(port.tag('/access-key/nobody', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('refuses a policy that names nobody, and shows a principal that was deleted by its unique id', async () => {
    const { port, account } = withSecret();
    const reader = 'arn:aws:iam::333333333333:role/reader';
    const policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { AWS: reader } }] });
    account.missingPrincipals.add(reader);
    expect(await port.putPolicy(name, policy)).toBe(false);
    expect(await port.policy(name)).toBeUndefined();
    account.missingPrincipals.clear();
    expect(await port.putPolicy(name, policy)).toBe(true);
    account.deletePrincipal(reader);
    expect(await port.policy(name)).toContain('AROAREADER');
  });
});

/** Calls without a function: each test says what happens to which of them. */
class Calls extends FaultyAccount {
  readonly done: string[] = [];
  killedWith: Error | undefined;
  readonly invocation: Invocation = {
    name: 'test',
    since: 0,
    dead: false,
    kill: (error) => void (this.killedWith = error),
  };

  send(request: string): Promise<string> {
    return this.call(this.invocation, request, '', () => {
      this.done.push(request);
      return request;
    });
  }
}

const REQUEST = 'secretsmanager:TagResource';

function failing(fault: Fault): Calls {
  const calls = new Calls();
  calls.faults.set(0, fault);
  return calls;
}

/** A call of a function that was killed never settles. */
const settles = (sent: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    sent.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);

describe('a call', () => {
  test.each<[Fault, string, readonly string[]]>([
    ['error', 'InternalFailure', []],
    ['timeout', 'TimeoutError', []],
    ['throttled', 'ThrottlingException', []],
    ['lost', 'ECONNRESET', [REQUEST]],
  ])('with the fault %s throws %s and has done %j', async (fault, error, done) => {
    const calls = failing(fault);
    await expect(calls.send(REQUEST)).rejects.toMatchObject({ name: error });
    expect(calls.done).toEqual(done);
    expect(calls.journal).toMatchObject([{ by: 'test', request: REQUEST, outcome: error }]);
  });

  test('that times out takes half a minute, any other no time', async () => {
    const calls = failing('timeout');
    const before = calls.now.getTime();
    await calls.send(REQUEST).catch(() => undefined);
    await calls.send(REQUEST);
    expect(calls.now.getTime() - before).toBe(30_000);
  });

  test('that is throttled is so with the next of its kind, and no other', async () => {
    const calls = failing('throttled');
    await calls.send(REQUEST).catch(() => undefined);
    expect(calls.isThrottled).toBe(true);
    await calls.send('iam:GetUser');
    await expect(calls.send(REQUEST)).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(calls.isThrottled).toBe(false);
    await calls.send(REQUEST);
    expect(calls.done).toEqual(['iam:GetUser', REQUEST]);
  });

  test.each<[Fault, readonly string[]]>([
    ['killed-before', []],
    ['killed-after', [REQUEST]],
  ])('of a function that is %s has done %j, and nothing comes after it', async (fault, done) => {
    const calls = failing(fault);
    expect(await settles(calls.send(REQUEST))).toBe(false);
    expect(await settles(calls.send('iam:GetUser'))).toBe(false);
    expect(calls.killedWith).toBeInstanceOf(Killed);
    expect(calls.done).toEqual(done);
  });

  test('beyond the most that a function may make ends the function', async () => {
    const calls = new Calls();
    calls.mostCalls = 1;
    await calls.send(REQUEST);
    expect(await settles(calls.send(REQUEST))).toBe(false);
    expect(calls.done).toEqual([REQUEST]);
  });

  test('that changed something is watched, a read is not; before each of them somebody may act', async () => {
    const calls = new Calls();
    const seen: string[] = [];
    calls.watch = (by) => void seen.push(`changed by ${by}`);
    calls.between = (call) => void seen.push(`before ${call}`);
    await calls.send('iam:GetUser');
    await calls.send(REQUEST);
    expect(seen).toEqual(['before 0', 'before 1', 'changed by test']);
  });
});

describe('an invocation', () => {
  test('that is killed says so, and a run of reconcile remembers nothing of before', async () => {
    const world = new World();
    world.addKey();
    world.faults.set(0, 'killed-before');
    expect(await world.reconcile()).toBeUndefined();
    expect(world.answers[0]).toBeInstanceOf(Killed);
    expect(await world.reconcile()).toMatchObject({ users: 1 });
  });

  test('rotates through the four steps and notifies once', async () => {
    const world = new World();
    world.addSecret();
    expect(await world.rotate()).toBeUndefined();
    expect(world.works(world.keyOf('AWSCURRENT'))).toBe(true);
    expect(world.notices.map(({ type }) => type)).toEqual(['rotated']);
    expect(world.made.size).toBe(1);
  });

  test('of the same story leads to the same fingerprint, of another one to another', async () => {
    const told = async (fault?: Fault) => {
      const world = new World();
      world.addSecret();
      if (fault) world.faults.set(3, fault);
      await world.rotate();
      return world.fingerprint();
    };
    expect(await told()).toBe(await told());
    expect(await told('error')).not.toBe(await told());
  });
});
