import { chromium, type Browser, type Page } from 'playwright-core';

export const DESKTOP = { width: 1280, height: 900 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export interface Startable {
  /** Unless given, the one that Playwright keeps. */
  readonly executablePath?: string;
  /** What it needs besides the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where `global-setup.ts` leaves its choice to the processes of the tests, as JSON. */
export const CHOICE = 'ACCESS_KEYS_TEST_BROWSER';
export type Choice = { readonly browser: Startable } | { readonly failure: string };

/** Without the sandbox: containers have none, and it opens nothing but what the tests have made. */
export const start = ({ env, ...options }: Startable): Promise<Browser> =>
  chromium.launch({ ...options, args: ['--no-sandbox'], timeout: 30_000, env: { ...process.env, ...env } });

/** @throws Error that says why there is none: a test of pages is never skipped */
export async function launch(): Promise<Browser> {
  const choice = JSON.parse(process.env[CHOICE]!) as Choice;
  if ('failure' in choice) throw new Error(choice.failure);
  return start(choice.browser);
}

/** A page that keeps all errors, and every request that would leave the machine. */
export async function watchedPage(
  browser: Browser,
  options: Parameters<Browser['newPage']>[0],
): Promise<{ readonly page: Page; readonly errors: string[]; readonly requests: string[] }> {
  const page = await browser.newPage(options);
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('pageerror', (error) => void errors.push(String(error)));
  page.on(
    'request',
    (request) => void (/^(file|data|about|blob):/.test(request.url()) || requests.push(request.url())),
  );
  return { page, errors, requests };
}

export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The lowest contrast of any text on the page with what is behind it, by WCAG's formula, and where; 4.5 is enough. */
export const lowestContrast = (page: Page): Promise<{ readonly ratio: number; readonly text: string }> =>
  page.evaluate(() => {
    const rgba = (color: string): number[] =>
      /[\d.]+/g.exec(color) ? color.match(/[\d.]+/g)!.map(Number) : [0, 0, 0, 0];
    const luminance = (color: readonly number[]): number => {
      const [red, green, blue] = color
        .slice(0, 3)
        .map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const behind = (element: Element | null): number[] => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor);
        if ((color[3] ?? 1) > 0.9) return color;
      }
      return matchMedia('(prefers-color-scheme: dark)').matches &&
        getComputedStyle(document.documentElement).colorScheme.includes('dark')
        ? [18, 18, 18]
        : [255, 255, 255];
    };
    let lowest = { ratio: 21, text: '' };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement!;
      const text = walker.currentNode.textContent?.trim() ?? '';
      const box = element.getBoundingClientRect();
      if (
        text === '' ||
        box.width < 2 ||
        box.height < 2 ||
        getComputedStyle(element).visibility === 'hidden' ||
        ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName)
      )
        continue;
      const [one, other] = [luminance(rgba(getComputedStyle(element).color)), luminance(behind(element))].sort(
        (a, b) => b - a,
      );
      // Large text is held to 3 instead of 4.5: https://www.w3.org/TR/WCAG22/#contrast-minimum
      const large = Number.parseFloat(getComputedStyle(element).fontSize) >= 24;
      const ratio = ((one! + 0.05) / (other! + 0.05)) * (large ? 1.5 : 1);
      if (ratio < lowest.ratio) lowest = { ratio, text };
    }
    return lowest;
  });
