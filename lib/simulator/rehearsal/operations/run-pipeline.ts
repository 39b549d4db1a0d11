/** Deploys a roster into the local organization the way AWS would get it: by hand for one account, by the pipeline otherwise. */
import { S3Client } from '@aws-sdk/client-s3';
import { Assembly } from '../../../cloud-assembly/assembly';
import { readPipeline, type PipelineAction } from '../../local-organization/deployment/pipeline';
import type { Credentials } from '../../local-organization/iam/directory';
import { ConnectionLost } from '../../local-organization/faults';
import type { LocalOrganization } from '../../local-organization/organization';
import { memberCode } from '../../../stacks/member/member-code';
import { STACKS } from '../../../names';
import { bake, BAKE_MINUTES } from '../../../operator/bake';
import { operatorOf } from '../../../operator/operator';
import { recordJudgedBase } from '../../../org-bucket/judged-base';
import { orgStoreOf, type OrgStore } from '../../../org-bucket/store';
import { comparePublished } from '../../../plan/compare-published';
import { stopReason } from '../../../plan/plan';
import { publish, type PublicationPart } from '../../../publish/publish';
import type { Roster } from '../../../roster/roster';
import { canaries } from '../../../roster/canaries';

/** What became of one push of the roster. */
export interface DeploymentReport {
  /** ISO 8601, virtual. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Stages that were passed; for one account, the two commands. */
  readonly passed: readonly string[];
  /** Where the pipeline stopped, and why. */
  readonly stopped?: { readonly stage: string; readonly reason: string };
}

/** @param assemblyFolder what `synthesize` made of the same roster */
export async function deploy(
  organization: LocalOrganization,
  roster: Roster,
  assemblyFolder: string,
): Promise<DeploymentReport> {
  const assembly = new Assembly(assemblyFolder);
  const startedAt = organization.clock.now().toISOString();
  const ended = (): string => organization.clock.now().toISOString();
  organization.deploy(assembly);
  const stages = assembly.ownStacks.map((stack) => readPipeline(assembly, stack)).find((read) => read !== undefined);
  if (!stages) {
    const client = clientOf(organization, administratorOf(organization, roster));
    const reason = await reasonOf(publish('all', roster, orgStoreOf(roster, client), organization.clock.now()));
    if (reason !== undefined)
      return { startedAt, endedAt: ended(), passed: ['cdk deploy'], stopped: { stage: 'publish', reason } };
    return { startedAt, endedAt: ended(), passed: ['cdk deploy', 'publish'] };
  }
  deleteByHand(organization, roster);
  const passed: string[] = [];
  for (const { name, actions } of stages) {
    if (name === 'Publish') deployByHand(organization, roster, assembly);
    const reason = await stop(organization, roster, actions);
    if (reason !== undefined) return { startedAt, endedAt: ended(), passed, stopped: { stage: name, reason } };
    passed.push(name);
  }
  return { startedAt, endedAt: ended(), passed };
}

/** A command of the operator, by whoever may become it in the security account. */
export async function operate(
  organization: LocalOrganization,
  roster: Roster,
  {
    command,
    account,
    secretName,
    compromised,
  }: {
    readonly command: string;
    readonly account: string;
    readonly secretName: string;
    readonly compromised?: boolean;
  },
): Promise<string> {
  const { clock, directory } = organization;
  const securityAccountId = roster.organization?.securityAccount ?? roster.accounts[0]!.id;
  const operator = operatorOf(
    { securityAccountId, region: roster.region },
    organization.clientConfig(directory.administrator(securityAccountId)),
    () => clock.now(),
  );
  return operator.operate(account, { command, secretName, ...(compromised && { compromised }) });
}

/** Accounts that say `deployment: manual` get the StackSets' template from their own administrators, once its code is published and no StackSet holds them any more. */
function deployByHand(organization: LocalOrganization, { accounts, region }: Roster, assembly: Assembly): void {
  const template = assembly.stackSetTemplate();
  for (const { id, deployment } of accounts)
    if (deployment === 'manual' && template)
      organization.deployStack({ template, target: { accountId: id, region, stackName: STACKS.rotator } });
}

/** As the plan tells people to before a StackSet takes over what they deployed. */
function deleteByHand(organization: LocalOrganization, { accounts, region }: Roster): void {
  for (const { id, deployment } of accounts)
    if (deployment === 'stackset') organization.deleteStack({ accountId: id, region, stackName: STACKS.rotator });
}

/** Runs a stage. @returns why it stopped, if it did */
async function stop(
  organization: LocalOrganization,
  roster: Roster,
  actions: readonly PipelineAction[],
): Promise<string | undefined> {
  for (const action of actions) {
    const act = async (): Promise<void> => {
      if (action.kind === 'stack') organization.deployStack(action.stack);
      else for (const command of action.commands) await run(organization, roster, command, action.roleArn);
    };
    const reason = await reasonOf(act());
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why something failed, by AWS's code where AWS refused it; undefined when it did not. */
async function reasonOf(act: Promise<unknown>): Promise<string | undefined> {
  try {
    await act;
    return undefined;
  } catch (error) {
    const { name, message } = error as Error;
    return '$metadata' in (error as Error) || error instanceof ConnectionLost ? `${name}: ${message}` : message;
  }
}

/** The project's own commands, with the permissions of the project's role. Others, such as npm's, have been run by whoever rehearses. */
async function run(organization: LocalOrganization, roster: Roster, command: string, roleArn: string): Promise<void> {
  const [, name, part] = /^node bin\/access-keys\.js (\w+)(?: (\w+))?/.exec(command) ?? [];
  const credentials = organization.directory.issueSession(roleArn, 'codebuild');
  const store = orgStoreOf(roster, clientOf(organization, credentials));
  const now = organization.clock.now();
  if (name === 'plan') await compare(roster, store, now, command.includes(' --record'));
  if (name === 'publish') await publish(part as PublicationPart, roster, store, now);
  if (name === 'bake') await bakeCanaries(organization, roster, roleArn);
}

async function compare(roster: Roster, store: OrgStore, now: Date, record: boolean): Promise<void> {
  const { plan, base } = await comparePublished(roster, store, now);
  const reason = stopReason(plan);
  if (reason !== undefined) throw new Error(reason);
  if (record) await recordJudgedBase(store, roster, base);
}

async function bakeCanaries(organization: LocalOrganization, roster: Roster, roleArn: string): Promise<void> {
  const { clock, directory } = organization;
  const config = {
    ...organization.clientConfig(directory.issueSession(roleArn, 'codebuild')),
    credentials: async () => directory.issueSession(roleArn, 'codebuild'),
  };
  const operator = operatorOf(
    { securityAccountId: roster.organization!.securityAccount, region: roster.region },
    config,
    () => clock.now(),
  );
  const { version, objects } = memberCode();
  const codePublishedAt = await operator.publishedAt(Object.values(objects).map(({ key }) => key));
  const { ok, lines } = await bake(operator, {
    accounts: canaries(roster),
    codeVersion: version,
    codePublishedAt,
    freeze: roster.limits.freeze,
    limitMs: BAKE_MINUTES * 60_000,
    clock: { now: () => clock.now(), sleep: (ms) => clock.sleep(ms) },
  });
  if (!ok) throw new Error(lines.join('; '));
}

const clientOf = (organization: LocalOrganization, credentials: Credentials): S3Client =>
  new S3Client(organization.clientConfig(credentials));

const administratorOf = ({ directory }: LocalOrganization, roster: Roster): Credentials =>
  directory.administrator(roster.accounts[0]!.id);
