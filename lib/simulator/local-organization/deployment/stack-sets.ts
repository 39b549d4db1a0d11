import { isDeepStrictEqual } from 'node:util';
import type { Template } from '../../../cloud-assembly/template';
import { AwsError } from '../service';
import { deleteStack, deployStack, type Deployer, type StackSet, type StackToDeploy } from './deploy';

export interface StackSetParts {
  readonly deployer: () => Deployer;
  /** Root and units above an account; empty for the management account, which no StackSet reaches. */
  readonly unitsOf: (accountId: string) => readonly string[];
  readonly templateAt: (url: string) => Template;
}

/** Where the accounts of one target are: the unit as it was named, and one region. */
interface DeploymentTarget {
  readonly unit: string;
  readonly region: string;
  readonly accountIds: readonly string[];
}

interface StackInstance {
  readonly unit: string;
  readonly stack: StackToDeploy;
}

/** A stack that is there, brought to the template and parameters of its StackSet: one that fails stops the deployment. */
export interface InstanceSummary {
  readonly accountId: string;
  readonly region: string;
  readonly unit: string;
}

interface Deployed {
  readonly stackSet: StackSet;
  /** By `ACCOUNT/REGION`. */
  readonly instances: Map<string, StackInstance>;
}

/**
 * Service-managed StackSets with auto-deployment off, as CloudFormation's handler of AWS::CloudFormation::StackSet
 * drives them: it compares the former groups with the new ones unit by unit, and calls DeleteStackInstances,
 * UpdateStackSet, CreateStackInstances and UpdateStackInstances in this order.
 * https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-cloudformation, UpdateHandler and
 * AltStackInstancesCalculator
 */
export class StackSets {
  private readonly deployed = new Map<string, Deployed>();

  constructor(private readonly parts: StackSetParts) {}

  /**
   * Creates or updates a StackSet; one that is described as before is left alone.
   * @throws AwsError as the service refuses a call, after the calls before it took effect
   */
  deploy(stackSet: StackSet): void {
    const former = this.deployed.get(stackSet.name);
    if (former && isDeepStrictEqual(former.stackSet, stackSet)) return;
    const instances = former?.instances ?? new Map<string, StackInstance>();
    this.deployed.set(stackSet.name, { stackSet, instances });
    const template = this.parts.templateAt(stackSet.templateUrl);
    const [before, after] = [targetsOf(former?.stackSet), targetsOf(stackSet)];
    for (const target of without(before, after)) this.deleteInstances(instances, target);
    for (const [place, { unit }] of instances) this.deployInstance(instances, stackSet, template, { unit, place });
    for (const target of without(after, before)) this.createInstances(instances, stackSet, template, target);
    for (const target of shared(after, before)) this.updateInstances(instances, stackSet, target);
  }

  /** @returns undefined where this account is not the delegated administrator that made a StackSet of this name */
  instancesOf(administratorId: string, name: string): readonly InstanceSummary[] | undefined {
    const found = this.deployed.get(name);
    if (found?.stackSet.administratorId !== administratorId) return undefined;
    return [...found.instances].map(([place, { unit }]) => {
      const [accountId = '', region = ''] = place.split('/');
      return { accountId, region, unit };
    });
  }

  private deleteInstances(instances: Map<string, StackInstance>, { unit, region, accountIds }: DeploymentTarget): void {
    for (const accountId of accountIds) {
      const found = instances.get(placeOf(accountId, region));
      if (found?.unit !== unit) continue;
      deleteStack(this.parts.deployer(), found.stack);
      instances.delete(placeOf(accountId, region));
    }
  }

  /** Accounts of the list that are not in the unit get nothing, and nobody is told. */
  private createInstances(
    instances: Map<string, StackInstance>,
    stackSet: StackSet,
    template: Template,
    { unit, region, accountIds }: DeploymentTarget,
  ): void {
    for (const accountId of accountIds) {
      if (!this.parts.unitsOf(accountId).includes(unit)) continue;
      const place = placeOf(accountId, region);
      this.refuseTaken(stackSet.name, place);
      this.deployInstance(instances, stackSet, template, { unit, place });
    }
  }

  /** UpdateStackSet has brought template and parameters to every instance already; the handler calls it all the same. */
  private updateInstances(
    instances: ReadonlyMap<string, StackInstance>,
    stackSet: StackSet,
    { unit }: DeploymentTarget,
  ): void {
    if ([...instances.values()].some((instance) => instance.unit === unit)) return;
    throw new AwsError('ValidationError', `Organizational unit ${unit} not found in StackSet ${stackSet.name}`);
  }

  private deployInstance(
    instances: Map<string, StackInstance>,
    { name, parameters }: StackSet,
    template: Template,
    { unit, place }: { readonly unit: string; readonly place: string },
  ): void {
    const [accountId = '', region = ''] = place.split('/');
    const target = { accountId, region, stackName: `StackSet-${name}`, parameters };
    const stack = { template, target };
    deployStack(this.parts.deployer(), stack);
    instances.set(place, { unit, stack });
  }

  /** The template names its resources, and CloudFormation creates no name twice. */
  private refuseTaken(name: string, place: string): void {
    const holder = [...this.deployed].find(([other, { instances }]) => other !== name && instances.has(place))?.[0];
    if (holder) throw new Error(`resources of ${name} in ${place} already exist in a stack of ${holder}`);
  }
}

const placeOf = (accountId: string, region: string): string => `${accountId}/${region}`;

/** A target for each unit and region, its accounts those of all groups that name both. */
function targetsOf(stackSet: StackSet | undefined): readonly DeploymentTarget[] {
  const targets = new Map<string, DeploymentTarget>();
  for (const { regions, accountIds, unitIds } of stackSet?.instances ?? []) {
    for (const region of regions) {
      for (const unit of unitIds) {
        const key = `${unit}/${region}`;
        targets.set(key, { unit, region, accountIds: [...(targets.get(key)?.accountIds ?? []), ...accountIds] });
      }
    }
  }
  return [...targets.values()];
}

const counterpart = (targets: readonly DeploymentTarget[], { unit, region }: DeploymentTarget) =>
  targets.find((other) => other.unit === unit && other.region === region);

/** The accounts of each target that the other side does not name under the same unit. */
const without = (
  targets: readonly DeploymentTarget[],
  others: readonly DeploymentTarget[],
): readonly DeploymentTarget[] =>
  select(targets, (target, accountId) => !counterpart(others, target)?.accountIds.includes(accountId));

const shared = (
  targets: readonly DeploymentTarget[],
  others: readonly DeploymentTarget[],
): readonly DeploymentTarget[] =>
  select(targets, (target, accountId) => counterpart(others, target)?.accountIds.includes(accountId) === true);

/** Targets that are left without an account are called for nothing. */
function select(
  targets: readonly DeploymentTarget[],
  keep: (target: DeploymentTarget, accountId: string) => boolean,
): readonly DeploymentTarget[] {
  return targets
    .map((target) => ({ ...target, accountIds: target.accountIds.filter((accountId) => keep(target, accountId)) }))
    .filter(({ accountIds }) => accountIds.length > 0);
}
