import { App } from 'aws-cdk-lib';
import { buildApp } from '../lib/assembly';
import { loadRoster } from '../lib/roster/load';
import { NO_COLOURS, renderText } from '../lib/roster/render';

const app = new App();
const { roster, problems } = loadRoster(String(app.node.tryGetContext('roster') ?? 'config'), { at: new Date() });
for (const problem of problems) process.stderr.write(`${renderText(problem, NO_COLOURS)}\n\n`);
if (roster) buildApp(roster, app).synth();
else process.exitCode = 1;
