/** Who is let in by the secret's policy, and what becomes of readers that do not exist, no longer exist or exist again. */
import { digest } from '../../../../lambda/domain/digest';
import type { RosterSlice, SliceUser } from '../../../../lambda/contract/slice';
import { ANN, sliceOf, World } from '../../world';

const DAY = 24;
const OWNER = 'arn:aws:iam::333333333333:user/people/ann';
const [X, Y, Z] = ['x', 'y', 'z'].map((name) => `arn:aws:iam::333333333333:role/${name}`) as [string, string, string];

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal: '*' | { readonly AWS: string | string[] };
  readonly Action: string | string[];
  readonly Condition?: { readonly ArnNotLike: { readonly 'aws:PrincipalArn': string[] } };
}

const statementsOf = (world: World): Statement[] =>
  (JSON.parse(world.secret.policy!) as { Statement: Statement[] }).Statement;
const statement = (world: World, sid: string): Statement | undefined =>
  statementsOf(world).find(({ Sid }) => Sid === sid);
const readers = (world: World): string[] => {
  const { Principal } = statement(world, 'OwnerAndReadersRead') ?? { Principal: { AWS: [] } };
  return [(Principal as { AWS: string | string[] }).AWS].flat();
};
const exempt = (world: World, sid: string): string[] =>
  statement(world, sid)!.Condition!.ArnNotLike['aws:PrincipalArn'];
const codes = (world: World): string[] => world.notices.map(({ type, code }) => [type, code].filter(Boolean).join(' '));
const conditions = (world: World): readonly string[] => world.report!.users[0]!.conditions;

const become = (world: World, user: Partial<SliceUser>, slice: Partial<RosterSlice> = {}): void => {
  world.slice = { ...sliceOf({ ...ANN, ...user }), generation: (world.slice?.generation ?? 0) + 1, ...slice };
};

/** Ann's first rotation is done and nothing is left to report. */
async function settled(user: Partial<SliceUser> = {}): Promise<World> {
  const world = new World();
  become(world, user);
  await world.reconcile();
  await world.rotate();
  await live(world, DAY);
  world.notices.length = 0;
  return world;
}

async function live(world: World, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    world.pass(1);
    await world.reconcile();
  }
}

describe('a policy', () => {
  test('allows its principals by name, whatever version and stage they ask for, and what they need to ask for it', async () => {
    const world = await settled({ readers: [X] });
    expect(statement(world, 'OwnerAndReadersRead')).toEqual({
      Sid: 'OwnerAndReadersRead',
      Effect: 'Allow',
      Principal: { AWS: [OWNER, X] },
      Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      Resource: '*',
    });
    expect(statementsOf(world).filter(({ Effect }) => Effect === 'Allow')).toHaveLength(1);
    expect(world.secret.policy).not.toMatch(/VersionId|VersionStage/);
  });

  test('denies reading, the ledger and replicas, and no more', async () => {
    const world = await settled();
    const denied = statementsOf(world).filter(({ Effect }) => Effect === 'Deny');
    expect(denied.flatMap(({ Action }) => Action)).toEqual([
      'secretsmanager:GetSecretValue',
      'secretsmanager:ReplicateSecretToRegions',
      'secretsmanager:TagResource',
      'secretsmanager:UntagResource',
    ]);
    expect(statement(world, 'LedgerIsOurs')!.Condition).toMatchObject({
      'ForAnyValue:StringLike': { 'aws:TagKeys': 'access-keys:*' },
    });
  });

  test('lets break-glass roles past every Deny, the owner and readers past that of reading alone', async () => {
    const world = await settled({ readers: [X] });
    become(world, { readers: [X] }, { breakGlassRoles: [Z] });
    await world.reconcile();
    expect(exempt(world, 'NobodyElseReads')).toEqual(expect.arrayContaining([OWNER, X, Z]));
    for (const sid of ['LedgerIsOurs', 'NoReplicas']) {
      expect(exempt(world, sid)).toContain(Z);
      expect(exempt(world, sid)).not.toContain(X);
    }
  });

  test('allows nobody where the owner may not read and there is no reader', async () => {
    const world = await settled({ ownerReads: false });
    expect(statementsOf(world).map(({ Effect }) => Effect)).toEqual(['Deny', 'Deny', 'Deny']);
    expect(exempt(world, 'NobodyElseReads')).not.toContain(OWNER);
  });

  test('of an account that leaves has no Deny of the ledger', async () => {
    const world = await settled({ readers: [X] });
    become(world, { readers: [X] }, { state: 'leaving' });
    await world.reconcile();
    expect(statement(world, 'LedgerIsOurs')).toBeUndefined();
    expect(readers(world)).toEqual([OWNER, X]);
    expect(codes(world)).toEqual([]);
  });

  test('of a user who is released has none either, and is put back without an alarm when the user comes back', async () => {
    const world = await settled({ readers: [X, Y] });
    world.deletePrincipal(Y);
    world.slice = { ...sliceOf(), generation: 2 };
    await world.reconcile();
    expect(statement(world, 'LedgerIsOurs')).toBeUndefined();
    expect(readers(world)).toEqual([OWNER, X]);
    expect(exempt(world, 'NobodyElseReads')).not.toContain(Y);
    become(world, { readers: [X] });
    await world.reconcile();
    expect(statement(world, 'LedgerIsOurs')).toBeDefined();
    expect(codes(world)).toEqual(['attention USER_RELEASED']);
  });
});

describe('a reader that does not exist', () => {
  test.each([false, true])(
    'is left out and the others are let in, whether or not what is refused is stored: %s',
    async (stores) => {
      const world = await settled();
      Object.assign(world, { storesRefusedPolicies: stores });
      world.missingPrincipals.add(Y);
      become(world, { readers: [X, Y, Z] });
      await world.reconcile();
      expect(readers(world)).toEqual([OWNER, X, Z]);
      expect(exempt(world, 'NobodyElseReads')).not.toContain(Y);
    },
  );

  test('is reported after the second run, daily, and as resolved once it exists and was let in', async () => {
    const world = await settled();
    world.missingPrincipals.add(Y);
    become(world, { readers: [Y] });
    await world.reconcile();
    expect([codes(world), conditions(world)]).toEqual([[], []]);
    world.pass(1 / 12);
    await world.reconcile();
    expect(world.notices.map(({ code, reason }) => [code, reason!.includes(Y)])).toEqual([['READER_MISSING', true]]);
    await live(world, DAY - 2);
    expect(codes(world)).toEqual(['attention READER_MISSING']);
    world.missingPrincipals.delete(Y);
    await live(world, 1);
    expect(readers(world)).toEqual([OWNER, Y]);
    expect(codes(world)).toEqual(['attention READER_MISSING', 'resolved READER_MISSING']);
  });

  test('is tried again at the next run, without a report if it was only new in IAM', async () => {
    const world = await settled();
    world.missingPrincipals.add(Y);
    become(world, { readers: [Y] });
    const outcome = await world.reconcile();
    expect(outcome!.nextDueAt).toBe(world.now.toISOString());
    world.missingPrincipals.clear();
    await world.reconcile();
    expect([readers(world), codes(world)]).toEqual([[OWNER, Y], []]);
  });

  test('stops neither keys nor schedule of its user, from the first run on', async () => {
    const world = new World();
    world.missingPrincipals.add(Y);
    become(world, { readers: [Y] });
    await world.reconcile();
    expect([world.secret.rotationEnabled, world.rotationsAsked]).toEqual([true, 1]);
    expect(readers(world)).toEqual([OWNER]);
  });

  test('is no change by hand, also when the run that leaves it out is cut off after any call', async () => {
    for (let call = 0; ; call++) {
      const world = await settled();
      world.storesRefusedPolicies = call % 2 === 0;
      world.missingPrincipals.add(Y);
      become(world, { readers: [X, Y] });
      const calls = world.calls.length;
      world.faults.set(calls + call, 'killed-after');
      await world.reconcile();
      const isCutOff = world.faults.size > 0 && world.calls.length === calls + call + 1;
      await world.reconcile();
      await world.reconcile();
      expect([call, codes(world).filter((code) => code.includes('POLICY'))]).toEqual([call, []]);
      expect(readers(world)).toEqual([OWNER, X]);
      if (!isCutOff) break;
    }
  });
});

describe('a reader that was deleted', () => {
  test('and created again is reported and not let in', async () => {
    const world = await settled({ readers: [X, Y] });
    world.deletePrincipal(Y);
    await live(world, 3);
    expect(readers(world)).toEqual([OWNER, X]);
    expect(exempt(world, 'NobodyElseReads')).not.toContain(Y);
    expect(codes(world)).toEqual(['attention READER_DELETED']);
  });

  test('is let in by a roster that names it again after one that did not', async () => {
    const world = await settled({ readers: [X, Y] });
    world.deletePrincipal(Y);
    await live(world, 1);
    become(world, { readers: [X] });
    await live(world, 1);
    become(world, { readers: [X, Y] });
    await live(world, 1);
    expect(readers(world)).toEqual([OWNER, X, Y]);
    expect(codes(world)).toEqual(['attention READER_DELETED', 'resolved READER_DELETED']);
  });

  test('stays out when the run that finds it is cut off after any call, and when a new reader comes at the same time', async () => {
    for (let call = 0; ; call++) {
      const world = await settled({ readers: [X, Y] });
      world.deletePrincipal(Y);
      become(world, { readers: [X, Y, Z] });
      const calls = world.calls.length;
      world.faults.set(calls + call, 'killed-after');
      await world.reconcile();
      const isCutOff = world.calls.length === calls + call + 1;
      await world.reconcile();
      expect([call, readers(world)]).toEqual([call, [OWNER, X, Z]]);
      expect([call, codes(world)]).toEqual([call, ['attention READER_DELETED']]);
      if (!isCutOff) break;
    }
  });

  test('is the owner, where no tag says whose secret it is: nothing is handed over', async () => {
    const world = await settled();
    world.deletePrincipal(OWNER);
    delete world.secret.tags['access-keys:user-id'];
    const before = world.secret.policy;
    await world.reconcile().catch(() => undefined);
    expect(codes(world)).toEqual(['attention USER_REPLACED']);
    expect(world.secret.policy).toBe(before);
  });
});

describe('a policy that was changed by hand', () => {
  test.each([
    ['changed', (world: World) => void (world.secret.policy = '{"Version":"2012-10-17","Statement":[]}')],
    ['removed', (world: World) => void delete world.secret.policy],
  ])('is reported and put back when it was %s, whatever tags are missing', async (_, change) => {
    const world = await settled({ readers: [X] });
    for (const tag of Object.keys(world.secret.tags)) if (/policy|generation/.test(tag)) delete world.secret.tags[tag];
    change(world);
    await world.reconcile();
    expect(readers(world)).toEqual([OWNER, X]);
    expect(codes(world)).toEqual(['attention POLICY_CHANGED']);
  });

  test('is none when AWS gives it back in another order', async () => {
    const world = await settled({ readers: [X] });
    const document = JSON.parse(world.secret.policy!) as { Statement: Record<string, unknown>[] };
    document.Statement[0]!.Principal = { AWS: [X, OWNER] };
    const reordered = JSON.stringify({ Statement: document.Statement, Version: '2012-10-17' });
    world.secret.policy = reordered;
    const before = world.calls.filter((call) => call.includes('PutResourcePolicy')).length;
    await world.reconcile();
    expect(codes(world)).toEqual([]);
    expect(world.calls.filter((call) => call.includes('PutResourcePolicy'))).toHaveLength(before);
  });

  test('is none when the version before this one put it', async () => {
    const world = await settled();
    const former =
      '{"Version":"2012-10-17","Statement":[{"Sid":"ReadersReadCurrent","Effect":"Allow","Principal":"*"}]}';
    world.secret.policy = former;
    world.secret.tags['access-keys:policy'] = digest(former);
    await world.reconcile();
    expect([readers(world), codes(world)]).toEqual([[OWNER], []]);
  });

  test('is put back without its owner while Secrets Manager refuses a policy that names the owner', async () => {
    const world = await settled();
    world.missingPrincipals.add(OWNER);
    delete world.secret.policy;
    await world.reconcile();
    expect(statementsOf(world).every(({ Effect }) => Effect === 'Deny')).toBe(true);
  });

  test('that is refused whatever it names is reported, and nothing else of its user is done meanwhile', async () => {
    const world = await settled();
    world.missingPrincipals.add('*');
    delete world.secret.policy;
    await world.reconcile();
    expect(codes(world)).toEqual(['attention POLICY_REFUSED']);
    world.missingPrincipals.clear();
    await world.reconcile();
    expect([readers(world), codes(world).slice(1)]).toEqual([
      [OWNER],
      ['attention POLICY_CHANGED', 'resolved POLICY_REFUSED'],
    ]);
  });
});

test('a change by hand is reported once the policy is back, also by a function that was cut off in between', async () => {
  const world = await settled();
  delete world.secret.policy;
  world.between = (index) => void (world.calls[index] === 'sns:Publish' && world.faults.set(index, 'killed-before'));
  await world.reconcile();
  world.between = () => {};
  expect(world.secret.policy).toBeDefined();
  expect(codes(world)).toEqual([]);
  await world.reconcile();
  await world.reconcile();
  expect(codes(world)).toEqual(['attention POLICY_CHANGED']);
});
