import type { Clock } from '../clock';
import { ConnectionLost, FunctionKilled } from '../faults';
import type { IamDirectory } from '../iam/directory';
import type { Random } from '../random';
import type { Gateway } from '../wire/gateway';
import { startContainer, type FunctionCode } from './container';

export interface FunctionDefinition {
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly roleArn: string;
  readonly code: FunctionCode;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface LogLine {
  readonly at: Date;
  readonly functionArn: string;
  readonly requestId: string;
  readonly line: string;
}

export interface Answered {
  readonly functionArn: string;
  readonly answer: InvocationAnswer;
}

export interface InvocationAnswer {
  readonly payload: unknown;
  readonly functionError?: 'Unhandled';
}

interface Container {
  readonly startedAt: Date;
  readonly handle: (eventJson: string, context: unknown) => Promise<unknown>;
  /** Begins an invocation. @returns its request id */
  readonly serve: (chance: Random) => string;
  die: (reason: string) => void;
  dead: boolean;
}

/** AWS says only that environments do not live for ever; a season of virtual time keeps cold starts rare and present. */
const CONTAINER_LIFE_MS = 100 * 24 * 3_600_000;
const SESSION_SECONDS = 2 * (CONTAINER_LIFE_MS / 1000);

/** Runs functions as Lambda does: an environment serves one invocation at a time and is kept warm in between. */
export class LambdaRuntime {
  private readonly functions = new Map<string, FunctionDefinition>();
  private readonly idle = new Map<string, Container[]>();
  private readonly random: Random;
  private readonly lastNames = new Map<string, number>();
  coldStarts = 0;
  invocations = 0;

  constructor(
    private readonly options: {
      readonly clock: Clock;
      readonly random: Random;
      readonly directory: IamDirectory;
      readonly gateway: () => Gateway;
      readonly onLog: (line: LogLine) => void;
      readonly onAnswer?: (answered: Answered) => void;
    },
  ) {
    this.random = options.random.fork('lambda');
  }

  deploy(definition: FunctionDefinition): void {
    this.functions.set(definition.arn, definition);
    this.idle.delete(definition.arn);
  }

  remove(arn: string): void {
    this.functions.delete(arn);
    this.idle.delete(arn);
  }

  /** A crash, a kill and a timeout all answer `Unhandled`; the environment is then gone. */
  async invoke(functionArn: string, payload: unknown): Promise<InvocationAnswer> {
    const definition = this.functions.get(functionArn);
    if (!definition) throw new Error(`there is no function ${functionArn}`);
    this.invocations++;
    const container = this.takeContainer(definition);
    const { clock, onLog, onAnswer } = this.options;
    const eventJson = JSON.stringify(payload);
    const requestId = container.serve(this.chanceOf(functionArn, eventJson));
    const deadline = new Date(clock.now().getTime() + definition.timeoutSeconds * 1000);
    const answer = await new Promise<InvocationAnswer>((resolve) => {
      const timer = clock.at(deadline, () => container.die('Task timed out'));
      const end = (outcome: InvocationAnswer): void => {
        timer.cancel();
        resolve(outcome);
      };
      container.die = (reason) => {
        container.dead = true;
        onLog({ at: clock.now(), functionArn, requestId, line: reason });
        end({ payload: { errorType: 'Runtime.ExitError', errorMessage: reason }, functionError: 'Unhandled' });
      };
      container
        .handle(
          eventJson,
          contextOf(definition, requestId, () => deadline.getTime() - clock.now().getTime()),
        )
        .then(
          (value) => end({ payload: value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown) }),
          (error: Error) => {
            onLog({ at: clock.now(), functionArn, requestId, line: `ERROR ${error.name}: ${error.message}` });
            end({ payload: { errorType: error.name, errorMessage: error.message }, functionError: 'Unhandled' });
          },
        );
    });
    if (!container.dead) this.idleOf(functionArn).push(container);
    onAnswer?.({ functionArn, answer });
    return answer;
  }

  /** An invocation's randomness depends on what and when it is, not on how many there were before. */
  private chanceOf(functionArn: string, eventJson: string): Random {
    const name = `${functionArn} ${this.options.clock.now().getTime()} ${eventJson}`;
    const repeats = (this.lastNames.get(name) ?? -1) + 1;
    if (repeats === 0) this.lastNames.clear();
    this.lastNames.set(name, repeats);
    return this.random.fork(`${name} ${repeats}`);
  }

  private takeContainer(definition: FunctionDefinition): Container {
    const oldest = this.options.clock.now().getTime() - CONTAINER_LIFE_MS;
    const idle = this.idleOf(definition.arn).filter(({ startedAt }) => startedAt.getTime() > oldest);
    const warm = idle.pop();
    this.idle.set(definition.arn, idle);
    return warm ?? this.startContainer(definition);
  }

  private idleOf(functionArn: string): Container[] {
    let idle = this.idle.get(functionArn);
    if (!idle) this.idle.set(functionArn, (idle = []));
    return idle;
  }

  private startContainer(definition: FunctionDefinition): Container {
    const { clock, directory, gateway, onLog } = this.options;
    this.coldStarts++;
    let requestId = '';
    const chance = { current: this.random.fork(definition.arn) };
    const container: Container = {
      startedAt: clock.now(),
      serve: (own) => {
        chance.current = own;
        return (requestId = own.uuid());
      },
      dead: false,
      die: () => {},
      handle: startContainer({
        code: definition.code,
        environment: { ...definition.environment, ...reserved(definition), ...credentials(directory, definition) },
        clock,
        random: passOn(() => chance.current),
        log: (line) => onLog({ at: clock.now(), functionArn: definition.arn, requestId, line }),
        send: async (request) => {
          if (container.dead) return NEVER;
          // A defect of the local organization itself stops the clock: no function may take it for an answer of AWS.
          try {
            return await gateway().handle(request, `${definition.accountId}/${definition.name}#${requestId}`);
          } catch (error) {
            if (error instanceof ConnectionLost) throw error;
            if (!(error instanceof FunctionKilled)) clock.at(clock.now(), () => Promise.reject(error as Error));
            container.die((error as Error).message);
            return NEVER;
          }
        },
      }),
    };
    return container;
  }
}

const passOn = (current: () => Random): Random => ({
  next: () => current().next(),
  integer: (below) => current().integer(below),
  id: (alphabet, length) => current().id(alphabet, length),
  uuid: () => current().uuid(),
  fork: (name) => current().fork(name),
});

const NEVER = new Promise<never>(() => {});

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
const reserved = ({ name, region }: FunctionDefinition): Record<string, string> => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  LAMBDA_TASK_ROOT: '/var/task',
  HOME: '/home/sbx_user1051',
  TZ: ':UTC',
});

function credentials(directory: IamDirectory, { roleArn, name, arn }: FunctionDefinition): Record<string, string> {
  const {
    accessKeyId,
    secretAccessKey,
    sessionToken = '',
  } = directory.openSession(roleArn, name, { seconds: SESSION_SECONDS, sourceFunctionArn: arn }).credentials;
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken };
}

function contextOf({ arn, name }: FunctionDefinition, awsRequestId: string, remaining: () => number) {
  return {
    awsRequestId,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: '512',
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: remaining,
  };
}
