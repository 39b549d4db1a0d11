import type { InstanceSummary } from '../deployment/stack-sets';
import { AwsError, type Service } from '../service';

type InstancesOf = (administratorId: string, stackSetName: string) => readonly InstanceSummary[] | undefined;

/** ListStackInstances of service-managed StackSets, by their delegated administrator, and nothing else of CloudFormation. */
export function cloudFormationService({ instancesOf }: { readonly instancesOf: InstancesOf }): { service: Service } {
  const service: Service = {
    id: 'cloudformation',
    operations: {
      ListStackInstances: {
        accesses: ({ StackSetName }, { region, principal }) => [
          {
            action: 'cloudformation:ListStackInstances',
            resource: `arn:aws:cloudformation:${region}:${principal.accountId}:stackset/${StackSetName}:id`,
            resourceAccountId: principal.accountId,
          },
        ],
        run: ({ StackSetName, CallAs }, { principal }) => {
          const instances = CallAs === 'DELEGATED_ADMIN' ? instancesOf(principal.accountId, StackSetName) : undefined;
          if (!instances) throw new AwsError('StackSetNotFoundException', `StackSet ${StackSetName} not found`, 404);
          return { Summaries: instances.map((instance) => summaryOf(StackSetName, instance)) };
        },
      },
    },
  };
  return { service };
}

const summaryOf = (name: string, { accountId, region, unit }: InstanceSummary) => ({
  StackSetId: `${name}:id`,
  Account: accountId,
  Region: region,
  OrganizationalUnitId: unit,
  Status: 'CURRENT',
  StackInstanceStatus: { DetailedStatus: 'SUCCEEDED' },
  DriftStatus: 'NOT_CHECKED',
});
