/** Whatever a report, a function, a published roster, a scenario or a file's name holds: no command lets it steer a terminal or a log. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECRET_NAME_PREFIX } from '../../lambda/contract/names';
import { run } from '../../lib/cli/program';
import { printPublished } from '../../lib/org-bucket/published-roster';
import { readReport } from '../../lib/org-bucket/report';
import { loadRoster } from '../../lib/roster/load';
import { ROSTERS } from '../fixtures/rosters';
import { inventReport } from '../simulator/rehearsal/output/invented-report';

/** Clears the screen, names a link, hides, turns and breaks the line, and tries to begin a command of GitHub Actions. */
const EVIL =
  '\u001b[2J\u001b]8;;https://evil.example\u0007\u009b31m\u202e\u2066\u200b\u0000\b\r\n::error::forged\n::set-output name=x::y';
const UNSAFE = /[\p{C}\u2028\u2029]/u;

const mockReport = jest.fn();
const mockOperate = jest.fn();
const mockBucket = new Map<string, string>();
const mockRehearse = jest.fn();

jest.mock('../../lib/operator/operator', () => ({
  operatorOf: () => ({
    operate: mockOperate,
    report: mockReport,
    generation: async () => 1,
    publishedAt: async () => undefined,
    stackStatuses: async () => new Map([['333333333333', 'CURRENT']]),
  }),
}));
jest.mock('../../lib/org-bucket/store', () => ({
  orgStoreOf: () => ({
    read: async (key: string) => (mockBucket.has(key) ? { text: mockBucket.get(key), etag: 'x' } : undefined),
    has: async () => true,
    write: async () => {},
    keys: async () => [...mockBucket.keys()],
    remove: async () => {},
  }),
}));
jest.mock('../../lib/simulator/rehearsal/rehearsal', () => ({ rehearse: mockRehearse }));

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

let written: string;
beforeEach(() => {
  written = '';
  const write = (text: unknown): boolean => ((written += String(text)), true);
  jest.spyOn(process.stdout, 'write').mockImplementation(write);
  jest.spyOn(process.stderr, 'write').mockImplementation(write);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = 0;
});

/** What a person or a log gets to see of a command. */
async function output(...words: string[]): Promise<string> {
  await run(['node', 'access-keys', ...words]);
  return written;
}

function expectSafe(text: string): void {
  expect(text).not.toBe('');
  expect(text.replaceAll('\n', '')).not.toMatch(UNSAFE);
  expect(text).not.toMatch(/^\s*::(set-output|error::forged)/m);
}

const at = new Date('2027-01-04');
const roster = loadRoster(ROSTERS.organization, { at }).roster!;
/** Linux accepts everything but a slash and a null in a name. */
const EVIL_NAME = EVIL.replaceAll('/', '').replaceAll('\u0000', '');

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const bad = readFileSync(ROSTERS.oneAccount, 'utf8').replace('jeremy', JSON.stringify(`${EVIL}jeremy`));

describe.each(['text', 'json', 'github'])('validate --format %s', (format) => {
  test('of a roster with hostile values in a file with a hostile name', async () => {
    expectSafe(await output('validate', '--roster', file(`${EVIL_NAME}.yaml`, bad), '--format', format));
  });

  test('of a file that is not there', async () => {
    expectSafe(await output('validate', '--roster', join(folder, `${EVIL_NAME}-missing.yaml`), '--format', format));
  });
});

test('github: every line is a command of ours, and none is begun by a file or a value', async () => {
  const lines = (await output('validate', '--roster', file(`${EVIL_NAME}.yaml`, bad), '--format', 'github')).split(
    '\n',
  );
  expect(lines.filter((line) => line !== '').every((line) => /^::(error|warning) file=/.test(line))).toBe(true);
});

describe.each(['text', 'json', 'markdown'])('plan --format %s', (format) => {
  test('from a published roster with hostile names', async () => {
    const accounts = roster.accounts.map((account) => ({ ...account, name: EVIL.replaceAll(/[\u0000-\u001f]/g, '') }));
    const from = file('published.json', printPublished({ ...roster, accounts }, 1));
    expectSafe(await output('plan', '--from', from, '--to', ROSTERS.organization, '--format', format));
  });

  test('from a published roster with lines of its own, which no roster has', async () => {
    const accounts = roster.accounts.map((account) => ({ ...account, name: EVIL }));
    const from = file('lines.json', printPublished({ ...roster, accounts }, 1));
    expectSafe(await output('plan', '--from', from, '--to', ROSTERS.organization, '--format', format));
    expect(written).toContain('has control characters');
  });

  test('from a file with a hostile name that cannot be read', async () => {
    expectSafe(await output('plan', '--from', `${EVIL_NAME}.json`, '--to', ROSTERS.organization, '--format', format));
  });
});

test.each(['text', 'json'])('publish --format %s, of a bucket with hostile keys', async (format) => {
  mockBucket.set(`roster/${EVIL}.json`, '{}');
  expectSafe(await output('publish', 'all', '--roster', ROSTERS.oneAccount, '--format', format));
  mockBucket.clear();
});

test.each(['text', 'json'])('bake --format %s, of hostile reports', async (format) => {
  const { id } = roster.accounts[0]!;
  const report = {
    schemaVersion: 1,
    accountId: id,
    generation: 1,
    codeVersion: EVIL,
    at: '2027-01-04T00:00:00Z',
    users: [],
    unknown: [{ userName: EVIL, code: EVIL, reason: EVIL }],
  };
  mockReport.mockImplementation(async () => readReport(JSON.stringify(report), id));
  jest.spyOn(global, 'setTimeout').mockImplementation(((done: () => void) => {
    done();
  }) as never);
  let minutes = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => at.getTime() + 60_000 * minutes++);
  expectSafe(await output('bake', '--roster', ROSTERS.organization, '--minutes', '1', '--format', format));
  expect(written).toContain('not baked'.slice(0, format === 'text' ? 9 : 0));
});

describe.each(['rotate', 'rollback'])('%s', (command) => {
  const words = (format: string): string[] => [
    command,
    '--account',
    '333333333333',
    '--user',
    roster.accounts[0]!.users[0]!.name,
    '--roster',
    ROSTERS.organization,
    '--format',
    format,
  ];

  test.each(['text', 'json'])('--format %s, of what the function says', async (format) => {
    mockOperate.mockResolvedValue(EVIL);
    expectSafe(await output(...words(format)));
    mockOperate.mockRejectedValue(new Error(EVIL));
    expectSafe(await output(...words(format)));
    expect(mockOperate).toHaveBeenCalledWith(
      '333333333333',
      expect.objectContaining({ secretName: expect.stringContaining(SECRET_NAME_PREFIX) }),
    );
  });

  test('of a user or an account that is not in the roster', async () => {
    expectSafe(await output(command, '--account', EVIL, '--user', EVIL, '--roster', ROSTERS.organization));
  });
});

describe('rehearse', () => {
  test.each(['text', 'json'])('--format %s, of a scenario and a history with hostile words', async (format) => {
    mkdirSync(join(folder, 'scenario'), { recursive: true });
    file('scenario/roster.yaml', readFileSync(ROSTERS.oneAccount, 'utf8'));
    file(
      'scenario/scenario.yaml',
      `title: ${JSON.stringify(EVIL)}\nroster: roster.yaml\ndays: 3\nexpect:\n  - { sentence: ${JSON.stringify(EVIL)}, event: { kind: notice, count: 7 } }\n`,
    );
    const report = inventReport([{ accountId: '333333333333', accountName: EVIL, userName: EVIL }]);
    mockRehearse.mockResolvedValue({
      report: {
        ...report,
        deployments: [
          {
            startedAt: at.toISOString(),
            endedAt: at.toISOString(),
            passed: [],
            stopped: { stage: 'Bake', reason: EVIL },
          },
        ],
        summary: {
          ...report.summary,
          ok: false,
          violations: [{ at: at.toISOString(), accountId: '333333333333', message: EVIL }],
        },
      },
      skippedRuns: 0,
      mails: [],
    });
    expectSafe(await output('rehearse', '--scenario', join(folder, 'scenario'), '--format', format));
    expect(mockRehearse).toHaveBeenCalled();
  });

  test('of a fault plan with a hostile name', async () => {
    expectSafe(await output('rehearse', '--roster', ROSTERS.oneAccount, '--faults', `${EVIL_NAME}.json`));
  });
});

test.each([
  ['--\u001b[31mx'],
  ['\u001b]0;title\u0007'],
  ['validate', EVIL],
  ['plan', '--from', 'nothing', '--at', EVIL],
])('wrong use: %j', async (...words) => {
  expectSafe(await output(...words));
});
