/** One value of a schema in each of the forms in which AWS's protocols carry it. */
import type { NormalizedSchema } from '@smithy/core/schema';

/** Names in traits that change how a member is written. */
interface Traits {
  readonly jsonName?: string;
  readonly xmlName?: string;
  readonly xmlFlattened?: unknown;
}

const traitsOf = (schema: NormalizedSchema): Traits => schema.getMergedTraits() as Traits;

/** A value that is not of its schema's type, in AWS's words. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
}

/** @throws UnreadableValue where AWS answers that it cannot deserialize */
export function fromJson(schema: NormalizedSchema, json: any): any {
  if (json === undefined || json === null) return undefined;
  if (schema.isStructSchema()) {
    const members = objectOf(json);
    return struct(schema, (name, member) => fromJson(member, members[traitsOf(member).jsonName ?? name]));
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(json)) throw new UnreadableValue('Expected list or null');
    if (json.includes(null)) throw new UnreadableValue('A list can not have null as a member');
    return json.map((item) => fromJson(schema.getValueSchema(), item));
  }
  if (schema.isMapSchema()) {
    const entries = Object.entries(objectOf(json));
    return Object.fromEntries(entries.map(([key, value]) => [key, fromJson(schema.getValueSchema(), value)]));
  }
  return scalarFromJson(schema, json);
}

function scalarFromJson(schema: NormalizedSchema, json: unknown): unknown {
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(expected<string>('string', 'a Blob', json), 'base64'));
  if (schema.isTimestampSchema())
    return validDate(
      typeof json === 'number' ? new Date(json * 1000) : new Date(expected<string>('string', 'a Timestamp', json)),
    );
  if (schema.isStringSchema()) return expected('string', 'a String', json);
  if (schema.isBooleanSchema()) return expected('boolean', 'a Boolean', json);
  if (schema.isNumericSchema()) return expected('number', 'a Number', json);
  return json;
}

function expected<T>(type: 'string' | 'boolean' | 'number', name: string, json: unknown): T {
  if (typeof json !== type)
    throw new UnreadableValue(
      `${typeof json === 'object' ? 'Start of list, structure or map' : `${(typeof json).toUpperCase()}_VALUE`} can not be converted to ${name}`,
    );
  return json as T;
}

/** @throws UnreadableValue for anything but a JSON object */
export function objectOf(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || Array.isArray(json) || json === null)
    throw new UnreadableValue('Expected structure, map or null');
  return json as Record<string, unknown>;
}

function validDate(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw new UnreadableValue('A timestamp is not valid');
  return date;
}

export function toJson(schema: NormalizedSchema, value: any): any {
  if (value === undefined || value === null) return undefined;
  if (schema.isStructSchema()) {
    const members = [...schema.structIterator()].map(
      ([name, member]) => [traitsOf(member).jsonName ?? name, toJson(member, value[name])] as const,
    );
    return Object.fromEntries(members.filter(([, json]) => json !== undefined));
  }
  if (schema.isListSchema()) return (value as any[]).map((item) => toJson(schema.getValueSchema(), item));
  if (schema.isMapSchema())
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(schema.getValueSchema(), item)]));
  if (schema.isBlobSchema()) return Buffer.from(value as Uint8Array | string).toString('base64');
  if (schema.isTimestampSchema()) return (value as Date).getTime() / 1000;
  return value;
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export function fromQuery(schema: NormalizedSchema, fields: ReadonlyMap<string, string>, prefix = ''): any {
  const at = (name: string | number): string => (prefix === '' ? String(name) : `${prefix}.${name}`);
  if (schema.isStructSchema())
    return struct(schema, (name, member) =>
      has(fields, at(traitsOf(member).xmlName ?? name))
        ? fromQuery(member, fields, at(traitsOf(member).xmlName ?? name))
        : undefined,
    );
  if (schema.isListSchema()) {
    const value = schema.getValueSchema();
    const item =
      traitsOf(schema).xmlFlattened === undefined ? `${at(traitsOf(value).xmlName ?? 'member')}.` : `${prefix}.`;
    return counted((index) => has(fields, `${item}${index}`) && { value: fromQuery(value, fields, `${item}${index}`) });
  }
  if (schema.isMapSchema()) {
    const entry = traitsOf(schema).xmlFlattened === undefined ? `${at('entry')}.` : `${prefix}.`;
    const name = (part: NormalizedSchema, usual: string): string => traitsOf(part).xmlName ?? usual;
    const [keyName, valueName] = [name(schema.getKeySchema(), 'key'), name(schema.getValueSchema(), 'value')];
    return Object.fromEntries(
      counted(
        (index) =>
          has(fields, `${entry}${index}`) && {
            value: [
              fields.get(`${entry}${index}.${keyName}`) ?? '',
              fromQuery(schema.getValueSchema(), fields, `${entry}${index}.${valueName}`),
            ] as const,
          },
      ),
    );
  }
  return fromText(schema, fields.get(prefix));
}

/**
 * A value that stands as text: a form field, a header, a label, a query parameter.
 * @throws UnreadableValue when the text is not of the schema's type
 */
export function fromText(schema: NormalizedSchema, text: string | undefined): any {
  if (text === undefined) return undefined;
  if (schema.isBooleanSchema()) {
    if (text !== 'true' && text !== 'false') throw new UnreadableValue(`'${text}' is not a valid boolean`);
    return text === 'true';
  }
  if (schema.isNumericSchema()) {
    if (text.trim() === '' || Number.isNaN(Number(text))) throw new UnreadableValue(`'${text}' is not a valid number`);
    return Number(text);
  }
  if (schema.isTimestampSchema())
    return validDate(/^\d+(\.\d+)?$/.test(text) ? new Date(Number(text) * 1000) : new Date(text));
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(text, 'base64'));
  return text;
}

/** https://smithy.io/2.0/spec/protocol-traits.html#xml-bindings */
export function toXml(schema: NormalizedSchema, value: any, element: string, attributes = ''): string {
  if (value === undefined || value === null) return '';
  return `<${element}${attributes}>${xmlContent(schema, value)}</${element}>`;
}

export function xmlContent(schema: NormalizedSchema, value: any): string {
  if (schema.isStructSchema())
    return [...schema.structIterator()]
      .map(([name, member]) => xmlMember(member, value?.[name], traitsOf(member).xmlName ?? name))
      .join('');
  if (schema.isListSchema())
    return (value as any[])
      .map((item) => toXml(schema.getValueSchema(), item, traitsOf(schema.getValueSchema()).xmlName ?? 'member'))
      .join('');
  if (schema.isMapSchema())
    return Object.entries(value)
      .map(([key, item]) => `<entry>${xmlPair(schema, key, item)}</entry>`)
      .join('');
  if (schema.isTimestampSchema()) return (value as Date).toISOString();
  if (schema.isBlobSchema()) return Buffer.from(value as Uint8Array | string).toString('base64');
  return escapeXml(String(value));
}

function xmlMember(member: NormalizedSchema, value: any, name: string): string {
  if (value === undefined || value === null) return '';
  if (traitsOf(member).xmlFlattened === undefined) return toXml(member, value, name);
  if (member.isListSchema()) return (value as any[]).map((item) => toXml(member.getValueSchema(), item, name)).join('');
  return Object.entries(value)
    .map(([key, item]) => `<${name}>${xmlPair(member, key, item)}</${name}>`)
    .join('');
}

const xmlPair = (map: NormalizedSchema, key: string, value: unknown): string =>
  `${toXml(map.getKeySchema(), key, traitsOf(map.getKeySchema()).xmlName ?? 'key')}${toXml(map.getValueSchema(), value, traitsOf(map.getValueSchema()).xmlName ?? 'value')}`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character);

function struct(schema: NormalizedSchema, read: (name: string, member: NormalizedSchema) => any): any {
  const value: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const item = read(name, member);
    if (item !== undefined) value[name] = item;
  }
  return value;
}

function counted<T>(read: (index: number) => { readonly value: T } | false): T[] {
  const values: T[] = [];
  for (let item = read(1); item; item = read(values.length + 1)) values.push(item.value);
  return values;
}

function has(fields: ReadonlyMap<string, string>, name: string): boolean {
  if (fields.has(name)) return true;
  for (const field of fields.keys()) if (field.startsWith(`${name}.`)) return true;
  return false;
}
