import { ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { GetIdentityVerificationAttributesCommand } from '@aws-sdk/client-ses';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import type { Clients } from '../account';

/** A service that refuses is there; where a region lacks one, there is no endpoint that could answer. */
export async function regionHasServices({ secrets, sns, ses, lambda, cloudFormation }: Clients): Promise<string> {
  const reads: Readonly<Record<string, () => Promise<unknown>>> = {
    'Secrets Manager': () => secrets.send(new ListSecretsCommand({ MaxResults: 1 })),
    SNS: () => sns.send(new ListTopicsCommand({})),
    SES: () => ses.send(new GetIdentityVerificationAttributesCommand({ Identities: ['example.com'] })),
    Lambda: () => lambda.send(new ListFunctionsCommand({ MaxItems: 1 })),
    CloudFormation: () => cloudFormation.send(new ListStacksCommand({})),
  };
  const silent: string[] = [];
  for (const [service, read] of Object.entries(reads))
    await read().catch((error: { readonly $metadata?: { readonly httpStatusCode?: number } }) => {
      if (error.$metadata?.httpStatusCode === undefined) silent.push(service);
    });
  return silent.length === 0 ? 'every service answers' : `no answer: ${silent.join(', ')}`;
}
