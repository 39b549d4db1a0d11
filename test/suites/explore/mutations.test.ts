import { MUTATIONS, mutated } from './mutations';

test('every mutation fits one place of the product', () => {
  const misfits = MUTATIONS.flatMap((mutation) => {
    try {
      mutated(mutation);
      return [];
    } catch (error) {
      return (error as Error).message;
    }
  });
  expect(misfits).toEqual([]);
});
