/**
 * AWS's own caching client for Python, unchanged, reads a secret of the local organization as its owner and as a reader,
 * before and after a rotation. It asks DescribeSecret for the version of AWSCURRENT and then for that version by its id.
 * https://github.com/aws/aws-secretsmanager-caching-python
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { loadRoster } from '../../../lib/roster/load';
import type { Credentials } from '../../../lib/simulator/local-organization/iam/directory';
import type { LocalOrganization } from '../../../lib/simulator/local-organization/organization';
import { listen } from '../../../lib/simulator/local-organization/wire/port';
import { assemble } from '../../../lib/simulator/rehearsal/environment/participants';
import { deploy } from '../../../lib/simulator/rehearsal/operations/run-pipeline';
import { synthesize } from '../../../lib/stacks/app';
import { ACCOUNT, clientsOf, REGION, type Clients } from './aws';
import { python } from './python';
import type { Check } from './whole-rotations';

const START = new Date('2027-01-04T09:00:00Z');
const HOUR_MS = 3_600_000;
const USER = 'ann';
const SECRET_ID = `/access-key/${USER}`;
const READER = `arn:aws:iam::${ACCOUNT}:role/deployer`;
const ROSTER = `
version: 1
region: ${REGION}
notifications: { admins: [security@example.com], sender: keys@example.com, ownerDomain: example.com }
accounts: [{ id: "${ACCOUNT}", name: payments, users: [{ name: ${USER}, readers: ["${READER}"] }] }]
`;

/** @returns what was checked; a problem says what was found */
export async function cachingClient(): Promise<Check[]> {
  const organization = await deployed();
  const served = await listen(organization.gateway, 0, (defect) => process.stderr.write(defect));
  const endpoint = `http://127.0.0.1:${served.port}`;
  const { directory } = organization;
  const former = storedKey(organization);
  const consumers = [
    ['the owner', consumer(endpoint, ownersKey(organization))],
    ['a reader', consumer(endpoint, directory.issueSession(READER, 'deployment'))],
    ['a role that the roster does not name', consumer(endpoint, directory.administrator(ACCOUNT))],
  ] as const;
  const ask = (wish: string) => Promise.all(consumers.map(([, { tell }]) => tell(wish)));
  const stops = consumers.map(([, { stop }]) => stop);
  try {
    const first = await ask('read');
    const { secrets } = clientsOf(endpoint, directory.administrator(ACCOUNT));
    await secrets.send(new RotateSecretCommand({ SecretId: SECRET_ID }));
    await live(organization, HOUR_MS);
    const current = storedKey(organization);
    const second = await ask('refresh');
    await banVersions(secrets);
    const late = consumer(endpoint, directory.issueSession(READER, 'deployment'));
    stops.push(late.stop);
    const banned = await late.tell('read');
    const denied = 'AccessDeniedException';
    return [
      found('a rotation stored another key', current !== former, [former, current]),
      ...consumers.slice(0, 2).map(([who], index) => {
        const seen = [first[index], second[index]];
        const name = `AWS's caching client reads as ${who}, and has the new key after its refresh`;
        return found(name, seen[0] === former && seen[1] === current, seen);
      }),
      found(`it is refused to ${consumers[2][0]}`, first[2] === denied && second[2] === denied, [first[2], second[2]]),
      found('under a policy that denies reading by VersionId it is refused', banned === denied, banned),
    ];
  } finally {
    for (const stop of stops) stop();
    await served.close();
  }
}

const found = (name: string, holds: boolean, what: unknown): Check => ({
  name,
  ...(!holds && { problem: JSON.stringify(what) }),
});

async function deployed(): Promise<LocalOrganization> {
  const folder = mkdtempSync(join(tmpdir(), 'caching-client-'));
  try {
    writeFileSync(join(folder, 'roster.yaml'), ROSTER);
    const { roster, problems } = loadRoster(join(folder, 'roster.yaml'), { at: START });
    if (!roster) throw new Error(JSON.stringify(problems));
    const owners = [{ user: USER, keys: [] }];
    const { organization } = assemble([roster], { seed: 1, start: START, scenario: { owners } });
    synthesize(roster, { outdir: join(folder, 'assembly') });
    organization.clock.at(START, async () => void (await deploy(organization, roster, join(folder, 'assembly'))));
    await live(organization, HOUR_MS);
    return organization;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const live = ({ clock }: LocalOrganization, milliseconds: number): Promise<void> =>
  clock.advanceTo(new Date(clock.now().getTime() + milliseconds));

function storedKey({ secrets }: LocalOrganization): string {
  const current = secrets.values().find(({ stages }) => stages.includes('AWSCURRENT'));
  return (JSON.parse(String(current?.value ?? '{}')) as { access_key_id?: string }).access_key_id ?? 'none';
}

/** The key that the owner works with: the one before the rotation, also after it. */
function ownersKey(organization: LocalOrganization): Credentials {
  const id = storedKey(organization);
  return organization.directory.keysOf(ACCOUNT, USER).find(({ accessKeyId }) => accessKeyId === id)!;
}

interface Consumer {
  /** @returns the id of the key that was read, or the code of the refusal */
  readonly tell: (wish: string) => Promise<string>;
  readonly stop: () => void;
}

function consumer(endpoint: string, credentials: Credentials): Consumer {
  const env = {
    PATH: process.env.PATH,
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
    SECRET_ID,
  };
  const script = join(__dirname, 'read_cached.py');
  const child = spawn(python(), [script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async tell(wish) {
      child.stdin.write(`${wish}\n`);
      return ((await lines.next()).value as string | undefined) ?? 'the client ended';
    },
    stop: () => void child.kill(),
  };
}

/** As policies of this product once did: a check that the others can fail. */
async function banVersions(secrets: Clients['secrets']): Promise<void> {
  const { ResourcePolicy = '{}' } = await secrets.send(new GetResourcePolicyCommand({ SecretId: SECRET_ID }));
  const policy = JSON.parse(ResourcePolicy) as { Statement: object[] };
  const byVersion = { Null: { 'secretsmanager:VersionId': 'false' } };
  const ban = { Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' };
  policy.Statement.push({ ...ban, Condition: byVersion });
  await secrets.send(new PutResourcePolicyCommand({ SecretId: SECRET_ID, ResourcePolicy: JSON.stringify(policy) }));
}
