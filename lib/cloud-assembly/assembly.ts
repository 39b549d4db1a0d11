import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Target, Template } from './template';

export interface StackArtifact {
  readonly target: Target;
  readonly template: Template;
  /** Of the template, from the assembly's root: CodePipeline's actions name it. */
  readonly templatePath: string;
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly environment?: string;
        readonly properties?: {
          readonly templateFile?: string;
          readonly stackName?: string;
          readonly directoryName?: string;
        };
      }
    >
  >;
}

/** A cloud assembly on disk, with those of its stages. */
export class Assembly {
  readonly stacks: readonly StackArtifact[];

  constructor(private readonly folder: string) {
    this.stacks = this.stacksIn('');
  }

  /** Stacks that no stage holds: what `cdk deploy` deploys by hand. */
  get ownStacks(): readonly StackArtifact[] {
    return this.stacks.filter(({ templatePath }) => dirname(templatePath) === '.');
  }

  /** Text of an asset that the bootstrap bucket would hold under this key; undefined when it is none of this assembly. */
  asset(key: string): string | undefined {
    const file = join(
      this.folder,
      key.endsWith('.zip') ? `asset.${key.slice(0, -'.zip'.length)}/index.js` : `asset.${key}`,
    );
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  /** The template that the assembly's StackSets deploy; undefined when it has none. */
  stackSetTemplate(): Template | undefined {
    const stackSet = this.stacks
      .flatMap(({ template }) => Object.values(template.Resources))
      .find(({ Type }) => Type === 'AWS::CloudFormation::StackSet');
    const key = /[^/]+\.json/.exec(JSON.stringify(stackSet?.Properties?.TemplateURL ?? ''))?.[0];
    return key === undefined ? undefined : (JSON.parse(this.asset(key)!) as Template);
  }

  private stacksIn(subfolder: string): StackArtifact[] {
    const { artifacts } = JSON.parse(readFileSync(join(this.folder, subfolder, 'manifest.json'), 'utf8')) as Manifest;
    return Object.entries(artifacts).flatMap(([name, { type, environment = '', properties }]) => {
      if (type === 'cdk:cloud-assembly') return this.stacksIn(properties!.directoryName!);
      if (type !== 'aws:cloudformation:stack' || !properties?.templateFile) return [];
      const [, accountId = '', region = ''] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
      const templatePath = join(subfolder, properties.templateFile);
      return [
        {
          target: { accountId, region, stackName: properties.stackName ?? name },
          template: JSON.parse(readFileSync(join(this.folder, templatePath), 'utf8')) as Template,
          templatePath,
        },
      ];
    });
  }
}
