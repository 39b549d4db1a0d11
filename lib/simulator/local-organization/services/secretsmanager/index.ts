import type { Clock } from '../../clock';
import type { Random } from '../../random';
import type { Service } from '../../service';
import type { Invoke } from '../invoke';
import type { KmsState } from '../kms';
import { SecretAccesses } from './accesses';
import { lifecycleOperations, versionOperations } from './operations';
import type { RotationEvent } from './rotation-event';
import { RotationMachine } from './rotation-machine';
import { rotationOperations } from './rotation-operations';
import type { Principals } from './secret-policies';
import { SecretsState } from './store';

export type { RotationEvent, RotationEventName } from './rotation-event';
export { SecretsState, type StoredValue } from './store';

export interface SecretsManagerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Calls the rotation function, one step an invocation. */
  readonly invoke: Invoke;
  /** Receives what EventBridge would get through CloudTrail. */
  readonly emit: (event: RotationEvent) => void;
  readonly kms?: KmsState;
  /** Without it, policies may name anybody. */
  readonly principals?: Principals;
}

/** Secrets Manager with its rotation machine; SPEC.md says what is AWS's and what is assumed. */
export function secretsManagerService(options: SecretsManagerOptions): { service: Service; state: SecretsState } {
  const random = options.random.fork('secretsmanager');
  const state = new SecretsState({ clock: options.clock, random, principals: options.principals });
  const machine = new RotationMachine({ ...options, random });
  state.resume = (secret) => {
    if (secret.rotation.enabled && secret.rotation.next) machine.schedule(secret, secret.rotation.next);
  };
  const parts = { clock: options.clock, random, state, machine, accesses: new SecretAccesses(state, options.kms) };
  return {
    service: {
      id: 'secretsmanager',
      operations: { ...lifecycleOperations(parts), ...versionOperations(parts), ...rotationOperations(parts) },
    },
    state,
  };
}
