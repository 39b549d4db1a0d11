/** Everything that is synthesised of a roster, with references filled in. */
import { Assembly } from '../../lib/cloud-assembly/assembly';
import { resolveTemplate, type Resolved, type Template } from '../../lib/cloud-assembly/template';
import { STACKS } from '../../lib/names';
import { loadRoster } from '../../lib/roster/load';
import { assembled } from '../assembled';

export interface SynthesisedResource extends Resolved {
  readonly stack: string;
  readonly accountId: string;
}

const AT = new Date('2026-11-24');

/** @returns resources of the assembly's stacks and its stages', and of the StackSets' one template as it is in a member account */
export function synthesised(rosterPath: string, member: string): readonly SynthesisedResource[] {
  const assembly = new Assembly(assembled(loadRoster(rosterPath, { at: AT }).roster!));
  const resolve = (stack: string, template: Template, accountId: string, region: string): SynthesisedResource[] =>
    resolveTemplate(template, { accountId, region, stackName: stack, parameters: {} }, (id) => id).map((resource) => ({
      ...resource,
      stack,
      accountId,
    }));
  const own = assembly.stacks.flatMap(({ template, target: { stackName, accountId, region } }) =>
    resolve(stackName, template, accountId, region),
  );
  const template = assembly.stackSetTemplate();
  return [...own, ...(template ? resolve(STACKS.rotator, template, member, assembly.stacks[0]!.target.region) : [])];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
}

/** Statements of every policy document in here, wherever it stands: identity, trust, bucket, topic, queue and key policies. */
export function statementsIn(value: unknown): readonly PolicyStatement[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Statement } = value as { Statement?: PolicyStatement | readonly PolicyStatement[] };
  const own = Statement === undefined ? [] : [Statement].flat();
  return [...own, ...Object.entries(value).flatMap(([name, part]) => (name === 'Statement' ? [] : statementsIn(part)))];
}

export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}
