/** What the SDK's own schemas say of each service's operations, so that no shape is written twice. */
import { NormalizedSchema } from '@smithy/core/schema';
import type { SchemaRef } from '@smithy/types';
import type { ServiceId } from '../service';

export type Protocol = 'query' | 'json1.0' | 'json1.1' | 'restJson' | 'restXml';

interface Model {
  readonly protocol: Protocol;
  /** In the credential scope of a signature. */
  readonly signingName: string;
  readonly load: () => Readonly<Record<string, unknown>>;
  readonly xmlNamespace?: string;
  /** What stands before the operation in `X-Amz-Target`. */
  readonly targetPrefix?: string;
}

const MODELS: Readonly<Record<ServiceId, Model>> = {
  iam: {
    protocol: 'query',
    signingName: 'iam',
    load: () => require('@aws-sdk/client-iam') as Record<string, unknown>,
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  },
  sts: {
    protocol: 'query',
    signingName: 'sts',
    load: () => require('@aws-sdk/client-sts') as Record<string, unknown>,
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  },
  sns: {
    protocol: 'query',
    signingName: 'sns',
    load: () => require('@aws-sdk/client-sns') as Record<string, unknown>,
    xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
  },
  secretsmanager: {
    protocol: 'json1.1',
    signingName: 'secretsmanager',
    targetPrefix: 'secretsmanager',
    load: () => require('@aws-sdk/client-secrets-manager') as Record<string, unknown>,
  },
  sqs: {
    protocol: 'json1.0',
    signingName: 'sqs',
    targetPrefix: 'AmazonSQS',
    load: () => require('@aws-sdk/client-sqs') as Record<string, unknown>,
  },
  ses: {
    protocol: 'query',
    signingName: 'ses',
    load: () => require('@aws-sdk/client-ses') as Record<string, unknown>,
    xmlNamespace: 'http://ses.amazonaws.com/doc/2010-12-01/',
  },
  lambda: {
    protocol: 'restJson',
    signingName: 'lambda',
    load: () => require('@aws-sdk/client-lambda') as Record<string, unknown>,
  },
  s3: {
    protocol: 'restXml',
    signingName: 's3',
    load: () => require('@aws-sdk/client-s3') as Record<string, unknown>,
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
  },
  cloudformation: {
    protocol: 'query',
    signingName: 'cloudformation',
    load: () => require('@aws-sdk/client-cloudformation') as Record<string, unknown>,
    xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  },
  kms: {
    protocol: 'json1.1',
    signingName: 'kms',
    targetPrefix: 'TrentService',
    load: () => require('@aws-sdk/client-kms') as Record<string, unknown>,
  },
};

export interface OperationModel {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Method, path pattern with its literal query, status of success; of REST protocols only. */
  readonly http?: readonly [string, string, number];
}

export interface ErrorModel {
  readonly statusCode: number;
  /** What the query protocol calls it. */
  readonly queryCode?: string;
}

const cache = new Map<string, OperationModel | undefined>();
const errors = new Map<ServiceId, ReadonlyMap<string, ErrorModel>>();

export function operationModel(service: ServiceId, name: string): OperationModel | undefined {
  const key = `${service} ${name}`;
  if (!cache.has(key)) cache.set(key, readModel(service, name));
  return cache.get(key);
}

function readModel(service: ServiceId, name: string): OperationModel | undefined {
  const schema = MODELS[service].load()[`${name}$`] as
    [number, string, string, { http?: [string, string, number] } | number, SchemaRef, SchemaRef] | undefined;
  if (!schema) return undefined;
  const [, , , traits, input, output] = schema;
  return {
    name,
    input: NormalizedSchema.of(input),
    output: NormalizedSchema.of(output),
    http: typeof traits === 'object' ? traits.http : undefined,
  };
}

/** Every operation of the service that AWS has. */
export const operationNames = (service: ServiceId): string[] =>
  schemasOf(service, OPERATION_SCHEMA).map(([, , name]) => name);

/** By the code that its protocol answers; undefined for errors that belong to no service, such as AccessDenied. */
export function errorModel(service: ServiceId, code: string): ErrorModel | undefined {
  let known = errors.get(service);
  if (!known)
    errors.set(
      service,
      (known = new Map(schemasOf(service, ERROR_SCHEMA).flatMap((schema) => errorEntry(service, schema)))),
    );
  return known.get(code);
}

type StaticSchema = readonly [kind: number, namespace: string, name: string, traits: unknown];
const OPERATION_SCHEMA = 9;
const ERROR_SCHEMA = -3;

const schemasOf = (service: ServiceId, wanted: number): StaticSchema[] =>
  Object.values(MODELS[service].load()).filter(
    (value): value is StaticSchema => Array.isArray(value) && value[0] === wanted,
  );

function errorEntry(service: ServiceId, [, , name, traits]: StaticSchema): [string, ErrorModel][] {
  const { awsQueryError: [queryCode, queryStatus] = [], httpError } = traits as {
    awsQueryError?: [string?, number?];
    httpError?: number;
  };
  const code = protocolOf(service) === 'query' ? (queryCode ?? name) : name;
  return [[code, { statusCode: httpError ?? queryStatus ?? 400, queryCode }]];
}

/** A structure's schema names its required members first, and then how many there are. */
export function requiredMembers(schema: NormalizedSchema): readonly string[] {
  const [, , , , names, , count] = schema.getSchema() as unknown as StructureSchema;
  return (names ?? []).slice(0, count ?? 0);
}

type StructureSchema = [number, string, string, unknown, (readonly string[])?, unknown?, number?];

export const targetPrefixOf = (service: ServiceId): string | undefined => MODELS[service].targetPrefix;
export const signingNameOf = (service: ServiceId): string => MODELS[service].signingName;
export const protocolOf = (service: ServiceId): Protocol => MODELS[service].protocol;
export const xmlNamespaceOf = (service: ServiceId): string | undefined => MODELS[service].xmlNamespace;

const BY_SIGNING_NAME = new Map(Object.entries(MODELS).map(([id, { signingName }]) => [signingName, id as ServiceId]));
export const serviceOfSigningName = (name: string): ServiceId | undefined => BY_SIGNING_NAME.get(name);
