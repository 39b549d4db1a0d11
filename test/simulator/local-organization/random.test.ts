import { between, oneOf, seededRandom } from '../../../lib/simulator/local-organization/random';

const draw = (seed: number | string): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: 5 }, () => random.next());
};

test('the same seed repeats, another differs', () => {
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
  expect(draw(1)).not.toEqual(draw(2));
});

test('numbers are spread over [0, 1)', () => {
  const random = seededRandom('spread');
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let index = 0; index < 10_000; index++) {
    const number = random.next();
    expect(number >= 0 && number < 1).toBe(true);
    const bucket = Math.floor(number * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  expect(Math.min(...buckets)).toBeGreaterThan(900);
});

test('a fork does not depend on what was drawn before, nor draws from its parent', () => {
  const fresh = seededRandom(7);
  const used = seededRandom(7);
  used.next();
  expect(used.fork('x').next()).toBe(fresh.fork('x').next());
  expect(fresh.fork('x').next()).not.toBe(fresh.fork('y').next());
  expect(fresh.next()).toBe(seededRandom(7).next());
});

test('ids keep to the alphabet and uuids are of version 4', () => {
  expect(seededRandom(1).id('AB', 20)).toMatch(/^[AB]{20}$/);
  expect(seededRandom(1).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('whole numbers between two reach both ends and stay within, and choices come as often as they weigh', () => {
  const random = seededRandom('draws');
  const numbers = Array.from({ length: 500 }, () => between(random, 3, 5));
  expect(new Set(numbers)).toEqual(new Set([3, 4, 5]));
  const choices = Array.from({ length: 1_000 }, () => oneOf(random, { often: 9, seldom: 1, never: 0 }));
  const seldom = choices.filter((choice) => choice === 'seldom').length;
  expect(choices).not.toContain('never');
  expect([seldom > 50, seldom < 150]).toEqual([true, true]);
  expect(() => oneOf(random, { never: 0 })).toThrow(RangeError);
});
