/** A rotation function of which every behaviour is known; it tags the secret with the steps that it was called for. */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

interface StepEvent {
  readonly Step: string;
  readonly SecretId: string;
  readonly ClientRequestToken: string;
}

const client = new SecretsManagerClient({});

export async function handler({ Step, SecretId, ClientRequestToken }: StepEvent): Promise<void> {
  const { Tags = [], VersionIdsToStages = {}, ARN } = await client.send(new DescribeSecretCommand({ SecretId }));
  const tag = async (Key: string, Value: string) =>
    void (await client.send(new TagResourceCommand({ SecretId, Tags: [{ Key, Value }] })));
  const steps = Tags.find(({ Key }) => Key === 'steps')?.Value ?? '';
  await tag('steps', `${steps} ${Step}`.trim());
  if (Step === 'createSecret') {
    await tag('secret-id', SecretId === ARN ? 'arn' : 'name');
    await tag(
      'pending-value',
      await client
        .send(new GetSecretValueCommand({ SecretId, VersionStage: 'AWSPENDING', VersionId: ClientRequestToken }))
        .then(
          () => 'there',
          (error: Error) => error.name,
        ),
    );
    await client.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken,
        SecretString: `made for ${ClientRequestToken}`,
        VersionStages: ['AWSPENDING'],
      }),
    );
  }
  if (Step === 'testSecret' && process.env.BEHAVIOUR === 'fails in testSecret') throw new Error('the test failed');
  if (Step === 'finishSecret') {
    const current = Object.keys(VersionIdsToStages).find((version) =>
      VersionIdsToStages[version]!.includes('AWSCURRENT'),
    );
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: current,
      }),
    );
    if (process.env.BEHAVIOUR !== 'leaves AWSPENDING')
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId: ClientRequestToken,
        }),
      );
  }
}
