import { loadRoster } from '../../lib/roster/load';
import type { Roster, RosterAccount } from '../../lib/roster/roster';
import type { SliceUser } from '../../lambda/contract/slice';
import { planOf, type Plan } from '../../lib/plan/plan';
import { parsePublished, printPublished } from '../../lib/org-bucket/published-roster';
import type { Released } from '../../lib/plan/refusals';
import { renderPlanMarkdown } from '../../lib/plan/render-markdown';
import { renderPlanText } from '../../lib/plan/render-text';
import { ROSTERS } from '../fixtures/rosters';
import picocolors from 'picocolors';

const roster = loadRoster(ROSTERS.organization, { at: new Date('2027-01-04') }).roster!;
const CANARY = '333333333333';
const nothingReleased: Released = () => false;
const NOW = new Date('2026-12-01');
const plan = (to: Roster, from: Roster | undefined = roster, released = nothingReleased): Plan =>
  planOf(from, to, released, NOW);

const withAccount = (id: string, change: Partial<RosterAccount>): Roster => ({
  ...roster,
  accounts: roster.accounts.map((account) => (account.id === id ? { ...account, ...change } : account)),
});
const withUser = (name: string, change: Partial<SliceUser>): Roster => ({
  ...roster,
  accounts: roster.accounts.map((account) => ({
    ...account,
    users: account.users.map((user) => (user.name === name ? { ...user, ...change } : user)),
  })),
});
const lenient: Roster = { ...roster, limits: { ...roster.limits, maxRemovalsPercent: 100 } };
const unfrozen: Roster = { ...roster, limits: { ...roster.limits, freeze: [] } };
const colleague: SliceUser = {
  ...roster.accounts[1]!.users[0]!,
  name: 'new.colleague',
  secretName: '/access-key/new.colleague',
};
const joinedBy = (...users: SliceUser[]): Roster =>
  withAccount('444444444444', { users: [...roster.accounts[1]!.users, ...users] });
const exempt = (whenStillUsed: SliceUser['whenStillUsed'], until = '2027-06-30'): Roster =>
  withUser('legacy-etl', {
    whenStillUsed,
    exempt: { until, reason: 'takes no new key', approvedBy: 'ciso@example.com' },
  });
const resumed = (whenStillUsed: SliceUser['whenStillUsed']): Roster =>
  withUser('legacy-etl', { whenStillUsed, exempt: undefined });
const kinds = ({ dangers }: Plan): string[] => dangers.map(({ kind }) => kind);

describe('a change that harms nobody', () => {
  test('the same roster changes nothing', () => {
    expect(plan(roster)).toMatchObject({ ok: true, accounts: [], roster: [], dangers: [], refusals: [] });
  });

  test('order in lists is of no consequence', () => {
    expect(
      plan({
        ...roster,
        notifications: { ...roster.notifications, admins: [...roster.notifications.admins].reverse() },
      }),
    ).toMatchObject({ ok: true, roster: [] });
  });

  test('nothing published yet counts as empty: all is added, and the sample acknowledges what it says', () => {
    const first = planOf(undefined, roster, nothingReleased, NOW);
    expect(first).toMatchObject({
      ok: true,
      acknowledged: true,
      staleCodes: [],
      totals: {
        users: { before: 0, after: 10 },
        added: 10,
        firstRotations: 8,
        cost: { before: { secrets: 0, dollarsAMonth: 0 }, after: { secrets: 9 } },
      },
    });
    expect(first.accounts.map(({ change }) => change)).toEqual(['added', 'added', 'added']);
  });

  test('each account says its first rotations, its secrets and what they cost', () => {
    const { accounts } = plan(
      joinedBy(colleague, { ...colleague, name: 'another', secretName: '/access-key/another' }),
    );
    expect(accounts).toMatchObject([
      {
        firstRotations: 2,
        cost: { before: { secrets: 3, dollarsAMonth: 1.23 }, after: { secrets: 5, dollarsAMonth: 2.05 } },
      },
    ]);
    expect(planOf(undefined, roster, nothingReleased, NOW).accounts.map(({ cost }) => cost.after.secrets)).toEqual([
      4, 3, 2,
    ]);
  });

  test('a freeze or an exemption that is over may go', () => {
    const later = new Date('2027-07-01');
    expect(planOf(roster, unfrozen, nothingReleased, later).ok).toBe(true);
    expect(planOf(exempt('deactivate'), resumed('deactivate'), nothingReleased, later).ok).toBe(true);
  });

  test('an exemption that ends sooner is let through where an old key in use is kept', () => {
    expect(plan(resumed('hold'), exempt('hold')).ok).toBe(true);
  });

  test('a longer period, a gentler setting and a stronger guard are listed and let through', () => {
    const gentler = plan(
      withUser('svc-backup', { rotateEveryHours: 2160, unmanagedKeys: 'hold', keepPreviousForHours: 48 }),
    );
    expect(gentler.ok).toBe(true);
    expect(gentler.accounts[0]!.changed).toEqual([
      {
        userName: 'svc-backup',
        fields: [
          { field: 'rotateEvery', from: '45d', to: '90d' },
          { field: 'keepPreviousFor', from: '0d', to: '2d' },
          { field: 'unmanagedKeys', from: 'delete', to: 'hold' },
        ],
      },
    ]);
    expect(plan(roster, { ...roster, userGuard: { kind: 'none' } }).ok).toBe(true);
  });

  test('to write the identity of the sender that is built in changes nothing', () => {
    const written: Roster = { ...roster, notifications: { ...roster.notifications, senderIdentity: 'address' } };
    expect(plan(written).dangers).toEqual([]);
  });

  test('users are told by name ignoring case: another spelling removes nobody', () => {
    const { accounts, dangers } = plan(withUser('maria.santos', { name: 'Maria.Santos' }));
    expect(accounts[0]).toMatchObject({ added: [], removed: [], changed: [{ userName: 'Maria.Santos' }] });
    expect(dangers).toEqual([]);
  });
});

describe('dangerous', () => {
  test.each([
    [undefined, 'alias/first', []],
    ['alias/former', 'alias/other', ['secrets-key-changed']],
    ['alias/former', undefined, ['secrets-key-changed']],
  ])('the key of secrets from %s to %s', (from, to, expected) => {
    const keyed = (secretsKey: string | undefined): Roster => ({ ...roster, ...(secretsKey && { secretsKey }) });
    expect(kinds(plan(keyed(to), keyed(from)))).toEqual(expected);
  });

  test.each<[string, Roster, string]>([
    [
      'other admins',
      { ...roster, notifications: { ...roster.notifications, admins: ['mallory@example.com'] } },
      'addresses-changed',
    ],
    [
      'another sender',
      { ...roster, notifications: { ...roster.notifications, sender: 'x@example.com' } },
      'addresses-changed',
    ],
    [
      'another identity of the sender',
      { ...roster, notifications: { ...roster.notifications, senderIdentity: 'domain' } },
      'sender-identity-changed',
    ],
    ['another region', { ...roster, region: 'eu-west-1' }, 'region-changed'],
    ['no user guard', { ...roster, userGuard: { kind: 'none' } }, 'guard-changed'],
    ['another tag as guard', { ...roster, userGuard: { kind: 'tag', key: 'x', value: 'y' } }, 'guard-changed'],
    [
      'another organization',
      { ...roster, organization: { ...roster.organization!, id: 'o-other00000' } },
      'organization-changed',
    ],
    [
      'another management account',
      { ...roster, organization: { ...roster.organization!, managementAccount: '999999999999' } },
      'organization-changed',
    ],
    [
      'another security account',
      { ...roster, organization: { ...roster.organization!, securityAccount: '999999999999' } },
      'organization-changed',
    ],
    [
      'another target of the StackSets',
      { ...roster, organization: { ...roster.organization!, organizationalUnits: ['ou-ab12-11111111'] } },
      'units-changed',
    ],
    [
      'another domain of owners',
      { ...roster, notifications: { ...roster.notifications, ownerDomain: 'example.org' } },
      'addresses-changed',
    ],
    [
      'another connection',
      { ...roster, source: { ...roster.source!, connectionArn: roster.source!.connectionArn.replace('0a1b', 'ffff') } },
      'source-changed',
    ],
    ['another branch', { ...roster, source: { ...roster.source!, branch: 'unprotected' } }, 'source-changed'],
    [
      'another repository',
      { ...roster, source: { ...roster.source!, repository: 'mallory/access-keys' } },
      'source-changed',
    ],
    ['a looser limit of removals', lenient, 'limit-loosened'],
    [
      'a break-glass role',
      withAccount('444444444444', { breakGlassRoles: ['arn:aws:iam::444444444444:role/x'] }),
      'readers-added',
    ],
    [
      'a break-glass role of an account that is new',
      {
        ...roster,
        accounts: [
          ...roster.accounts,
          {
            ...roster.accounts[1]!,
            id: '666666666666',
            users: [],
            breakGlassRoles: ['arn:aws:iam::666666666666:role/x'],
          },
        ],
      },
      'readers-added',
    ],
    ['an owner who may read', withUser('spark-cluster', { ownerReads: true }), 'readers-added'],
    ['a reader', withUser('maria.santos', { readers: ['arn:aws:iam::444444444444:role/x'] }), 'readers-added'],
    ['another address', withUser('svc-deploy', { email: 'mallory@example.com' }), 'addresses-changed'],
    ['another secret', withUser('maria.santos', { secretName: '/access-key/other' }), 'secret-renamed'],
    ['a shorter time to keep', withUser('maria.santos', { keepPreviousForHours: 24 }), 'times-shortened'],
    ['a shorter time of quiet', withUser('maria.santos', { quietForHours: 24 }), 'times-shortened'],
    ['a sooner deletion', withUser('maria.santos', { deleteInactiveAfterHours: 24 }), 'times-shortened'],
    ['unmanaged keys deleted', withUser('maria.santos', { unmanagedKeys: 'delete' }), 'made-harsher'],
    ['keys in use deactivated', withUser('maria.santos', { whenStillUsed: 'deactivate' }), 'made-harsher'],
    ['another way of deployment', withAccount('444444444444', { deployment: 'manual' }), 'deployment-changed'],
    [
      'a removed user of ten',
      withAccount('444444444444', { users: roster.accounts[1]!.users.slice(1) }),
      'many-removals',
    ],
    ['a retired user of ten', withUser('maria.santos', { state: 'retired' }), 'many-removals'],
    ['an account that leaves', withAccount('444444444444', { state: 'leaving' }), 'many-removals'],
    ['a user who comes as retired', joinedBy({ ...colleague, state: 'retired' }), 'many-removals'],
    ['a new user whose former key is not kept', joinedBy({ ...colleague, keepPreviousForHours: 0 }), 'times-shortened'],
    ['a new user whose keys are soon quiet', joinedBy({ ...colleague, quietForHours: 0 }), 'times-shortened'],
    [
      'a new user whose unmanaged keys are deleted',
      joinedBy({ ...colleague, unmanagedKeys: 'delete' }),
      'made-harsher',
    ],
    [
      'a new user whose keys are deactivated in use',
      joinedBy({ ...colleague, whenStillUsed: 'deactivate' }),
      'made-harsher',
    ],
    [
      'more first rotations at once',
      { ...roster, limits: { ...roster.limits, maxFirstRotationsPerRun: 21 } },
      'limit-loosened',
    ],
    ['no freeze', unfrozen, 'limit-loosened'],
    [
      'a freeze that begins later',
      { ...roster, limits: { ...roster.limits, freeze: [{ from: '2026-12-21', to: '2027-01-03' }] } },
      'limit-loosened',
    ],
    [
      'a freeze that ends sooner',
      { ...roster, limits: { ...roster.limits, freeze: [{ from: '2026-12-20', to: '2027-01-02' }] } },
      'limit-loosened',
    ],
  ])('%s', (_, to, kind) => {
    const found = plan(to);
    expect(kinds(found)).toEqual([kind]);
    expect(found).toMatchObject({ ok: false, acknowledged: false, code: expect.stringMatching(/^ack-[0-9a-f]{32}$/) });
    expect(plan({ ...to, acknowledge: [found.code!] })).toMatchObject({
      ok: true,
      acknowledged: true,
      code: found.code,
    });
  });

  test('in a first roster what ends keys sooner than the built-in settings, and nothing else', () => {
    const first = planOf(undefined, { ...roster, acknowledge: [] }, nothingReleased, NOW);
    expect(first.ok).toBe(false);
    expect(first.dangers.map(({ kind, userName, to }) => `${kind} ${userName} ${to}`)).toEqual([
      'times-shortened svc-backup 0d',
      'times-shortened svc-backup 0d',
      'made-harsher svc-backup delete',
      'made-harsher spark-cluster deactivate',
    ]);
  });

  test('the end of an exemption from settings that end a key in use', () => {
    expect(kinds(plan(resumed('deactivate'), exempt('deactivate')))).toEqual(['exemption-shortened']);
    expect(kinds(plan(exempt('deactivate', '2027-01-31'), exempt('deactivate')))).toEqual(['exemption-shortened']);
    const keepsNone = (roster: Roster): Roster => ({
      ...roster,
      accounts: roster.accounts.map((account) => ({
        ...account,
        users: account.users.map((user) => ({ ...user, keepPreviousForHours: 0 })),
      })),
    });
    expect(kinds(plan(keepsNone(resumed('hold')), keepsNone(exempt('hold'))))).toEqual(['exemption-shortened']);
    expect(kinds(plan(exempt('deactivate', '2027-08-31'), exempt('deactivate')))).toEqual([]);
  });

  const DELETES = 'aws cloudformation delete-stack --stack-name AccessKeysRotator';
  test.each<[RosterAccount['deployment'], RosterAccount['deployment'], string, RegExp[]]>([
    ['stackset', 'manual', 'the StackSet deletes its stack', [/^push/, /manually/]],
    ['stackset', 'pipeline', 'the StackSet deletes its stack', [/permissions boundary/, /^push/]],
    ['manual', 'stackset', 'nobody deletes the stack', [new RegExp(`${DELETES}\nSecrets, .* stay`), /^push/]],
    ['pipeline', 'stackset', 'never deletes the stack', [/^push deployment: manual/, new RegExp(DELETES), /^push/]],
    ['pipeline', 'manual', 'stays as it is', [/^push/, /manually/]],
    ['manual', 'pipeline', 'updates the stack', [/permissions boundary/, /^push/]],
  ])('an account goes from %s to %s, with what becomes of its stack', (former, next, reason, steps) => {
    const [danger, ...others] = plan(
      withAccount('444444444444', { deployment: next }),
      withAccount('444444444444', { deployment: former }),
    ).dangers;
    expect(danger).toMatchObject({
      kind: 'deployment-changed',
      reason: expect.stringContaining(reason),
      steps: steps.map((step) => expect.stringMatching(step)),
    });
    expect(others).toEqual([]);
  });

  test.each<[RosterAccount['deployment'], string, RegExp[]]>([
    ['stackset', 'the StackSet deletes the functions', []],
    ['manual', 'nobody deletes the stack', [/^push$/, new RegExp(DELETES)]],
    ['pipeline', 'never deletes the stack', [/^push$/, new RegExp(DELETES)]],
  ])('an account of %s leaves the roster, with what becomes of its stack', (deployment, reason, steps) => {
    const from = { ...withAccount('444444444444', { state: 'leaving', deployment }), limits: lenient.limits };
    const { dangers } = plan(
      { ...from, accounts: from.accounts.filter(({ id }) => id !== '444444444444') },
      from,
      () => true,
    );
    expect(dangers).toEqual([
      expect.objectContaining({
        kind: 'account-removed',
        reason: expect.stringContaining(reason),
        steps: steps.map((step) => expect.stringMatching(step)),
      }),
    ]);
  });

  test('the last canary leaves its StackSet as any other account does', () => {
    expect(plan(withAccount(CANARY, { deployment: 'manual' })).dangers).toMatchObject([
      {
        kind: 'deployment-changed',
        accountId: CANARY,
        reason: expect.stringContaining('the StackSet deletes its stack'),
      },
    ]);
  });

  test('a code is used up by its publication: the same change, taken back and made again, needs another', () => {
    const to = withUser('maria.santos', { keepPreviousForHours: 24 });
    const first = plan(to).code!;
    const published = { ...to, acknowledge: [first] };
    const back = { ...roster, acknowledge: [first] };
    expect(plan(published).ok).toBe(true);
    expect(plan(back, published).ok).toBe(true);
    expect(plan(published, back)).toMatchObject({ ok: false, staleCodes: [first] });
  });

  test('the same readers added to others have another code', () => {
    const reader = (...names: string[]) => names.map((name) => `arn:aws:iam::444444444444:role/${name}`);
    const to = withUser('maria.santos', { readers: reader('x') });
    expect(plan(to).code).not.toBe(plan(to, withUser('maria.santos', { readers: reader('y') })).code);
  });

  test('an address where there was none, and readers of a user who is new, are dangerous too', () => {
    expect(
      kinds(plan(withUser('maria.santos', { email: 'm@example.com' }), withUser('maria.santos', { email: undefined }))),
    ).toEqual(['addresses-changed']);
    const without = withAccount('444444444444', { users: roster.accounts[1]!.users.slice(1) });
    expect(kinds(plan(withUser('maria.santos', { readers: ['arn:aws:iam::444444444444:role/x'] }), without))).toEqual([
      'readers-added',
    ]);
  });

  test('a code covers exactly one change', () => {
    const acknowledged = plan(withUser('maria.santos', { keepPreviousForHours: 24 })).code!;
    const other = plan({ ...withUser('maria.santos', { keepPreviousForHours: 12 }), acknowledge: [acknowledged] });
    expect(other).toMatchObject({ ok: false, staleCodes: [acknowledged] });
    expect(other.code).not.toBe(acknowledged);
  });

  test('removals are judged by the stricter limit, so that a push cannot loosen its own', () => {
    const to = withAccount('444444444444', { users: [] });
    expect(kinds(plan({ ...to, limits: lenient.limits }))).toEqual(['limit-loosened', 'many-removals']);
    expect(kinds(plan({ ...to, limits: lenient.limits }, lenient))).toEqual([]);
  });

  test('fewer removals than the limit are let through', () => {
    const many = {
      ...roster.accounts[1]!,
      users: Array.from({ length: 100 }, (_, index) => ({ ...roster.accounts[1]!.users[0]!, name: `u${index}` })),
    };
    const big = { ...roster, accounts: [roster.accounts[0]!, many] };
    expect(plan({ ...big, accounts: [big.accounts[0]!, { ...many, users: many.users.slice(5) }] }, big).ok).toBe(true);
    expect(kinds(plan({ ...big, accounts: [big.accounts[0]!, { ...many, users: many.users.slice(6) }] }, big))).toEqual(
      ['many-removals'],
    );
  });
});

describe('refused whatever is acknowledged', () => {
  test('a canary flip', () => {
    const to = withAccount(CANARY, { canary: false });
    const found = plan(to);
    expect(found.refusals).toEqual([
      expect.objectContaining({
        kind: 'canary-flipped',
        accountId: CANARY,
        steps: expect.arrayContaining([
          expect.stringContaining('deployment: manual'),
          expect.stringContaining('canary: false'),
        ]),
      }),
    ]);
    expect(plan({ ...to, acknowledge: found.code ? [found.code] : [] }).ok).toBe(false);
    const between = withAccount(CANARY, { deployment: 'manual' });
    expect(
      [plan(between), plan(to, between), plan(withAccount(CANARY, { deployment: 'manual', canary: false }))].map(
        ({ refusals }) => refusals,
      ),
    ).toEqual([[], [], []]);
  });

  test('the removal of an account that is not released; a released one is only dangerous', () => {
    const leaving = withAccount('444444444444', { state: 'leaving' });
    const to = {
      ...leaving,
      accounts: leaving.accounts.filter(({ id }) => id !== '444444444444'),
      limits: lenient.limits,
    };
    const from = { ...leaving, limits: lenient.limits };
    expect(plan(to, from).refusals).toEqual([expect.objectContaining({ kind: 'account-not-released' })]);
    expect(plan(to, { ...from, accounts: roster.accounts }, () => true).refusals).toEqual([
      expect.objectContaining({ kind: 'account-not-released' }),
    ]);
    const released = plan(to, from, (id) => id === '444444444444');
    expect(released).toMatchObject({ refusals: [], dangers: [expect.objectContaining({ kind: 'account-removed' })] });
    expect(planOf(from, { ...to, acknowledge: [released.code!] }, (id) => id === '444444444444', NOW).ok).toBe(true);
  });

  test('without reports a leaving account may be taken out as far as anybody can tell, and the plan says what it cannot', () => {
    const leaving = { ...withAccount('444444444444', { state: 'leaving' }), limits: lenient.limits };
    const to = { ...leaving, accounts: leaving.accounts.filter(({ id }) => id !== '444444444444') };
    const unknown: Released = () => undefined;
    const found = plan(to, leaving, unknown);
    expect(found).toMatchObject({
      refusals: [],
      unchecked: [
        {
          kind: 'account-released',
          accountId: '444444444444',
          reason: expect.stringContaining('unknown here; the pipeline checks the report'),
        },
      ],
    });
    expect(plan({ ...to, acknowledge: [found.code!] }, leaving, unknown).ok).toBe(true);
    expect(plan(to, lenient, unknown).refusals).toEqual([expect.objectContaining({ kind: 'account-not-released' })]);
    expect(renderPlanText(found, picocolors.createColors(false))).toContain('UNKNOWN');
    expect(renderPlanMarkdown(found)).toContain('### Unknown here');
  });
});

describe('the published roster', () => {
  test('comes back as it was', () => {
    expect(parsePublished(printPublished(roster, 7))).toEqual({ schemaVersion: 1, generation: 7, roster });
  });

  test.each([
    ['cut off', printPublished(roster, 7).slice(0, 100), 'is not JSON'],
    ['of a later version', '{"schemaVersion":2}', 'schema version 2'],
    ['without accounts', '{"schemaVersion":1,"generation":1,"roster":{}}', 'not whole'],
    ['with an account of nothing', printPublished({ ...roster, accounts: [null as never] }, 1), 'not whole'],
    ['without limits', printPublished({ ...roster, limits: undefined as never }, 1), 'not whole'],
    ['nothing', 'null', 'schema version'],
  ])('%s is refused, never taken for empty', (_, text, reason) => {
    expect(() => parsePublished(text)).toThrow(reason);
  });
});

describe('as text', () => {
  const colours = picocolors.createColors(false);

  test('fits 80 columns but for words that are longer', () => {
    const text = renderPlanText(
      plan({
        ...withAccount(CANARY, { canary: false }),
        notifications: { ...roster.notifications, admins: ['mallory@example.com'] },
      }),
      colours,
    );
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('REFUSED');
    expect(text).toContain('acknowledge: [ack-');
  });

  test('says by name who retires and who is restored, and what each account comes to', () => {
    const to = withUser('maria.santos', { state: 'retired' });
    const retires = renderPlanText(plan(to), colours);
    expect(retires).toContain('\n  - maria.santos (retired;');
    expect(retires).toContain('\n  0 first rotations, 3 → 2 secrets, $1.23 → $0.82 a month\n');
    expect(retires).not.toContain('state:');
    expect(renderPlanText(plan(roster, to), colours)).toContain('\n  + maria.santos (restored;');
    expect(renderPlanMarkdown(plan(to))).toContain(
      '1 changed; 0 first rotations, 3 → 2 secrets, $1.23 → $0.82 a month</summary>',
    );
  });

  test('cuts long lists and says how much is missing', () => {
    const many: Roster = {
      ...roster,
      accounts: Array.from({ length: 30 }, (_, index) => ({
        ...roster.accounts[1]!,
        id: String(600_000_000_000 + index),
        users: Array.from({ length: 15 }, (__, user) => ({ ...roster.accounts[1]!.users[0]!, name: `u${user}` })),
      })),
    };
    const text = renderPlanText(planOf(undefined, many, nothingReleased, NOW), colours);
    expect(text).toContain('… and 10 more accounts');
    expect(text).toContain('… and 5 more\n');
  });
});

describe('as markdown', () => {
  const hostile = 'a`b|c <img src=x onerror=alert(1)> @everyone [x](http://evil)\u202e';

  test('a hostile value stays one code span: no mention, link, cell or HTML of its own', () => {
    const text = renderPlanMarkdown(
      plan({
        ...roster,
        accounts: roster.accounts.map((account, index) =>
          index === 1
            ? { ...account, name: hostile, users: [{ ...account.users[0]!, name: hostile }, ...account.users] }
            : account,
        ),
      }),
    );
    const outside = text.replace(/`[^`\n]*`/g, '');
    expect(outside).not.toMatch(/@everyone|<img|\]\(http|\u202e/);
    expect(text).toContain('ˋb¦c');
  });

  test('fits into a comment, and says what was left out', () => {
    const many: Roster = {
      ...roster,
      accounts: Array.from({ length: 2_000 }, (_, index) => ({
        ...roster.accounts[1]!,
        id: String(600_000_000_000 + index),
      })),
    };
    const text = renderPlanMarkdown(planOf(undefined, many, nothingReleased, NOW));
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text).toMatch(/\d+ more parts are left out/);
  });
});
