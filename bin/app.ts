import { App, Errors, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { context } from '../cdk.json';
import { buildApp } from '../lib/stacks/app';
import { Assembly } from '../lib/cloud-assembly/assembly';
import { exceededIn } from '../lib/stacks/quotas';
import { loadRoster } from '../lib/roster/load';
import { renderProblems } from '../lib/roster/render';
import { complain } from '../lib/terminal';

const app = new App({ autoSynth: false, context });
const rosterPath = String(app.node.tryGetContext('roster') ?? 'config');
const { roster, problems } = loadRoster(rosterPath, { at: new Date() });
complain(renderProblems(problems));
if (roster) {
  const check = (checked: App): void => Validations.of(checked).addPlugins(new AwsSolutionsChecks(checked));
  try {
    const { directory } = buildApp(roster, app, { rosterPath, check }).synth();
    const refused = exceededIn(new Assembly(directory));
    for (const reason of refused) complain(`error: ${reason}\n`);
    if (refused.length > 0) process.exitCode = 1;
  } catch (error) {
    // findings and cdk-nag's of the StackSets' template stand in the message; those of the others the CDK prints itself
    if (!Errors.isValidationError(error)) throw error;
    complain(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
} else process.exitCode = 1;
