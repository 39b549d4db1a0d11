/** Functions run against the account: the steps of a rotation, runs of reconcile, and commands of the operator. */
import type { NoticeEvent } from '../../../lambda/contract/notice';
import type { AccountReport } from '../../../lambda/contract/report';
import { operate } from '../../../lambda/domain/operate/run-command';
import type { AccessKeyPair } from '../../../lambda/domain/ports';
import { emptyCache } from '../../../lambda/domain/reconcile/cache';
import type { RotationFailure } from '../../../lambda/domain/reconcile/account/rotation-failed-event';
import { reconcile, type RunOutcome } from '../../../lambda/domain/reconcile/run';
import { parseSlice } from '../../../lambda/domain/roster/parse-slice';
import { handleStep } from '../../../lambda/domain/rotation/handle-step';
import { STEPS } from '../../../lambda/domain/rotation/step-event';
import type { Said } from '../said';
import { FaultyAccount, Killed, type Call, type Invocation } from './faults';
import { keyAdministration } from './iam';
import { ACCOUNT, REGION } from './roster';
import { mailAbout } from './mails';
import { ROTATE, secretsManager } from './secrets-manager';
import { ServiceError } from './service-error';

const TIMEOUT_MS = 300_000;

export class World extends FaultyAccount {
  /** What invocations answered and threw. */
  readonly answers: unknown[] = [];
  /** Runs after every invocation. */
  ended: () => void = () => {};
  /** Runs when an event is published or only recorded, with the number of calls when the invocation that does so began. */
  told: (event: Said, since: number) => void = () => {};
  /** How far the functions' clock is ahead of AWS's. */
  skewMs = 0;
  /** The step that Secrets Manager has called last. */
  running: { readonly step: string; readonly token: string } | undefined;
  private attempts = 0;
  private cache = emptyCache();

  /** All that decides what happens from here on, as text: two worlds of the same text have the same future. Holds between two invocations. */
  fingerprint(): string {
    const { attempts, running, cache } = this;
    const cached = [
      cache.rotationFailures,
      [...cache.reported],
      [...cache.overSince],
      [...cache.users].map(([name, { failing, held }]) => [name, failing, held]),
    ];
    return JSON.stringify([...this.traits(), attempts, running, cached]);
  }

  /** Runs the four steps of a token as Secrets Manager does; the first failure ends the attempt. */
  async rotate(token = this.startRotation()): Promise<Error | undefined> {
    for (const step of STEPS) {
      this.running = { step, token };
      const failure = await this.step(step, token);
      if (failure) return failure;
    }
    return undefined;
  }

  /** Attempts until a rotation finishes, as Secrets Manager and reconcile do between them. */
  async rotateUntilDone(most: number): Promise<number> {
    let token = this.startRotation();
    for (let attempt = 1; attempt <= most; attempt++) {
      if (this.secret.versions.get(token)!.stages.size === 0) token = this.startRotation();
      if (!(await this.rotate(token))) return attempt;
      this.pass(0.25);
      await this.reconcile();
    }
    throw new Error(`no rotation finished in ${most} attempts`);
  }

  step(step: string, token: string): Promise<Error | undefined> {
    return this.handle({ SecretId: this.arn(this.secret), ClientRequestToken: token, Step: step });
  }

  /** Any event, as Lambda hands it on. */
  handle(event: unknown): Promise<Error | undefined> {
    const { Step: step } = (event ?? {}) as { Step?: unknown };
    return this.invoke(typeof step === 'string' ? step : 'rotate', (ports) =>
      handleStep(
        ports,
        {
          accountId: ACCOUNT,
          region: REGION,
          attempt: `attempt-${step === 'createSecret' ? this.attempts++ : this.attempts}`,
          timeoutMs: TIMEOUT_MS,
        },
        event,
      ),
    );
  }

  /** A full pass of the schedule, unless a rotation event is given. */
  async reconcile(rotationFailure?: RotationFailure): Promise<RunOutcome | undefined> {
    let outcome: RunOutcome | undefined;
    if (!rotationFailure) delete this.cache.fullPassAt;
    const failure = await this.invoke('reconcile', async (ports) => {
      outcome = await reconcile(
        ports,
        {
          accountId: ACCOUNT,
          region: REGION,
          partition: 'aws',
          rotateTimeoutMs: TIMEOUT_MS,
          rotateFunctionArn: ROTATE,
          codeVersion: 'test',
        },
        this.cache,
        rotationFailure,
      );
    });
    if (failure instanceof Killed) this.forget();
    else if (failure) throw failure;
    this.answers.push(outcome);
    return outcome;
  }

  /** As the mailer and SES left it in the org bucket. */
  mailAbout(eventId: string): ReturnType<typeof mailAbout> {
    return mailAbout(this, eventId);
  }

  /** The next run is a new container's: it remembers nothing. */
  forget(): void {
    this.cache = emptyCache();
  }

  /** A command of the operator. @returns its message, or the failure */
  async operate(command: object): Promise<string | Error> {
    let message = '';
    const failure = await this.invoke('operate', async (ports) => {
      ({ message } = await operate(ports, ACCOUNT, command));
    });
    this.answers.push(message);
    return failure ?? message;
  }

  private async invoke(
    name: string,
    run: (ports: ReturnType<World['ports']>) => Promise<void>,
  ): Promise<Error | undefined> {
    const invocation: Invocation = { name, since: this.calls.length, dead: false, kill: () => {} };
    const killed = new Promise<Error>((resolve) => {
      invocation.kill = resolve;
    });
    const ended = run(this.ports(invocation)).then(
      () => undefined,
      (error: Error) => error,
    );
    const outcome = await Promise.race([ended, killed]);
    if (outcome) this.answers.push(outcome);
    this.ended();
    return outcome;
  }

  private ports(invocation: Invocation) {
    const call: Call = (name, about, effect) => this.call(invocation, name, about, effect);
    const deadline = this.now.getTime() + TIMEOUT_MS;
    return {
      secrets: secretsManager(this, call),
      keys: { of: (name: string) => keyAdministration(this, call, name) },
      identities: {
        identify: (key: AccessKeyPair) =>
          call('sts:GetCallerIdentity', key.id, () => {
            const stored = this.keys.find(({ id, secret }) => id === key.id && secret === key.secret);
            const other = this.keysOfOthers.get(key.id);
            if (other) return { arn: this.arnOf(other), accountId: ACCOUNT };
            return stored?.status === 'Active' && this.isPropagated(stored)
              ? { arn: this.arnOf(this.user.name), accountId: ACCOUNT }
              : undefined;
          }),
      },
      roster: {
        read: () =>
          call('s3:GetObject slice', '', () =>
            this.sliceText === undefined ? this.slice : parseSlice(this.sliceText),
          ),
      },
      notices: {
        record: (event: NoticeEvent) =>
          call('s3:PutObject event', event.type, () => {
            this.recorded.push(event);
            this.told(event, invocation.since);
          }),
        send: async (event: NoticeEvent) => {
          await call('s3:PutObject event', event.type, () => void this.recorded.push(event));
          await call('sns:Publish', event.type, () => {
            if (this.now < this.snsDownUntil)
              throw new ServiceError('InternalError', 'server', { httpStatusCode: 500 });
            this.told(event, invocation.since);
            if (this.notices.some(({ id }) => id === event.id)) return;
            this.notices.push(event);
            if (event.audience.includes('owner')) this.mailed.set(event.id, this.now);
          });
        },
      },
      mails: { about: (eventId: string) => call('s3:GetObject delivery', '', () => this.mailAbout(eventId)) },
      reports: {
        read: () => call('s3:GetObject report', '', () => (this.report ? JSON.stringify(this.report) : undefined)),
        write: (report: AccountReport) => call('s3:PutObject report', '', () => void (this.report = report)),
      },
      clock: {
        now: () => new Date(this.now.getTime() + this.skewMs),
        sleep: async (milliseconds: number) => {
          this.now = new Date(this.now.getTime() + milliseconds);
        },
        remaining: () => deadline - this.now.getTime(),
      },
      log: { info: this.log, warn: this.log, error: this.log },
    };
  }

  private readonly log = (message: string, fields: object = {}): void => {
    this.logLines.push(JSON.stringify({ message, ...fields }));
  };
}
