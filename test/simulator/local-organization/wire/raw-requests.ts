/** Requests of any input, right or wrong, in the form that a service's protocol has for them, and signed. */
import { createHash, createHmac } from 'node:crypto';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { NormalizedSchema } from '@smithy/core/schema';
import type { Credentials } from '../../../../lib/simulator/local-organization/iam/directory';
import type { ServiceId } from '../../../../lib/simulator/local-organization/service';
import type { WireRequest } from '../../../../lib/simulator/local-organization/wire/messages';
import {
  operationModel,
  protocolOf,
  targetPrefixOf,
  type OperationModel,
} from '../../../../lib/simulator/local-organization/wire/models';

const REGION = 'us-east-1';
const SENT_AT = new Date('2027-01-04T09:00:00Z');

export type RawRequest = Pick<WireRequest, 'method' | 'path' | 'query' | 'headers'> & { readonly body: string };

const request = (parts: Partial<RawRequest>): RawRequest => ({
  method: 'POST',
  path: '/',
  query: {},
  headers: {},
  body: '',
  ...parts,
});

/** @param input of any types; what the protocol cannot carry is left out */
export function rawRequest(
  service: ServiceId,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): RawRequest {
  const protocol = protocolOf(service);
  const model = operationModel(service, operation);
  if (protocol === 'query') {
    const fields = { Action: operation, Version: '2010-05-08', ...(model && queryFields(model.input, input)) };
    return request({ body: new URLSearchParams(fields).toString() });
  }
  if (protocol === 'restJson' || protocol === 'restXml') return restRequest(model!, input);
  const headers = { 'x-amz-target': `${targetPrefixOf(service)}.${operation}` };
  return request({
    headers,
    body: JSON.stringify(input, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    ),
  });
}

function queryFields(schema: NormalizedSchema, value: unknown, prefix = ''): Record<string, string> {
  const at = (name: string | number): string => (prefix === '' ? String(name) : `${prefix}.${name}`);
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) return { [prefix]: textOf(value) };
  if (schema.isListSchema() && Array.isArray(value)) {
    return Object.assign(
      {},
      ...value.map((item, index) => queryFields(schema.getValueSchema(), item, at(`member.${index + 1}`))),
    ) as Record<string, string>;
  }
  if (schema.isMapSchema()) {
    const entries = Object.entries(value).map(([key, item], index) => ({
      [at(`entry.${index + 1}.Name`)]: key,
      ...queryFields(schema.getValueSchema(), item, at(`entry.${index + 1}.Value`)),
    }));
    return Object.assign({}, ...entries) as Record<string, string>;
  }
  if (!schema.isStructSchema()) return { [prefix]: JSON.stringify(value) };
  const members = [...schema.structIterator()].map(([name, member]) =>
    queryFields(member, (value as Record<string, unknown>)[name], at(name)),
  );
  return Object.assign({}, ...members) as Record<string, string>;
}

function restRequest({ http, input: schema }: OperationModel, input: Readonly<Record<string, unknown>>): RawRequest {
  const [method, uri] = http!;
  const [pattern = '/', literal = ''] = uri.split('?');
  const query: Record<string, string> = Object.fromEntries(new URLSearchParams(literal));
  const headers: Record<string, string> = {};
  const json: Record<string, unknown> = {};
  let [path, body] = [pattern, ''];
  for (const [name, member] of schema.structIterator()) {
    const value = input[name];
    const bound = member.getMergedTraits() as Readonly<Record<string, string | undefined>>;
    const text = textOf(value ?? '');
    if (name === 'Bucket') continue;
    if (bound.httpLabel !== undefined)
      path = path.replace(new RegExp(`\\{${name}\\+?\\}`), encodeURIComponent(text).replaceAll('%2F', '/'));
    else if (value === undefined) continue;
    else if (bound.httpQuery !== undefined) query[bound.httpQuery] = text;
    else if (bound.httpHeader !== undefined) headers[bound.httpHeader.toLowerCase()] = text;
    else if (bound.httpPayload !== undefined) body = text;
    else json[(bound.jsonName as string | undefined) ?? name] = value;
  }
  if (input.Bucket !== undefined) path = `/${textOf(input.Bucket)}${path === '/' ? '' : path}`;
  return request({ method, path, query, headers, body: Object.keys(json).length > 0 ? JSON.stringify(json) : body });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

interface Signing {
  readonly signingName: string;
  readonly region?: string;
  readonly signedAt?: Date;
}

/** By the SDK's own signer. */
export async function signed(
  { body, ...raw }: RawRequest,
  credentials: Credentials,
  { signingName, region = REGION, signedAt = SENT_AT }: Signing,
): Promise<WireRequest> {
  const signer = new SignatureV4({
    credentials,
    region,
    service: signingName,
    sha256: NodeSha256,
    uriEscapePath: signingName !== 's3',
  });
  const hostname = '127.0.0.1';
  const unsigned = new HttpRequest({
    ...raw,
    query: { ...raw.query } as Record<string, string>,
    hostname,
    headers: { host: hostname, ...raw.headers },
    body,
  });
  const { headers } = await signer.sign(unsigned, { signingDate: signedAt });
  return {
    ...raw,
    hostname,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body,
  };
}

class NodeSha256 {
  private readonly hash;

  constructor(secret?: unknown) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {}
}
