import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { NO_DELAY } from '../../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../../lib/simulator/local-organization/organization';
import { LocalEnvironment } from '../../../../lib/simulator/rehearsal/environment/local-environment';

const ACCOUNT = '333333333333';

function world() {
  const organization = new LocalOrganization({
    start: new Date('2027-01-04T09:00:00Z'),
    seed: 1,
    organizationId: 'o-a1b2c3d4e5',
    region: 'us-east-1',
    accountIds: [ACCOUNT],
    propagation: NO_DELAY,
  });
  const stage = new LocalEnvironment(
    organization,
    [{ accountId: ACCOUNT, userName: 'alice', secretName: 'alice' }],
    'bucket',
  );
  return { organization, stage, config: organization.clientConfig(organization.directory.administrator(ACCOUNT)) };
}

it.each(['hello', '"hello"', '{"default":"x","sqs":"nothing"}', '{"default":"x","sqs":"{\\"object\\":7}"}'])(
  'a message that people publish, %s, is answered, and is no notice',
  async (Message) => {
    const { organization, stage, config } = world();
    const TopicArn = organization.sns.putTopic({ accountId: ACCOUNT, region: 'us-east-1', name: 'topic' });
    await expect(new SNSClient(config).send(new PublishCommand({ TopicArn, Message }))).resolves.toBeDefined();
    expect(stage.takeNotices()).toEqual([]);
  },
);

it.each(['hello', '[]', '{"user_name":7}'])(
  'a value that people store, %s, holds no key that can be told',
  async (value) => {
    const { stage, config } = world();
    await new SecretsManagerClient(config).send(new CreateSecretCommand({ Name: 'alice', SecretString: value }));
    expect(stage.stateOf(ACCOUNT, 'alice').users).toMatchObject([
      { versions: [{ labels: ['AWSCURRENT'], keyId: undefined }] },
    ]);
  },
);
