/** A browser for machines without one, brought without an install script; docs/adr/0001-packages.md says why from there. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { Startable } from './browser';

export interface Way {
  readonly name: string;
  /** What {@link bring} does, and where to. */
  readonly what: string;
  readonly isThere: () => boolean;
  /** @throws Error when it cannot; nothing half done is left behind, and it may be tried again */
  readonly bring: () => void;
  readonly browser: Startable;
}

/** Chrome's headless shell for x64 Linux, with the libraries and the font that a bare system lacks: https://github.com/Sparticuz/chromium */
const PACKAGE = '@sparticuz/chromium@153.0.0';
const INTEGRITY = 'sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==';
const PLAYWRIGHT = dirname(require.resolve('playwright-core/package.json'));
const CACHE = join(PLAYWRIGHT, '../.cache/access-keys');
const FOLDER = join(CACHE, PACKAGE.replaceAll(/[^\w.]+/g, '-').replace(/^-/, ''));

/** The package's own configuration looks into folders of AWS Lambda. */
const FONTS =
  '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig><dir prefix="relative">fonts</dir></fontconfig>\n';

const FROM_NPM: Way = {
  name: `the npm package ${PACKAGE}`,
  what: `npm fetches ${PACKAGE} (70 MB) into node_modules/.cache`,
  isThere: () => existsSync(FOLDER),
  bring: () => unpack(FOLDER),
  browser: {
    executablePath: join(FOLDER, 'chromium'),
    env: { LD_LIBRARY_PATH: join(FOLDER, 'lib'), FONTCONFIG_FILE: join(FOLDER, 'fonts.conf') },
  },
};

const FROM_PLAYWRIGHT: Way = {
  name: "Playwright's",
  what: "Playwright downloads Chrome's headless shell (100 MB) to the folder of its browsers",
  isThere: () => false,
  bring: () =>
    execFileSync(
      process.execPath,
      [join(PLAYWRIGHT, 'cli.js'), 'install', '--only-shell', ...librariesToo(), 'chromium'],
      { stdio: 'pipe' },
    ),
  browser: {},
};

/** Only root may install what the browser needs of Linux. */
const librariesToo = (): string[] => (process.platform === 'linux' && process.getuid?.() === 0 ? ['--with-deps'] : []);

export const wayToBring = (platform: NodeJS.Platform, arch: string): Way =>
  platform === 'linux' && arch === 'x64' ? FROM_NPM : FROM_PLAYWRIGHT;

/** Beside its place first: it is there as a whole or not at all, also when two runs bring it at once. */
function unpack(folder: string): void {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(`${folder}.`);
  try {
    const packed = fetchPackage(draft);
    const unpacked = join(draft, 'browser');
    mkdirSync(unpacked);
    const inflate = (name: string): Buffer => brotliDecompressSync(readFileSync(join(packed, 'bin', name)));
    writeFileSync(join(unpacked, 'chromium'), inflate('chromium.br'), { mode: 0o755 });
    for (const name of ['al2023.tar.br', 'fonts.tar.br'])
      execFileSync('tar', ['-xf', '-', '-C', unpacked], { input: inflate(name) });
    writeFileSync(join(unpacked, 'fonts.conf'), FONTS);
    if (!existsSync(folder)) renameSync(unpacked, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** @throws Error when what came is not what is pinned here */
function fetchPackage(folder: string): string {
  execFileSync('npm', ['pack', PACKAGE, '--loglevel', 'error', '--pack-destination', folder], { stdio: 'pipe' });
  const archive = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
  );
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== INTEGRITY)
    throw new Error(`npm brought ${PACKAGE} with the integrity ${found} instead of ${INTEGRITY}`);
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  return join(folder, 'package');
}
