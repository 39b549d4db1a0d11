/** When a rotation is due. https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html */
import { AwsError } from '../../service';
import type { RotationRules } from './model';

export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Window {
  readonly opensAt: Date;
  readonly closesAt: Date;
}

/**
 * A schedule in days opens at midnight UTC and stays open that day, one in hours opens on the hour for one hour,
 * unless Duration says otherwise.
 */
export function nextWindow(rules: RotationRules, from: Date): Window {
  const period = periodOf(rules);
  const grain = period.unit === 'hour' ? HOUR_MS : DAY_MS;
  const opens = Math.floor((from.getTime() + period.count * grain) / grain) * grain;
  const length = rules.Duration ? Number(rules.Duration.slice(0, -1)) * HOUR_MS : grain;
  return { opensAt: new Date(opens), closesAt: new Date(opens + length - 1_000) };
}

/** @throws AwsError InvalidParameterException */
export function checkRules(rules: RotationRules): void {
  if (rules.AutomaticallyAfterDays !== undefined && rules.ScheduleExpression !== undefined)
    throw invalid('You can specify either AutomaticallyAfterDays or ScheduleExpression, not both.');
  if (rules.Duration !== undefined && !/^([1-9]|1\d|2[0-4])h$/.test(rules.Duration)) throw invalid('Invalid Duration.');
  const { count, unit } = periodOf(rules);
  const good =
    unit === 'hour' ? count >= 4 && count <= 999 * 24 : count >= 1 && count <= (rules.ScheduleExpression ? 999 : 1000);
  if (!good)
    throw invalid(
      'The rotation schedule is outside of what Secrets Manager takes: at least every 4 hours, at most every 999 days.',
    );
}

function periodOf(rules: RotationRules): { count: number; unit: 'hour' | 'day' } {
  if (rules.AutomaticallyAfterDays !== undefined) return { count: rules.AutomaticallyAfterDays, unit: 'day' };
  const [, count, unit] = /^rate\((\d{1,5}) (hour|day)s?\)$/.exec(rules.ScheduleExpression ?? '') ?? [];
  if (!count) throw invalid('Invalid ScheduleExpression: the local organization takes rate(N hours) and rate(N days).');
  return { count: Number(count), unit: unit === 'hour' ? 'hour' : 'day' };
}

const invalid = (message: string): AwsError => new AwsError('InvalidParameterException', message);
