import { oneLine, type Colours } from '../terminal';
import type { AccountChange, FieldChange } from './changes';
import type { Cost } from './cost';
import type { Danger } from './dangers';
import type { Plan } from './plan';
import type { Refusal } from './refusals';

/** Nobody reads more; `--format json` has them all. */
const MOST = { dangers: 20, accounts: 20, lines: 10 } as const;

/** For people at a terminal: what it comes to, then what is dangerous, then the accounts. */
export function renderPlanText(plan: Plan, colours: Colours): string {
  const sections = [
    summary(plan),
    ...(plan.refusals.length > 0
      ? [
          `${colours.red('REFUSED')}, whatever is acknowledged\n${cut(
            plan.refusals.map((refusal) => refusalText(refusal)),
            MOST.dangers,
          )}`,
        ]
      : []),
    ...(plan.unchecked.length > 0
      ? [
          `${colours.yellow('UNKNOWN')}\n${cut(
            plan.unchecked.map(({ reason }) => wrap(reason, 2)),
            MOST.dangers,
          )}`,
        ]
      : []),
    ...(plan.dangers.length > 0
      ? [
          `${plan.acknowledged ? colours.yellow('DANGEROUS, and acknowledged') : colours.red('DANGEROUS')}\n${cut(plan.dangers.map(dangerText), MOST.dangers)}`,
        ]
      : []),
    ...(plan.roster.length > 0
      ? [
          `roster\n${cut(
            plan.roster.map((field) => wrap(`~ ${fieldText(field)}`, 2)),
            MOST.lines,
          )}`,
        ]
      : []),
    ...accountSections(plan.accounts, colours),
    verdict(plan, colours),
  ];
  return `${sections.join('\n\n')}\n`;
}

function summary({ totals: { accounts, users, added, removed, retired, changed, cost, ...due } }: Plan): string {
  return [
    `accounts  ${accounts.before} → ${accounts.after}`,
    `users     ${users.before} → ${users.after}: ${added} added, ${removed} removed, ${retired} retired, ${changed} changed`,
    `rotations ${rotationsText(due)}`,
    `secrets   ${cost.before.secrets} → ${cost.after.secrets}, about ${dollars(cost.before)} → ${dollars(cost.after)} a month`,
  ].join('\n');
}

/** `3 first ones due, 2 of them announced before; up to 7 due at once, because rotateEvery was shortened` */
export function rotationsText({
  firstRotations,
  announced,
  dueAtOnce,
}: Pick<AccountChange, 'firstRotations' | 'announced' | 'dueAtOnce'>): string {
  const before = announced > 0 ? `, ${announced} of them announced before` : '';
  const atOnce = dueAtOnce > 0 ? `; up to ${dueAtOnce} due at once, because rotateEvery was shortened` : '';
  return `${firstRotations} first ones due${before}${atOnce}`;
}

/** `2 first rotations, 3 → 5 secrets, $1.23 → $2.05 a month` */
export function dueText({ firstRotations, cost }: Pick<AccountChange, 'firstRotations' | 'cost'>): string {
  const change = (print: (cost: Cost) => string): string =>
    [...new Set([print(cost.before), print(cost.after)])].join(' → ');
  return `${count(firstRotations, 'first rotation')}, ${change(({ secrets }) => String(secrets))} ${cost.after.secrets === 1 ? 'secret' : 'secrets'}, ${change(dollars)} a month`;
}

export const dollars = ({ dollarsAMonth }: Cost): string => `$${dollarsAMonth.toFixed(2)}`;

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

const place = ({ accountId, userName }: Pick<Danger, 'accountId' | 'userName'>): string =>
  [accountId, userName].filter((part) => part !== undefined).join(' ');

function refusalText({ accountId, reason, steps }: Refusal): string {
  return [`  ${accountId}`, wrap(reason, 4), ...stepLines(steps)].join('\n');
}

const stepLines = (steps: readonly string[]): string[] =>
  steps.flatMap((step, index) => `${index + 1}. ${step}`.split('\n').map((line) => wrap(line, 4)));

function dangerText({ steps = [], ...danger }: Danger): string {
  const what =
    danger.from === undefined && danger.to === undefined
      ? []
      : [wrap(`${danger.from ?? 'none'} → ${danger.to ?? 'none'}`, 4)];
  return [
    wrap([danger.kind, place(danger)].filter(Boolean).join('  '), 2),
    ...what,
    wrap(danger.reason, 4),
    ...stepLines(steps),
  ].join('\n');
}

function accountSections(accounts: readonly AccountChange[], colours: Colours): string[] {
  const shown = accounts.slice(0, MOST.accounts).map((account) => {
    const heading = wrap(
      `${account.id} ${account.name}${account.change === 'changed' ? '' : `, ${account.change}`}`,
      0,
    );
    return `${colours.bold(heading)}\n${wrap(dueText(account), 2)}\n${cut(accountLines(account, colours), MOST.lines)}`.trimEnd();
  });
  return accounts.length > MOST.accounts
    ? [...shown, `… and ${accounts.length - MOST.accounts} more accounts; --format json has them all`]
    : shown;
}

function accountLines(
  { fields, added, removed, retired, restored, changed }: AccountChange,
  { green, red }: Colours,
): string[] {
  const moved = new Set([...retired, ...restored]);
  return [
    ...fields.map((field) => wrap(`~ ${fieldText(field)}`, 2)),
    ...added.filter((name) => !moved.has(name)).map((name) => green(wrap(`+ ${name}`, 2))),
    ...restored.map((name) => green(wrap(`+ ${name} (restored; is rotated again)`, 2))),
    ...removed.map((name) => red(wrap(`- ${name} (released; key and secret stay)`, 2))),
    ...retired.map((name) => red(wrap(`- ${name} (${retiredText(added.includes(name))})`, 2))),
    ...changed.flatMap(({ userName, fields: own }) =>
      own
        .filter(({ field }) => field !== 'state' || !moved.has(userName))
        .map((field) => wrap(`~ ${userName} ${fieldText(field)}`, 2)),
    ),
  ];
}

const retiredText = (isNew: boolean): string =>
  isNew
    ? 'retired, and not managed before; every key that IAM has for it is deactivated once quiet, then deleted'
    : 'retired; its key and secret are deleted';

function verdict({ ok, code, acknowledged, staleCodes, refusals }: Plan, colours: Colours): string {
  const stale =
    staleCodes.length > 0
      ? `\n${wrap(`acknowledge holds codes of other changes, which may go: ${staleCodes.join(' ')}`, 0)}`
      : '';
  if (ok) return `${colours.green(code === undefined ? 'nothing dangerous' : 'dangerous, and acknowledged')}${stale}`;
  const ask =
    code !== undefined && !acknowledged
      ? `to deploy exactly this change, put its code into the roster, to be reviewed:\n  acknowledge: [${code}]`
      : '';
  return [ask, refusals.length > 0 ? 'what is refused takes two pushes' : ''].filter(Boolean).join('\n') + stale;
}

const fieldText = ({ field, from = 'none', to = 'none' }: FieldChange): string => `${field}: ${from} → ${to}`;

const cut = (lines: readonly string[], most: number): string =>
  [...lines.slice(0, most), ...(lines.length > most ? [`  … and ${lines.length - most} more`] : [])].join('\n');

/** Words in lines of at most 80 columns; a word that is longer stays whole. */
const wrap = (text: string, indent: number): string => wrapLine(oneLine(text), indent);

function wrapLine(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= 80 - indent) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n');
}
