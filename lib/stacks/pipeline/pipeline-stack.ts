import {
  Annotations,
  Arn,
  ArnFormat,
  Duration,
  PermissionsBoundary,
  RemovalPolicy,
  Stack,
  type Environment,
  type StackProps,
} from 'aws-cdk-lib';
import { ComputeType, LinuxArmBuildImage } from 'aws-cdk-lib/aws-codebuild';
import { type CfnPipeline, ExecutionMode, PipelineType, ProviderType } from 'aws-cdk-lib/aws-codepipeline';
import type { CodeStarConnectionsSourceAction } from 'aws-cdk-lib/aws-codepipeline-actions';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { CodePipeline, CodePipelineSource } from 'aws-cdk-lib/pipelines';
import type { Construct } from 'constructs';
import { isAbsolute, relative } from 'node:path';
import type { FleetStackProps } from '../central/fleet-stack';
import type { NotificationStackProps } from '../central/notification-stack';
import type { MemberCode } from '../member/member-code';
import { organizationRotator } from '../member/member-template';
import { orgBucketName, SECURITY_BOUNDARY_NAME, STACKS } from '../../names';
import type { Organization, Roster, RosterAccount } from '../../roster/roster';
import { canaries, others } from '../../roster/canaries';
import { dependencies } from '../../../package.json';
import { isCheckout } from '../bundle';
import { acceptFinding } from '../nag-acknowledgements';
import { acceptGeneratedPolicies } from './generated-policies';
import { pushPatterns } from './triggers';
import { AccountStage, CentralStage, FleetStage } from './stages';
import { NODE_RUNTIME, Steps } from './steps';

export interface PipelineStackProps extends StackProps {
  readonly env: Required<Environment>;
  readonly roster: Roster;
  readonly organization: Organization;
  /** Where the roster was read, from here. */
  readonly rosterPath: string;
  readonly code: MemberCode;
  readonly notification: NotificationStackProps;
  /** The one template that every account gets. */
  readonly memberTemplate: string;
}

const SOURCE_ACTION = 'Roster';
const CDK_CLI_VERSION: string = dependencies['aws-cdk'];

/** As the pipeline's projects find it: they have another folder as checkout. */
const inCheckout = (rosterPath: string): string => relative('.', rosterPath) || '.';
const isElsewhere = (path: string): boolean => isAbsolute(path) || path.split(/[/\\]/)[0] === '..';

/**
 * Deploys everything else, itself included, from pushes to the roster's repository. Its shape does not depend on how
 * many accounts and users the roster has; only accounts that say `deployment: pipeline` are stages of their own.
 *
 * No account is told of users before its functions exist, and none but the canaries before the canaries have proved
 * themselves: code, then StackSet, then slices, for the canaries and then for everybody. The canaries' StackSet stays
 * when the roster has none, without accounts: one that were left out would keep those it had.
 */
export class PipelineStack extends Stack {
  private readonly pipeline: CodePipeline;
  private readonly artifacts: Bucket;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PipelineStackProps,
  ) {
    super(scope, id, { ...props, permissionsBoundary: PermissionsBoundary.fromName(SECURITY_BOUNDARY_NAME) });
    const { env } = props;
    const rosterPath = inCheckout(props.rosterPath);
    if (isElsewhere(rosterPath))
      Annotations.of(this).addWarningV2(
        'access-keys:roster-elsewhere',
        `the roster ${props.rosterPath} is outside this checkout, where the pipeline will not find it: name one inside by -c roster=`,
      );
    if (!isCheckout())
      Annotations.of(this).addWarningV2(
        'access-keys:no-checkout',
        "the pipeline's steps run in a checkout of access-keys, which this is not: deploy it from one, with the roster in it",
      );
    const source = CodePipelineSource.connection(this.from.repository, this.from.branch, {
      connectionArn: this.from.connectionArn,
      triggerOnPush: false,
      actionName: SOURCE_ACTION,
    });
    const steps = new Steps({
      source,
      rosterPath,
      bucketArn: `arn:${this.partition}:s3:::${orgBucketName(env.account, env.region)}`,
    });
    this.artifacts = this.artifactBucket();
    this.pipeline = this.emptyPipeline(steps);
    this.addWaves(steps);
    this.pipeline.buildPipeline();
    this.useConnection();
    this.triggerByPush();
    // https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md#W3005: the CDK's own dependency of pipelines on their role
    (this.pipeline.pipeline.node.defaultChild as CfnPipeline).addMetadata('cfn-lint', {
      config: { ignore_checks: ['W3005'] },
    });
    steps.accept(this);
    acceptGeneratedPolicies(this, this.pipeline, this.artifacts);
  }

  private get from(): NonNullable<Roster['source']> {
    return this.props.roster.source!;
  }

  private addWaves(steps: Steps): void {
    const { env, notification, roster } = this.props;
    const first = canaries(roster);
    const rest = others(roster);
    this.pipeline.addWave('Guard', { post: [steps.guard()] });
    this.pipeline.addStage(new CentralStage(this, 'Central', env, notification), { post: [steps.publishCode()] });
    this.addCanaryStage(steps, first);
    const formerCanaries = first.length === 0 ? this.fleet(STACKS.canary, []) : undefined;
    const fleet = this.fleet(
      STACKS.fleet,
      rest.filter(({ deployment }) => deployment === 'stackset'),
    );
    this.pipeline.addStage(new FleetStage(this, 'Fleet', env, fleet, formerCanaries));
    this.addAccountStages(rest.filter(({ deployment }) => deployment === 'pipeline'));
    this.pipeline.addWave('Publish', { post: [steps.publishSlices('fleet')] });
  }

  private addCanaryStage(steps: Steps, accounts: readonly RosterAccount[]): void {
    if (accounts.length === 0) {
      Annotations.of(this).addWarningV2(
        'access-keys:no-canary',
        'no account of the roster is a canary: every change reaches all accounts at once. Give one `canary: true`.',
      );
      return;
    }
    const publish = steps.publishSlices('canary');
    const bake = steps.bake();
    bake.addStepDependency(publish);
    const stage = new FleetStage(this, 'Canary', this.props.env, this.fleet(STACKS.canary, accounts));
    this.pipeline.addStage(stage, { post: [publish, bake] });
  }

  /** Side by side, each with a rotator stack of its own. */
  private addAccountStages(accounts: readonly RosterAccount[]): void {
    if (accounts.length === 0) return;
    const { env, roster, code } = this.props;
    const stages = accounts.map(({ id }) => {
      const place = { account: id, region: env.region };
      return new AccountStage(this, `Account-${id}`, place, organizationRotator(roster, code));
    });
    const wave = this.pipeline.addWave('Accounts');
    for (const stage of stages) wave.addStage(stage);
  }

  private fleet(stackSetName: string, accounts: readonly RosterAccount[]): FleetStackProps {
    const { organization, memberTemplate, env, roster } = this.props;
    return {
      stackSetName,
      accountIds: accounts.map(({ id }) => id).sort(),
      organizationalUnitIds: organization.organizationalUnits,
      region: env.region,
      securityAccountId: organization.securityAccount,
      secretsKey: roster.secretsKey,
      templateFile: memberTemplate,
      description: `Access keys: the rotator stack through the StackSet ${stackSetName}`,
    };
  }

  private artifactBucket(): Bucket {
    const key = new Key(this, 'ArtifactsKey', {
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
      description: 'Encrypts the artifacts of the access keys pipeline',
    });
    const bucket = new Bucket(this, 'Artifacts', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acceptFinding(
      bucket,
      'AwsSolutions-S1',
      'artifacts of the pipeline; CodePipeline and CloudTrail record access to them',
    );
    return bucket;
  }

  private emptyPipeline(steps: Steps): CodePipeline {
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return new CodePipeline(this, 'Pipeline', {
      pipelineName: 'access-keys',
      pipelineType: PipelineType.V2,
      executionMode: ExecutionMode.QUEUED,
      artifactBucket: this.artifacts,
      cliVersion: CDK_CLI_VERSION,
      synth: steps.synth(),
      selfMutation: true,
      useChangeSets: false,
      publishAssetsInParallel: false,
      codeBuildDefaults: {
        partialBuildSpec: NODE_RUNTIME,
        buildEnvironment: {
          buildImage: LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_4_0,
          computeType: ComputeType.SMALL,
        },
        logging: { cloudWatch: { logGroup } },
        timeout: Duration.hours(1),
      },
      synthCodeBuildDefaults: { buildEnvironment: { computeType: ComputeType.LARGE } },
    });
  }

  /**
   * The CDK grants `codestar-connections:UseConnection` only, which lets nobody use a connection of the newer name:
   * https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
   */
  private useConnection(): void {
    const { connectionArn } = this.from;
    const role = this.pipeline.pipeline.node
      .findChild('Source')
      .node.findChild(SOURCE_ACTION)
      .node.findChild('CodePipelineActionRole') as Role;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [`${Arn.split(connectionArn, ArnFormat.SLASH_RESOURCE_NAME).service}:UseConnection`],
        resources: [connectionArn],
      }),
    );
  }

  private triggerByPush(): void {
    const sourceAction = this.pipeline.pipeline.stages[0]!.actions[0] as CodeStarConnectionsSourceAction;
    this.pipeline.pipeline.addTrigger({
      providerType: ProviderType.CODE_STAR_SOURCE_CONNECTION,
      gitConfiguration: {
        sourceAction,
        pushFilter: [{ branchesIncludes: [this.from.branch], filePathsIncludes: pushPatterns(this.props.rosterPath) }],
      },
    });
  }
}
