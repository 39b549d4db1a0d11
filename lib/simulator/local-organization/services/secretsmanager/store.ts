import type { Clock } from '../../clock';
import type { Random } from '../../random';
import { AwsError } from '../../service';
import { formatArn, parseArn } from '../arn';
import type { Secret, SecretVersion } from './model';
import { SecretPolicies, type Principals } from './secret-policies';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** One stored value, for invariants over everything that the store holds. */
export interface StoredValue {
  readonly accountId: string;
  readonly region: string;
  readonly secretArn: string;
  readonly secretName: string;
  readonly versionId: string;
  readonly stages: readonly string[];
  readonly value: string | Uint8Array | undefined;
}

export class SecretsState {
  /** How long ListSecrets lags behind creation and deletion, in milliseconds; AWS says up to five minutes. */
  listLagMs = 0;
  /** Sets the timers of a secret that is taken over. */
  resume: (secret: Secret) => void = () => {};
  private readonly byArn = new Map<string, Secret>();
  private readonly byName = new Map<string, Secret>();

  readonly policies: SecretPolicies;

  constructor(private readonly options: { clock: Clock; random: Random; principals?: Principals }) {
    this.policies = new SecretPolicies(options.principals);
  }

  /** Every version of every secret, true and without lag. */
  values(secrets: Iterable<Secret> = this.byArn.values()): StoredValue[] {
    return [...secrets].flatMap((secret) =>
      [...secret.versions.values()].map((version) => ({
        accountId: secret.accountId,
        region: secret.region,
        secretArn: secret.arn,
        secretName: secret.name,
        versionId: version.id,
        stages: [...version.stages],
        value: version.value && ('text' in version.value ? version.value.text : version.value.binary),
      })),
    );
  }

  secrets(accountId?: string, region?: string): Secret[] {
    return [...this.byArn.values()].filter(
      (secret) => (!accountId || secret.accountId === accountId) && (!region || secret.region === region),
    );
  }

  /**
   * By name, ARN, or ARN without its six random characters.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
   */
  find(secretId: string, accountId: string, region: string): Secret | undefined {
    const arn = parseArn(secretId);
    if (!arn) return this.byName.get(nameKey(accountId, region, secretId));
    return (
      this.byArn.get(secretId) ??
      this.byName.get(nameKey(arn.accountId, arn.region, arn.resource.replace(/^secret:/, '')))
    );
  }

  /** @throws AwsError ResourceNotFoundException */
  get(secretId: string, accountId: string, region: string): Secret {
    const secret = this.find(secretId, accountId, region);
    if (!secret) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return secret;
  }

  add(name: string, accountId: string, region: string): Secret {
    const { clock, random } = this.options;
    const now = clock.now();
    const arn = formatArn({
      service: 'secretsmanager',
      region,
      accountId,
      resource: `secret:${name}-${random.id(LETTERS, 6)}`,
    });
    const secret: Secret = {
      arn,
      name,
      accountId,
      region,
      createdAt: now,
      changedAt: now,
      versions: new Map<string, SecretVersion>(),
      tags: new Map(),
      rotation: { enabled: false },
    };
    this.byArn.set(arn, secret);
    this.byName.set(nameKey(accountId, region, name), secret);
    return secret;
  }

  /** Goes on with one that was stored elsewhere, its schedule included. */
  take(secret: Secret): void {
    this.byArn.set(secret.arn, secret);
    this.byName.set(nameKey(secret.accountId, secret.region, secret.name), secret);
    this.resume(secret);
  }

  remove(secret: Secret): void {
    this.byArn.delete(secret.arn);
    this.byName.delete(nameKey(secret.accountId, secret.region, secret.name));
  }
}

const nameKey = (accountId: string, region: string, name: string): string => `${accountId}/${region}/${name}`;
