/** Signature Version 4, checked. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { bodyBytes, type WireRequest } from './messages';

export interface SignatureClaim {
  readonly accessKeyId: string;
  readonly sessionToken?: string;
  readonly region: string;
  readonly signingName: string;
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;

/** What the Authorization header claims; undefined when the request is not signed so. */
export function signatureClaim({ headers }: WireRequest): SignatureClaim | undefined {
  const [, accessKeyId = '', date = '', region = '', signingName = '', signedHeaders = '', signature = ''] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId === '') return undefined;
  return {
    accessKeyId,
    sessionToken: headers['x-amz-security-token'],
    region,
    signingName,
    date,
    signedHeaders: signedHeaders.split(';'),
    signature,
  };
}

export function signatureHolds(request: WireRequest, claim: SignatureClaim, secret: string): boolean {
  const { date, region, signingName } = claim;
  const scope = `${date}/${region}/${signingName}/aws4_request`;
  const text = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'] ?? '',
    scope,
    sha256(canonicalRequest(request, claim)),
  ].join('\n');
  const expected = hmac(signingKey(secret, date, region, signingName), text);
  return claim.signedHeaders.includes('host') && timingSafeEqual(expected, Buffer.from(claim.signature, 'hex'));
}

function canonicalRequest(request: WireRequest, { signedHeaders, signingName }: SignatureClaim): string {
  const path = signingName === 's3' ? request.path : encode(request.path).replaceAll('%2F', '/');
  const headers = signedHeaders
    .map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`)
    .join('');
  const payload = request.headers['x-amz-content-sha256'] ?? sha256(bodyBytes(request));
  return [request.method, path || '/', canonicalQuery(request), headers, signedHeaders.join(';'), payload].join('\n');
}

function canonicalQuery({ query }: WireRequest): string {
  return Object.entries(query)
    .flatMap(([name, values]) => [values].flat().map((value) => `${encode(name)}=${encode(value)}`))
    .toSorted()
    .join('&');
}

const keys = new Map<string, Buffer>();
const KEYS_REMEMBERED = 1_000;

function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const name = `${secret} ${date} ${region} ${service}`;
  let key = keys.get(name);
  if (!key) {
    if (keys.size >= KEYS_REMEMBERED) keys.clear();
    key = [date, region, service, 'aws4_request'].reduce<Buffer>(
      (previous, part) => hmac(previous, part),
      Buffer.from(`AWS4${secret}`),
    );
    keys.set(name, key);
  }
  return key;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
