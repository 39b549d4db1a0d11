/** What Secrets Manager does by itself: schedules, the four steps, retries. */
import type { Clock } from '../../clock';
import type { Random } from '../../random';
import type { Invoke } from '../invoke';
import { CURRENT, PENDING, moveStage, outstanding, type Secret, type SecretVersion } from './model';
import { rotationEvent, type RotationEvent, type RotationEventName } from './rotation-event';
import { HOUR_MS, nextWindow, type Window } from './schedule';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const MINUTE_MS = 60_000;
/** Pauses before the second to fifth attempt; AWS says that it retries, not how often. */
const RETRY_AFTER_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS];
/** A rotation that a person starts may be attempted again for this long. */
const IMMEDIATE_WINDOW_MS = 24 * HOUR_MS;

export interface MachineOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly invoke: Invoke;
  readonly emit: (event: RotationEvent) => void;
}

export class RotationMachine {
  constructor(private readonly options: MachineOptions) {}

  /** Begins a rotation under a new token, or attempts the outstanding one again; its steps run as tasks of the clock. */
  start(secret: Secret, token: string, closesAt?: Date): void {
    const { clock } = this.options;
    secret.rotation.retry?.cancel();
    secret.rotation.scheduled?.cancel();
    const pending = outstanding(secret) ?? this.emptyVersion(secret, token);
    const deadline = closesAt ?? new Date(clock.now().getTime() + IMMEDIATE_WINDOW_MS);
    this.attempt(secret, pending.id, deadline, 0);
  }

  /** RotateImmediately=false: testSecret alone, on a version that exists only for it. */
  test(secret: Secret, token: string): void {
    const version = this.emptyVersion(secret, token);
    secret.rotation.running = token;
    this.options.clock.at(this.options.clock.now(), async () => {
      this.emit(secret, 'TestRotationStarted');
      const good = await this.step(secret, token, 'testSecret');
      version.stages.delete(PENDING);
      if (!version.value) secret.versions.delete(token);
      secret.rotation.running = undefined;
      this.emit(secret, good ? 'TestRotationSucceeded' : 'TestRotationFailed');
    });
  }

  /** Sets the timer of the next scheduled rotation, at a random instant of its window. */
  schedule(secret: Secret, window: Window): void {
    const { clock, random } = this.options;
    secret.rotation.next = window;
    secret.rotation.scheduled?.cancel();
    const length = window.closesAt.getTime() - window.opensAt.getTime();
    const at = new Date(window.opensAt.getTime() + random.integer(Math.max(1, length)));
    secret.rotation.scheduled = clock.at(at, () => this.fire(secret, window));
  }

  /** The next window counts from the last change of AWSCURRENT, whoever made it. */
  reschedule(secret: Secret): void {
    const { enabled, rules } = secret.rotation;
    if (enabled && rules) this.schedule(secret, nextWindow(rules, this.options.clock.now()));
  }

  cancel(secret: Secret): void {
    secret.rotation.enabled = false;
    secret.rotation.next = undefined;
    secret.rotation.scheduled?.cancel();
    secret.rotation.retry?.cancel();
  }

  /** AWSPENDING left a version whose rotation had not finished. */
  abandoned(secret: Secret): void {
    this.emit(secret, 'RotationAbandoned');
  }

  private fire(secret: Secret, window: Window): void {
    if (!secret.rotation.enabled || secret.deletedAt) return;
    if (secret.rotation.running) return this.reschedule(secret);
    this.start(secret, this.options.random.uuid(), window.closesAt);
  }

  private emptyVersion(secret: Secret, token: string): SecretVersion {
    const version: SecretVersion = { id: token, createdAt: this.options.clock.now(), stages: new Set() };
    secret.versions.set(token, version);
    moveStage(secret, PENDING, version);
    return version;
  }

  private attempt(secret: Secret, token: string, deadline: Date, retries: number): void {
    secret.rotation.running = token;
    this.options.clock.at(this.options.clock.now(), async () => {
      this.emit(secret, 'RotationStarted');
      const good = await this.allSteps(secret, token);
      secret.rotation.running = undefined;
      if (good) this.succeeded(secret);
      else this.failed(secret, token, deadline, retries);
    });
  }

  private async allSteps(secret: Secret, token: string): Promise<boolean> {
    for (const step of STEPS) {
      if (!secret.rotation.enabled || secret.deletedAt || !this.alive(secret, token)) return false;
      if (!(await this.step(secret, token, step))) return false;
    }
    return secret.versions.get(token)?.stages.has(CURRENT) ?? false;
  }

  private alive(secret: Secret, token: string): boolean {
    const stages = secret.versions.get(token)?.stages;
    return stages !== undefined && (stages.has(PENDING) || stages.has(CURRENT));
  }

  private async step(secret: Secret, token: string, step: string): Promise<boolean> {
    try {
      const event = { Step: step, SecretId: secret.arn, ClientRequestToken: token };
      const source = {
        principal: 'secretsmanager.amazonaws.com',
        sourceArn: secret.arn,
        sourceAccount: secret.accountId,
      } as const;
      const answer = await this.options.invoke(secret.rotation.functionArn ?? '', event, source);
      return answer.functionError === undefined;
    } catch {
      return false;
    }
  }

  private succeeded(secret: Secret): void {
    secret.rotatedAt = this.options.clock.now();
    this.emit(secret, 'RotationSucceeded');
    this.reschedule(secret);
  }

  private failed(secret: Secret, token: string, deadline: Date, retries: number): void {
    this.emit(secret, 'RotationFailed');
    const wait = RETRY_AFTER_MS[retries];
    const at = wait === undefined ? undefined : new Date(this.options.clock.now().getTime() + wait);
    const again = at && at <= deadline && secret.rotation.enabled && !secret.deletedAt && this.alive(secret, token);
    if (!again) return this.reschedule(secret);
    secret.rotation.retry = this.options.clock.at(at, () => {
      if (secret.rotation.enabled && !secret.deletedAt && this.alive(secret, token))
        this.attempt(secret, token, deadline, retries + 1);
      else this.reschedule(secret);
    });
  }

  private emit(secret: Secret, name: RotationEventName): void {
    this.options.emit(rotationEvent(secret, name, this.options.random.uuid(), this.options.clock.now()));
  }
}
