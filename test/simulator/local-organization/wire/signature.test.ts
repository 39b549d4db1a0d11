import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';
import type { WireRequest } from '../../../../lib/simulator/local-organization/wire/messages';
import { rawRequest, signed, type RawRequest } from './raw-requests';

const ACCOUNT = '333333333333';
const identity = rawRequest('sts', 'GetCallerIdentity', {});
const secrets = rawRequest('secretsmanager', 'ListSecrets', {});
const put = rawRequest('s3', 'PutObject', { Bucket: 'bucket', Key: 'key', Body: 'new' });

function world() {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [ACCOUNT],
    propagation: NO_DELAY,
  });
  const { directory, s3, clock, gateway } = organization;
  s3.putBucket({ accountId: ACCOUNT, region: 'us-east-1', name: 'bucket' });
  s3.putBucket({ accountId: ACCOUNT, region: 'eu-west-1', name: 'far-bucket' });
  s3.putObject('bucket', 'key', 'old');
  const longLived = directory.administrator(ACCOUNT, { longLived: true });
  const session = directory.administrator(ACCOUNT);
  const send = async (request: WireRequest) => {
    const { statusCode, headers, body } = await gateway.handle(request);
    const text = Buffer.from(body).toString();
    return statusCode < 300 ? 'ok' : (headers['x-amzn-errortype'] ?? /<Code>(\w+)<\/Code>/.exec(text)?.[1]);
  };
  return { clock, longLived, session, send, stored: () => s3.text('bucket', 'key') };
}

type Change = (request: WireRequest) => WireRequest;

const withHeader =
  (name: string, value: string): Change =>
  (request) => ({ ...request, headers: { ...request.headers, [name]: value } });
const without =
  (unwanted: string): Change =>
  (request) => ({
    ...request,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== unwanted)),
  });
const withScope =
  (from: string, to: string): Change =>
  (request) =>
    withHeader('authorization', request.headers.authorization!.replace(from, to))(request);

const QUERY = [identity, 'sts'] as const;
const JSON_RPC = [secrets, 'secretsmanager'] as const;
const S3 = [put, 's3'] as const;

it.each([
  ['nothing', QUERY, (request: WireRequest) => request, 'ok'],
  ['nothing', JSON_RPC, (request: WireRequest) => request, 'ok'],
  ['nothing', S3, (request: WireRequest) => request, 'ok'],
  ['the body', QUERY, (request: WireRequest) => ({ ...request, body: 'Action=ListUsers' }), 'SignatureDoesNotMatch'],
  [
    'the body',
    JSON_RPC,
    (request: WireRequest) => ({ ...request, body: '{"MaxResults":1}' }),
    'InvalidSignatureException',
  ],
  ['the body', S3, (request: WireRequest) => ({ ...request, body: 'forged' }), 'XAmzContentSHA256Mismatch'],
  ['the path', S3, (request: WireRequest) => ({ ...request, path: '/bucket/other' }), 'SignatureDoesNotMatch'],
  [
    'the query',
    S3,
    (request: WireRequest) => ({ ...request, query: { ...request.query, tagging: '' } }),
    'SignatureDoesNotMatch',
  ],
  ['the method', S3, (request: WireRequest) => ({ ...request, method: 'DELETE' }), 'SignatureDoesNotMatch'],
  ['the target', JSON_RPC, withHeader('x-amz-target', 'secretsmanager.DeleteSecret'), 'InvalidSignatureException'],
  ['an unsigned header', QUERY, withHeader('x-amz-else', '1'), 'SignatureDoesNotMatch'],
  ['an unsigned header', JSON_RPC, withHeader('x-amz-else', '1'), 'InvalidSignatureException'],
  ['an unsigned header', S3, withHeader('x-amz-tagging', 'a=b'), 'AccessDenied'],
  ['the date', QUERY, withHeader('x-amz-date', '20270105T090000Z'), 'SignatureDoesNotMatch'],
  ['the date', S3, without('x-amz-date'), 'AuthorizationHeaderMalformed'],
  ['the region', QUERY, withScope('us-east-1', 'eu-west-1'), 'SignatureDoesNotMatch'],
  ['the service', QUERY, withScope('/sts/', '/iam/'), 'SignatureDoesNotMatch'],
  ['the service', S3, withScope('/s3/', '/sts/'), 'SignatureDoesNotMatch'],
  ['the authorization', QUERY, without('authorization'), 'MissingAuthenticationToken'],
  ['the authorization', QUERY, withHeader('authorization', 'AWS4-HMAC-SHA256 nothing'), 'IncompleteSignature'],
] as const)('a request with %s changed after it was signed (%#)', async (_, [raw, signingName], change, expected) => {
  const { longLived, send, stored } = world();
  const signature = await signed(raw, longLived, { signingName });
  expect(await send(change(signature))).toBe(expected);
  expect(stored()).toBe(expected === 'ok' && signingName === 's3' ? 'new' : 'old');
});

it.each([
  [identity, { signingName: 'iam', region: 'eu-west-1' }, 'SignatureDoesNotMatch'],
  [identity, { signingName: 'sts', region: 'nowhere' }, 'SignatureDoesNotMatch'],
  [secrets, { signingName: 'kms' }, 'UnknownOperationException'],
  [identity, { signingName: 'sqs' }, 'UnknownOperationException'],
  [identity, { signingName: 'ec2' }, 'SignatureDoesNotMatch'],
  [
    rawRequest('s3', 'GetObject', { Bucket: 'far-bucket', Key: 'key' }),
    { signingName: 's3' },
    'AuthorizationHeaderMalformed',
  ],
] as const)('a credential that is scoped to another place or service is refused (%#)', async (raw, scope, expected) => {
  const { longLived, send } = world();
  expect(await send(await signed(raw, longLived, scope))).toBe(expected);
});

it.each([
  [QUERY, 'InvalidClientTokenId', 'InvalidClientTokenId', 'ExpiredToken'],
  [JSON_RPC, 'UnrecognizedClientException', 'UnrecognizedClientException', 'ExpiredTokenException'],
  [S3, 'InvalidToken', 'InvalidAccessKeyId', 'ExpiredToken'],
] as const)(
  'tokens belong to their session and its time, and each service says so in its own code (%#)',
  async ([raw, signingName], foreign, missing, expired) => {
    const { clock, longLived, session, send } = world();
    const as = async (credentials: typeof longLived) => send(await signed(raw, credentials, { signingName }));
    expect(await as(session)).toBe('ok');
    expect(await as({ ...longLived, sessionToken: session.sessionToken })).toBe(foreign);
    expect(await as({ ...session, sessionToken: 'another' })).toBe(foreign);
    expect(await as({ ...session, sessionToken: undefined })).toBe(missing);
    await clock.advanceTo(new Date('2027-01-05T09:00:00Z'));
    expect(await as(session)).toBe(expired);
  },
);

it('S3 alone takes a body that is not signed', async () => {
  const { longLived, send } = world();
  const unsigned = (raw: RawRequest): RawRequest => ({
    ...raw,
    headers: { ...raw.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  });
  expect(await send(await signed(unsigned(put), longLived, { signingName: 's3' }))).toBe('ok');
  expect(await send(await signed(unsigned(identity), longLived, { signingName: 'sts' }))).toBe('SignatureDoesNotMatch');
  expect(await send(await signed(unsigned(secrets), longLived, { signingName: 'secretsmanager' }))).toBe(
    'InvalidSignatureException',
  );
});

it('an endpoint of AWS takes credentials for its own region and service only', async () => {
  const { longLived, send } = world();
  const at = async (host: string) =>
    send(
      await signed({ ...identity, headers: { host } }, longLived, { signingName: 'sts' }).then((request) => ({
        ...request,
        hostname: host,
      })),
    );
  expect(await at('sts.us-east-1.amazonaws.com')).toBe('ok');
  expect(await at('sts.amazonaws.com')).toBe('ok');
  expect(await at('sts.eu-west-1.amazonaws.com')).toBe('SignatureDoesNotMatch');
  expect(await at('iam.amazonaws.com')).toBe('SignatureDoesNotMatch');
});
