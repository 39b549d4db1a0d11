import { FaultPlan } from '../../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import { bandsOf } from '../../../../lib/simulator/rehearsal/output/calendar-bands';
import type { Roster } from '../../../../lib/roster/roster';

const START = new Date('2027-01-01T00:00:00Z');
const END = new Date('2027-03-01T00:00:00Z');

const roster = (freeze: readonly { from: string; to: string }[], until?: string): Roster =>
  ({
    limits: { freeze },
    accounts: [
      {
        id: '333333333333',
        users: [{ name: 'ann', ...(until && { exempt: { reason: 'vendor', approvedBy: 'ciso@example.com', until } }) }],
      },
    ],
  }) as unknown as Roster;

const days = (...given: Parameters<typeof bandsOf>): readonly string[] =>
  bandsOf(...given).map(
    ({ kind, userName = 'all', from, to }) => `${kind} ${userName} ${from.slice(5, 10)} ${to.slice(5, 10)}`,
  );

test('a freeze and an exemption last to the end of their last day, and no longer than the rehearsal', () => {
  const pushes = [
    {
      day: 0,
      roster: roster(
        [
          { from: '2026-12-20', to: '2027-01-03' },
          { from: '2026-06-01', to: '2026-06-02' },
        ],
        '2027-01-31',
      ),
    },
  ];
  expect(days(pushes, [], START, END)).toEqual(['freeze all 01-01 01-04', 'exemption ann 01-01 02-01']);
  expect(days([{ day: 0, roster: roster([], '2028-01-01') }], [], START, END)).toEqual(['exemption ann 01-01 03-01']);
});

test('a push that ends an exemption ends its band, and one that keeps a freeze does not cut it in two', () => {
  const freeze = [{ from: '2027-01-08', to: '2027-01-14' }];
  expect(
    days(
      [
        { day: 0, roster: roster(freeze, '2027-02-10') },
        { day: 10, roster: roster(freeze) },
      ],
      [],
      START,
      END,
    ),
  ).toEqual(['freeze all 01-08 01-15', 'exemption ann 01-01 01-11']);
});

test('faults of one window are one outage', () => {
  const window = { from: '2027-01-18', to: '2027-01-19' };
  expect(days([{ day: 0, roster: roster([]) }], [window, window, { from: '2027-02-27' }], START, END)).toEqual([
    'outage all 01-18 01-19',
    'outage all 02-27 03-01',
  ]);
});

test('a fault now and then is no outage, nor is one that never ends', () => {
  const window = { from: '2027-01-18', to: '2027-01-19' };
  const rules = [
    { kind: 'error', ...window },
    { kind: 'throttle', rate: 0.1, ...window },
    { kind: 'error', nth: 2, ...window },
    { kind: 'error' },
  ];
  expect(FaultPlan.parse(rules, seededRandom('faults')).outages).toEqual([{ kind: 'error', ...window }]);
});
