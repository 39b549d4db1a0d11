import type { Access, Call } from '../../service';
import { formatArn, parseArn } from '../arn';
import type { KmsState } from '../kms';
import { checkSecretId } from './checks';
import type { Secret } from './model';
import type { SecretsState } from './store';

type Context = Record<string, string | readonly string[]>;

export class SecretAccesses {
  constructor(
    private readonly state: SecretsState,
    private readonly kms: KmsState | undefined,
  ) {}

  /** Of a secret that may not exist: then AWS asks for permission on its name first. */
  on(action: string, secretId: string, call: Call, context: Context = {}): Access {
    checkSecretId(secretId);
    const secret = this.state.find(secretId, call.principal.accountId, call.region);
    const policy = secret && this.state.policies.textOf(secret);
    const arn = parseArn(secretId);
    const accountId = secret?.accountId ?? arn?.accountId ?? call.principal.accountId;
    return {
      action: `secretsmanager:${action}`,
      resource:
        secret?.arn ??
        (arn
          ? secretId
          : formatArn({ service: 'secretsmanager', region: call.region, accountId, resource: `secret:${secretId}` })),
      resourceAccountId: accountId,
      context: {
        ...(secret && tagContext(secret)),
        ...(secret && { 'secretsmanager:SecretId': secret.arn }),
        ...context,
      },
      ...(policy && { resourcePolicy: policy }),
    };
  }

  /** Reading a value decrypts it, writing one takes a data key too. */
  key(
    use: 'read' | 'write',
    secret: { arn?: string; accountId: string; kmsKeyId?: string } | undefined,
    call: Call,
  ): Access[] {
    if (!secret || !this.kms) return [];
    const actions = use === 'read' ? ['kms:Decrypt'] : ['kms:GenerateDataKey', 'kms:Decrypt'];
    return this.kms.accesses(
      secret.kmsKeyId,
      secret.accountId,
      { actions, via: 'secretsmanager', ...(secret.arn && { encryptionContext: { SecretARN: secret.arn } }) },
      call,
    );
  }

  find(secretId: string, call: Call): Secret | undefined {
    return this.state.find(secretId, call.principal.accountId, call.region);
  }
}

function tagContext(secret: Secret): Context {
  const context: Context = {};
  for (const [key, value] of secret.tags) {
    context[`secretsmanager:ResourceTag/${key}`] = value;
    context[`aws:ResourceTag/${key}`] = value;
  }
  return context;
}

/** Condition keys of parameters, present only as far as the request gives them. */
export const asked = (parameters: Readonly<Record<string, boolean | number | undefined>>): Context =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
