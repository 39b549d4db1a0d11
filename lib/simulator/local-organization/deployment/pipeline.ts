import type { Assembly, StackArtifact } from '../../../cloud-assembly/assembly';
import { resolveTemplate, type Resolved } from '../../../cloud-assembly/template';

/** One action of a CodePipeline stage: a stack, or a project's commands with the role that runs them. */
export type PipelineAction =
  | { readonly kind: 'stack'; readonly name: string; readonly stack: StackArtifact }
  | { readonly kind: 'build'; readonly name: string; readonly roleArn: string; readonly commands: readonly string[] };

export interface PipelineStageActions {
  readonly name: string;
  /** In the order of their run; those of one step at once. */
  readonly actions: readonly PipelineAction[];
}

/**
 * What a deployed pipeline would do, read from its template: every stage after Source, actions in run order.
 * @returns undefined when the stack holds no pipeline
 */
export function readPipeline(
  assembly: Assembly,
  { template, target }: StackArtifact,
): readonly PipelineStageActions[] | undefined {
  const resources = resolveTemplate(template, target, (logicalId) => logicalId);
  const pipeline = resources.find(({ type }) => type === 'AWS::CodePipeline::Pipeline');
  return pipeline?.properties.Stages.slice(1).map(({ Name, Actions }: { Name: string; Actions: any[] }) => ({
    name: Name,
    actions: [...Actions]
      .sort((a, b) => a.RunOrder - b.RunOrder)
      .map((action) => actionOf(assembly, resources, action)),
  }));
}

/** @throws Error for a provider that the local organization does not know */
function actionOf(
  assembly: Assembly,
  resources: readonly Resolved[],
  { Name, ActionTypeId, Configuration }: any,
): PipelineAction {
  switch (ActionTypeId.Provider) {
    case 'CloudFormation': {
      const path = String(Configuration.TemplatePath).split('::')[1];
      const stack = assembly.stacks.find(({ templatePath }) => templatePath === path);
      if (!stack) throw new Error(`the assembly has no ${path}`);
      return { kind: 'stack', name: Name, stack };
    }
    case 'CodeBuild': {
      const project = resources.find(
        ({ type, name }) => type === 'AWS::CodeBuild::Project' && name === Configuration.ProjectName,
      )!;
      return {
        kind: 'build',
        name: Name,
        roleArn: project.properties.ServiceRole,
        commands: commandsOf(project.properties.Source.BuildSpec),
      };
    }
  }
  throw new Error(`the local organization does not know actions by ${ActionTypeId.Provider}`);
}

/** Those of the build phase; a specification that is a file publishes assets, which are at hand already. */
function commandsOf(buildSpec: string): readonly string[] {
  return buildSpec.startsWith('{')
    ? (JSON.parse(buildSpec) as { phases: { build: { commands: string[] } } }).phases.build.commands
    : [];
}
