import { cloudFormationService } from '../../../../lib/simulator/local-organization/services/cloudformation';
import type { Call } from '../../../../lib/simulator/local-organization/service';

const ADMINISTRATOR = '222222222222';
const INSTANCE = { accountId: '333333333333', region: 'us-east-1', unit: 'r-ab12' };
const { ListStackInstances } = cloudFormationService({
  instancesOf: (administratorId, name) =>
    administratorId === ADMINISTRATOR && name === 'AccessKeysCanary' ? [INSTANCE] : undefined,
}).service.operations;

const list = (input: object, accountId = ADMINISTRATOR) =>
  ListStackInstances!.run(input, { principal: { accountId } } as unknown as Call);

test('the delegated administrator sees the stacks of its StackSet, by account and region', () => {
  expect(list({ StackSetName: 'AccessKeysCanary', CallAs: 'DELEGATED_ADMIN' })).toEqual({
    Summaries: [
      expect.objectContaining({
        Account: '333333333333',
        Region: 'us-east-1',
        Status: 'CURRENT',
        StackInstanceStatus: { DetailedStatus: 'SUCCEEDED' },
      }),
    ],
  });
});

test.each<[string, object, string]>([
  ['by another account', { StackSetName: 'AccessKeysCanary', CallAs: 'DELEGATED_ADMIN' }, '333333333333'],
  ['in its own name', { StackSetName: 'AccessKeysCanary' }, ADMINISTRATOR],
  ['for another StackSet', { StackSetName: 'another', CallAs: 'DELEGATED_ADMIN' }, ADMINISTRATOR],
])('asked %s, it has no such StackSet', (_, input, accountId) => {
  expect(() => list(input, accountId)).toThrow('not found');
});
