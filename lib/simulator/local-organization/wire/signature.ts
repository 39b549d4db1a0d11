/** Signature Version 4, checked. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac, timingSafeEqual, type Hash, type Hmac } from 'node:crypto';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Checksum, SourceData } from '@smithy/types';
import { notModelled, AwsError, type ServiceId } from '../service';
import { wireError } from './error-codes';
import { bodyBytes, type WireRequest } from './messages';
import { serviceOfSigningName } from './models';

export interface SignatureClaim {
  readonly accessKeyId: string;
  readonly sessionToken?: string;
  /** `YYYYMMDD` of the credential's scope. */
  readonly date: string;
  readonly region: string;
  readonly signingName: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/]*)\/([^/]*)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

/** What the Authorization header claims; undefined when the request is not signed so. */
export function signatureClaim({ headers }: WireRequest): SignatureClaim | undefined {
  const [, accessKeyId = '', date = '', region = '', signingName = '', signedHeaders = '', signature = ''] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId === '') return undefined;
  const sessionToken = headers['x-amz-security-token'];
  return { accessKeyId, sessionToken, date, region, signingName, signedHeaders: signedHeaders.split(';'), signature };
}

/** @throws AwsError when the request is not signed, or its credential is scoped to another day, place or service */
export function claimOf(request: WireRequest, service: ServiceId): SignatureClaim {
  const { headers, query } = request;
  if (query['X-Amz-Signature'] !== undefined) throw notModelled('presigned URLs');
  if (headers.authorization === undefined)
    throw wireError(service, 'unsigned', 'Request is missing Authentication Token');
  const claim = signatureClaim(request);
  if (!claim) throw wireError(service, 'malformed-authorization', 'The authorization header is malformed');
  const problem = scopeProblem(request, claim);
  if (problem) throw wireError(service, service === 's3' ? 'malformed-authorization' : 'wrong-signature', problem);
  return claim;
}

const GLOBAL_REGION = 'us-east-1';

/** Another host than AWS's, such as a loopback port, says nothing of region and service. */
function scopeProblem(
  { headers, hostname }: WireRequest,
  { date, region, signingName }: SignatureClaim,
): string | undefined {
  const sentAt = headers['x-amz-date'] ?? '';
  if (!/^\d{8}T\d{6}Z$/.test(sentAt)) return 'The request must have a valid x-amz-date header.';
  if (!sentAt.startsWith(date))
    return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${sentAt.slice(0, 8)}', from '${sentAt}'.`;
  const endpoint = endpointOf(hostname);
  const wantedRegion = signingName === 'iam' ? GLOBAL_REGION : endpoint?.region;
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region) || (wantedRegion !== undefined && region !== wantedRegion))
    return `Credential should be scoped to a valid region, not '${region}'.`;
  if (serviceUnknown(signingName) || (endpoint && endpoint.service !== signingName))
    return `Credential should be scoped to correct service: '${endpoint?.service ?? 'one of the local organization'}'.`;
  return undefined;
}

const ENDPOINT = /(?:^|\.)([a-z0-9]+)(?:-fips)?(?:\.dualstack)?(?:\.([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com$/;

function endpointOf(hostname: string): { readonly service: string; readonly region: string } | undefined {
  const [, service, region = GLOBAL_REGION] = ENDPOINT.exec(hostname) ?? [];
  return service === undefined ? undefined : { service: service === 'email' ? 'ses' : service, region };
}

const serviceUnknown = (signingName: string): boolean => serviceOfSigningName(signingName) === undefined;

/**
 * Signs the request again, as far as the claim says that it was signed, and compares.
 * @throws AwsError when the signature is another, or does not cover what it must
 */
export async function verifySignature(
  service: ServiceId,
  request: WireRequest,
  claim: SignatureClaim,
  secretAccessKey: string,
): Promise<void> {
  const signed = new Set(claim.signedHeaders);
  checkCoverage(service, request, signed);
  checkPayload(service, request);
  const { accessKeyId, region, signingName } = claim;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service: signingName,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    applyChecksum: false,
  });
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => signed.has(name)));
  const query = request.query as Record<string, string | string[]>;
  const again = await signer.sign(new HttpRequest({ ...request, query, headers }), {
    signingDate: sentAt(request),
    signableHeaders: signed,
  });
  const signature = again.headers.authorization?.slice(-claim.signature.length) ?? '';
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(claim.signature))) throw wrongSignature(service);
}

const wrongSignature = (service: ServiceId): AwsError =>
  wireError(
    service,
    'wrong-signature',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );

function checkCoverage(service: ServiceId, { headers }: WireRequest, signed: ReadonlySet<string>): void {
  const uncovered = signed.has('host')
    ? Object.keys(headers).find((name) => name.startsWith('x-amz-') && !signed.has(name))
    : 'host';
  if (uncovered === undefined) return;
  if (service === 's3')
    throw new AwsError(
      'AccessDenied',
      `There were headers present in the request which were not signed: ${uncovered}`,
      403,
    );
  throw wireError(service, 'wrong-signature', `'${uncovered}' must be a 'SignedHeader' in the AWS Authorization.`);
}

/** S3 alone lets a body go unsigned, and says so apart. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function checkPayload(service: ServiceId, request: WireRequest): void {
  const declared = request.headers['x-amz-content-sha256'];
  if (service !== 's3') {
    if (declared !== undefined && declared !== sha256(bodyBytes(request))) throw wrongSignature(service);
    return;
  }
  if (declared === undefined)
    throw new AwsError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  if (declared === 'UNSIGNED-PAYLOAD' || declared === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return;
  if (declared.startsWith('STREAMING-')) throw notModelled(`the content hash ${declared}`);
  if (declared !== sha256(bodyBytes(request)))
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
}

/** From `YYYYMMDDTHHMMSSZ`, whose form was checked. */
const sentAt = ({ headers }: WireRequest): Date =>
  new Date(headers['x-amz-date']!.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** The signer's hash, by Node. */
class Sha256 implements Checksum {
  private hash: Hash | Hmac;

  constructor(private readonly secret?: SourceData) {
    this.hash = this.fresh();
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = this.fresh();
  }

  private fresh(): Hash | Hmac {
    return this.secret === undefined ? createHash('sha256') : createHmac('sha256', this.secret as Uint8Array | string);
  }
}
