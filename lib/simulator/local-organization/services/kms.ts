/** Customer managed keys, as far as other services use them: who may encrypt and decrypt through which service. */
import type { Clock } from '../clock';
import type { Random } from '../random';
import { AwsError, type Access, type Call, type Service } from '../service';
import { formatArn, parseArn } from './arn';

export interface KmsKey {
  readonly arn: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly policy: string;
  readonly alias?: string;
  readonly createdAt: Date;
}

export interface KeyUse {
  readonly actions: readonly string[];
  /** Such as `sns`; the key sees `kms:ViaService`. */
  readonly via: string;
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

export class KmsState {
  private readonly keys = new Map<string, KmsKey>();

  constructor(private readonly options: { clock: Clock; random: Random }) {}

  /** @returns the key's ARN */
  putKey(key: { accountId: string; region: string; policy: string; keyId?: string; alias?: string }): string {
    const keyId = key.keyId ?? this.options.random.uuid();
    const arn = formatArn({ service: 'kms', region: key.region, accountId: key.accountId, resource: `key/${keyId}` });
    this.keys.set(arn, {
      arn,
      accountId: key.accountId,
      keyId,
      policy: key.policy,
      ...(key.alias && { alias: key.alias }),
      createdAt: this.options.clock.now(),
    });
    return arn;
  }

  list(accountId: string, region: string): KmsKey[] {
    return [...this.keys.values()].filter((key) => key.accountId === accountId && parseArn(key.arn)?.region === region);
  }

  /** By key id, key ARN, alias name or alias ARN. */
  find(reference: string, accountId: string, region: string): KmsKey | undefined {
    const arn = parseArn(reference);
    const name = arn ? arn.resource.replace(/^key\//, '') : reference;
    return this.list(arn?.accountId ?? accountId, arn?.region ?? region).find(
      (key) => key.keyId === name || key.alias === name,
    );
  }

  /**
   * What a caller needs of the key that protects a resource. AWS managed keys (no reference, `alias/aws/…`) admit
   * every caller of their own account through their service, so they ask for nothing.
   * @throws AwsError when the key does not exist
   */
  accesses(reference: string | undefined, ownerAccountId: string, use: KeyUse, call: Call): Access[] {
    if (!reference || /(^|:)alias\/aws\//.test(reference)) return [];
    const key = this.find(reference, ownerAccountId, call.region);
    if (!key) throw new AwsError('KMSNotFoundException', `Key '${reference}' does not exist`);
    const context: Record<string, string | readonly string[]> = {
      'kms:ViaService': `${use.via}.${call.region}.amazonaws.com`,
      'kms:CallerAccount': call.principal.accountId,
    };
    if (key.alias) context['kms:ResourceAliases'] = [key.alias];
    for (const [name, value] of Object.entries(use.encryptionContext ?? {}))
      context[`kms:EncryptionContext:${name}`] = value;
    return use.actions.map((action) => ({
      action,
      resource: key.arn,
      resourceAccountId: key.accountId,
      context,
      resourcePolicy: key.policy,
    }));
  }
}

export function kmsService(options: { clock: Clock; random: Random; state?: KmsState }): {
  service: Service;
  state: KmsState;
} {
  const state = options.state ?? new KmsState(options);
  const keyOf = (input: { KeyId: string }, call: Call): KmsKey => {
    const key = state.find(input.KeyId, call.principal.accountId, call.region);
    if (!key) throw new AwsError('NotFoundException', `Key '${input.KeyId}' does not exist`);
    return key;
  };
  const onKey =
    (action: string) =>
    (input: { KeyId: string }, call: Call): Access[] => {
      const key = keyOf(input, call);
      return [
        { action: `kms:${action}`, resource: key.arn, resourceAccountId: key.accountId, resourcePolicy: key.policy },
      ];
    };
  const service: Service = {
    id: 'kms',
    operations: {
      ListKeys: {
        accesses: (_input, call) => [
          { action: 'kms:ListKeys', resource: '*', resourceAccountId: call.principal.accountId },
        ],
        run: (_input, call) => ({
          Keys: state.list(call.principal.accountId, call.region).map((key) => ({ KeyId: key.keyId, KeyArn: key.arn })),
          Truncated: false,
        }),
      },
      DescribeKey: {
        accesses: onKey('DescribeKey'),
        run: (input, call) => {
          const key = keyOf(input, call);
          return {
            KeyMetadata: {
              AWSAccountId: key.accountId,
              KeyId: key.keyId,
              Arn: key.arn,
              CreationDate: key.createdAt,
              Enabled: true,
              KeyState: 'Enabled',
              KeyManager: 'CUSTOMER',
              KeyUsage: 'ENCRYPT_DECRYPT',
              Origin: 'AWS_KMS',
            },
          };
        },
      },
      GenerateDataKey: {
        accesses: onKey('GenerateDataKey'),
        run: (input, call) => ({
          KeyId: keyOf(input, call).arn,
          Plaintext: Buffer.from(options.random.uuid()),
          CiphertextBlob: Buffer.from(options.random.uuid()),
        }),
      },
      GetKeyPolicy: {
        accesses: onKey('GetKeyPolicy'),
        run: (input, call) => ({ Policy: keyOf(input, call).policy, PolicyName: 'default' }),
      },
    },
  };
  return { service, state };
}
