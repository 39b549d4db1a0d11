/** The local organization on a loopback port. */
import { readFileSync } from 'node:fs';
import { NO_DELAY } from '../../../lib/simulator/local-organization/iam/directory';
import { LocalOrganization } from '../../../lib/simulator/local-organization/organization';
import { listen } from '../../../lib/simulator/local-organization/wire/port';
import { ACCOUNT, observedClientsOf, OTHER_ACCOUNT, REGION, type Aws, type Target } from './aws';

const START = new Date('2027-01-04T09:00:00Z');
const EVERYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const FOR_EVERYBODY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
});
const trust = (principal: object): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: principal, Action: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'] },
    ],
  });
/** Long enough for four steps, shorter than the first pause before an attempt is repeated. */
const SETTLE_MS = 30_000;

/** @param rotationFunction bundle of `rotation-function.ts` */
export function localTarget(rotationFunction: string): Target {
  let close: () => Promise<void> = () => Promise.resolve();
  return {
    name: 'local organization',
    stop: () => close(),
    async fresh() {
      await close();
      const organization = new LocalOrganization({
        start: START,
        seed: 'conformance',
        organizationId: 'o-a1b2c3d4e5',
        region: REGION,
        accountIds: [ACCOUNT, OTHER_ACCOUNT],
        propagation: NO_DELAY,
      });
      Object.assign(organization.secrets, { listLagMs: 0 });
      const served = await listen(organization.gateway, 0, (defect) => process.stderr.write(defect));
      close = served.close;
      return localAws(organization, `http://127.0.0.1:${served.port}`, readFileSync(rotationFunction, 'utf8'));
    },
  };
}

function localAws(organization: LocalOrganization, endpoint: string, code: string): Aws {
  const { directory, s3, sns, sqs, ses, runtime, lambda, clock } = organization;
  const place = { accountId: ACCOUNT, region: REGION };
  const putRole = (name: string, principal: object): string =>
    directory.putRole(ACCOUNT, { name, trustPolicy: trust(principal), inlinePolicies: { everything: EVERYTHING } });
  return {
    admin: observedClientsOf(endpoint, directory.administrator(ACCOUNT, { longLived: true })),
    as: (credentials) => observedClientsOf(endpoint, credentials),
    user: async (name, path = '/') => void directory.createUser(ACCOUNT, { name, path }),
    role: async (name) => putRole(name, { AWS: `arn:aws:iam::${ACCOUNT}:root` }),
    bucket: async (name) => s3.putBucket({ ...place, name }),
    topic: async (name) => sns.putTopic({ ...place, name }),
    queue: async (name) => {
      const { arn, url } = sqs.queue(sqs.putQueue({ ...place, name, policy: FOR_EVERYBODY }));
      return { arn, url };
    },
    subscribe: async (topicArn, { arn }, audience) =>
      void sns.subscribe({ topicArn, protocol: 'sqs', endpoint: arn, filterPolicy: { audience: [audience] } }),
    sender: async (address) => {
      ses.verify(ACCOUNT, REGION, address);
      ses.putConfigurationSet(ACCOUNT, REGION, 'access-keys');
    },
    rotationFunction: async (behaviour) => {
      const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:rotation`;
      const roleArn = putRole('rotation', { Service: 'lambda.amazonaws.com' });
      runtime.deploy({
        ...place,
        arn,
        name: 'rotation',
        roleArn,
        code: { name: 'rotation-function', text: code },
        timeoutSeconds: 300,
        environment: { AWS_REGION: REGION, BEHAVIOUR: behaviour },
      });
      lambda.putFunction({ arn, policy: FOR_EVERYBODY });
      return arn;
    },
    settle: () => clock.advanceTo(new Date(clock.now().getTime() + SETTLE_MS)),
  };
}
