import { AwsError, notModelled, type Access, type Call, type Service } from '../service';
import { formatArn, parseArn } from './arn';
import type { Invoke } from './invoke';

export interface FunctionSettings {
  readonly arn: string;
  /** The function's resource policy. */
  readonly policy?: string;
}

export class LambdaState {
  private readonly functions = new Map<string, FunctionSettings>();

  putFunction(settings: FunctionSettings): void {
    this.functions.set(settings.arn, settings);
  }

  removeFunction(arn: string): void {
    this.functions.delete(arn);
  }

  find(arn: string): FunctionSettings | undefined {
    return this.functions.get(arn);
  }
}

/** Invoke only. `Event` answers at once; MaximumRetryAttempts is taken to be 0. */
export function lambdaService({ invoke }: { invoke: Invoke }): { service: Service; state: LambdaState } {
  const state = new LambdaState();
  const operations = {
    Invoke: {
      accesses: ({ FunctionName }: InvokeInput, call: Call): Access[] => {
        const resource = arnOf(FunctionName, call);
        const resourcePolicy = state.find(resource)?.policy;
        const resourceAccountId = parseArn(resource)!.accountId;
        return [
          { action: 'lambda:InvokeFunction', resource, resourceAccountId, ...(resourcePolicy && { resourcePolicy }) },
        ];
      },
      run: (input: InvokeInput, call: Call) => run(state, invoke, input, call),
    },
  };
  return { service: { id: 'lambda', operations }, state };
}

interface InvokeInput {
  readonly FunctionName: string;
  readonly InvocationType?: string;
  readonly LogType?: string;
  readonly Payload?: Uint8Array | string;
}

async function run(state: LambdaState, invoke: Invoke, input: InvokeInput, call: Call): Promise<object> {
  const arn = arnOf(input.FunctionName, call);
  if (!state.find(arn)) throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  if (input.LogType === 'Tail') throw notModelled('LogType Tail of lambda:Invoke');
  const event = parsePayload(input.Payload);
  if (input.InvocationType === 'DryRun') return { StatusCode: 204 };
  const running = invoke(arn, event, { principal: call.principal });
  if (input.InvocationType === 'Event') {
    running.catch(() => undefined);
    return { StatusCode: 202 };
  }
  const { payload, functionError: FunctionError } = await running;
  const Payload = Buffer.from(JSON.stringify(payload ?? null));
  return { StatusCode: 200, ExecutedVersion: '$LATEST', FunctionError, Payload };
}

/** Of a name, an ARN, or what stands between: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
function arnOf(name: string, { region, principal }: Call): string {
  const [, regionGiven, accountId = principal.accountId, plain = '', qualifier] =
    /^(?:arn:[\w-]+:lambda:)?(?:([a-z]{2}[\w-]*-\d):)?(?:(\d{12}):)?(?:function:)?([\w.-]+)(?::([\w$.-]+))?$/.exec(
      name,
    ) ?? [];
  if (plain === '') throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
  if (qualifier !== undefined) throw notModelled('versions and aliases of functions');
  return formatArn({ service: 'lambda', region: regionGiven ?? region, accountId, resource: `function:${plain}` });
}

function parsePayload(payload: Uint8Array | string | undefined): unknown {
  if (!payload || payload.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(payload as Uint8Array).toString('utf8'));
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}
