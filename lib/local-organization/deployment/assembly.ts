import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target, Template } from './template';

export interface StackArtifact {
  readonly target: Target;
  readonly template: Template;
  /** Where the bundle of a function's asset lies. */
  readonly bundleOf: (s3Key: string) => string;
}

interface Manifest {
  readonly artifacts: Readonly<Record<string, { readonly type: string; readonly environment?: string; readonly properties?: { readonly templateFile?: string; readonly stackName?: string } }>>;
}

/** The stacks of a cloud assembly, in the order of its manifest. */
export function readAssembly(folder: string): StackArtifact[] {
  const { artifacts } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  return Object.entries(artifacts).flatMap(([name, { type, environment = '', properties }]) => {
    if (type !== 'aws:cloudformation:stack' || !properties?.templateFile) return [];
    const [, accountId = '', region = ''] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
    const template = JSON.parse(readFileSync(join(folder, properties.templateFile), 'utf8')) as Template;
    return [{ target: { accountId, region, stackName: properties.stackName ?? name }, template, bundleOf: (s3Key: string) => join(folder, `asset.${s3Key.replace(/\.zip$/, '')}`, 'index.js') }];
  });
}
