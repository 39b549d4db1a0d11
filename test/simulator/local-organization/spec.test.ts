import { readFileSync, writeFileSync } from 'node:fs';
import { withLists } from './spec-lists';

const SPEC = 'lib/simulator/local-organization/SPEC.md';

test('SPEC.md lists what claims.ts has and what the tests by others found; UPDATE_SPEC=1 writes it', () => {
  const spec = readFileSync(SPEC, 'utf8');
  if (process.env.UPDATE_SPEC === '1') writeFileSync(SPEC, withLists(spec));
  expect(readFileSync(SPEC, 'utf8')).toBe(withLists(spec));
});
