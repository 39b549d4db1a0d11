import { CreateAccessKeyCommand, IAMClient, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { FaultPlan, type FaultRule } from '../../../../lib/simulator/local-organization/faults';
import { seededRandom } from '../../../../lib/simulator/local-organization/random';
import { inProcessHandler } from '../../../../lib/simulator/local-organization/wire/in-process';
import { ALICE_ACCOUNT, smallOrganization } from '../organization-fixture';

function withFault(rule: FaultRule) {
  const organization = smallOrganization({ faults: new FaultPlan([rule], seededRandom('faults')) });
  organization.directory.createUser(ALICE_ACCOUNT, { name: 'alice' });
  const admin = organization.directory.administrator(ALICE_ACCOUNT, { longLived: true });
  const create = (origin?: string) =>
    organization.iam(admin, origin).send(new CreateAccessKeyCommand({ UserName: 'alice' }));
  const keys = () => organization.directory.keysOf(ALICE_ACCOUNT, 'alice').length;
  return { ...organization, admin, create, keys };
}

const FUNCTION = `${ALICE_ACCOUNT}/access-keys-rotate#1`;

it.each([
  ['error', 'InternalFailure', 0],
  ['throttle', 'Throttling', 0],
  ['timeout', 'TimeoutError', 0],
  ['response-lost', 'TimeoutError', 1],
  ['killed-before', 'FunctionKilled', 0],
  ['killed-after', 'FunctionKilled', 1],
] as const)('%s answers %s and leaves %i keys', async (kind, name, left) => {
  const { create, keys } = withFault({ kind, operation: 'CreateAccessKey' });
  await expect(create(FUNCTION)).rejects.toMatchObject({ name });
  expect(keys()).toBe(left);
});

it('hits the second matching call only when told so', async () => {
  const { create, iam, admin } = withFault({ kind: 'error', service: 'iam', nth: 2 });
  await create();
  await expect(iam(admin).send(new ListAccessKeysCommand({ UserName: 'alice' }))).rejects.toMatchObject({
    name: 'InternalFailure',
  });
  await expect(iam(admin).send(new ListAccessKeysCommand({ UserName: 'alice' }))).resolves.toBeDefined();
});

it('hits the first matching call only when told so', async () => {
  const { create, keys } = withFault({ kind: 'error', operation: 'CreateAccessKey', nth: 1 });
  await expect(create()).rejects.toMatchObject({ name: 'InternalFailure' });
  await create();
  expect(keys()).toBe(1);
});

it('hits the named function and no other caller', async () => {
  const { create } = withFault({ kind: 'error', functionName: 'access-keys-rotate' });
  await create();
  await expect(create(FUNCTION)).rejects.toMatchObject({ name: 'InternalFailure' });
});

it.each(['killed-before', 'killed-after'] as const)('%s hits nobody who is no function', async (kind) => {
  const { create, keys } = withFault({ kind });
  await create();
  expect(keys()).toBe(1);
});

it.each(['error', 'throttle', 'timeout', 'response-lost'] as const)(
  'a client that repeats a call gets over one %s',
  async (kind) => {
    const { gateway, admin } = withFault({ kind, nth: 1 });
    const requestHandler = inProcessHandler(gateway, undefined, 3) as never;
    const iam = new IAMClient({ region: 'us-east-1', credentials: admin, maxAttempts: 1, requestHandler });
    await expect(iam.send(new ListAccessKeysCommand({ UserName: 'alice' }))).resolves.toBeDefined();
  },
);

it('hits only within its time', async () => {
  const { create, clock } = withFault({ kind: 'error', from: '2027-01-05', to: '2027-01-06' });
  await create();
  await clock.advanceTo(new Date('2027-01-05T12:00:00Z'));
  await expect(create()).rejects.toMatchObject({ name: 'InternalFailure' });
});

it('says which rule of a plan is wrong, and what it may be', () => {
  expect(() => FaultPlan.parse([{ kind: 'explode' }, { kind: 'error', colour: 'red' }], seededRandom(1))).toThrow(
    /\/0\/kind: must be equal to one of the allowed values \(error, throttle.*\n\/1: must NOT have additional properties \(colour\)/,
  );
});
