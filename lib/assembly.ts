import { App, type Environment, Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { join } from 'node:path';
import { BUNDLES, bundle } from './bundle';
import { NotificationStack } from './central/notification-stack';
import { RotatorStack, type FunctionCode, type MemberFunction } from './member/rotator-stack';
import type { Roster } from './roster/roster';

export const MEMBER_FUNCTIONS: readonly MemberFunction[] = ['rotate', 'reconcile', 'operate'];

/** Every stack that the roster needs, in the App that synthesises them. */
export function buildApp(roster: Roster, app: App): App {
  bundle([...MEMBER_FUNCTIONS, 'mailer']);
  const securityAccountId = roster.organization?.securityAccount ?? roster.accounts[0]!.id;
  const env = (account: string): Environment => ({ account, region: roster.region });
  new NotificationStack(app, 'AccessKeysNotification', {
    env: env(securityAccountId),
    organizationId: roster.organization?.id,
    securityAccountId,
    homeRegion: roster.region,
    admins: roster.notifications.admins,
    sender: roster.notifications.sender,
    mailerCode: (stack) => assetCode(stack, 'mailer'),
    description: 'Access keys: admin topic, org bucket and mailer',
  });
  for (const { id } of roster.accounts) {
    new RotatorStack(app, roster.organization === undefined ? 'AccessKeysRotator' : `AccessKeysRotator-${id}`, {
      env: env(id),
      securityAccountId,
      userGuard: roster.userGuard,
      code: assetCode,
      description: 'Access keys: rotation and reconciliation of this account',
    });
  }
  return app;
}

/** @returns the folder of the cloud assembly */
export function synthesize(roster: Roster, { outdir }: { readonly outdir: string }): string {
  return buildApp(roster, new App({ outdir, analyticsReporting: false })).synth().directory;
}

function assetCode(stack: Stack, name: MemberFunction | 'mailer'): FunctionCode {
  const asset = new Asset(stack, `${name}Code`, { path: join(BUNDLES, name) });
  return { s3Bucket: asset.s3BucketName, s3Key: asset.s3ObjectKey };
}
