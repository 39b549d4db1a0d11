import { readDocument, type RosterDocument } from './document';
import { normalize } from './normalize';
import { inOrder, type Problem } from './problem';
import type { Roster } from './roster';
import { checkRules, listOf, mapOf } from './rules';
import { checkSchema } from './schema-check';
import { readSources } from './source';

export interface LoadedRoster {
  /** Absent when there is an error: a roster fails closed. */
  readonly roster?: Roster;
  /** All of them, by file and position. */
  readonly problems: readonly Problem[];
  /** Counted as far as the files could be read. */
  readonly accounts: number;
  readonly users: number;
}

/**
 * Reads and judges a roster.
 * @param path a roster FILE, or a DIRECTORY with roster.yaml and accounts/*.yaml
 * @param at the day that exemptions are judged by
 */
export function loadRoster(path: string, { at }: { readonly at: Date }): LoadedRoster {
  const { files, problems: found } = readSources(path);
  const problems: Problem[] = [...found];
  const documents: { part: 'roster' | 'accounts'; document: RosterDocument }[] = [];
  for (const file of files) {
    const { document, problems: unread } = readDocument(file.path, file.text);
    add(problems, unread);
    if (!document) continue;
    add(problems, checkSchema(document, file.part));
    documents.push({ part: file.part, document });
  }
  const roster = documents.find(({ part }) => part === 'roster')?.document;
  const parts = documents.filter(({ part }) => part === 'accounts').map(({ document }) => document);
  add(problems, checkRules(roster, parts, at));
  const accounts = documents.flatMap(({ document }) => listOf(mapOf(document.data).accounts));
  const sound = roster !== undefined && problems.every(({ severity }) => severity === 'warning');
  return {
    ...(sound && {
      roster: normalize(
        roster.data,
        documents.map(({ document }) => document.data),
      ),
    }),
    problems: inOrder(problems),
    accounts: accounts.length,
    users: accounts.reduce<number>((sum, account) => sum + listOf(mapOf(account).users).length, 0),
  };
}

/** One by one: there may be more of them than arguments fit into a call. */
function add(problems: Problem[], found: readonly Problem[]): void {
  for (const problem of found) problems.push(problem);
}
