import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../domain/ports';

/** Structured lines on this function's log. */
export function logger(serviceName: string): Log {
  const log = new Logger({ serviceName });
  return {
    info: (message, fields = {}) => log.info(message, fields),
    warn: (message, fields = {}) => log.warn(message, fields),
    error: (message, fields = {}) => log.error(message, fields),
  };
}
