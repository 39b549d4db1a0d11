import { PermissionsBoundary, Stage, type Environment } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { FleetStack, type FleetStackProps } from '../central/fleet-stack';
import { NotificationStack, type NotificationStackProps } from '../central/notification-stack';
import { RotatorStack, type RotatorStackProps } from '../member/rotator-stack';
import { PERMISSIONS_BOUNDARY_NAME, SECURITY_BOUNDARY_NAME, STACKS } from '../../names';

/** What is central: topic, org bucket, mailer. */
export class CentralStage extends Stage {
  constructor(scope: Construct, id: string, env: Environment, notification: NotificationStackProps) {
    super(scope, id, { env, permissionsBoundary: PermissionsBoundary.fromName(SECURITY_BOUNDARY_NAME) });
    new NotificationStack(this, 'Notification', { ...notification, stackName: STACKS.notification });
  }
}

/** One StackSet: the canaries' or the rest's. */
export class FleetStage extends Stage {
  /** @param former a StackSet that lets go of its accounts before this one may take them: both give roles and functions the same names */
  constructor(scope: Construct, id: string, env: Environment, fleet: FleetStackProps, former?: FleetStackProps) {
    super(scope, id, { env });
    const stack = new FleetStack(this, 'Fleet', { ...fleet, stackName: fleet.stackSetName });
    if (former)
      stack.addStackDependency(
        new FleetStack(this, 'Former', { ...former, stackName: former.stackSetName }),
        'an account has one stack',
      );
  }
}

/** An account that no StackSet reaches. The boundary keeps what the pipeline can create there to what the product needs. */
export class AccountStage extends Stage {
  constructor(scope: Construct, id: string, env: Environment, rotator: RotatorStackProps) {
    super(scope, id, { env, permissionsBoundary: PermissionsBoundary.fromName(PERMISSIONS_BOUNDARY_NAME) });
    new RotatorStack(this, 'Rotator', { ...rotator, stackName: STACKS.rotator });
  }
}
