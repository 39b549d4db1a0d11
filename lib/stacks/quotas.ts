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

type Properties = Record<string, any>;

/** What a template holds, to be measured. */
class Resources {
  readonly count: number;
  private readonly all: readonly { readonly id: string; readonly type: string; readonly properties: Properties }[];

  constructor(template: Template) {
    this.all = Object.entries(template.Resources).map(([id, { Type, Properties = {} }]) => ({
      id,
      type: Type,
      properties: Properties,
    }));
    this.count = this.all.length;
  }

  /** The highest measure of a resource of the type; 0 without one. */
  most(type: string, measure: (properties: Properties, id: string) => number): number {
    const measured = this.all.filter((resource) => resource.type === type);
    return Math.max(0, ...measured.map(({ id, properties }) => measure(properties, id)));
  }

  /** Policies of the type that name the role. */
  attached(role: string, type: string): readonly Properties[] {
    const names = ({ Roles, RoleName }: Properties): string => JSON.stringify(Roles ?? RoleName ?? null);
    return this.all
      .filter((resource) => resource.type === type && names(resource.properties).includes(`"${role}"`))
      .map(({ properties }) => properties);
  }
}

/** The highest use of each quota in one template. */
export function quotaUsage(template: Template): readonly Usage[] {
  const resources = new Resources(template);
  return [
    { quota: 'bytes of template', used: JSON.stringify(template, null, 1).length, limit: LIMITS.templateBytes },
    { quota: 'resources', used: resources.count, limit: LIMITS.resources },
    { quota: 'parameters', used: Object.keys(template.Parameters ?? {}).length, limit: LIMITS.parameters },
    ...roleUsage(resources),
    {
      quota: ENVIRONMENT,
      used: resources.most('AWS::Lambda::Function', ({ Environment }) => size(Environment?.Variables)),
      limit: LIMITS.environmentBytes,
    },
    ...resourcePolicyUsage(resources),
    ...pipelineUsage(resources),
  ];
}

function roleUsage(resources: Resources): readonly Usage[] {
  const inlineSize = (role: Properties, id: string): number =>
    [
      ...((role.Policies ?? []) as Properties[]),
      ...resources.attached(id, 'AWS::IAM::Policy'),
      ...resources.attached(id, 'AWS::IAM::RolePolicy'),
    ].reduce((sum, { PolicyDocument }) => sum + size(PolicyDocument), 0);
  const managedCount = (role: Properties, id: string): number =>
    ((role.ManagedPolicyArns ?? []) as unknown[]).length + resources.attached(id, 'AWS::IAM::ManagedPolicy').length;
  return [
    {
      quota: 'characters of inline policies of a role',
      used: resources.most('AWS::IAM::Role', inlineSize),
      limit: LIMITS.inlinePolicyCharacters,
    },
    {
      quota: 'managed policies of a role',
      used: resources.most('AWS::IAM::Role', managedCount),
      limit: LIMITS.managedPolicies,
    },
    {
      quota: 'characters of a managed policy',
      used: resources.most('AWS::IAM::ManagedPolicy', ({ PolicyDocument }) => size(PolicyDocument)),
      limit: LIMITS.managedPolicyCharacters,
    },
    {
      quota: 'characters of a trust policy',
      used: resources.most('AWS::IAM::Role', ({ AssumeRolePolicyDocument }) => size(AssumeRolePolicyDocument)),
      limit: LIMITS.trustPolicyCharacters,
    },
  ];
}

const resourcePolicyUsage = (resources: Resources): readonly Usage[] => [
  {
    quota: 'characters of a bucket policy',
    used: resources.most('AWS::S3::BucketPolicy', ({ PolicyDocument }) => size(PolicyDocument)),
    limit: LIMITS.bucketPolicyCharacters,
  },
  {
    quota: 'characters of a topic policy',
    used: resources.most('AWS::SNS::TopicPolicy', ({ PolicyDocument }) => size(PolicyDocument)),
    limit: LIMITS.topicPolicyCharacters,
  },
  {
    quota: 'characters of a key policy',
    used: resources.most('AWS::KMS::Key', ({ KeyPolicy }) => size(KeyPolicy)),
    limit: LIMITS.keyPolicyCharacters,
  },
];

function pipelineUsage(resources: Resources): readonly Usage[] {
  const stages = (pipeline: Properties): { Actions: unknown[] }[] => pipeline.Stages as { Actions: unknown[] }[];
  const actions = (pipeline: Properties): number =>
    stages(pipeline).reduce((sum, { Actions }) => sum + Actions.length, 0);
  return [
    {
      quota: 'stages of the pipeline',
      used: resources.most('AWS::CodePipeline::Pipeline', (pipeline) => stages(pipeline).length),
      limit: LIMITS.stages,
    },
    {
      quota: 'actions of the pipeline',
      used: resources.most('AWS::CodePipeline::Pipeline', actions),
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
