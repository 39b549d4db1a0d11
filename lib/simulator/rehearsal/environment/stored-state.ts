/** What an account held when an earlier version was played in it: users with keys, secrets with the ledger, the org bucket. */
import type { StoredKey, StoredUser } from '../../local-organization/iam/directory';
import type { LocalOrganization } from '../../local-organization/organization';
import type { Rotation } from '../../local-organization/services/secretsmanager/model';
import type { Player } from './participants';

/** As JSON has it: instants are ISO 8601. */
export interface StoredState {
  readonly accountId: string;
  readonly region: string;
  readonly at: string;
  readonly users: readonly WrittenUser[];
  readonly secrets: readonly WrittenSecret[];
  /** Of the org bucket, by key. */
  readonly objects: Readonly<Record<string, string>>;
}

interface WrittenUser {
  readonly name: string;
  readonly id: string;
  readonly path: string;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly keys: readonly {
    readonly id: string;
    readonly secret: string;
    readonly status: StoredKey['status'];
    readonly createdAt: string;
    readonly lastUse?: { readonly at: string; readonly service: string; readonly region: string };
  }[];
}

interface WrittenSecret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly rotatedAt?: string;
  readonly policy?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly versions: readonly {
    readonly id: string;
    readonly createdAt: string;
    readonly stages: readonly string[];
    readonly text?: string;
  }[];
  readonly rotation: Pick<Rotation, 'enabled' | 'functionArn' | 'rules'> & {
    readonly next?: { readonly opensAt: string; readonly closesAt: string };
  };
}

/** Before anything is deployed. */
export function takeOver({ directory, secrets, s3 }: LocalOrganization, state: StoredState, bucket: string): void {
  const { accountId, region, users, secrets: written, objects } = state;
  for (const user of users) directory.takeUser(userOf(accountId, user));
  for (const { name, arn, policy, versions, tags, rotation, createdAt, changedAt, rotatedAt } of written)
    secrets.take({
      name,
      arn,
      accountId,
      region,
      createdAt: new Date(createdAt),
      changedAt: new Date(changedAt),
      ...(rotatedAt !== undefined && { rotatedAt: new Date(rotatedAt) }),
      ...(policy !== undefined && { policy: { text: policy, ids: new Map<string, string>() } }),
      tags: new Map(Object.entries(tags)),
      versions: new Map(
        versions.map(({ id, createdAt: at, stages, text }) => [
          id,
          { id, createdAt: new Date(at), stages: new Set(stages), ...(text !== undefined && { value: { text } }) },
        ]),
      ),
      rotation: rotationOf(rotation),
    });
  s3.putBucket({ accountId, region, name: bucket });
  for (const [key, text] of Object.entries(objects)) s3.putObject(bucket, key, text, 'application/json');
}

function rotationOf({ next, ...rotation }: WrittenSecret['rotation']): Rotation {
  return { ...rotation, ...(next && { next: { opensAt: new Date(next.opensAt), closesAt: new Date(next.closesAt) } }) };
}

function userOf(accountId: string, { name, id, path, createdAt, tags, keys }: WrittenUser): StoredUser {
  return {
    accountId,
    id,
    name,
    path,
    createdAt: new Date(createdAt),
    tags: new Map(Object.entries(tags)),
    policies: new Map(),
    keys: keys.map(({ id: keyId, secret, status, createdAt: madeAt, lastUse }) => {
      const since = Date.parse(madeAt);
      const use = lastUse && { ...lastUse, at: new Date(lastUse.at) };
      return {
        id: keyId,
        secret,
        status,
        createdAt: new Date(since),
        firstWorksMs: since,
        alwaysWorksMs: since,
        listedMs: since,
        uses: use ? { last: use, noticing: use, noticed: use } : {},
      };
    }),
  };
}

/** The owner's is the one that was used last. */
export function keysTakenOver({ keys }: StoredUser): Player['keys'] {
  const lastUsed = ({ uses }: StoredKey): number => uses.noticed?.at.getTime() ?? 0;
  return [...keys]
    .sort((a, b) => lastUsed(b) - lastUsed(a))
    .map(({ id, secret, createdAt }, index) => ({
      keyId: id,
      secret,
      createdAt,
      use: { by: index === 0 ? 'owner' : 'nobody' },
    }));
}
