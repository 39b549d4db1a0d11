import { installedBrowsers, type Machine } from './installed';

const machine = (files: readonly string[], machine: Partial<Machine>): Machine => ({
  platform: 'linux',
  env: {},
  home: '/home/ann',
  ...machine,
  isFile: (path) => files.includes(path),
});

test.each<[where: string, path: string, on: Partial<Machine>]>([
  ["Debian's Chromium", '/usr/bin/chromium', { env: { PATH: '/usr/local/bin:/usr/bin' } }],
  ['a snap', '/snap/bin/chromium', { env: { PATH: '/usr/bin:/snap/bin' } }],
  ["Google's package", '/usr/bin/google-chrome-stable', { env: { PATH: '/usr/bin' } }],
  ["Microsoft's package", '/usr/bin/microsoft-edge', { env: { PATH: '/usr/bin' } }],
  [
    'Chrome for all users of a Mac',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    { platform: 'darwin' },
  ],
  [
    'Edge for one user of a Mac',
    '/Users/ann/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    { platform: 'darwin', home: '/Users/ann' },
  ],
  ["Homebrew's command", '/opt/homebrew/bin/chromium', { platform: 'darwin', env: { PATH: '/opt/homebrew/bin' } }],
  [
    'Edge on Windows',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    { platform: 'win32', env: { PROGRAMFILES: 'C:\\Program Files', 'PROGRAMFILES(X86)': 'C:\\Program Files (x86)' } },
  ],
  [
    'Chrome for one user of Windows',
    'C:\\Users\\ann\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe',
    { platform: 'win32', env: { LOCALAPPDATA: 'C:\\Users\\ann\\AppData\\Local' } },
  ],
])('%s is found', (_, path, on) => {
  expect(installedBrowsers(machine([path], on))).toEqual([path]);
  expect(installedBrowsers(machine([], on))).toEqual([]);
});

test.each(['CHROMIUM', 'CHROME_PATH'])('%s names one, which is tried even if it is not there', (variable) => {
  expect(installedBrowsers(machine([], { env: { [variable]: '/opt/my tools/chromium' } }))).toEqual([
    '/opt/my tools/chromium',
  ]);
  expect(installedBrowsers(machine([], { env: { [variable]: '' } }))).toEqual([]);
});

test('one that is named comes before those on the path, and none comes twice', () => {
  const found = installedBrowsers(
    machine(['/usr/bin/chromium', '/usr/bin/google-chrome'], {
      env: { CHROME_PATH: '/usr/bin/google-chrome', PATH: '/usr/bin' },
    }),
  );
  expect(found).toEqual(['/usr/bin/google-chrome', '/usr/bin/chromium']);
});

test('a relative folder on the path is not looked into', () => {
  expect(installedBrowsers(machine(['bin/chromium', 'chromium'], { env: { PATH: 'bin:' } }))).toEqual([]);
});
