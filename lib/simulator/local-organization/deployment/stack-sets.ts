import { deleteStack, deployStack, type Deployer, type StackSet, type StackToDeploy } from './deploy';
import type { Template } from '../../../cloud-assembly/template';

export interface StackSetParts {
  readonly deployer: () => Deployer;
  /** Unit of an account: `ou-…`; undefined for the management account, which no StackSet reaches. */
  readonly unitOf: (accountId: string) => string | undefined;
  readonly templateAt: (url: string) => Template;
}

/** Service-managed StackSets with auto-deployment off: an account gets a stack when both its unit and its id are named. */
export class StackSets {
  private readonly stacks = new Map<string, Map<string, StackToDeploy>>();

  constructor(private readonly parts: StackSetParts) {}

  /** @throws Error when another StackSet has a stack in one of the accounts: the template names its resources, and CloudFormation creates no name twice */
  deploy(stackSet: StackSet): void {
    const wanted = this.targets(stackSet);
    for (const [name, stacks] of this.stacks) {
      const taken = name === stackSet.name ? undefined : [...wanted.keys()].find((place) => stacks.has(place));
      if (taken !== undefined)
        throw new Error(`resources of ${stackSet.name} in ${taken} already exist in a stack of ${name}`);
    }
    const former = this.stacks.get(stackSet.name) ?? new Map<string, StackToDeploy>();
    for (const [place, stack] of former) if (!wanted.has(place)) deleteStack(this.parts.deployer(), stack);
    for (const stack of wanted.values()) deployStack(this.parts.deployer(), stack);
    this.stacks.set(stackSet.name, wanted);
  }

  private targets({ name, templateUrl, parameters, instances }: StackSet): Map<string, StackToDeploy> {
    const template = this.parts.templateAt(templateUrl);
    const targets = new Map<string, StackToDeploy>();
    for (const { regions, accountIds, unitIds } of instances) {
      for (const accountId of accountIds) {
        const unit = this.parts.unitOf(accountId);
        if (unit === undefined || !unitIds.includes(unit)) continue;
        for (const region of regions)
          targets.set(`${accountId}/${region}`, {
            template,
            target: { accountId, region, stackName: `StackSet-${name}`, parameters },
          });
      }
    }
    return targets;
  }
}
