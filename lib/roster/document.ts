/**
 * A YAML text as plain data with positions, in time and memory proportional to the text.
 *
 * `yaml` alone needs 37 s for 1 KB of nested explicit keys, over a minute for 80,000 keys in one map and for 50,000
 * aliases; so its tokens are inspected before they are composed, and its own check for duplicate keys is replaced.
 */
import {
  Composer,
  type CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml';
import { type Problem, type ProblemCode, quote } from './problem';

const DEEPEST = 32;
/** Composing more takes seconds, and wording a problem for each as long again. */
const MOST_KEYS = 100_000;
/** About 1 GB of memory; 50,000 users with every field need a third of it. */
const MOST_LEXEMES = 3_000_000;

export type Path = readonly (string | number)[];

/** Where a value, or a map's key, stands in its file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly frame?: { readonly text: string; readonly length: number };
}

export interface RosterDocument {
  readonly file: string;
  readonly data: unknown;
  /** The value at the path, or its nearest ancestor that exists; with `key`, the key that leads to it. */
  locate(path: Path, what?: 'key' | 'value'): Place;
}

interface Reading {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly problems: Problem[];
  readonly pairs: WeakMap<YAMLMap, ReadonlyMap<string, Pair>>;
}

/** The document, or undefined where problems keep it from being one. */
export function readDocument(file: string, text: string): { document?: RosterDocument; problems: readonly Problem[] } {
  const reading: Reading = { file, text, lines: new LineCounter(), problems: [], pairs: new WeakMap() };
  const tokens = tokensOf(reading);
  if (reading.problems.length === 0) inspect(reading, tokens);
  if (reading.problems.length > 0) return { problems: reading.problems };
  const documents = [...new Composer({ uniqueKeys: false, version: '1.2', logLevel: 'silent' }).compose(tokens)];
  syntaxProblems(reading, documents);
  const [document] = documents;
  if (reading.problems.length === 0 && isEmpty(document))
    report(reading, 'ROSTER_EMPTY', 0, 0, 'the file is empty', 'start with: version: 1');
  if (reading.problems.length > 0 || document === undefined) return { problems: reading.problems };
  const data = toPlain(reading, document.contents as ParsedNode);
  const { contents } = document;
  return {
    document: { file, data, locate: (path, what) => locate(reading, contents as ParsedNode, path, what ?? 'value') },
    problems: reading.problems,
  };
}

function isEmpty(document: Document | undefined): boolean {
  return (
    document === undefined ||
    document.contents === null ||
    (isScalar(document.contents) && document.contents.value === null)
  );
}

function tokensOf(reading: Reading): CST.Token[] {
  const parser = new Parser(reading.lines.addNewLine);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  reading.lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(reading.text)) {
    if (++lexemes > MOST_LEXEMES) {
      report(
        reading,
        'ROSTER_TOO_LARGE',
        0,
        0,
        `the file has more than ${MOST_LEXEMES} words and signs`,
        'split it into accounts/*.yaml',
      );
      return [];
    }
    tokens.push(...parser.next(lexeme));
  }
  return [...tokens, ...parser.end()];
}

/** Refuses, token by token and without recursion, what no roster needs and what costs out of proportion. */
function inspect(reading: Reading, tokens: readonly CST.Token[]): void {
  const stack: { token: CST.Token; depth: number }[] = [...tokens].reverse().map((token) => ({ token, depth: 0 }));
  let documents = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { token, depth } = next;
    if (token.type === 'document' && ++documents === 2) {
      return report(
        reading,
        'ROSTER_YAML_DOCUMENTS',
        token.offset,
        3,
        'a second document begins here, and a roster is one',
        'move it to a file of its own in accounts/',
      );
    }
    const refusal = refuse(token, depth);
    if (refusal !== undefined)
      return report(reading, refusal.code, refusal.offset, refusal.length, refusal.message, refusal.hint);
    for (const child of childrenOf(token)) stack.push({ token: child, depth: depth + 1 });
  }
}

interface Refusal {
  readonly code: ProblemCode;
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint: string;
}

function refuse(token: CST.Token, depth: number): Refusal | undefined {
  const at = (code: ProblemCode, length: number, message: string, hint: string): Refusal => ({
    code,
    offset: 'offset' in token ? token.offset : 0,
    length,
    message,
    hint,
  });
  if (depth > 2 * DEEPEST)
    return at(
      'ROSTER_YAML_TOO_DEEP',
      1,
      `values are nested more than ${DEEPEST} deep`,
      'a roster needs less than ten levels',
    );
  if (token.type === 'block-map' && token.items.length > MOST_KEYS)
    return at(
      'ROSTER_TOO_LARGE',
      1,
      `a map with ${token.items.length} keys begins here, and no map of a roster has more than a few dozen`,
      'check whether this is the file that was meant',
    );
  const [code, message, hint] = refusalOf(token) ?? [];
  return code && at(code, 'source' in token ? token.source.length : 1, message!, hint!);
}

/** Which of YAML's means a roster does without. */
function refusalOf(token: CST.Token): readonly [code: ProblemCode, message: string, hint: string] | undefined {
  switch (token.type) {
    case 'alias':
      return [
        'ROSTER_YAML_ALIAS',
        `an alias, ${quote(token.source)}: a roster has none, so that every line says all it means`,
        'write the value out, or set it in defaults',
      ];
    case 'anchor':
      return [
        'ROSTER_YAML_ALIAS',
        `an anchor, ${quote(token.source)}: a roster has none, so that every line says all it means`,
        'remove it',
      ];
    case 'tag':
      return ['ROSTER_YAML_TAG', `a tag, ${quote(token.source)}: a roster has plain values only`, 'remove it'];
    case 'explicit-key-ind':
      return ['ROSTER_YAML_EXPLICIT_KEY', 'an explicit key (?): a roster has plain keys only', 'write key: value'];
    case 'directive':
      return ['ROSTER_YAML_TAG', `a directive, ${quote(token.source)}: a roster has none`, 'remove it'];
    default:
      return undefined;
  }
}

function* childrenOf(token: CST.Token): Iterable<CST.Token> {
  if (token.type === 'document') {
    yield* token.start;
    if (token.value) yield token.value;
  } else if ('items' in token) {
    for (const item of token.items) {
      yield* item.start;
      if (item.key) yield item.key;
      if (item.sep) yield* item.sep;
      if (item.value) yield item.value;
    }
  }
}

function syntaxProblems(reading: Reading, documents: readonly Document[]): void {
  for (const error of documents.flatMap((document) => document.errors)) {
    if (reading.problems.length === 20) return;
    const message = `${error.message
      .split('\n')[0]!
      .replace(/ at line \d+.*$/, '')
      .replace(/[.:]$/, '')}`;
    report(
      reading,
      'ROSTER_YAML_SYNTAX',
      error.pos[0],
      error.pos[1] - error.pos[0],
      `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
      hintFor(error.code),
    );
  }
}

function hintFor(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BAD_INDENT') return 'line it up with the values around it';
  if (code === 'MULTILINE_IMPLICIT_KEY' || code === 'MISSING_CHAR')
    return 'look for a missing colon, comma, quote or bracket';
  return 'an editor with the YAML schema on the first line shows it as you type';
}

function toPlain(reading: Reading, node: ParsedNode | null): unknown {
  if (isSeq(node)) return node.items.map((item) => toPlain(reading, item as ParsedNode));
  if (!isMap(node)) return isScalar(node) ? node.value : null;
  const plain = Object.create(null) as Record<string, unknown>;
  for (const { key, value } of node.items) {
    const name = keyName(key);
    if (name === undefined) {
      const [from, to] = rangeOf(key as ParsedNode);
      report(
        reading,
        'ROSTER_YAML_KEY_NOT_SCALAR',
        from,
        to - from,
        'a key that is a list or a map',
        'write key: value',
      );
    } else if (name in plain) {
      const [from, to] = rangeOf(key as ParsedNode);
      report(
        reading,
        'ROSTER_YAML_DUPLICATE_KEY',
        from,
        to - from,
        `${quote(name)} appears twice in this map`,
        'keep one',
      );
    } else plain[name] = toPlain(reading, value as ParsedNode);
  }
  return plain;
}

function keyName(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

function rangeOf(node: ParsedNode | null): [number, number] {
  return node?.range ? [node.range[0], node.range[1]] : [0, 0];
}

function locate(reading: Reading, root: ParsedNode, path: Path, what: 'key' | 'value'): Place {
  let node: ParsedNode | null = root;
  let key: ParsedNode | null = null;
  for (const step of path) {
    const child = childAt(reading, node, step);
    if (child === undefined) return placeAt(reading, ...rangeOf(node ?? key));
    ({ node, key } = child);
  }
  return placeAt(reading, ...rangeOf(what === 'key' || node === null ? (key ?? node) : node));
}

function childAt(
  reading: Reading,
  node: ParsedNode | null,
  step: string | number,
): { node: ParsedNode | null; key: ParsedNode | null } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as ParsedNode | undefined;
    return item && { node: item, key: null };
  }
  const pair = isMap(node) ? pairsOf(reading, node).get(String(step)) : undefined;
  return pair && { node: pair.value as ParsedNode | null, key: pair.key as ParsedNode };
}

/** Kept, so that telling of every key of a large map stays linear. */
function pairsOf({ pairs }: Reading, map: YAMLMap): ReadonlyMap<string, Pair> {
  let known = pairs.get(map);
  if (!known)
    pairs.set(map, (known = new Map([...map.items].reverse().map((pair) => [keyName(pair.key) ?? '', pair]))));
  return known;
}

/** How much of the line is marked: never past its end. */
function placeAt(reading: Reading, from: number, to: number): Place {
  const { line, col } = reading.lines.linePos(from);
  const start = reading.lines.lineStarts[line - 1] ?? 0;
  const newline = reading.text.indexOf('\n', start);
  const text = reading.text.slice(start, newline === -1 ? undefined : newline).replace(/\r$/, '');
  return {
    file: reading.file,
    line: Math.max(line, 1),
    column: Math.max(col, 1),
    frame: { text, length: Math.max(1, Math.min(to - from, text.length - col + 1)) },
  };
}

function report(
  reading: Reading,
  code: ProblemCode,
  offset: number,
  length: number,
  message: string,
  hint: string,
): void {
  reading.problems.push({ code, severity: 'error', message, hint, ...placeAt(reading, offset, offset + length) });
}
