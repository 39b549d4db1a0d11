/** The REST protocols: which operation a request means, and its parts in path, query, headers and body. */
import type { NormalizedSchema } from '@smithy/core/schema';
import type { ServiceId } from '../service';
import { bodyBytes, type WireRequest } from './messages';
import { operationModel, protocolOf, type OperationModel } from './models';
import { fromJson, fromText } from './shapes';

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
  readonly query: ReadonlyMap<string, string>;
  readonly needsBucket: boolean;
}

export const bindingsOf = (member: NormalizedSchema): Bindings => member.getMergedTraits() as Bindings;

const routes = new Map<ServiceId, readonly Route[]>();

function routesOf(service: ServiceId, operations: readonly string[]): readonly Route[] {
  let known = routes.get(service);
  if (!known)
    routes.set(
      service,
      (known = operations
        .flatMap((name) => routeOf(operationModel(service, name)) ?? [])
        .toSorted((one, other) => other.query.size - one.query.size)),
    );
  return known;
}

function routeOf(model: OperationModel | undefined): Route | undefined {
  if (!model?.http) return undefined;
  const [method, uri] = model.http;
  const [path = '/', query = ''] = uri.split('?');
  const labels: string[] = [];
  const pattern = path.replace(/\{(\w+)(\+?)\}/g, (_, label: string, greedy: string) => {
    labels.push(label);
    return greedy ? '(.+)' : '([^/]+)';
  });
  const literal = [...new URLSearchParams(query)].filter(([name]) => name !== 'x-id');
  const needsBucket = [...model.input.structIterator()].some(([name]) => name === 'Bucket');
  return { model, method, pattern: new RegExp(`^${pattern}$`), labels, query: new Map(literal), needsBucket };
}

/** The operation of a REST request and its input; undefined when the service has none for it. */
export function readRest(
  service: ServiceId,
  operations: readonly string[],
  request: WireRequest,
): { readonly name: string; readonly input: any } | undefined {
  const { bucket, path } = service === 's3' ? bucketOf(request) : { bucket: undefined, path: request.path };
  const fits = (route: Route): boolean =>
    route.method === request.method &&
    route.pattern.test(path) &&
    (service !== 's3' || route.needsBucket === (bucket !== undefined)) &&
    [...route.query].every(([name, value]) => request.query[name] === value);
  const route = routesOf(service, operations).find(fits);
  return route && { name: route.model.name, input: readInput(service, route, { ...request, path }, bucket) };
}

function readInput(service: ServiceId, route: Route, request: WireRequest, bucket: string | undefined): any {
  const parts = route.pattern.exec(request.path) ?? [];
  const labels = new Map(route.labels.map((label, index) => [label, decodeURIComponent(parts[index + 1] ?? '')]));
  if (bucket !== undefined) labels.set('Bucket', bucket);
  const body = unchunked(request);
  const json =
    protocolOf(service) === 'restJson' && body.length > 0 && !hasPayload(route.model.input)
      ? JSON.parse(Buffer.from(body).toString())
      : {};
  const input: Record<string, unknown> = {};
  for (const [name, member] of route.model.input.structIterator()) {
    const bound = bindingsOf(member);
    const value = readMember(bound, member, { name, labels, request, body, json });
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

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
function unchunked(request: WireRequest): Uint8Array {
  const bytes = Buffer.from(bodyBytes(request));
  if (!(request.headers['content-encoding'] ?? '').includes('aws-chunked')) return bytes;
  const chunks: Buffer[] = [];
  for (let offset = 0; ;) {
    const end = bytes.indexOf('\r\n', offset);
    const size = Number.parseInt(bytes.toString('latin1', offset, end < 0 ? undefined : end), 16);
    if (end < 0 || !(size > 0)) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    offset = end + 2 + size + 2;
  }
}
