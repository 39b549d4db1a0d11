/** Owners' mails in a real browser, as mail clients show them without images. */
import type { Browser } from 'playwright-core';
import { ownerMail } from '../../../lambda/domain/mail/render';
import { ownerEvent } from '../../../lambda/domain/mail/owner-event';
import { recipientOf } from '../../../lambda/domain/mail/recipient';
import type { NoticeEvent } from '../../../lambda/contract/notice';
import { ACCOUNT, DAY, EVENTS, EVENT_ID, slice, user } from '../../mailer/fixture';
import { DESKTOP, launch, lowestContrast, overflow, PHONE, watchedPage } from './browser';

const LONG_NAME = 'a-service-user-with-a-name-of-sixty-four-characters-0123456789abc';

function htmlOf(event: NoticeEvent, userName = event.userName): string {
  const roster = slice(user({ name: userName, secretName: `/access-key/${userName}` }));
  return ownerMail(
    ownerEvent(JSON.stringify({ ...event, userName }), { key: '', accountId: ACCOUNT, eventId: EVENT_ID, day: DAY })!,
    recipientOf(userName, roster),
    roster,
  ).html;
}

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

describe.each(Object.entries(EVENTS))('%s', (_, event) => {
  test.each([
    ['desktop', DESKTOP, 'light'],
    ['desktop', DESKTOP, 'dark'],
    ['phone', PHONE, 'light'],
    ['phone', PHONE, 'dark'],
  ] as const)(
    'on a %s, %o, in %s: readable, nothing loaded, nothing to scroll sideways',
    async (_device, viewport, colorScheme) => {
      const { page, errors, requests } = await watchedPage(browser, { viewport, colorScheme, javaScriptEnabled: true });
      await page.setContent(htmlOf(event));
      expect(errors).toEqual([]);
      expect(requests).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect((await lowestContrast(page)).ratio).toBeGreaterThanOrEqual(4.5);
      await page.close();
    },
  );
});

test('the command is copied as one line, however it is broken on the screen', async () => {
  const { page } = await watchedPage(browser, { viewport: PHONE });
  await page.setContent(htmlOf(EVENTS.rotated));
  const command = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .map((block) => block.textContent?.trim() ?? '')
      .findLast((text) => text.startsWith('aws secretsmanager')),
  );
  expect(command).toBe(
    'aws secretsmanager get-secret-value --region eu-central-1 --secret-id /access-key/jeremy.ritchie --query SecretString --output text',
  );
  await page.close();
});

test('the longest name that IAM takes does not break a phone', async () => {
  const { page } = await watchedPage(browser, { viewport: PHONE });
  await page.setContent(htmlOf(EVENTS.rotated, LONG_NAME.slice(0, 64)));
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.close();
});
