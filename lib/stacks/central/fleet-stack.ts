import { CfnStackSet, Stack, type StackProps } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { ROTATOR_PARAMETERS } from '../member/rotator-stack';

export interface FleetStackProps extends StackProps {
  /** Also the name of the StackSet, which never changes: another name would be a second one over the same accounts. */
  readonly stackSetName: string;
  /** The member accounts to deploy to, all inside the organizational units. */
  readonly accountIds: readonly string[];
  readonly organizationalUnitIds: readonly string[];
  readonly region: string;
  readonly securityAccountId: string;
  readonly secretsKey?: string;
  /** The one template that every account gets. */
  readonly templateFile: string;
}

/**
 * The rotator stack in many accounts through one StackSet: the canaries' or everybody else's. Both are disjoint by
 * the roster, and neither deploys by itself to accounts that join a unit: auto-deployment ignores the list.
 */
export class FleetStack extends Stack {
  constructor(scope: Construct, id: string, props: FleetStackProps) {
    super(scope, id, props);
    const template = new Asset(this, 'Template', { path: props.templateFile });
    new CfnStackSet(this, 'StackSet', {
      stackSetName: props.stackSetName,
      description: 'Access keys: rotation and reconciliation, deployed from the roster',
      templateUrl: template.httpUrl,
      permissionModel: 'SERVICE_MANAGED',
      callAs: 'DELEGATED_ADMIN',
      autoDeployment: { enabled: false },
      managedExecution: { Active: true },
      capabilities: ['CAPABILITY_NAMED_IAM'],
      parameters: [
        { parameterKey: ROTATOR_PARAMETERS.securityAccountId, parameterValue: props.securityAccountId },
        { parameterKey: ROTATOR_PARAMETERS.secretsKey, parameterValue: props.secretsKey ?? '' },
      ],
      operationPreferences: {
        concurrencyMode: 'SOFT_FAILURE_TOLERANCE',
        failureTolerancePercentage: 5,
        maxConcurrentPercentage: 25,
        regionConcurrencyType: 'PARALLEL',
      },
      stackInstancesGroup:
        props.accountIds.length === 0
          ? []
          : [
              {
                regions: [props.region],
                deploymentTargets: {
                  accountFilterType: 'INTERSECTION',
                  organizationalUnitIds: [...props.organizationalUnitIds],
                  accounts: [...props.accountIds],
                },
              },
            ],
    });
  }
}
