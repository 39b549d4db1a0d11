/** A replay for people: what was called, when, by whom, about what, and what came of it, within 80 columns. */
export interface Row {
  readonly call: number;
  readonly at: Date;
  readonly by: string;
  readonly request: string;
  readonly outcome: string;
  /** What somebody else did before it. */
  readonly deed?: string;
}

const MOST_ROWS = 100;
const AROUND = 12;
const COLUMNS = 80;
const HEAD = 'call when        who          request                                    outcome';
const INDENT = ' '.repeat(30);

/** @param marked calls around which rows are shown in any case */
export function printTable(rows: readonly Row[], marked: readonly number[], brokenAt: number | undefined): string {
  const shown = rows.filter(
    ({ call }) => call < MOST_ROWS || [...marked, brokenAt ?? -AROUND].some((other) => Math.abs(other - call) < AROUND),
  );
  const first = rows[0]?.at ?? new Date(0);
  const lines = shown.flatMap((row, index) => [
    ...gap(row.call - (shown[index - 1]?.call ?? -1) - 1),
    ...linesOf(row, first),
    ...(row.call === brokenAt ? [`${INDENT}^^ here a promise broke`] : []),
  ]);
  const rest = rows.length - 1 - (shown.at(-1)?.call ?? -1);
  return [HEAD, ...lines, ...gap(rest), ''].join('\n');
}

const gap = (calls: number): string[] => (calls > 0 ? [`${INDENT}(${calls} calls without a fault are left out)`] : []);

function linesOf({ call, at, by, request, outcome, deed }: Row, first: Date): string[] {
  const day = Math.floor((at.getTime() - first.getTime()) / 86_400_000);
  const line = `${String(call).padStart(4)} d${String(day).padEnd(2)} ${at.toISOString().slice(11, 19)} ${by.padEnd(12)} ${request}`;
  const aside = `${line.padEnd(COLUMNS - outcome.length - 1)} ${outcome}`.trimEnd();
  return [
    ...(deed === undefined ? [] : [`${INDENT}-- ${deed}`]),
    ...(aside.length <= COLUMNS ? [aside] : [line, outcome.padStart(COLUMNS)]),
  ];
}
