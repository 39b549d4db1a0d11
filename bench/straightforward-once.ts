/** The way that CDK's documentation suggests: OUTDIR ACCOUNTS USERS. Prints what it took. */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';

const [, , outdir = '', accounts = '', users = ''] = process.argv;
const start = performance.now();
const app = new App({ outdir, analyticsReporting: false });
for (let account = 0; account < Number(accounts); account++) {
  const stack = new Stack(app, `Account${account}`, {
    env: { account: String(300_000_000_000 + account), region: 'us-east-1' },
  });
  const rotate = new Function(stack, 'Rotate', {
    runtime: Runtime.NODEJS_LATEST,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = () => {};'),
  });
  for (let user = 0; user < Number(users); user++)
    new Secret(stack, `User${user}`).addRotationSchedule('Schedule', {
      rotationLambda: rotate,
      automaticallyAfter: Duration.days(90),
    });
}
app.synth();
process.stdout.write(
  `${JSON.stringify({ loadMs: 0, synthMs: Math.round(performance.now() - start), peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
);
