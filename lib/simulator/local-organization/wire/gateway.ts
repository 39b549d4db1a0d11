import type { Clock } from '../clock';
import { ConnectionLost, FunctionKilled, type FaultKind, type FaultPlan, type FaultRule } from '../faults';
import { Authorization } from '../iam/authorization';
import type { IamDirectory } from '../iam/directory';
import type { Random } from '../random';
import { notModelled, AwsError, type Call, type Principal, type Service, type ServiceId } from '../service';
import { decode, encode, encodeError, type Decoded } from './codec';
import type { WireRequest, WireResponse } from './messages';
import { wireError } from './error-codes';
import { operationModel, serviceOfSigningName } from './models';
import { claimOf, signatureClaim, verifySignature } from './signature';
import { checkInput } from './validation';

/** One request that was understood, as an auditor's trail would have it. */
export interface CallRecord {
  readonly sequence: number;
  readonly at: Date;
  /** Which invocation sent it; absent for outsiders. */
  readonly origin?: string;
  readonly principal: Principal;
  readonly service: ServiceId;
  readonly operation: string;
  readonly input: any;
  /** What the service answered, even when the answer was lost; absent when it refused. */
  readonly output?: any;
  /** `ok`, or the error's code. */
  readonly outcome: string;
  readonly injected?: FaultKind;
}

export interface GatewayOptions {
  readonly services: readonly Service[];
  readonly directory: IamDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults?: Pick<FaultPlan, 'next'>;
  readonly onCall?: (record: CallRecord) => void;
}

/** Where every request arrives: signature, decoding, faults, authorization, effect, answer. */
export class Gateway {
  private readonly services: ReadonlyMap<ServiceId, Service>;
  private readonly authorization: Authorization;
  private readonly requestIds: Random;
  private sequence = 0;

  constructor(private readonly options: GatewayOptions) {
    this.services = new Map(options.services.map((service) => [service.id, service]));
    this.authorization = new Authorization(options.directory, options.clock);
    this.requestIds = options.random.fork('request-ids');
  }

  /**
   * Answers as AWS would, errors included.
   * @param origin which invocation sends, `ACCOUNT/FUNCTION#REQUEST`; absent for outsiders
   * @throws ConnectionLost and FunctionKilled, as the fault plan has it
   */
  async handle(request: WireRequest, origin?: string): Promise<WireResponse> {
    const requestId = this.requestIds.uuid();
    const service = this.serviceOf(request);
    try {
      const { principal, region } = await this.authenticate(request, service.id);
      const decoded = decode(service, request);
      const call: Call = {
        service: service.id,
        operation: decoded.name,
        principal,
        region,
        at: this.options.clock.now(),
      };
      return encode(service.id, decoded.name, await this.perform(service, decoded, call, origin), requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const answer = encodeError(service.id, error, requestId);
      return request.method === 'HEAD' ? withoutBody(answer) : answer;
    }
  }

  /** The answer to a request that the local organization failed at by a defect of its own. */
  answerDefect(request: WireRequest): WireResponse {
    const { id } = this.serviceOf(request);
    return encodeError(
      id,
      wireError(id, 'failed', 'The local organization failed; its log says why.'),
      this.requestIds.uuid(),
    );
  }

  /**
   * A request without a wire: by a service principal, or on somebody's behalf. Authorized like any other.
   * @param context condition keys such as `aws:SourceArn`
   * @throws AwsError
   */
  async call(
    principal: Principal,
    serviceId: ServiceId,
    operation: string,
    region: string,
    input: unknown,
    context?: Readonly<Record<string, string>>,
  ): Promise<any> {
    const service = this.services.get(serviceId);
    if (!service) throw new Error(`the local organization has no service ${serviceId}`);
    const call: Call = { service: serviceId, operation, principal, region, at: this.options.clock.now() };
    return this.perform(service, { name: operation, input }, call, undefined, context);
  }

  /** Who answers; a request that nobody signed, and one to a service that is not here, get STS's refusal. */
  private serviceOf(request: WireRequest): Service {
    const service = this.services.get(serviceOfSigningName(signatureClaim(request)?.signingName ?? '') ?? 'sts');
    if (!service) throw new Error('the local organization has no STS');
    return service;
  }

  private async authenticate(
    request: WireRequest,
    service: ServiceId,
  ): Promise<{ readonly principal: Principal; readonly region: string }> {
    const { directory } = this.options;
    const claim = claimOf(request, service);
    const found = directory.authenticate(claim.accessKeyId, claim.sessionToken);
    if (found === 'expired')
      throw wireError(service, 'expired', 'The security token included in the request is expired');
    if (found === 'unknown') throw wireError(service, 'unknown-key', UNKNOWN_KEY);
    if (found === 'foreign-token') throw wireError(service, 'foreign-token', UNKNOWN_KEY);
    await verifySignature(service, request, claim, found.secret);
    directory.recordUse(claim.accessKeyId, claim.signingName, claim.region);
    return { principal: found.principal, region: claim.region };
  }

  private async perform(
    service: Service,
    { name, input }: Decoded,
    call: Call,
    origin: string | undefined,
    context?: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const operation = service.operations[name];
    const model = operationModel(service.id, name);
    if (!operation || !model) throw notModelled(`${service.id}:${name}`);
    const fault = this.options.faults?.next({
      service: service.id,
      operation: name,
      accountId: call.principal.accountId,
      functionName: functionOf(origin),
      at: call.at,
    });
    let output: unknown;
    const record = (outcome: string): void =>
      this.options.onCall?.({
        sequence: this.sequence++,
        at: call.at,
        origin,
        principal: call.principal,
        service: service.id,
        operation: name,
        input,
        output,
        outcome,
        injected: fault?.kind,
      });
    try {
      failBefore(fault, service.id);
      try {
        checkInput(service.id, model, input);
        await this.authorization.demand({ ...call, context }, operation.accesses(input, call));
        output = await operation.run(input, call);
      } finally {
        failAfter(fault);
      }
      record('ok');
      return output;
    } catch (error) {
      const told = error instanceof AwsError && error.code === 'AccessDenied' ? deniedBy(service.id, error) : error;
      record(told instanceof AwsError ? told.code : (told as Error).name);
      throw told;
    }
  }
}

/** In the service's own words for it. */
function deniedBy(service: ServiceId, { message, injected }: AwsError): AwsError {
  const { code, statusCode } = wireError(service, 'denied', message);
  return new AwsError(code, message, statusCode, injected);
}

const UNKNOWN_KEY = 'The security token included in the request is invalid.';

/** An answer to HEAD has none, so that a client has to go by the status. */
function withoutBody({ statusCode, headers }: WireResponse): WireResponse {
  const { 'content-length': _length, ...others } = headers;
  return { statusCode, headers: others, body: new Uint8Array() };
}

function failBefore(fault: FaultRule | undefined, service: ServiceId): void {
  switch (fault?.kind) {
    case 'error':
      throw new AwsError(
        fault.errorCode ?? (service === 's3' ? 'InternalError' : 'InternalFailure'),
        'An injected fault.',
        fault.errorCode === undefined ? 500 : 400,
        true,
      );
    case 'throttle': {
      const { code, statusCode } = wireError(service, 'throttled', 'Rate exceeded');
      throw new AwsError(code, 'Rate exceeded', statusCode, true);
    }
    case 'timeout':
      throw new ConnectionLost('an injected fault: the connection was lost before the request took effect');
    case 'killed-before':
      throw new FunctionKilled('an injected fault: the function was killed before its request took effect');
  }
}

/** A refusal can be lost, or be the last that a function hears, like any answer. */
function failAfter(fault: FaultRule | undefined): void {
  if (fault?.kind === 'response-lost') throw new ConnectionLost('an injected fault: the response was lost');
  if (fault?.kind === 'killed-after')
    throw new FunctionKilled('an injected fault: the function was killed after its request took effect');
}

/** `FUNCTION` of `ACCOUNT/FUNCTION#REQUEST`. */
const functionOf = (origin: string | undefined): string | undefined => origin?.split('/')[1]?.split('#')[0];
