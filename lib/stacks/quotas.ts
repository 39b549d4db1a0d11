/** How near templates come to what AWS accepts. */
import type { Assembly } from '../cloud-assembly/assembly';
import type { Template } from '../cloud-assembly/template';
import { STACKS } from '../names';

export interface Usage {
  readonly quota: string;
  readonly used: number;
  readonly limit: number;
}

/**
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const LIMITS = {
  templateBytes: 1_048_576,
  resources: 500,
  parameters: 200,
  inlinePolicyCharacters: 10_240,
  managedPolicies: 10,
  managedPolicyCharacters: 6_144,
  trustPolicyCharacters: 2_048,
  environmentBytes: 4_096,
  bucketPolicyCharacters: 20_480,
  topicPolicyCharacters: 30_720,
  keyPolicyCharacters: 32_768,
  stages: 50,
  actions: 500,
} as const;

const ENVIRONMENT = "bytes of a function's environment";

/** The highest use of each quota in one template. */
export function quotaUsage(template: Template): readonly Usage[] {
  const resources = Object.entries(template.Resources).map(([id, { Type, Properties = {} }]) => ({
    id,
    type: Type,
    properties: Properties,
  }));
  const most = (type: string, measure: (properties: Record<string, any>, id: string) => number): number =>
    Math.max(
      0,
      ...resources.filter((resource) => resource.type === type).map(({ id, properties }) => measure(properties, id)),
    );
  const attached = (role: string, type: string): Record<string, any>[] =>
    resources
      .filter(
        (resource) =>
          resource.type === type &&
          JSON.stringify(resource.properties.Roles ?? resource.properties.RoleName ?? null).includes(`"${role}"`),
      )
      .map(({ properties }) => properties);
  const stages = (pipeline: Record<string, any>): { Actions: unknown[] }[] =>
    pipeline.Stages as { Actions: unknown[] }[];
  return [
    { quota: 'bytes of template', used: JSON.stringify(template, null, 1).length, limit: LIMITS.templateBytes },
    { quota: 'resources', used: resources.length, limit: LIMITS.resources },
    { quota: 'parameters', used: Object.keys(template.Parameters ?? {}).length, limit: LIMITS.parameters },
    {
      quota: 'characters of inline policies of a role',
      used: most('AWS::IAM::Role', (role, id) =>
        [
          ...((role.Policies ?? []) as Record<string, any>[]),
          ...attached(id, 'AWS::IAM::Policy'),
          ...attached(id, 'AWS::IAM::RolePolicy'),
        ].reduce((sum, { PolicyDocument }) => sum + size(PolicyDocument), 0),
      ),
      limit: LIMITS.inlinePolicyCharacters,
    },
    {
      quota: 'managed policies of a role',
      used: most(
        'AWS::IAM::Role',
        (role, id) =>
          ((role.ManagedPolicyArns ?? []) as unknown[]).length + attached(id, 'AWS::IAM::ManagedPolicy').length,
      ),
      limit: LIMITS.managedPolicies,
    },
    {
      quota: 'characters of a managed policy',
      used: most('AWS::IAM::ManagedPolicy', ({ PolicyDocument }) => size(PolicyDocument)),
      limit: LIMITS.managedPolicyCharacters,
    },
    {
      quota: 'characters of a trust policy',
      used: most('AWS::IAM::Role', ({ AssumeRolePolicyDocument }) => size(AssumeRolePolicyDocument)),
      limit: LIMITS.trustPolicyCharacters,
    },
    {
      quota: ENVIRONMENT,
      used: most('AWS::Lambda::Function', ({ Environment }) => size(Environment?.Variables)),
      limit: LIMITS.environmentBytes,
    },
    {
      quota: 'characters of a bucket policy',
      used: most('AWS::S3::BucketPolicy', ({ PolicyDocument }) => size(PolicyDocument)),
      limit: LIMITS.bucketPolicyCharacters,
    },
    {
      quota: 'characters of a topic policy',
      used: most('AWS::SNS::TopicPolicy', ({ PolicyDocument }) => size(PolicyDocument)),
      limit: LIMITS.topicPolicyCharacters,
    },
    {
      quota: 'characters of a key policy',
      used: most('AWS::KMS::Key', ({ KeyPolicy }) => size(KeyPolicy)),
      limit: LIMITS.keyPolicyCharacters,
    },
    {
      quota: 'stages of the pipeline',
      used: most('AWS::CodePipeline::Pipeline', (pipeline) => stages(pipeline).length),
      limit: LIMITS.stages,
    },
    {
      quota: 'actions of the pipeline',
      used: most('AWS::CodePipeline::Pipeline', (pipeline) =>
        stages(pipeline).reduce((sum, { Actions }) => sum + Actions.length, 0),
      ),
      limit: LIMITS.actions,
    },
  ];
}

/** What AWS would refuse of one template, in words; empty when nothing. */
export const exceeded = (stackName: string, template: Template): readonly string[] =>
  quotaUsage(template)
    .filter(({ used, limit }) => used > limit)
    .map(
      ({ quota, used, limit }) =>
        `stack ${stackName} would have ${used} ${quota}, and AWS accepts ${limit}: fewer ${quota === ENVIRONMENT ? 'admins, or shorter addresses' : 'accounts with deployment: pipeline, or fewer accounts in the roster'}`,
    );

/** The same of every template, that of the StackSets included. */
export function exceededIn(assembly: Pick<Assembly, 'stacks' | 'stackSetTemplate'>): readonly string[] {
  const ofStackSets = assembly.stackSetTemplate();
  return [
    ...assembly.stacks.flatMap(({ target, template }) => exceeded(target.stackName, template)),
    ...(ofStackSets ? exceeded(STACKS.rotator, ofStackSets) : []),
  ];
}

/** Upper bound: references stand for longer names than the values that they become. */
const size = (document: unknown): number => JSON.stringify(document ?? '').length;
