import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addOutput,
  claimOutputDirectory,
  writeOutput,
} from '../../../../lib/simulator/rehearsal/output/output-directory';

const MARKER = '.access-keys-rehearsal';
const FIRST = [
  { name: 'report.json', content: '{"days":1}' },
  { name: 'index.html', content: '<p>one' },
  { name: 'mails/2027-01-04T00-00-00-ann-rotated.txt', content: 'first' },
];
const SECOND = [
  { name: 'report.json', content: '{"days":2}' },
  { name: 'index.html', content: '<p>two' },
  { name: 'mails/2027-01-05T00-00-00-ben-rotated.txt', content: 'second' },
];

let out: string;
beforeEach(() => void (out = mkdtempSync(join(tmpdir(), 'out-'))));
afterEach(() => rmSync(out, { recursive: true }));

const put = (name: string, content: string): string => {
  writeFileSync(join(out, name), content);
  return join(out, name);
};
const text = (name: string): string => readFileSync(join(out, name), 'utf8');
const digest = (content: string): string => createHash('sha256').update(content).digest('hex');

test('a rehearsal replaces what the former one wrote, stale mails and credentials included', () => {
  writeOutput(out, FIRST);
  addOutput(out, { name: 'credentials.json', content: '[]', mode: 0o600 });
  expect(lstatSync(join(out, 'credentials.json')).mode & 0o777).toBe(0o600);
  writeOutput(out, SECOND);
  expect(readdirSync(out).sort()).toEqual([MARKER, 'index.html', 'mails', 'report.json']);
  expect(text('report.json')).toBe('{"days":2}');
  expect(readdirSync(join(out, 'mails'))).toEqual(['2027-01-05T00-00-00-ben-rotated.txt']);
});

test('what others put beside it stays', () => {
  writeOutput(out, FIRST);
  put('notes.txt', 'mine');
  put('mails/mine.txt', 'mine');
  mkdirSync(join(out, 'photos'));
  put('photos/one.jpg', 'mine');
  writeOutput(out, SECOND);
  expect([text('notes.txt'), text('mails/mine.txt'), text('photos/one.jpg')]).toEqual(['mine', 'mine', 'mine']);
  expect(text('index.html')).toBe('<p>two');
});

test.each(['report.json', 'index.html'])(
  'a %s that somebody changed stops the next rehearsal before it begins',
  (name) => {
    writeOutput(out, FIRST);
    put(name, 'edited');
    expect(() => claimOutputDirectory(out)).toThrow(`${name} was not written by a rehearsal, or was changed since`);
    expect(() => writeOutput(out, SECOND)).toThrow('nothing there was touched');
    expect(text(name)).toBe('edited');
    expect(readdirSync(join(out, 'mails'))).toEqual(['2027-01-04T00-00-00-ann-rotated.txt']);
  },
);

test("a mail's name that is taken stops it before anything is touched", () => {
  writeOutput(out, FIRST);
  put(SECOND[2]!.name, 'mine');
  expect(() => writeOutput(out, SECOND)).toThrow('nothing there was touched');
  expect(text(SECOND[2]!.name)).toBe('mine');
  expect(text('report.json')).toBe('{"days":1}');
});

describe('whatever marker lies there', () => {
  const files = (of: Record<string, string>): string => {
    writeOutput(out, FIRST);
    const marker = JSON.parse(text(MARKER)) as { note: string };
    return JSON.stringify({ ...marker, files: of });
  };

  test.each([
    ['of a former version', 'Made by access-keys rehearse, which replaces this directory when it runs again.\n'],
    ['that is empty', ''],
    ['that is a list', '[]'],
    ['that is null', 'null'],
  ])('one %s makes nothing of a directory its own', (_, content) => {
    put(MARKER, content);
    put('thesis.txt', 'mine');
    put('report.json', 'mine');
    expect(() => claimOutputDirectory(out)).toThrow('nothing there was touched');
    expect([text('thesis.txt'), text('report.json')]).toEqual(['mine', 'mine']);
  });

  test('one that lists files of other names, here or elsewhere, with their digests, deletes none of them', () => {
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, 'report.json'), 'mine');
    const hostile = files({
      'thesis.txt': digest('mine'),
      [`../${outside.split('/').at(-1)}/report.json`]: digest('mine'),
      [join(outside, 'report.json')]: digest('mine'),
      'mails/../thesis.txt': digest('mine'),
      'photos/one.html': digest('mine'),
    });
    for (const { name } of FIRST) rmSync(join(out, name));
    mkdirSync(join(out, 'photos'));
    for (const name of ['thesis.txt', 'photos/one.html']) put(name, 'mine');
    put(MARKER, hostile);
    writeOutput(out, SECOND);
    expect([text('thesis.txt'), text('photos/one.html'), readFileSync(join(outside, 'report.json'), 'utf8')]).toEqual([
      'mine',
      'mine',
      'mine',
    ]);
    rmSync(outside, { recursive: true });
  });

  test('links are not followed: neither a file nor the folder of mails', () => {
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, 'a.txt'), 'mine');
    const hostile = files({ 'mails/a.txt': digest('mine'), 'report.json': digest('mine') });
    rmSync(join(out, 'mails'), { recursive: true });
    rmSync(join(out, 'report.json'));
    symlinkSync(outside, join(out, 'mails'));
    symlinkSync(join(outside, 'a.txt'), join(out, 'report.json'));
    put(MARKER, hostile);
    expect(() => writeOutput(out, SECOND)).toThrow('nothing there was touched');
    expect(readFileSync(join(outside, 'a.txt'), 'utf8')).toBe('mine');
    expect(existsSync(join(out, 'index.html'))).toBe(true);
    rmSync(outside, { recursive: true });
  });
});

test('a directory that holds something and no former rehearsal is refused', () => {
  put('notes.txt', 'mine');
  expect(() => claimOutputDirectory(out)).toThrow('holds no former rehearsal');
});
