/** Somebody who does, word by word, what a notice says. */
import { ANN, type World } from './world';

/** @throws Error when the command cannot be followed */
export async function follow(world: World, command: string): Promise<void> {
  const [, verb, id, status] =
    /^aws iam (update|delete)-access-key --user-name ann --access-key-id (\w+)(?: --status (Active|Inactive))?$/.exec(
      command,
    ) ?? [];
  const [, operation] =
    /^node bin\/access-keys\.js (rotate|rollback) --account 333333333333 --user ann$/.exec(command) ?? [];
  const key = world.keys.find((other) => other.id === id);
  if (operation) await world.operate({ command: operation, secretName: ANN.secretName });
  else if (key && verb === 'update') key.status = status as 'Active' | 'Inactive';
  else if (key) world.keys = world.keys.filter((other) => other !== key);
  else throw new Error(`this cannot be followed: ${command}`);
}
