import { App, BootstraplessSynthesizer, Fn } from 'aws-cdk-lib';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '../../cdk.json';
import { BUNDLES } from '../bundle';
import { STACKS } from '../names';
import type { Roster } from '../roster/roster';
import type { MemberCode } from './member-code';
import { RotatorStack, type RotatorStackProps } from './rotator-stack';

/** The rotator stack of an organization's account: its code lies in the org bucket. */
export const organizationRotator = ({ organization, userGuard }: Roster, { version, objects }: MemberCode): Omit<RotatorStackProps, 'env'> => ({
  securityAccountId: organization!.securityAccount,
  userGuard,
  code: (_stack, name) => ({ s3Bucket: Fn.sub('access-keys-${SecurityAccountId}-${AWS::Region}'), s3Key: objects[name].key }),
  codeVersion: version,
  description: 'Access keys: rotation and reconciliation of this account',
});

/**
 * Writes the one template that every account gets, whether through a StackSet or by hand. It is synthesised in an App
 * of its own: a StackSet's template can refer to nothing outside itself, and its accounts need no bootstrap.
 * @param check adds the validations of the main App to this one
 * @returns the file, in the git-ignored folder of what is built
 */
export function writeMemberTemplate(roster: Roster, code: MemberCode, check: (app: App) => void): string {
  const outdir = mkdtempSync(join(tmpdir(), 'rotator-'));
  try {
    const app = new App({ outdir, analyticsReporting: false, context });
    check(app);
    new RotatorStack(app, STACKS.rotator, { ...organizationRotator(roster, code), synthesizer: new BootstraplessSynthesizer() });
    app.synth();
    mkdirSync(BUNDLES, { recursive: true });
    const file = join(BUNDLES, `${STACKS.rotator}.template.json`);
    writeFileSync(file, readFileSync(join(outdir, `${STACKS.rotator}.template.json`)));
    return file;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
