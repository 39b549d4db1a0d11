import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codePath } from '../../../lambda/contract/names';
import { BUNDLES, bundle } from '../bundle';
import type { MemberFunction } from './rotator-stack';

const MEMBER_FUNCTIONS: readonly MemberFunction[] = ['rotate', 'reconcile', 'operate'];

export interface MemberCode {
  /** Changes when the code of any member function does. */
  readonly version: string;
  /** Where each function's code lies in the org bucket. */
  readonly objects: Readonly<Record<MemberFunction, { readonly key: string; readonly source: Uint8Array }>>;
}

let made: MemberCode | undefined;

/** Bundles the member functions, once a process, and names them by what is in them. */
export const memberCode = (): MemberCode => (made ??= bundled());

function bundled(): MemberCode {
  bundle(MEMBER_FUNCTIONS);
  const objects = Object.fromEntries(
    MEMBER_FUNCTIONS.map((name) => {
      const source = readFileSync(join(BUNDLES, name, 'index.js'));
      return [name, { key: codePath(sha256(source)), source }];
    }),
  ) as unknown as MemberCode['objects'];
  return { version: sha256(MEMBER_FUNCTIONS.map((name) => objects[name].key).join()).slice(0, 12), objects };
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
