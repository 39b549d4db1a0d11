/**
 * Nothing that was promised for a date happens before it, by the functions' own clock.
 *
 *   TZ=Pacific/Apia node --import tsx test/property/promised-dates.ts '{"decisions":3000,"histories":250}'
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Retirement } from '../../../lambda/domain/ledger/retirements';
import type { AccessKey, LastUse } from '../../../lambda/domain/ports';
import { nextRetirementStep } from '../../../lambda/domain/keys/retirement-schedule';
import { ANN, sliceOf, World } from '../../domain/world';

const HOUR_MS = 3_600_000;
/** Around leap days, around the ends of daylight saving in any of the zones, and anywhere else. */
const instant = fc.oneof(
  fc.date({ min: new Date('2024-01-01'), max: new Date('2032-12-31'), noInvalidDate: true }),
  fc
    .tuple(
      fc.constantFrom(
        '2028-02-28T23:59:59Z',
        '2028-02-29T12:00:00Z',
        '2027-03-14T05:30:00Z',
        '2027-03-28T01:00:00Z',
        '2027-11-07T04:30:00Z',
        '2027-12-31T23:59:59Z',
      ),
      fc.integer({ min: -10 * 24, max: 0 }),
    )
    .map(([edge, hours]) => new Date(Date.parse(edge) + hours * HOUR_MS)),
);
const duration = fc.integer({ min: 0, max: 60 * 24 });

function decisions(numRuns: number): void {
  const settings = fc.record({
    keepPreviousForHours: duration,
    quietForHours: duration,
    deleteInactiveAfterHours: duration,
    whenStillUsed: fc.constantFrom('hold' as const, 'deactivate' as const),
  });
  const offset = fc.integer({ min: -100 * 24 * 3_600, max: 100 * 24 * 3_600 }).map((seconds) => seconds * 1_000);
  fc.assert(
    fc.property(
      instant,
      offset,
      offset,
      settings,
      fc.constantFrom<Retirement['state']>('active', 'deactivating', 'inactive'),
      fc.constantFrom<AccessKey['status']>('Active', 'Inactive'),
      fc.nat({ max: 4 }),
      fc.boolean(),
      (since, toNow, toUse, own, state, status, warnings, used) => {
        const user = { ...ANN, ...own };
        const now = new Date(since.getTime() + toNow);
        const createdAt = new Date(since.getTime() - 90 * 24 * HOUR_MS);
        const lastUse: LastUse = used
          ? { used: true, at: new Date(since.getTime() + toUse), service: 's3', region: 'us-east-1' }
          : { used: false };
        const key: AccessKey = { id: 'AKIAIOSFODNN7EXAMPLE', status, createdAt };
        const step = nextRetirementStep(
          { keyId: key.id, state, since, warnings, replacedBy: 'v' },
          key,
          lastUse,
          user,
          now,
        );
        const quiet = now.getTime() - (lastUse.used ? lastUse.at : createdAt).getTime() >= user.quietForHours * HOUR_MS;
        const past = now.getTime() - since.getTime();
        if (step.kind === 'deactivate')
          assert(past >= user.keepPreviousForHours * HOUR_MS && (quiet || user.whenStillUsed === 'deactivate'));
        if (step.kind === 'delete')
          assert(
            state === 'inactive' && status === 'Inactive' && quiet && past >= user.deleteInactiveAfterHours * HOUR_MS,
          );
        if (step.kind === 'wait' || step.kind === 'hold') assert(step.until > now);
      },
    ),
    { numRuns },
  );
}

type Deed =
  | { readonly kind: 'pass'; readonly hours: number }
  | { readonly kind: 'use' | 'activate'; readonly key: number }
  | { readonly kind: 'rotate' }
  | {
      readonly kind: 'push';
      readonly keepPreviousForHours: number;
      readonly quietForHours: number;
      readonly deleteInactiveAfterHours: number;
      readonly whenStillUsed: 'hold' | 'deactivate';
    }
  | { readonly kind: 'push'; readonly state: 'active' | 'retired' }
  | { readonly kind: 'skew'; readonly seconds: number };

const days = (most: number) => fc.integer({ min: 0, max: most }).map((count) => count * 24);
const setting = fc.record({
  kind: fc.constant('push' as const),
  keepPreviousForHours: days(8),
  quietForHours: days(3),
  deleteInactiveAfterHours: days(8),
  whenStillUsed: fc.constantFrom('hold' as const, 'deactivate' as const),
});
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 72 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('use' as const, 'activate' as const), key: fc.nat({ max: 1 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'rotate' as const }) },
  { weight: 2, arbitrary: setting },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      state: fc.constantFrom('active' as const, 'retired' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('skew' as const), seconds: fc.integer({ min: -7_200, max: 7_200 }) }),
  },
);

/** How often keys ended in each way, so that none is left out unnoticed. */
const ended: Record<string, number> = {};

/** Watches every change of a key and holds it against the notices that its owner and the admins had until then. */
class Observer {
  private keys: ReadonlyMap<string, AccessKey['status']> = new Map();
  private deed: Deed['kind'] | 'reconcile' = 'reconcile';
  /** Keys that were Inactive when the deed began: a rotation may delete one to make room. */
  private inactive: ReadonlySet<string> = new Set();
  /** How many notices there were when a key was activated again: its time has started anew. */
  private readonly past = new Map<string, number>();

  constructor(private readonly world: World) {
    world.watch = () => this.look();
  }

  /** What people did before is nobody's promise. */
  begins(deed: Deed['kind'] | 'reconcile'): void {
    this.deed = deed;
    this.keep();
    this.inactive = new Set([...this.keys].flatMap(([id, status]) => (status === 'Active' ? [] : [id])));
  }

  activated(id: string): void {
    this.past.set(id, this.world.notices.length);
  }

  private keep(): void {
    this.keys = new Map(this.world.keys.map(({ id, status }) => [id, status]));
  }

  private look(): void {
    for (const [id, status] of this.keys) {
      const key = this.world.keys.find((other) => other.id === id);
      if (status === 'Active' && key?.status === 'Inactive') this.deactivated(id);
      if (status !== 'Active' && key?.status === 'Active') this.activated(id);
      if (!key) this.deleted(id, status);
    }
    this.keep();
  }

  private deactivated(id: string): void {
    this.count('deactivated');
    this.notBefore(id, 'until');
  }

  private deleted(id: string, status: AccessKey['status']): void {
    assert.equal(status, 'Inactive', `${id} was deleted while it was Active`);
    const { state, keepPreviousForHours } = this.world.slice!.users[0]!;
    if (this.deed === 'rotate' && this.inactive.has(id)) return this.count('deleted for room');
    if (this.deed === 'rotate') assert.equal(keepPreviousForHours, 0, `${id} was deleted within a rotation`);
    if (this.deed === 'rotate') this.count('deleted at once');
    else this.count(state === 'retired' ? 'ended' : 'deleted');
    this.notBefore(id, 'until');
    this.notBefore(id, 'deletedAfter');
  }

  private count(way: string): void {
    ended[way] = (ended[way] ?? 0) + 1;
  }

  private notBefore(id: string, promise: 'until' | 'deletedAfter'): void {
    const at = this.world.now.getTime() + this.world.skewMs;
    for (const notice of this.world.notices.slice(this.past.get(id) ?? 0)) {
      const promised = notice.previousKey?.keyId === id ? notice.previousKey[promise] : undefined;
      if (promised !== undefined)
        assert(
          at >= Date.parse(promised),
          `${promise} of ${id} was ${promised} in a notice of ${notice.occurredAt}, and it came at ${new Date(at).toISOString()}`,
        );
    }
  }
}

async function live(start: Date, deeds: readonly Deed[]): Promise<void> {
  const world = new World();
  world.now = start;
  world.addSecret(world.addKey({ usedHoursAgo: 1 }));
  const witness = new Observer(world);
  for (const deed of deeds) {
    witness.begins(deed.kind);
    await act(world, witness, deed);
    witness.begins('reconcile');
    await world.reconcile();
  }
}

async function act(world: World, witness: Observer, next: Deed): Promise<void> {
  const key = 'key' in next ? world.keys[next.key] : undefined;
  if (next.kind === 'pass') world.pass(next.hours);
  else if (next.kind === 'use' && key?.status === 'Active') world.use(key);
  else if (next.kind === 'activate' && key?.status === 'Inactive') {
    key.status = 'Active';
    witness.activated(key.id);
  } else if (next.kind === 'skew') world.skewMs = next.seconds * 1_000;
  else if (next.kind === 'rotate' && !world.secret.deletedAt) await world.rotate();
  else if (next.kind === 'push')
    world.slice = sliceOf({ ...world.slice!.users[0]!, ...('state' in next ? { state: next.state } : next) });
}

async function main({ decisions: many, histories }: { decisions: number; histories: number }): Promise<void> {
  decisions(many);
  await fc.assert(fc.asyncProperty(instant, fc.array(deed, { minLength: 5, maxLength: 40, size: 'max' }), live), {
    numRuns: histories,
  });
  process.stdout.write(
    JSON.stringify({ offsets: ['2027-01-01', '2027-07-01'].map((day) => new Date(day).getTimezoneOffset()), ended }),
  );
}

main(
  JSON.parse(process.argv[2] ?? '{"decisions":3000,"histories":250}') as { decisions: number; histories: number },
).catch((error: Error) => {
  process.stderr.write(`${error.message}\n${(error.cause as Error | undefined)?.message ?? ''}\n`);
  process.exitCode = 1;
});
