/** Which browser the tests use, chosen once for a run that has tests in a browser: an installed one, or one that is brought. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { wayToBring } from './brought';
import { CHOICE, start, type Choice, type Startable } from './browser';
import { installedBrowsers } from './installed';

const ADVICE = 'install Chrome, Chromium or Edge, or name one in CHROMIUM';

const say = (line: string): void => void process.stderr.write(`browser: ${line}\n`);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where there is none, the tests in a browser fail, and no others. */
export default async function chooseBrowser(): Promise<void> {
  process.env[CHOICE] = JSON.stringify(await choose());
}

async function choose(): Promise<Choice> {
  const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  for (const executablePath of installedBrowsers({
    platform: process.platform,
    env: process.env,
    home: homedir(),
    isFile,
  })) {
    if (await starts(executablePath, { executablePath })) return { browser: { executablePath } };
  }
  return bring();
}

async function bring(): Promise<Choice> {
  const { name, what, isThere, bring, browser } = wayToBring(process.platform, process.arch);
  try {
    if (!isThere()) {
      say(`none is installed; ${what}`);
      bring();
    }
  } catch (error) {
    return { failure: `no browser could be brought: ${ADVICE}\n${messageOf(error)}` };
  }
  return (await starts(name, browser))
    ? { browser }
    : { failure: `the browser that was brought does not start: ${ADVICE}` };
}

/** Being there is not enough: some only say how to install them, and a snap sees no file of the temporary folder. */
async function starts(name: string, startable: Startable): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'browser-'));
  try {
    say(`${await versionOf(startable, folder)}, ${name}`);
    return true;
  } catch (error) {
    say(`${name} cannot be used: ${messageOf(error).split('\n')[0]}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function versionOf(startable: Startable, folder: string): Promise<string> {
  const file = join(folder, 'page.html');
  writeFileSync(file, '<title>opened</title>');
  const browser = await start(startable);
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    if ((await page.title()) !== 'opened') throw new Error(`it does not open ${file}`);
    return browser.version();
  } finally {
    await browser.close();
  }
}
