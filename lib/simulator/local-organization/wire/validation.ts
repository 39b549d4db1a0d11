/** What AWS checks of a request before it asks for permission: members that are required, values that a model allows. */
import type { NormalizedSchema } from '@smithy/core/schema';
import { CLAIMS, NESTED_CLAIMS } from '../claims';
import { notModelled, type AwsError, type ServiceId } from '../service';
import { CONSTRAINTS, type Constraint } from './constraints';
import { wireError } from './error-codes';
import { requiredMembers, type OperationModel } from './models';

/** @throws AwsError, the service's own, for what AWS would refuse too; NotImplemented for what is not modelled here */
export function checkInput(service: ServiceId, { name, input: schema }: OperationModel, input: object): void {
  const claimed = CLAIMS[service][name] ?? [];
  checkRequired(service, schema, input);
  for (const [member, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (!claimed.includes(member)) throw notModelled(`${member} of ${service}:${name}`);
    checkNested(service, schema.getMemberSchema(member), value, member);
    const constraint = CONSTRAINTS[service][member];
    const broken = constraint && breach(constraint, value);
    if (broken) throw invalid(service, member, value, constraint, broken);
  }
}

function checkRequired(service: ServiceId, schema: NormalizedSchema, value: any): void {
  if (value === undefined || value === null) return;
  if (schema.isListSchema())
    return (value as unknown[]).forEach((item) => checkRequired(service, schema.getValueSchema(), item));
  if (schema.isMapSchema())
    return Object.values(value).forEach((item) => checkRequired(service, schema.getValueSchema(), item));
  if (!schema.isStructSchema()) return;
  for (const member of requiredMembers(schema)) if (value[member] === undefined) throw missing(service, member);
  for (const [name, member] of schema.structIterator()) checkRequired(service, member, value[name]);
}

/** @param holder the member that holds the structure, or the list or map of it */
function checkNested(service: ServiceId, schema: NormalizedSchema, value: any, holder: string): void {
  if (value === undefined || value === null) return;
  if (schema.isListSchema())
    return (value as unknown[]).forEach((item) => checkNested(service, schema.getValueSchema(), item, holder));
  if (schema.isMapSchema())
    return Object.values(value).forEach((item) => checkNested(service, schema.getValueSchema(), item, holder));
  if (!schema.isStructSchema()) return;
  for (const [name, member] of schema.structIterator()) {
    if (value[name] === undefined) continue;
    if (!NESTED_CLAIMS[service]?.[holder]?.includes(name)) throw notModelled(`${name} of ${service}:${holder}`);
    checkNested(service, member, value[name], name);
  }
}

function missing(service: ServiceId, member: string): AwsError {
  const text =
    service === 'sqs'
      ? `The request must contain the parameter ${member}.`
      : constraintText(`null at '${lowerFirst(member)}'`, 'Member must not be null');
  return wireError(service, 'missing', text);
}

function invalid(
  service: ServiceId,
  member: string,
  value: unknown,
  { sensitive }: Constraint,
  broken: string,
): AwsError {
  const shown =
    sensitive || (typeof value !== 'string' && typeof value !== 'number') ? '' : `'${String(value).slice(0, 200)}' `;
  return wireError(service, 'invalid', constraintText(`${shown}at '${lowerFirst(member)}'`, broken));
}

const constraintText = (value: string, rule: string): string =>
  `1 validation error detected: Value ${value} failed to satisfy constraint: ${rule}`;
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** The rule that the value breaks, in AWS's words. */
function breach({ min, max, pattern, values }: Constraint, value: unknown): string | undefined {
  const [size, what] = typeof value === 'number' ? [value, 'value'] : [(value as { length: number }).length, 'length'];
  if (min !== undefined && size < min) return `Member must have ${what} greater than or equal to ${min}`;
  if (max !== undefined && size > max) return `Member must have ${what} less than or equal to ${max}`;
  if (pattern && !pattern.test(String(value)))
    return `Member must satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`;
  if (values && !values.includes(String(value))) return `Member must satisfy enum value set: [${values.join(', ')}]`;
  return undefined;
}
