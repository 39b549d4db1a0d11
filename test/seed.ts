/** What the tests draw, they draw by this; `closing-line.js` prints it, and TEST_SEED repeats it. */
export const SEED = process.env.TEST_SEED!;
