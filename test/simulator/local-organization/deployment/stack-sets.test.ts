import type { Template } from '../../../../lib/cloud-assembly/template';
import type { Deployer, StackSet } from '../../../../lib/simulator/local-organization/deployment/deploy';
import { StackSets } from '../../../../lib/simulator/local-organization/deployment/stack-sets';

const ROOT = 'r-ab12';
const [PAYMENTS, DATA, EMPTY] = ['ou-ab12-11111111', 'ou-ab12-22222222', 'ou-ab12-33333333'];
const UNITS: Readonly<Record<string, readonly string[]>> = {
  '333333333333': [ROOT, PAYMENTS],
  '444444444444': [ROOT, DATA],
  '555555555555': [ROOT, EMPTY],
};

const template = (release: string): Template => ({
  Resources: { Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: release } } },
});

/** What becomes of the accounts' roles, in order. */
function stackSets() {
  const log: string[] = [];
  const directory = {
    putRole: (accountId: string, { name }: { readonly name: string }) => void log.push(`${accountId} gets ${name}`),
    removeRole: (accountId: string, name: string) => void log.push(`${accountId} loses ${name}`),
  };
  const sets = new StackSets({
    deployer: () => ({ directory }) as unknown as Deployer,
    unitsOf: (accountId) => UNITS[accountId] ?? [],
    templateAt: template,
  });
  const deploy = (
    change: Partial<StackSet> & { readonly unitIds: readonly string[]; readonly accountIds: readonly string[] },
  ): readonly string[] => {
    const { unitIds, accountIds, name = 'fleet', templateUrl = 'one' } = change;
    log.splice(0);
    const instances = [{ regions: ['us-east-1'], unitIds, accountIds }];
    sets.deploy({ administratorId: '222222222222', name, templateUrl, parameters: {}, instances });
    return [...log];
  };
  return { deploy, log };
}

const ALL = Object.keys(UNITS);

test('a new StackSet reaches the listed accounts that are in one of its units', () => {
  const { deploy } = stackSets();
  expect(deploy({ unitIds: [PAYMENTS, DATA], accountIds: ALL })).toEqual([
    '333333333333 gets one',
    '444444444444 gets one',
  ]);
});

test('a unit in which none of the accounts is lets the first deployment pass and stops the next change of the code', () => {
  const { deploy } = stackSets();
  const target = { unitIds: [PAYMENTS, EMPTY], accountIds: ['333333333333'] };
  deploy(target);
  expect(() => deploy({ ...target, templateUrl: 'two' })).toThrow(`Organizational unit ${EMPTY} not found in StackSet`);
});

test('the root reaches accounts in three units, at the first deployment and at every later one', () => {
  const { deploy } = stackSets();
  const target = { unitIds: [ROOT], accountIds: ALL };
  for (const templateUrl of ['one', 'two', 'three']) {
    expect(deploy({ ...target, templateUrl })).toEqual(ALL.map((accountId) => `${accountId} gets ${templateUrl}`));
  }
});

test('a StackSet that is described as before is left alone', () => {
  const { deploy } = stackSets();
  deploy({ unitIds: [ROOT], accountIds: ALL });
  expect(deploy({ unitIds: [ROOT], accountIds: ALL })).toEqual([]);
});

test('another target deletes every stack of the former one before it creates any', () => {
  const { deploy } = stackSets();
  deploy({ unitIds: [PAYMENTS, DATA], accountIds: ['333333333333', '444444444444'] });
  expect(deploy({ unitIds: [ROOT], accountIds: ['333333333333', '444444444444'] })).toEqual([
    '333333333333 loses one',
    '444444444444 loses one',
    '333333333333 gets one',
    '444444444444 gets one',
  ]);
});

test('an account that leaves the list loses its stack before others get the new code', () => {
  const { deploy } = stackSets();
  deploy({ unitIds: [ROOT], accountIds: ['333333333333', '444444444444'] });
  expect(deploy({ unitIds: [ROOT], accountIds: ['444444444444', '555555555555'], templateUrl: 'two' })).toEqual([
    '333333333333 loses one',
    '444444444444 gets two',
    '555555555555 gets two',
  ]);
});

test('another StackSet cannot have the same account', () => {
  const { deploy } = stackSets();
  deploy({ unitIds: [ROOT], accountIds: ['333333333333'] });
  expect(() => deploy({ name: 'canary', unitIds: [ROOT], accountIds: ['333333333333'] })).toThrow(
    'already exist in a stack of fleet',
  );
});

test('an account outside every unit, as the management account is, gets nothing', () => {
  expect(stackSets().deploy({ unitIds: [ROOT], accountIds: ['111111111111'] })).toEqual([]);
});
