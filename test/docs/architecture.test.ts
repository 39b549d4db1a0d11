import { readFileSync, readdirSync } from 'node:fs';

const files = ['bin', 'lib', 'lambda', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `/${folder}/${name}`),
);
const page = readFileSync('docs/architecture.md', 'utf8');
const named = [...page.matchAll(/`([\w./-]+\.[jt]s)`/g)].map(([, name]) => name!).filter((name) => name[0] !== '.');

test('the architecture page names files that exist, each by a path that fits one file only', () => {
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => files.filter((file) => file.endsWith(`/${name}`)).length !== 1)).toEqual([]);
});

test('every room of the domain stands in the picture', () => {
  const rooms = readdirSync('lambda/domain', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const picture = page.slice(0, page.indexOf('## The import rule'));
  expect(rooms.map(({ name }) => name).filter((name) => !picture.includes(name))).toEqual([]);
});
