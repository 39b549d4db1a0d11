/** Where every random choice of a rehearsal comes from, of the organization and of its owners: one seed replays it. */

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  integer(below: number): number;
  id(alphabet: string, length: number): string;
  uuid(): string;
  /** An independent stream; the same seed and name give the same one, however much was drawn before. */
  fork(name: string): Random;
}

const HEX = '0123456789abcdef';

/** Not for secrets that protect anything real: the generator is sfc32, which is fast and repeatable. */
export function seededRandom(seed: number | string): Random {
  const next = sfc32(hash128(String(seed)));
  const integer = (below: number): number => Math.floor(next() * below);
  const id = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(integer(alphabet.length))).join('');
  const uuid = (): string => `${id(HEX, 8)}-${id(HEX, 4)}-4${id(HEX, 3)}-${id('89ab', 1)}${id(HEX, 3)}-${id(HEX, 12)}`;
  return { next, integer, id, uuid, fork: (name) => seededRandom(`${seed}/${name}`) };
}

/** A whole number, both ends included. */
export const between = (random: Random, least: number, most: number): number =>
  least + random.integer(most - least + 1);

/**
 * One of the choices, each as likely as its weight says.
 * @throws RangeError when no choice has a weight
 */
export function oneOf<Choice extends string>(random: Random, weights: Readonly<Record<Choice, number>>): Choice {
  const entries = Object.entries(weights) as [Choice, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [choice, weight] of entries) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new RangeError('no choice has a weight');
}

type State = readonly [number, number, number, number];

/** cyrb128: spreads any text over the four words that sfc32 starts from. */
function hash128(text: string): State {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = b ^ Math.imul(a ^ code, 597399067);
    b = c ^ Math.imul(b ^ code, 2869860233);
    c = d ^ Math.imul(c ^ code, 951274213);
    d = a ^ Math.imul(d ^ code, 2716044179);
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  return [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a];
}

function sfc32([first, second, third, fourth]: State): () => number {
  let [a, b, c, counter] = [first, second, third, fourth];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return next;
}
