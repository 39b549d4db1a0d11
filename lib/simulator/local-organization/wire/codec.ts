/** Requests into operations with SDK-shaped inputs, outputs and errors into responses: all five protocols. */
import type { NormalizedSchema } from '@smithy/core/schema';
import { notModelled, type AwsError, type Service, type ServiceId } from '../service';
import { bodyBytes, type WireRequest, type WireResponse } from './messages';
import { wireError } from './error-codes';
import {
  errorModel,
  operationModel,
  protocolOf,
  targetPrefixOf,
  xmlNamespaceOf,
  type OperationModel,
  type Protocol,
} from './models';
import { bindingsOf, recognizeRest } from './rest';
import { escapeXml, fromJson, fromQuery, toJson, toXml, UnreadableValue, xmlContent } from './shapes';

export interface Decoded {
  readonly name: string;
  readonly input: any;
}

/**
 * The operation that a request means, whether or not the local organization has it, and its input.
 * @throws AwsError as the service refuses what it cannot read or does not know
 */
export function decode({ id, operations }: Service, request: WireRequest): Decoded {
  try {
    const { model, read } = recognized(id, request);
    if (!operations[model.name]) throw notModelled(`${id}:${model.name}`);
    return { name: model.name, input: read() };
  } catch (error) {
    if (error instanceof SyntaxError) throw wireError(id, 'unreadable', 'The body is not valid JSON');
    if (error instanceof URIError) throw wireError(id, 'unreadable', 'The path is not percent-encoded');
    if (error instanceof UnreadableValue) throw wireError(id, 'unreadable', error.message);
    throw error;
  }
}

/** Which operation a request means is found before its input is read. */
function recognized(id: ServiceId, request: WireRequest): { readonly model: OperationModel; readonly read: () => any } {
  const protocol = protocolOf(id);
  if (protocol === 'restJson' || protocol === 'restXml') return recognizeRest(id, request);
  const text = Buffer.from(bodyBytes(request)).toString();
  if (protocol === 'query') {
    const fields = new Map(new URLSearchParams(text));
    const action = fields.get('Action') ?? '';
    const model = operationModel(id, action);
    const version = fields.get('Version') ?? '';
    if (!model) throw wireError(id, 'unknown-operation', `Could not find operation ${action} for version ${version}`);
    return { model, read: () => fromQuery(model.input, fields) ?? {} };
  }
  const target = request.headers['x-amz-target'] ?? '';
  const [, prefix, name = ''] = /^(.*)\.([^.]*)$/.exec(target) ?? [];
  const model = prefix === targetPrefixOf(id) ? operationModel(id, name) : undefined;
  if (!model) throw wireError(id, 'unknown-operation', `Unknown operation: ${target}`);
  return { model, read: () => fromJson(model.input, JSON.parse(text || '{}')) ?? {} };
}

export function encode(service: ServiceId, name: string, output: any, requestId: string): WireResponse {
  const model = operationModel(service, name)!;
  const protocol = protocolOf(service);
  if (protocol === 'query') return xml(200, queryDocument(service, model, output, requestId), requestId);
  if (protocol === 'restJson' || protocol === 'restXml') return encodeRest(service, model, output ?? {}, requestId);
  return json(protocol, 200, toJson(model.output, output ?? {}) ?? {}, requestId);
}

/** Each protocol's way to say which error it is. */
export function encodeError(service: ServiceId, error: AwsError, requestId: string): WireResponse {
  const { code, message } = error;
  const model = errorModel(service, code);
  const statusCode = model?.statusCode ?? error.statusCode;
  if (statusCode === 304) return { statusCode, headers: { 'x-amz-request-id': requestId }, body: new Uint8Array() };
  const protocol = protocolOf(service);
  const inner = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  if (protocol === 'restXml')
    return xml(statusCode, `<Error>${inner}<RequestId>${requestId}</RequestId></Error>`, requestId);
  if (protocol === 'query') {
    const fault = statusCode >= 500 ? 'Receiver' : 'Sender';
    return xml(
      statusCode,
      `<ErrorResponse xmlns="${xmlNamespaceOf(service)}"><Error><Type>${fault}</Type>${inner}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
      requestId,
    );
  }
  const type = service === 'sqs' && model ? `com.amazonaws.sqs#${code}` : code;
  const answer = json(protocol, statusCode, { __type: type, message, Message: message }, requestId);
  const headers = { ...answer.headers, 'x-amzn-errortype': code };
  if (service !== 'sqs') return { ...answer, headers };
  const fault = statusCode >= 500 ? 'Receiver' : 'Sender';
  return { ...answer, headers: { ...headers, 'x-amzn-query-error': `${model?.queryCode ?? code};${fault}` } };
}

function queryDocument(
  service: ServiceId,
  { name, output: schema }: OperationModel,
  output: any,
  requestId: string,
): string {
  const result = schema.isUnitSchema() || !schema.isStructSchema() ? '' : toXml(schema, output ?? {}, `${name}Result`);
  return `<${name}Response xmlns="${xmlNamespaceOf(service)}">${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`;
}

function encodeRest(service: ServiceId, model: OperationModel, output: any, requestId: string): WireResponse {
  const headers: Record<string, string> = { 'x-amz-request-id': requestId, 'x-amzn-requestid': requestId };
  const schema = model.output;
  let statusCode = model.http?.[2] ?? 200;
  let payload: Uint8Array | undefined;
  const inBody: string[] = [];
  for (const [name, member] of schema.isStructSchema() ? schema.structIterator() : []) {
    const bound = bindingsOf(member) as ReturnType<typeof bindingsOf> & { httpResponseCode?: unknown };
    const value = output[name];
    if (bound.httpResponseCode !== undefined) statusCode = value ?? statusCode;
    else if (bound.httpPayload !== undefined) payload = Buffer.from((value as Uint8Array | string | undefined) ?? '');
    else if (bound.httpHeader !== undefined) {
      if (value !== undefined)
        headers[bound.httpHeader.toLowerCase()] = value instanceof Date ? value.toUTCString() : String(value);
    } else if (bound.httpPrefixHeaders !== undefined) {
      for (const [key, item] of Object.entries(value ?? {}))
        headers[`${bound.httpPrefixHeaders}${key}`.toLowerCase()] = String(item);
    } else inBody.push(name);
  }
  const body = payload ?? restBody(service, schema, output, inBody, headers, model.name);
  if (payload) headers['content-type'] ??= 'application/octet-stream';
  headers['content-length'] ??= String(body.length);
  return { statusCode, headers, body };
}

function restBody(
  service: ServiceId,
  schema: NormalizedSchema,
  output: any,
  members: readonly string[],
  headers: Record<string, string>,
  operation: string,
): Uint8Array {
  if (members.length === 0 || !schema.isStructSchema()) return new Uint8Array();
  const value = Object.fromEntries(members.map((name) => [name, output[name]]));
  if (protocolOf(service) === 'restJson') {
    headers['content-type'] = 'application/json';
    return Buffer.from(JSON.stringify(toJson(schema, value)));
  }
  headers['content-type'] = 'application/xml';
  const root = (schema.getMergedTraits() as { xmlName?: string }).xmlName ?? schema.getName() ?? `${operation}Result`;
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${xmlNamespaceOf(service)}">${xmlContent(schema, value)}</${root}>`,
  );
}

function xml(statusCode: number, text: string, requestId: string): WireResponse {
  const body = Buffer.from(text);
  return {
    statusCode,
    headers: {
      'content-type': 'text/xml',
      'content-length': String(body.length),
      'x-amzn-requestid': requestId,
      'x-amz-request-id': requestId,
    },
    body,
  };
}

function json(protocol: Protocol, statusCode: number, value: unknown, requestId: string): WireResponse {
  const body = Buffer.from(JSON.stringify(value));
  const type = protocol === 'restJson' ? 'application/json' : `application/x-amz-${protocol.replace('json', 'json-')}`;
  return {
    statusCode,
    headers: { 'content-type': type, 'content-length': String(body.length), 'x-amzn-requestid': requestId },
    body,
  };
}
