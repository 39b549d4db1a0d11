/** What becomes of an account's stack when another way of deployment, or none, takes over. */
import { STACKS } from '../names';
import type { RosterAccount } from '../roster/roster';

export interface Consequence {
  /** One sentence. */
  readonly reason: string;
  /** What people do, in this order; a command has a line of its own. */
  readonly steps: readonly string[];
}

type Deployment = RosterAccount['deployment'];

const DELETE_ROTATOR = `delete the stack in the account:\naws cloudformation delete-stack --stack-name ${STACKS.rotator}\nSecrets, their schedules and keys stay as they are; rotations wait for the next stack.`;
const BY_HAND = 'deploy the same template in the account manually, as described in the README';
const STANDS_IN_THE_WAY = 'the StackSet cannot make its own beside it, because the roles of both have the same names';

const CHANGES: Readonly<Record<Deployment, Readonly<Partial<Record<Deployment, Consequence>>>>> = {
  stackset: {
    manual: {
      reason:
        'the StackSet deletes its stack in the account, and rotations wait until someone deploys it manually; secrets and keys stay',
      steps: ['push, and wait until the pipeline has passed', BY_HAND],
    },
    pipeline: {
      reason:
        'the StackSet deletes its stack in the account before the stage of the pipeline makes another, and rotations wait meanwhile; secrets and keys stay',
      steps: ['bootstrap the account with the permissions boundary, as the README says', 'push'],
    },
  },
  manual: {
    stackset: {
      reason: `nobody deletes the stack that was deployed manually, and ${STANDS_IN_THE_WAY}`,
      steps: [DELETE_ROTATOR, 'push'],
    },
    pipeline: {
      reason:
        'the stage of the pipeline updates the stack that was deployed manually, and may do only what its permissions boundary lets it',
      steps: ['bootstrap the account with the permissions boundary, as the README says', 'push'],
    },
  },
  pipeline: {
    stackset: {
      reason: `the pipeline drops its stage but never deletes the stack, and ${STANDS_IN_THE_WAY}`,
      steps: [
        'push deployment: manual first, so that the pipeline no longer makes the stack',
        DELETE_ROTATOR,
        'push the account without deployment',
      ],
    },
    manual: {
      reason:
        'the pipeline drops its stage but never deletes the stack, which stays as it is until someone updates it manually',
      steps: ['push', `${BY_HAND}, after each change of the code`],
    },
  },
};

/** @param after absent for an account that leaves the roster */
export function stackChange(before: RosterAccount, after: RosterAccount | undefined): Consequence | undefined {
  if (after?.deployment === before.deployment) return undefined;
  return after ? CHANGES[before.deployment][after.deployment] : LEAVES[before.deployment];
}

const LEAVES: Readonly<Record<Deployment, Consequence>> = {
  stackset: { reason: 'the StackSet deletes the functions of the account', steps: [] },
  manual: { reason: 'nobody deletes the stack that was deployed manually', steps: ['push', DELETE_ROTATOR] },
  pipeline: { reason: 'the pipeline drops its stage but never deletes the stack', steps: ['push', DELETE_ROTATOR] },
};
