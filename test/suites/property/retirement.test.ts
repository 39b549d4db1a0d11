/** Dates are promised in UTC and kept in UTC, wherever the functions think they are: each zone is a process of its own. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const RUNS = { decisions: 3_000, histories: 150 };

test.each(['UTC', 'America/St_Johns', 'Pacific/Apia'])(
  'no key is deactivated or deleted earlier than was promised, in %s',
  (zone) => {
    const said = execFileSync(
      process.execPath,
      ['--import', 'tsx', join(__dirname, 'promised-dates.ts'), JSON.stringify(RUNS)],
      { env: { ...process.env, TZ: zone }, encoding: 'utf8' },
    );
    const { offsets, ended } = JSON.parse(said) as { offsets: number[]; ended: Record<string, number> };
    expect(offsets).toEqual({ UTC: [0, 0], 'America/St_Johns': [210, 150], 'Pacific/Apia': [-780, -780] }[zone]);
    for (const way of ['deactivated', 'deleted', 'deleted at once', 'deleted for room', 'ended'])
      expect(ended[way]).toBeGreaterThan(0);
  },
);
