import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import type { Identities } from '../domain/ports';

/** What an unknown, deleted, Inactive or not yet propagated key is answered. */
const NOT_YET = new Set([
  'InvalidClientTokenId',
  'InvalidClientTokenIdException',
  'SignatureDoesNotMatch',
  'SignatureDoesNotMatchException',
  'UnrecognizedClientException',
  'AccessDenied',
]);

/** GetCallerIdentity at the regional endpoint; it needs no permission and cannot be denied to a user's own key. */
export function stsIdentities(config: STSClientConfig = {}): Identities {
  return {
    async identify(key) {
      const client = new STSClient({
        ...config,
        credentials: { accessKeyId: key.id, secretAccessKey: key.secret },
        maxAttempts: 1,
      });
      try {
        const { Arn, Account } = await client.send(new GetCallerIdentityCommand({}));
        return Arn && Account ? { arn: Arn, accountId: Account } : undefined;
      } catch (error) {
        if (NOT_YET.has((error as Error).name)) return undefined;
        throw error;
      } finally {
        client.destroy();
      }
    },
  };
}
