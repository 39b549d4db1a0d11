import Ajv, { type ErrorObject } from 'ajv/dist/2020';
import type { AccountReport } from '../../lambda/contract/report';
import { oneLine } from '../terminal';
import schema from '../../config/report.schema.json';

export class UnreadableReport extends Error {}

const validate = new Ajv({ strict: false }).compile<AccountReport>(schema);

/**
 * A report as an account wrote it, which speaks for that account alone; no text in it has more than one line.
 * @throws UnreadableReport that says what was found; nothing may be concluded from such a report
 */
export function readReport(text: string, accountId: string): AccountReport {
  const report = parse(text, accountId);
  const { schemaVersion, accountId: whose } = (report ?? {}) as { schemaVersion?: unknown; accountId?: unknown };
  if (schemaVersion !== 1)
    throw unreadable(accountId, `its schema version is ${printed(schemaVersion)}, and 1 is known here`);
  if (whose !== accountId) throw unreadable(accountId, `it is that of account ${printed(whose)}`);
  if (!validate(report)) throw unreadable(accountId, problemOf(validate.errors?.[0]));
  return report;
}

function parse(text: string, accountId: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? oneLine(value) : value));
  } catch {
    throw unreadable(accountId, 'it is not JSON, or was cut off');
  }
}

const printed = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 20);
const problemOf = ({ instancePath = '', message = 'it is not one' }: Partial<ErrorObject> = {}): string =>
  `${instancePath || '/'} ${message}`;
const unreadable = (accountId: string, found: string): UnreadableReport =>
  new UnreadableReport(`the report of account ${accountId} cannot be read: ${found}`);
