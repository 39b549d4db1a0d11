/** Where Chrome, Chromium and Edge are when the system, its package manager or its user has installed one. */
import { posix, win32 } from 'node:path';

/** Variables by which people name the browser to use. */
const VARIABLES = ['CHROMIUM', 'CHROME_PATH'];

const COMMANDS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
  'msedge',
];
const MAC_APPLICATIONS = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
const WINDOWS_PROGRAMS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
];
const WINDOWS_FOLDERS = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'];

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly isFile: (path: string) => boolean;
}

/**
 * Paths of browsers, the one to use first: those that a variable names, whether they exist or not, then all that are
 * there. One that is there need not start: Ubuntu's `chromium-browser` only says how to install it.
 */
export function installedBrowsers({ platform, env, home, isFile }: Machine): string[] {
  const named = VARIABLES.flatMap((variable) => env[variable] || []);
  const found = [...onPath(platform, env), ...inTheirOwnFolders(platform, env, home)].filter(isFile);
  return [...new Set([...named, ...found])];
}

/** Linux has its browsers here only: packages outside `/usr`, as Chrome's in `/opt`, put a link there. */
function onPath(platform: NodeJS.Platform, env: Machine['env']): string[] {
  if (platform === 'win32') return [];
  const folders = (env.PATH ?? '').split(posix.delimiter).filter((folder) => posix.isAbsolute(folder));
  return COMMANDS.flatMap((command) => folders.map((folder) => posix.join(folder, command)));
}

function inTheirOwnFolders(platform: NodeJS.Platform, env: Machine['env'], home: string): string[] {
  if (platform === 'darwin')
    return MAC_APPLICATIONS.flatMap((name) =>
      ['/', home].map((base) => posix.join(base, 'Applications', `${name}.app`, 'Contents/MacOS', name)),
    );
  if (platform === 'win32')
    return WINDOWS_PROGRAMS.flatMap((program) =>
      WINDOWS_FOLDERS.flatMap((folder) => env[folder] ?? []).map((folder) => win32.join(folder, program)),
    );
  return [];
}
