/**
 * For every client: no call waits longer for its answer. The SDK's own limit is five minutes or none, by when a lease is
 * over: what it sent again then could undo what others did meanwhile.
 * https://github.com/smithy-lang/smithy-typescript/blob/main/packages/types/src/http/httpHandlerInitialization.ts
 */
const ANSWER_WITHIN_MS = 20_000;

export const BOUNDED = {
  requestHandler: { requestTimeout: ANSWER_WITHIN_MS, socketTimeout: ANSWER_WITHIN_MS, throwOnRequestTimeout: true },
} as const;
