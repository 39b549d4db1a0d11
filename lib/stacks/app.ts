import { App, type Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { join } from 'node:path';
import { context } from '../../cdk.json';
import { BUNDLES, bundle, putBuilt } from './bundle';
import { NotificationStack, type NotificationStackProps } from './central/notification-stack';
import { memberCode } from './member/member-code';
import { withMemberTemplate } from './member/member-template';
import { RotatorStack, type FunctionCode } from './member/rotator-stack';
import { STACKS } from '../names';
import { permissionsBoundary } from './pipeline/permissions-boundary';
import { PipelineStack } from './pipeline/pipeline-stack';
import type { Roster } from '../roster/roster';

export interface AppOptions {
  /** Where the roster was read, from here: the pipeline's commands read it there in their checkout. */
  readonly rosterPath?: string;
  /** Adds validations, to every App that is synthesised. */
  readonly check?: (app: App) => void;
}

/** Every stack that the roster needs: two side by side for one account, a pipeline that deploys all else for an organization. */
export function buildApp(roster: Roster, app: App, { rosterPath = 'config', check = () => {} }: AppOptions = {}): App {
  check(app);
  const code = memberCode();
  bundleMailer();
  const securityAccountId = roster.organization?.securityAccount ?? roster.accounts[0]!.id;
  const env = { account: securityAccountId, region: roster.region };
  const notification = notificationProps(roster, securityAccountId);
  const { organization } = roster;
  if (organization) {
    putBuilt('permissions-boundary.json', `${JSON.stringify(permissionsBoundary(roster.userGuard), null, 2)}\n`);
    const description = 'Access keys: the pipeline that deploys everything else from the roster';
    withMemberTemplate(
      roster,
      code,
      check,
      (memberTemplate) =>
        void new PipelineStack(app, STACKS.pipeline, {
          env,
          roster,
          memberTemplate,
          organization,
          rosterPath,
          code,
          notification,
          description,
        }),
    );
    return app;
  }
  const central = new NotificationStack(app, STACKS.notification, { env, ...notification });
  const rotator = new RotatorStack(app, STACKS.rotator, {
    env,
    securityAccountId,
    userGuard: roster.userGuard,
    secretsKey: roster.secretsKey,
    code: assetCode,
    codeVersion: code.version,
    description: 'Access keys: rotation and reconciliation of this account',
  });
  rotator.addStackDependency(central, 'its permissions and policies name roles of the other');
  return app;
}

/** @returns the folder of the cloud assembly */
export function synthesize(roster: Roster, { outdir, ...options }: AppOptions & { readonly outdir: string }): string {
  return buildApp(roster, new App({ outdir, analyticsReporting: false, context }), options).synth().directory;
}

let mailerIsBundled = false;

function bundleMailer(): void {
  if (!mailerIsBundled) bundle(['mailer']);
  mailerIsBundled = true;
}

function notificationProps(roster: Roster, securityAccountId: string): NotificationStackProps {
  const { admins, sender, senderIdentity = 'address' } = roster.notifications;
  return {
    organizationId: roster.organization?.id,
    securityAccountId,
    homeRegion: roster.region,
    admins,
    sender,
    senderIdentity,
    mailerCode: (stack) => assetCode(stack, 'mailer'),
    description: 'Access keys: admin topic, org bucket, mailer and operator role',
  };
}

function assetCode(stack: Stack, name: string): FunctionCode {
  const asset = new Asset(stack, `${name}Code`, { path: join(BUNDLES, name) });
  return { s3Bucket: asset.s3BucketName, s3Key: asset.s3ObjectKey };
}
