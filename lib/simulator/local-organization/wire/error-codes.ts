/** How each service words what the wire itself refuses. */
import { AwsError, type ServiceId } from '../service';
import { protocolOf, type Protocol } from './models';

/** Code and HTTP status. */
type Wording = readonly [code: string, statusCode: number];

/** What the wire refuses before, or instead of, an operation. */
export type WireRefusal =
  | 'missing'
  | 'invalid'
  | 'unreadable'
  | 'unknown-operation'
  | 'denied'
  | 'throttled'
  | 'unsigned'
  | 'malformed-authorization'
  | 'unknown-key'
  | 'foreign-token'
  | 'wrong-signature'
  | 'expired'
  | 'failed';

type Wordings = Readonly<Record<WireRefusal, Wording>>;

/** https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
const QUERY: Wordings = {
  missing: ['ValidationError', 400],
  invalid: ['ValidationError', 400],
  unreadable: ['MalformedInput', 400],
  'unknown-operation': ['InvalidAction', 400],
  denied: ['AccessDenied', 403],
  throttled: ['Throttling', 400],
  unsigned: ['MissingAuthenticationToken', 403],
  'malformed-authorization': ['IncompleteSignature', 400],
  'unknown-key': ['InvalidClientTokenId', 403],
  'foreign-token': ['InvalidClientTokenId', 403],
  'wrong-signature': ['SignatureDoesNotMatch', 403],
  expired: ['ExpiredToken', 403],
  failed: ['InternalFailure', 500],
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html */
const JSON_RPC: Wordings = {
  missing: ['ValidationException', 400],
  invalid: ['ValidationException', 400],
  unreadable: ['SerializationException', 400],
  'unknown-operation': ['UnknownOperationException', 400],
  denied: ['AccessDeniedException', 400],
  throttled: ['ThrottlingException', 400],
  unsigned: ['MissingAuthenticationTokenException', 400],
  'malformed-authorization': ['IncompleteSignatureException', 400],
  'unknown-key': ['UnrecognizedClientException', 400],
  'foreign-token': ['UnrecognizedClientException', 400],
  'wrong-signature': ['InvalidSignatureException', 400],
  expired: ['ExpiredTokenException', 400],
  failed: ['InternalFailure', 500],
};

const REST_JSON: Wordings = {
  ...JSON_RPC,
  'unknown-operation': ['UnknownOperationException', 404],
  denied: ['AccessDeniedException', 403],
  throttled: ['TooManyRequestsException', 429],
  unsigned: ['MissingAuthenticationTokenException', 403],
  'malformed-authorization': ['IncompleteSignatureException', 403],
  'unknown-key': ['UnrecognizedClientException', 403],
  'foreign-token': ['UnrecognizedClientException', 403],
  'wrong-signature': ['InvalidSignatureException', 403],
  expired: ['ExpiredTokenException', 403],
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const S3: Wordings = {
  missing: ['InvalidRequest', 400],
  invalid: ['InvalidArgument', 400],
  unreadable: ['InvalidArgument', 400],
  'unknown-operation': ['MethodNotAllowed', 405],
  denied: ['AccessDenied', 403],
  throttled: ['SlowDown', 503],
  unsigned: ['AccessDenied', 403],
  'malformed-authorization': ['AuthorizationHeaderMalformed', 400],
  'unknown-key': ['InvalidAccessKeyId', 403],
  'foreign-token': ['InvalidToken', 400],
  'wrong-signature': ['SignatureDoesNotMatch', 403],
  expired: ['ExpiredToken', 400],
  failed: ['InternalError', 500],
};

const BY_PROTOCOL: Readonly<Record<Protocol, Wordings>> = {
  query: QUERY,
  'json1.0': JSON_RPC,
  'json1.1': JSON_RPC,
  restJson: REST_JSON,
  restXml: S3,
};

const BY_SERVICE: Partial<Record<ServiceId, Partial<Wordings>>> = {
  sns: {
    missing: ['InvalidParameter', 400],
    invalid: ['InvalidParameter', 400],
    unreadable: ['InvalidParameter', 400],
    denied: ['AuthorizationError', 403],
    throttled: ['Throttled', 429],
  },
  sqs: {
    missing: ['MissingParameter', 400],
    invalid: ['InvalidParameterValue', 400],
    throttled: ['RequestThrottled', 403],
    denied: ['AccessDenied', 403],
  },
  ses: { invalid: ['InvalidParameterValue', 400] },
};

export function wireError(service: ServiceId, refusal: WireRefusal, message: string): AwsError {
  const [code, statusCode] = BY_SERVICE[service]?.[refusal] ?? BY_PROTOCOL[protocolOf(service)][refusal];
  return new AwsError(code, message, statusCode);
}
