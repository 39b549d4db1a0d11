/** One execution environment: loads a bundle and answers events with what its handler returns or throws. */
const { parentPort, workerData } = require('node:worker_threads');

/** Ten times as fast: moto answers RotateSecret only when the rotation has ended, and callers wait 20 seconds for an answer. */
const { setTimeout: wait } = globalThis;
globalThis.setTimeout = (callback, delay = 0, ...values) =>
  wait(callback, delay < 20_000 ? delay / 10 : delay, ...values);

const { handler } = require(workerData.file);

async function answer({ id, event }) {
  const deadline = Date.now() + workerData.timeoutSeconds * 1000;
  const context = {
    awsRequestId: `request-${id}-${Date.now()}`,
    invokedFunctionArn: workerData.arn,
    functionName: workerData.arn.split(':').at(-1),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    parentPort.postMessage({ id, payload: (await handler(event, context)) ?? null, failed: false });
  } catch (error) {
    parentPort.postMessage({ id, payload: { errorType: error.name, errorMessage: error.message }, failed: true });
  }
}

parentPort.on('message', (request) => void answer(request));
