import { App, BootstraplessSynthesizer, Fn } from 'aws-cdk-lib';
import { CDK_APP_MODE_CONTEXT, FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT } from 'aws-cdk-lib/cx-api';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '../../../cdk.json';
import { putBuilt } from '../bundle';
import { STACKS } from '../../names';
import type { Roster } from '../../roster/roster';
import type { MemberCode } from './member-code';
import { RotatorStack, type RotatorStackProps } from './rotator-stack';

/**
 * The CDK's command has the apps that it runs leave findings to it, in a report of their assembly. It never sees that
 * of this app, which has to stop by itself.
 */
const STOPS_BY_ITSELF = { [FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT]: true, [CDK_APP_MODE_CONTEXT]: 'inmemory' };

/** The rotator stack of an organization's account: its code lies in the org bucket. */
export const organizationRotator = (
  { organization, userGuard, secretsKey }: Roster,
  { version, objects }: MemberCode,
): Omit<RotatorStackProps, 'env'> => ({
  securityAccountId: organization!.securityAccount,
  userGuard,
  secretsKey,
  code: (_stack, name) => ({
    s3Bucket: Fn.sub('access-keys-${SecurityAccountId}-${AWS::Region}'),
    s3Key: objects[name].key,
  }),
  codeVersion: version,
  description: 'Access keys: rotation and reconciliation of this account',
});

/**
 * The one template that every account gets, whether through a StackSet or by hand: the latter takes it from the
 * git-ignored folder of what is built. It is synthesised in an App of its own: a StackSet's template can refer to
 * nothing outside itself, and its accounts need no bootstrap.
 * @param check adds the validations of the main App to this one
 * @throws a validation error with all findings, as the main App would
 * @param use is given a copy of its own, which is gone afterwards
 */
export function withMemberTemplate(
  roster: Roster,
  code: MemberCode,
  check: (app: App) => void,
  use: (file: string) => void,
): void {
  const outdir = mkdtempSync(join(tmpdir(), 'rotator-'));
  try {
    const app = new App({
      outdir,
      autoSynth: false,
      analyticsReporting: false,
      context,
      postCliContext: STOPS_BY_ITSELF,
    });
    check(app);
    new RotatorStack(app, STACKS.rotator, {
      ...organizationRotator(roster, code),
      synthesizer: new BootstraplessSynthesizer(),
    });
    app.synth();
    const file = join(outdir, `${STACKS.rotator}.template.json`);
    putBuilt(`${STACKS.rotator}.template.json`, readFileSync(file, 'utf8'));
    use(file);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
