import { AwsError, type Call, type Service } from '../service';
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
  const arnOf = (name: string, call: Call): string =>
    parseArn(name)
      ? name
      : formatArn({
          service: 'lambda',
          region: call.region,
          accountId: call.principal.accountId,
          resource: `function:${name}`,
        });
  const service: Service = {
    id: 'lambda',
    operations: {
      Invoke: {
        accesses: (input, call) => {
          const arn = arnOf(input.FunctionName, call);
          const policy = state.find(arn)?.policy;
          return [
            {
              action: 'lambda:InvokeFunction',
              resource: arn,
              resourceAccountId: parseArn(arn)?.accountId ?? call.principal.accountId,
              ...(policy && { resourcePolicy: policy }),
            },
          ];
        },
        run: async (input, call) => {
          const arn = arnOf(input.FunctionName, call);
          if (!state.find(arn)) throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
          const running = invoke(arn, parsePayload(input.Payload), { principal: call.principal });
          if (input.InvocationType === 'Event') {
            running.catch(() => undefined);
            return { StatusCode: 202 };
          }
          const { payload, functionError } = await running;
          return {
            StatusCode: 200,
            ExecutedVersion: '$LATEST',
            FunctionError: functionError,
            Payload: Buffer.from(JSON.stringify(payload ?? null)),
          };
        },
      },
    },
  };
  return { service, state };
}

function parsePayload(payload: Uint8Array | string | undefined): unknown {
  if (!payload || payload.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(payload as Uint8Array).toString('utf8'));
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}
