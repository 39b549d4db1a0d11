import { colours, complain, oneLine, print, printCommands, printJson } from '../lib/terminal';

const HOSTILE = [
  '\u001b[2J',
  '\u001b]8;;https://evil.example\u0007',
  '\u001b[31m',
  '\u009b31m',
  '\u0000',
  '\u0007',
  '\b',
  '\r',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u00ad',
  '\ufeff',
  '\u2028',
  '\ue000',
  '\ud800',
];

let written: string;
beforeEach(() => {
  written = '';
  const write = (text: unknown): boolean => ((written += String(text)), true);
  jest.spyOn(process.stdout, 'write').mockImplementation(write);
  jest.spyOn(process.stderr, 'write').mockImplementation(write);
});
afterEach(() => jest.restoreAllMocks());

test.each(HOSTILE)('%j never reaches a terminal, as text, on one line, in JSON or in a command', (character) => {
  print(`a${character}b\n`);
  complain(`a${character}b\n`);
  print(`${oneLine(`a${character}b`)}\n`);
  printJson({ name: `a${character}b` });
  printCommands([`::error::a${character}b`]);
  expect(written.replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u);
});

test('JSON loses nothing of what it escapes', () => {
  const value = { name: HOSTILE.join('x'), lines: 'one\ntwo', emoji: '🔑', plain: 'Zürich' };
  printJson(value);
  expect(JSON.parse(written)).toEqual(value);
  expect(written).toContain('🔑');
  expect(written).toContain('Zürich');
});

test('nobody can begin a command of GitHub Actions, however far a line is indented', () => {
  print('::error::forged\n  ::set-env name=x::y\nx ##[add-mask]y\nPrice::10\n');
  expect(written.split('\n')).toEqual([
    ': :error::forged',
    '  : :set-env name=x::y',
    'x ## [add-mask]y',
    'Price::10',
    '',
  ]);
});

test('a command has one line, whatever is in it', () => {
  printCommands(['::error file=x::a\n::error::forged']);
  expect(written.split('\n')).toHaveLength(2);
});

test('a value on one line ends neither line nor column', () => {
  expect(oneLine('a\nb\tc\rd')).toBe('a\ufffdb c\ufffdd');
});

describe('where a person watches', () => {
  const before = process.stdout.isTTY;
  beforeEach(() => void (process.stdout.isTTY = true));
  afterEach(() => void (process.stdout.isTTY = before));

  test('our colours are painted, and an escape sequence inside of them is not', () => {
    print(colours().red('a\u001b[32mb'));
    expect(written.replace('\u001b[31m', '').replace('\u001b[39m', '')).toBe('a\ufffd[32mb');
  });
});
