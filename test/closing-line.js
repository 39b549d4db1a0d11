const { rmSync } = require('node:fs');

const removeRunFolder = () => rmSync(process.env.TEST_RUN_FOLDER, { recursive: true, force: true });

/** What was drawn, and the run in one line, in the form that `npm run explore` and `npm run conformance` end with too. */
module.exports = class ClosingLine {
  onRunStart() {
    removeRunFolder();
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    removeRunFolder();
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    const again = failed > 0 ? `; TEST_SEED=${process.env.TEST_SEED} npm test draws the same` : '';
    process.stderr.write(
      `\nsamples drawn by the seed ${process.env.TEST_SEED}${again}\ntests: ${numPassedTests} passed, ${failed} failed${skipped}\n`,
    );
  }
};
