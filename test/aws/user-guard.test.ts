import { keyAdministrations } from '../../lambda/aws/iam';
import { ROLES } from '../../lambda/contract/names';
import { inProcessHandler } from '../../lib/simulator/local-organization/wire/in-process';
import { ALICE_ACCOUNT, smallOrganization } from '../simulator/local-organization/organization-fixture';

const SOMEBODY_ELSE = 'arn:aws:iam::999999999999:root';
const assumedBy = (principal: string): object => ({
  Effect: 'Allow',
  Principal: { AWS: principal },
  Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
});

const policy = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Users under a tag guard, seen through the role that key administration assumes. */
function guarded(
  guard: object = { StringEquals: { 'aws:ResourceTag/access-key-rotation': 'enabled' } },
  trusted = true,
) {
  const { directory, gateway, sts } = smallOrganization();
  directory.createUser(ALICE_ACCOUNT, { name: 'Alice', tags: { 'access-key-rotation': 'enabled' } });
  directory.createUser(ALICE_ACCOUNT, { name: 'bob' });
  const caller = directory.putRole(ALICE_ACCOUNT, {
    name: 'caller',
    trustPolicy: policy(assumedBy(ALICE_ACCOUNT)),
    inlinePolicies: {
      assume: policy({ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'], Resource: '*' }),
    },
  });
  const roleArn = directory.putRole(ALICE_ACCOUNT, {
    name: ROLES.keyRetirement,
    trustPolicy: policy(assumedBy(trusted ? caller : SOMEBODY_ELSE)),
    inlinePolicies: { keys: policy({ Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition: guard }) },
  });
  const config = { region: 'us-east-1', requestHandler: inProcessHandler(gateway) as never };
  return keyAdministrations(
    sts(directory.issueSession(caller, 'function')),
    { roleArn, accountId: ALICE_ACCOUNT, partition: 'aws' },
    config,
  );
}

test('a user whom the guard lets through is found', async () => {
  expect(await guarded().of('Alice', 'test').user()).toMatchObject({ name: 'Alice' });
});

/** IAM decides before it looks whether there is such a user: no tag of a missing one can let anybody through. */
test.each([
  ['has not the tag', 'bob'],
  ['does not exist', 'carol'],
  ['is spelled otherwise in IAM', 'alice'],
])('a user who %s is refused with a code that says what it may be', async (_, name) => {
  await expect(guarded().of(name, 'test').user()).rejects.toMatchObject({
    code: 'USER_REFUSED',
    message: expect.stringContaining(name) as string,
  });
});

test('without a guard a missing user is known to be missing', async () => {
  expect(await guarded({}).of('carol', 'test').user()).toBeUndefined();
});

test('a role that cannot be assumed is not taken for a refused user', async () => {
  await expect(guarded({}, false).of('Alice', 'test').user()).rejects.toMatchObject({ name: 'AccessDenied' });
});
