/** The REST protocols: which operation a request means, and its parts in path, query, headers and body. */
import type { NormalizedSchema } from '@smithy/core/schema';
import { notModelled, AwsError, type ServiceId } from '../service';
import { bodyBytes, type WireRequest } from './messages';
import { wireError } from './error-codes';
import { operationModel, operationNames, protocolOf, requiredMembers, type OperationModel } from './models';
import { fromJson, fromText, objectOf } from './shapes';

interface Bindings {
  readonly httpLabel?: unknown;
  readonly httpQuery?: string;
  readonly httpHeader?: string;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: unknown;
}

interface Route {
  readonly model: OperationModel;
  readonly method: string;
  readonly pattern: RegExp;
  readonly labels: readonly string[];
  /** Literal parameters of the path, such as `uploads` of a sub-resource. */
  readonly query: ReadonlyMap<string, string>;
  /** Members that must be there for it to be this operation. */
  readonly queryMembers: readonly string[];
  readonly headers: readonly string[];
  readonly takesQuery: ReadonlySet<string>;
  readonly needsBucket: boolean;
}

export const bindingsOf = (member: NormalizedSchema): Bindings => member.getMergedTraits() as Bindings;

const routes = new Map<ServiceId, readonly Route[]>();

/** Of every operation that AWS has, the most particular first: one that is not here must not be taken for another. */
function routesOf(service: ServiceId): readonly Route[] {
  let known = routes.get(service);
  if (!known) {
    const all = operationNames(service).flatMap((name) => routeOf(operationModel(service, name)) ?? []);
    routes.set(service, (known = all.toSorted((one, other) => weightOf(other) - weightOf(one))));
  }
  return known;
}

const weightOf = ({ query, queryMembers, headers, labels }: Route): number =>
  10 * (query.size + queryMembers.length + headers.length) - labels.length;

function routeOf(model: OperationModel | undefined): Route | undefined {
  if (!model?.http) return undefined;
  const [method, uri] = model.http;
  const [path = '/', query = ''] = uri.split('?');
  const labels: string[] = [];
  const pattern = path.replace(/\{(\w+)(\+?)\}/g, (_, label: string, greedy: string) => {
    labels.push(label);
    return greedy ? '(.+)' : '([^/]+)';
  });
  const members = [...model.input.structIterator()];
  const required = members.filter(([name]) => requiredMembers(model.input).includes(name));
  const bound = (among: typeof members, trait: 'httpQuery' | 'httpHeader'): string[] =>
    among.flatMap(([, member]) => bindingsOf(member)[trait] ?? []);
  return {
    model,
    method,
    pattern: new RegExp(`^${pattern}$`),
    labels,
    query: new Map([...new URLSearchParams(query)].filter(([name]) => name !== OPERATION_HINT)),
    queryMembers: bound(required, 'httpQuery'),
    headers: bound(required, 'httpHeader').map((name) => name.toLowerCase()),
    takesQuery: new Set(bound(members, 'httpQuery')),
    needsBucket: members.some(([name]) => name === 'Bucket'),
  };
}

/** Clients name the operation in it, for their logs and for paths that two operations share. */
const OPERATION_HINT = 'x-id';

/**
 * The operation of a REST request, and what reads its input.
 * @throws AwsError for a request that is not an operation of the service, or names something that the operation does not have
 */
export function recognizeRest(
  service: ServiceId,
  request: WireRequest,
): { readonly model: OperationModel; readonly read: () => any } {
  const { bucket, path } = service === 's3' ? bucketOf(request) : { bucket: undefined, path: request.path };
  const fits = (route: Route): boolean =>
    route.method === request.method &&
    route.pattern.test(path) &&
    (service !== 's3' || route.needsBucket === (bucket !== undefined)) &&
    (request.query[OPERATION_HINT] ?? route.model.name) === route.model.name &&
    [...route.query].every(([name, value]) => request.query[name] === value) &&
    route.queryMembers.every((name) => request.query[name] !== undefined) &&
    route.headers.every((name) => request.headers[name] !== undefined);
  const route = routesOf(service).find(fits);
  if (!route)
    throw wireError(
      service,
      'unknown-operation',
      `${request.method} ${request.path} is not an operation of ${service}.`,
    );
  const unknown = Object.keys(request.query).find(
    (name) => name !== OPERATION_HINT && !route.query.has(name) && !route.takesQuery.has(name),
  );
  if (unknown !== undefined) throw notModelled(`the parameter ${unknown} of ${service}:${route.model.name}`);
  return { model: route.model, read: () => readInput(service, route, { ...request, path }, bucket) };
}

function readInput(service: ServiceId, route: Route, request: WireRequest, bucket: string | undefined): any {
  const parts = route.pattern.exec(request.path) ?? [];
  const labels = new Map(route.labels.map((label, index) => [label, decodeURIComponent(parts[index + 1] ?? '')]));
  if (bucket !== undefined) labels.set('Bucket', bucket);
  const { body, trailers } = unchunked(request);
  const inBody = protocolOf(service) === 'restJson' && body.length > 0 && !hasPayload(route.model.input);
  const json = inBody ? objectOf(JSON.parse(Buffer.from(body).toString())) : {};
  const headers = { ...request.headers, ...trailers } as WireRequest['headers'];
  const input: Record<string, unknown> = {};
  for (const [name, member] of route.model.input.structIterator()) {
    const bound = bindingsOf(member);
    const value = readMember(bound, member, { name, labels, request: { ...request, headers }, body, json });
    if (value !== undefined) input[name] = value;
  }
  return input;
}

function readMember(
  bound: Bindings,
  member: NormalizedSchema,
  {
    name,
    labels,
    request,
    body,
    json,
  }: { name: string; labels: ReadonlyMap<string, string>; request: WireRequest; body: Uint8Array; json: any },
): unknown {
  if (bound.httpLabel !== undefined) return labels.get(name);
  if (bound.httpPayload !== undefined) return body;
  if (bound.httpHeader !== undefined) return fromText(member, request.headers[bound.httpHeader.toLowerCase()]);
  if (bound.httpQuery !== undefined) return fromText(member, [request.query[bound.httpQuery]].flat()[0]);
  if (bound.httpPrefixHeaders !== undefined) {
    const prefix = bound.httpPrefixHeaders.toLowerCase();
    const found = Object.entries(request.headers).filter(([header]) => header.startsWith(prefix));
    return found.length > 0
      ? Object.fromEntries(found.map(([header, value]) => [header.slice(prefix.length), value]))
      : undefined;
  }
  return fromJson(member, json[(member.getMergedTraits() as { jsonName?: string }).jsonName ?? name]);
}

const hasPayload = (schema: NormalizedSchema): boolean =>
  [...schema.structIterator()].some(([, member]) => bindingsOf(member).httpPayload !== undefined);

/** Virtual-hosted (`bucket.s3.region.amazonaws.com`) or path style. */
function bucketOf(request: WireRequest): { readonly bucket?: string; readonly path: string } {
  const host = /^(.+)\.s3[.-][\w.-]*amazonaws\.com$/.exec(request.hostname)?.[1];
  if (host !== undefined) return { bucket: host, path: request.path };
  const [, bucket = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(request.path) ?? [];
  return bucket === '' ? { path: '/' } : { bucket, path: rest === '' ? '/' : rest };
}

interface Unchunked {
  readonly body: Uint8Array;
  /** Headers that came after the body, and the content's own encoding. */
  readonly trailers: Readonly<Record<string, string | undefined>>;
}

const CHUNKED = /(^|,)\s*aws-chunked\s*(?=,|$)/;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
function unchunked(request: WireRequest): Unchunked {
  const bytes = Buffer.from(bodyBytes(request));
  const encoding = request.headers['content-encoding'] ?? '';
  if (!CHUNKED.test(encoding)) return { body: bytes, trailers: {} };
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', offset);
    const size = end < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', offset, end), 16);
    if (!(size >= 0) || end + 2 + size > bytes.length)
      throw new AwsError('IncompleteBody', 'The request body terminated unexpectedly', 400);
    offset = end + 2 + size + 2;
    if (size === 0) break;
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
  }
  const trailing = bytes
    .toString('latin1', offset - 2)
    .split('\r\n')
    .flatMap((line) => /^([\w-]+):(.*)$/.exec(line) ?? []);
  const own = encoding.replace(CHUNKED, '').replace(/^,|,$/g, '').trim();
  const [, name = '', value = ''] = trailing;
  return {
    body: Buffer.concat(chunks),
    trailers: {
      'content-encoding': own || undefined,
      'content-length': request.headers['x-amz-decoded-content-length'],
      ...(name && { [name.toLowerCase()]: value.trim() }),
    },
  };
}
