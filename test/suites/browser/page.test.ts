/** The rehearsal's page in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Band } from '../../../lib/simulator/rehearsal/output/calendar-bands';
import type { LoggedEvent } from '../../../lib/simulator/rehearsal/history/event-log';
import { renderPage } from '../../../lib/simulator/rehearsal/page/page';
import { inventReport } from '../../simulator/rehearsal/output/invented-report';
import { DESKTOP, launch, lowestContrast, overflow, PHONE, watchedPage } from './browser';

const HOSTILE = '<img src=x onerror="window.hacked=1">"\'\u202e';
const USERS = [
  { accountId: '333333333333', accountName: 'payments-prod', userName: 'jeremy.ritchie' },
  { accountId: '333333333333', accountName: 'payments-prod', userName: HOSTILE },
  { accountId: '444444444444', accountName: `</script><script>window.hacked=1</script>`, userName: 'maria.santos' },
];

const WAITS = 12;
/** A condition that is told day after day, and an owner whom the roster cuts off. */
const EXTRA = Array.from({ length: WAITS }, (_, day): readonly LoggedEvent[] => {
  const happening = {
    at: new Date(Date.UTC(2027, 1, 1 + day, 0, 5)).toISOString(),
    accountId: '444444444444',
    userName: 'maria.santos',
  };
  return [
    {
      ...happening,
      kind: 'notice',
      type: 'attention',
      eventId: `waits ${day}`,
      code: 'ROTATION_WAITS',
      reason: `both keys are used, the last on ${day} February`,
    },
    {
      ...happening,
      kind: 'mail',
      audience: 'admin',
      subject: 'ROTATION_WAITS',
      file: `mails/waits ${day}.txt`,
      eventId: `waits ${day}`,
    },
  ];
}).flat();
const REFUSED: LoggedEvent = {
  at: '2027-02-20T09:00:00.000Z',
  accountId: '444444444444',
  userName: 'maria.santos',
  kind: 'key-refused',
  keyId: 'AKIAEXISTING0000000A',
  by: 'owner',
  code: 'InvalidClientTokenId',
};

const LIFE = USERS[2]!;
const lived = (day: number) => ({
  at: new Date(Date.UTC(2027, 0, day, 12)).toISOString(),
  accountId: LIFE.accountId,
  userName: LIFE.userName,
});
const said = (day: number, code: string): LoggedEvent => ({
  ...lived(day),
  kind: 'notice',
  type: 'attention',
  eventId: code,
  code,
});
/** All that can happen to a key besides its rotation. */
const WHOLE_LIFE: readonly LoggedEvent[] = [
  { ...lived(20), kind: 'command', command: 'rotate --compromised' },
  { ...lived(20), kind: 'key-deactivated', keyId: 'AKIAEXISTING0000000A', compromised: true },
  { ...lived(30), kind: 'current-key', keyId: 'AKIAROTATED000000001', back: true },
  said(40, 'USER_RETIRES'),
  { ...lived(50), kind: 'secret-deleted', recoveryDays: 30 },
  { ...lived(52), kind: 'secret-restored' },
  said(60, 'USER_RELEASED'),
];
const BANDS: readonly Band[] = [
  { kind: 'freeze', from: '2027-02-01T00:00:00.000Z', to: '2027-02-08T00:00:00.000Z' },
  { kind: 'outage', from: '2027-03-01T00:00:00.000Z', to: '2027-03-02T00:00:00.000Z' },
  {
    kind: 'exemption',
    accountId: LIFE.accountId,
    userName: LIFE.userName,
    from: '2027-03-10T00:00:00.000Z',
    to: '2027-05-01T00:00:00.000Z',
  },
];
const STORY = {
  title: 'A key is found',
  seen: [
    { sentence: 'it ends', ok: true, found: '1 times' },
    { sentence: 'ann hears of it', ok: false, found: '0 times' },
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'page-'));
const url = pathToFileURL(join(folder, 'index.html')).href;
const storyUrl = pathToFileURL(join(folder, 'story.html')).href;
let browser: Browser;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), await renderPage(inventReport(USERS, [...EXTRA, REFUSED])));
  writeFileSync(
    join(folder, 'story.html'),
    await renderPage({ ...inventReport(USERS, WHOLE_LIFE, BANDS), scenario: STORY }),
  );
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const open = async (options: Parameters<typeof watchedPage>[1], at = url) => {
  const watched = await watchedPage(browser, options);
  await watched.page.goto(at);
  await watched.page.waitForSelector('.chart svg, .chart canvas');
  return watched;
};

/** Opens the first account, whose users the page draws when its `toggle` event comes: after the click has ended. */
async function openFirstAccount(page: Page): Promise<Locator> {
  await page.locator('.account > details > summary').first().click();
  const users = page.locator('.account').first().locator('details details > summary');
  await users.first().waitFor();
  return users;
}

describe.each([
  ['desktop', DESKTOP],
  ['phone', PHONE],
] as const)('on a %s', (_, viewport) => {
  test.each(['light', 'dark'] as const)(
    'in %s: no error, no request, no sideways scrolling, readable text',
    async (colorScheme) => {
      const { page, errors, requests } = await open({ viewport, colorScheme });
      expect(errors).toEqual([]);
      expect(requests).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect((await lowestContrast(page)).ratio).toBeGreaterThanOrEqual(4.5);
      await page.close();
    },
  );
});

test('every user is there, in charts and in tables, and the sums are those of the report', async () => {
  const { page } = await open({ viewport: DESKTOP });
  const report = inventReport(USERS, [...EXTRA, REFUSED]);
  expect(await page.locator('.account').count()).toBe(2);
  expect(await (await openFirstAccount(page)).allTextContents()).toEqual([
    expect.stringContaining('jeremy.ritchie'),
    expect.stringContaining(HOSTILE),
  ]);
  expect(await page.locator('.tile').first().textContent()).toContain(String(report.summary.rotations.succeeded));
  await page.locator('details details > summary').first().click();
  expect(await page.locator('details details table a').first().getAttribute('href')).toBe('mails/mail%201.html');
  const rows = await page.locator('details details table').first().locator('tbody tr').count();
  expect(rows).toBe(
    report.events.filter(({ userName, kind }) => userName === 'jeremy.ritchie' && kind !== 'key-used').length,
  );
  await page.close();
});

test('hostile names are text, and run nothing', async () => {
  const { page } = await open({ viewport: DESKTOP });
  await openFirstAccount(page);
  expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
  expect(await page.locator('main img').count()).toBe(0);
  await page.close();
});

test('searching leaves the users that match, and says how many', async () => {
  const { page } = await open({ viewport: DESKTOP });
  await page.fill('#search', 'maria');
  expect(await page.locator('.account').count()).toBe(1);
  expect(await page.locator('#shown').textContent()).toBe('1 of 3 users');
  await page.fill('#search', 'nobody at all');
  expect(await page.locator('#accounts').textContent()).toContain('No user matches');
  await page.close();
});

test('a key walks through the marks and tells each', async () => {
  const { page } = await open({ viewport: DESKTOP });
  await page.locator('.chart').first().focus();
  await page.keyboard.press('ArrowRight');
  const first = await page.locator('[aria-live="polite"].hidden').textContent();
  await page.keyboard.press('ArrowRight');
  const second = await page.locator('[aria-live="polite"].hidden').textContent();
  expect(first).toMatch(/\d{4}/);
  expect(second).not.toBe(first);
  await page.close();
});

describe.each([
  ['desktop', DESKTOP],
  ['phone', PHONE],
] as const)('on a %s', (device, viewport) => {
  test('what is told day after day is one line with its last mail, and one bar in the chart', async () => {
    const { page } = await open({ viewport });
    await page.locator('.account').last().locator('> details > summary').click();
    await page.locator('.account').last().locator('details details > summary').click();
    const row = page.locator('tr', { hasText: 'ROTATION_WAITS' });
    await row.first().waitFor();
    expect(await row.count()).toBe(1);
    expect(await row.textContent()).toContain('12 times, daily until 12 Feb 2027');
    expect(await row.locator('a').getAttribute('href')).toBe('mails/waits%2011.txt');
    const [time, event] = [await row.locator('td').first().boundingBox(), await row.locator('td').last().boundingBox()];
    expect(time!.y + time!.height <= event!.y).toBe(device === 'phone');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.close();
  });

  test('no label of the axis is cut off', async () => {
    const { page } = await open({ viewport });
    const cut = await page.evaluate(() => {
      const chart = document.querySelector('.chart')!.getBoundingClientRect();
      return [...document.querySelectorAll('.chart svg text')]
        .filter(
          (text) => text.getBoundingClientRect().right > chart.right || text.getBoundingClientRect().left < chart.left,
        )
        .map((text) => text.textContent);
    });
    expect(cut).toEqual([]);
    await page.close();
  });
});

test('an owner whom the roster lets be cut off is explained, and no broken promise is shown', async () => {
  const { page } = await open({ viewport: DESKTOP });
  expect(await page.locator('.verdict').textContent()).toContain(
    'The old key of maria.santos stopped while its owner still used it (1 refused call): the roster wants that, by keepPreviousFor: 0d',
  );
  expect(await page.locator('.legend').textContent()).toContain('key refused');
  expect(await page.locator('.legend').textContent()).not.toContain('broken promise');
  await page.close();
});

describe.each([
  ['desktop', DESKTOP],
  ['phone', PHONE],
] as const)('on a %s', (_, viewport) => {
  test.each(['light', 'dark'] as const)(
    'in %s: a scenario with all that can happen is readable, with nothing cut off',
    async (colorScheme) => {
      const { page, errors, requests } = await open({ viewport, colorScheme }, storyUrl);
      expect([errors, requests]).toEqual([[], []]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect((await lowestContrast(page)).ratio).toBeGreaterThanOrEqual(4.5);
      await page.close();
    },
  );
});

test('a scenario shows its title and each sentence, seen or missing', async () => {
  const { page } = await open({ viewport: DESKTOP }, storyUrl);
  const story = page.locator('.story');
  expect(await story.locator('header').textContent()).toBe('A key is found1 of 2 missing');
  expect(await story.locator('li').allTextContents()).toEqual(['seenit ends', 'missingann hears of it; found 0 times']);
  await page.close();
});

test('all that happens besides rotations has its mark or band, and the legend names each', async () => {
  const { page } = await open({ viewport: DESKTOP }, storyUrl);
  const legend = (await page.locator('.legend li').allTextContents()).join(', ');
  for (const name of [
    'freeze 1 Feb 2027 to 7 Feb 2027',
    'outage 1 Mar 2027',
    'exempt',
    'compromised key deactivated',
    'rolled back to this key',
    "operator's command",
    'user released',
    'user retires',
    'secret restored',
  ])
    expect(legend).toContain(name);
  const [perAccount, ofUser] = await page.evaluate(() => {
    const fill = (name: string): string =>
      getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    return ['freeze', 'exemption'].map((kind) =>
      [...document.querySelectorAll('.chart')].map(
        (chart) => chart.querySelectorAll(`path[fill="${fill(kind)}"]`).length,
      ),
    );
  });
  expect(perAccount).toEqual([2, 1]);
  expect(ofUser).toEqual([0, 1]);
  await page.close();
});

test('of an exemption that outlasts the rehearsal no last day is named', async () => {
  const { page } = await open({ viewport: DESKTOP }, storyUrl);
  await page.locator('.account').last().locator('> details > summary').click();
  expect(await page.locator('.account').last().locator('details details > summary').textContent()).toMatch(
    /, exempt from 10 Mar 2027 on$/,
  );
  await page.close();
});

test('a compromised key is no key that was deactivated as the roster says', async () => {
  const { page } = await open({ viewport: DESKTOP }, storyUrl);
  const tiles = await page.locator('.tile').allTextContents();
  const others = inventReport(USERS).summary.keys.deactivated;
  expect(tiles).toContain(`keys deactivated${others}as the roster says`);
  expect(tiles).toContain('keys compromised1deactivated at once');
  await page.close();
});
