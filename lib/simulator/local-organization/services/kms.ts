/** Customer managed keys, as far as other services use them: who may encrypt and decrypt through which service. */
import type { Clock } from '../clock';
import type { Random } from '../random';
import { AwsError, type Access, type Call, type Operation, type Service } from '../service';
import { formatArn, parseArn } from './arn';
import { page } from './pages';

export interface KmsKey {
  readonly arn: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly policy: string;
  readonly alias?: string;
  readonly createdAt: Date;
  /** While it is not, whatever it protects can be neither read nor written. */
  enabled: boolean;
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
      enabled: this.keys.get(arn)?.enabled ?? true,
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
   * @throws AwsError, the using service's own, when the key does not exist or is disabled
   */
  accesses(reference: string | undefined, ownerAccountId: string, use: KeyUse, call: Call): Access[] {
    if (!reference || /(^|:)alias\/aws\//.test(reference)) return [];
    const key = this.find(reference, ownerAccountId, call.region);
    if (!key?.enabled) throw unusable(use, reference, key === undefined ? 'NotFound' : 'Disabled');
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

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html, https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
function unusable({ via, actions }: KeyUse, reference: string, problem: 'NotFound' | 'Disabled'): AwsError {
  const text = problem === 'NotFound' ? `Key '${reference}' does not exist` : `${reference} is disabled.`;
  if (via === 'secretsmanager')
    return new AwsError(actions.includes('kms:GenerateDataKey') ? 'EncryptionFailure' : 'DecryptionFailure', text);
  return new AwsError(via === 'sns' ? `KMS${problem}` : `KMS.${problem}Exception`, text);
}

type Named = { readonly KeyId: string };

export function kmsService(options: { clock: Clock; random: Random }): { service: Service; state: KmsState } {
  const state = new KmsState(options);
  const keyOf = ({ KeyId }: Named, call: Call): KmsKey => {
    const key = state.find(KeyId, call.principal.accountId, call.region);
    if (!key) throw new AwsError('NotFoundException', `Key '${KeyId}' does not exist`);
    return key;
  };
  const onKey = (action: string, run: (key: KmsKey, input: any) => unknown): Operation<Named> => ({
    accesses: (input, call) => {
      const { arn: resource, accountId: resourceAccountId, policy: resourcePolicy } = keyOf(input, call);
      return [{ action: `kms:${action}`, resource, resourceAccountId, resourcePolicy }];
    },
    run: (input, call) => run(keyOf(input, call), input),
  });
  const operations = {
    ListKeys: listKeys(state),
    DescribeKey: onKey('DescribeKey', (key) => ({ KeyMetadata: metadataOf(key) })),
    EnableKey: onKey('EnableKey', (key) => void (key.enabled = true)),
    DisableKey: onKey('DisableKey', (key) => void (key.enabled = false)),
    GenerateDataKey: onKey('GenerateDataKey', (key, input: DataKeyInput) => dataKey(key, input, options.random)),
    GetKeyPolicy: onKey('GetKeyPolicy', ({ policy: Policy }, { PolicyName = 'default' }: { PolicyName?: string }) => {
      if (PolicyName !== 'default') throw new AwsError('NotFoundException', `No such policy exists: ${PolicyName}`);
      return { Policy, PolicyName };
    }),
  };
  return { service: { id: 'kms', operations }, state };
}

interface DataKeyInput {
  readonly KeySpec?: 'AES_128' | 'AES_256';
  readonly NumberOfBytes?: number;
}

/** Random bytes of the length that was asked for; there is no Decrypt to open the blob again. */
function dataKey({ arn, enabled }: KmsKey, { KeySpec, NumberOfBytes }: DataKeyInput, random: Random): object {
  if (!enabled) throw new AwsError('DisabledException', `${arn} is disabled.`);
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.integer(256)));
  return {
    KeyId: arn,
    Plaintext: bytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32)),
    CiphertextBlob: bytes(184),
  };
}

const listKeys = (state: KmsState): Operation<{ Limit?: number; Marker?: string }> => ({
  accesses: (_, { principal }) => [{ action: 'kms:ListKeys', resource: '*', resourceAccountId: principal.accountId }],
  run: ({ Limit = 100, Marker }, { principal, region }) => {
    const refuse = (): AwsError => new AwsError('InvalidMarkerException', 'The marker is not valid.');
    const { items, nextToken } = page(state.list(principal.accountId, region), Limit, Marker, refuse);
    const Keys = items.map(({ keyId, arn }) => ({ KeyId: keyId, KeyArn: arn }));
    return { Keys, Truncated: nextToken !== undefined, NextMarker: nextToken };
  },
});

const metadataOf = ({ accountId, keyId, arn, createdAt, enabled }: KmsKey): object => ({
  AWSAccountId: accountId,
  KeyId: keyId,
  Arn: arn,
  CreationDate: createdAt,
  Enabled: enabled,
  KeyState: enabled ? 'Enabled' : 'Disabled',
  KeyManager: 'CUSTOMER',
  KeyUsage: 'ENCRYPT_DECRYPT',
  Origin: 'AWS_KMS',
});
