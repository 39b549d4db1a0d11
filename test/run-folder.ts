/** What the files of one run of jest share. `closing-line.js` removes it when the run begins and when it has ended. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @returns the folder that `make` has filled, in this process or in another one of the run: as a whole or not at all,
 * though two may make it at once
 */
export function onceARun(name: string, key: unknown, make: (folder: string) => void): string {
  const shared = process.env.TEST_RUN_FOLDER!;
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 20);
  const place = join(shared, `${name}-${hash}`);
  if (existsSync(place)) return place;
  mkdirSync(shared, { recursive: true });
  const draft = mkdtempSync(`${place}.`);
  make(draft);
  try {
    renameSync(draft, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
  return place;
}
