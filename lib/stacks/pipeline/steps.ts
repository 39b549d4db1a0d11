import { Aws, Duration, type Stack } from 'aws-cdk-lib';
import { BuildSpec } from 'aws-cdk-lib/aws-codebuild';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CodeBuildStep, type IFileSetProducer } from 'aws-cdk-lib/pipelines';
import { JUDGED_PATH, PUBLISHED_PATH, ROLES } from '../../../lambda/contract/names';
import { acceptWildcards, placeInFindings } from '../nag-acknowledgements';
import { listed, ofAccount } from '../policy-statement';

const INSTALL = 'npm ci --ignore-scripts';

interface Place {
  readonly source: IFileSetProducer;
  readonly bucketArn: string;
  /** Of the roster in the checkout. */
  readonly rosterPath: string;
}

/** The steps of the pipeline that are commands of this product, each with what it may do and nothing else. */
export class Steps {
  private readonly roster: string;

  constructor(private readonly place: Place) {
    this.roster = quoted(place.rosterPath);
  }

  /**
   * Compares as the guard does, because what it makes of the pipeline is applied before the guard's stage. It runs no
   * tests: whoever may change a test would run code here. Pull requests are checked before they are merged.
   */
  synth(): CodeBuildStep {
    const { roster } = this;
    return new CodeBuildStep('Synth', {
      input: this.place.source,
      installCommands: ['npm ci'],
      commands: [
        `node bin/access-keys.js validate --roster ${roster}`,
        `node bin/access-keys.js ${this.comparison()}`,
        `npx cdk synth --quiet --context roster=${roster}`,
      ],
      primaryOutputDirectory: 'cdk.out',
      rolePolicyStatements: this.compares(),
    });
  }

  /** Compares with the roster that was published last, and records which one that was; a dangerous change stops here unless the roster acknowledges it. */
  guard(): CodeBuildStep {
    return this.command('Guard', `${this.comparison()} --record`, [
      ...this.compares(),
      this.objects(['s3:GetObject', 's3:PutObject'], [JUDGED_PATH]),
    ]);
  }

  publishCode(): CodeBuildStep {
    return this.command('PublishCode', `publish code --roster ${this.roster}`, [
      this.objects(['s3:GetObject', 's3:PutObject'], ['code/*']),
      this.lists(listed('code/*')),
    ]);
  }

  /** Compares again when what is published is no longer what the guard compared with. */
  publishSlices(wave: 'canary' | 'fleet'): CodeBuildStep {
    const paths = ['roster/*', ...(wave === 'fleet' ? [PUBLISHED_PATH] : [])];
    const statements = [
      ...this.compares(),
      this.objects(['s3:GetObject'], [JUDGED_PATH]),
      this.objects(['s3:GetObject', 's3:PutObject'], paths),
    ];
    if (wave === 'fleet') statements.push(this.objects(['s3:DeleteObject'], ['roster/*']));
    return this.command(
      wave === 'canary' ? 'PublishCanarySlices' : 'PublishSlices',
      `publish ${wave} --roster ${this.roster}`,
      statements,
    );
  }

  /** One rotation of a canary user, and healthy reports of all canary accounts, on the code of this execution. */
  bake(): CodeBuildStep {
    return this.command('Bake', `bake --roster ${this.roster}`, [
      new PolicyStatement({
        sid: 'BecomeOperator',
        actions: ['sts:AssumeRole'],
        resources: [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${ROLES.operator}`],
      }),
    ]);
  }

  /** Wildcards of these steps' policies. */
  accept(stack: Stack): void {
    const bucket = this.place.bucketArn.replace(/^arn:[^:]*/, `arn:${placeInFindings(stack).partition}`);
    acceptWildcards(stack, {
      [`Resource::${bucket}/reports/*`]:
        'the guard asks whether a vanished account was released, and so do the steps that publish',
      [`Resource::${bucket}/code/*`]: 'objects named by what is in them',
      [`Resource::${bucket}/roster/*`]: 'a slice for each account',
    });
  }

  private comparison(): string {
    return `plan --from published --to ${this.roster}`;
  }

  private compares(): PolicyStatement[] {
    return [this.objects(['s3:GetObject'], [PUBLISHED_PATH, 'reports/*']), this.lists()];
  }

  private command(id: string, command: string, rolePolicyStatements: PolicyStatement[]): CodeBuildStep {
    return new CodeBuildStep(id, {
      input: this.place.source,
      projectName: `access-keys-${kebab(id)}`,
      installCommands: [INSTALL],
      commands: [`node bin/access-keys.js ${command}`],
      rolePolicyStatements,
      timeout: Duration.hours(2),
    });
  }

  private objects(actions: string[], paths: readonly string[]): PolicyStatement {
    return new PolicyStatement({
      actions,
      resources: paths.map((path) => `${this.place.bucketArn}/${path}`),
      conditions: ofAccount(Aws.ACCOUNT_ID),
    });
  }

  /**
   * Without prefixes, for steps that take the absence of the published roster or of a report for an answer: that S3 then
   * says so is documented, that it does to those who may list some prefixes is not. Where it does not, code counts as
   * missing.
   */
  private lists(prefixes?: ReturnType<typeof listed>): PolicyStatement {
    return new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [this.place.bucketArn],
      conditions: ofAccount(Aws.ACCOUNT_ID, prefixes),
    });
  }
}

/** What every project of the pipeline has: the Node of the functions. */
export const NODE_RUNTIME = BuildSpec.fromObject({
  version: '0.2',
  phases: { install: { 'runtime-versions': { nodejs: '24' } } },
});

/** One word of a shell, whatever is in it. */
const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const kebab = (name: string): string => name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
