/** The rehearsal's page in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { renderPage } from '../../lib/rehearsal/page/page';
import { inventReport } from '../rehearsal/invented-report';
import { DESKTOP, launch, lowestContrast, overflow, PHONE, watchedPage } from './browser';

const HOSTILE = '<img src=x onerror="window.hacked=1">"\'\u202e';
const USERS = [
  { accountId: '333333333333', accountName: 'payments-prod', userName: 'jeremy.ritchie' },
  { accountId: '333333333333', accountName: 'payments-prod', userName: HOSTILE },
  { accountId: '444444444444', accountName: `</script><script>window.hacked=1</script>`, userName: 'maria.santos' },
];

const folder = mkdtempSync(join(tmpdir(), 'page-'));
const url = pathToFileURL(join(folder, 'index.html')).href;
let browser: Browser;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), await renderPage(inventReport(USERS)));
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const open = async (options: Parameters<typeof watchedPage>[1]) => {
  const watched = await watchedPage(browser, options);
  await watched.page.goto(url);
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

describe.each([['desktop', DESKTOP], ['phone', PHONE]] as const)('on a %s', (_, viewport) => {
  test.each(['light', 'dark'] as const)('in %s: no error, no request, no sideways scrolling, readable text', async (colorScheme) => {
    const { page, errors, requests } = await open({ viewport, colorScheme });
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect((await lowestContrast(page)).ratio).toBeGreaterThanOrEqual(4.5);
    await page.close();
  });
});

test('every user is there, in charts and in tables, and the sums are those of the report', async () => {
  const { page } = await open({ viewport: DESKTOP });
  const report = inventReport(USERS);
  expect(await page.locator('.account').count()).toBe(2);
  expect(await (await openFirstAccount(page)).allTextContents()).toEqual([expect.stringContaining('jeremy.ritchie'), expect.stringContaining(HOSTILE)]);
  expect(await page.locator('.tile').first().textContent()).toContain(String(report.summary.rotations.succeeded));
  await page.locator('details details > summary').first().click();
  expect(await page.locator('details details table a').first().getAttribute('href')).toBe('mails/mail%201.html');
  const rows = await page.locator('details details table').first().locator('tbody tr').count();
  expect(rows).toBe(report.events.filter(({ userName, kind }) => userName === 'jeremy.ritchie' && kind !== 'key-used').length);
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
