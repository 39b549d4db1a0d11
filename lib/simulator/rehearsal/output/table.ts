import Table from 'cli-table3';
import { oneLine, type Colours } from '../../../terminal';
import type { RehearsalReport } from './report';
import { describeWorst, type UserSummary, type WorstMoment } from './summary';

const WIDTH = 80;
const GAP = 1;
const ACCOUNT_WIDTH = 14;
const USER_WIDTH = 15;
/** Rotations, keys, notices, alerts. */
const NUMBER_WIDTHS = [8, 11, 8, 7];
const WORST_WIDTH = WIDTH - ACCOUNT_WIDTH - USER_WIDTH - NUMBER_WIDTHS.reduce((sum, width) => sum + width, 0);

/** Nobody reads more rows than this: the users with the worst moments are shown. */
const MOST_ROWS = 60;

const NO_BORDERS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((place) => [place, '']),
);

/** The table for people: at most 80 columns wide, whatever the names. */
export function renderTable(report: RehearsalReport, colors: Colours): string {
  const table = new Table({
    head: ['account', 'user', 'rotated', 'keys +/o/x', 'notices', 'alerts', 'worst moment'].map(colors.dim),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': GAP },
    colWidths: [ACCOUNT_WIDTH, USER_WIDTH, ...NUMBER_WIDTHS, WORST_WIDTH],
    chars: NO_BORDERS,
  });
  const shown = worthShowing(report.users);
  shown.forEach((user, index) => table.push(row(user, shown[index - 1]?.accountId === user.accountId, colors)));
  const left = report.users.length - shown.length;
  const rest = left === 0 ? '' : colors.dim(`… and ${left} more users, with milder moments`) + '\n';
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return `${lines.join('\n')}\n${rest}${colors.dim('rotated: successes, then failures; keys: + created, o deactivated, x deleted')}\n`;
}

function row(user: UserSummary, sameAccount: boolean, colors: Colours): string[] {
  const { succeeded, failed, partial } = user.rotations;
  const unhappy = failed + partial;
  return [
    sameAccount ? '' : oneLine(user.accountName),
    oneLine(user.userName),
    unhappy === 0 ? String(succeeded) : `${succeeded} ${colors.yellow(`(${unhappy})`)}`,
    [user.keys.created, user.keys.deactivated, user.keys.deleted].join('/'),
    String(user.notices),
    user.alerts === 0 ? '0' : colors.yellow(String(user.alerts)),
    user.exempt && user.worst.kind === 'none'
      ? colors.dim('exempt')
      : severityOf(user.worst, colors)(describeWorst(user.worst)),
  ];
}

function worthShowing(users: readonly UserSummary[]): readonly UserSummary[] {
  if (users.length <= MOST_ROWS) return users;
  const worstFirst = users.toSorted(
    (one, other) => SEVERITY.indexOf(one.worst.kind) - SEVERITY.indexOf(other.worst.kind),
  );
  const chosen = new Set(worstFirst.slice(0, MOST_ROWS));
  return users.filter((user) => chosen.has(user));
}

const SEVERITY: readonly WorstMoment['kind'][] = [
  'violation',
  'refused',
  'partial',
  'failed',
  'held',
  'waiting',
  'margin',
  'none',
];

function severityOf(worst: WorstMoment, colors: Colours): (text: string) => string {
  switch (worst.kind) {
    case 'violation':
      return colors.red;
    case 'refused':
    case 'partial':
    case 'failed':
    case 'held':
    case 'waiting':
      return colors.yellow;
    case 'margin':
    case 'none':
      return colors.dim;
  }
}
