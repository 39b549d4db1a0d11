import type picocolors from 'picocolors';
import type { AccountChange, FieldChange } from './changes';
import type { Danger, Refusal } from './dangers';
import type { Plan } from './plan';

type Colours = ReturnType<typeof picocolors.createColors>;

/** Nobody reads more; `--format json` has them all. */
export const MOST = { dangers: 20, accounts: 20, lines: 10 } as const;

/** For people at a terminal: what it comes to, then what is dangerous, then the accounts. */
export function renderPlanText(plan: Plan, colours: Colours): string {
  const sections = [
    summary(plan),
    ...(plan.refusals.length > 0 ? [`${colours.red('REFUSED')}, whatever is acknowledged\n${cut(plan.refusals.map((refusal) => refusalText(refusal)), MOST.dangers)}`] : []),
    ...(plan.dangers.length > 0 ? [`${plan.acknowledged ? colours.yellow('DANGEROUS, and acknowledged') : colours.red('DANGEROUS')}\n${cut(plan.dangers.map(dangerText), MOST.dangers)}`] : []),
    ...(plan.roster.length > 0 ? [`roster\n${cut(plan.roster.map((field) => wrap(`~ ${fieldText(field)}`, 2)), MOST.lines)}`] : []),
    ...accountSections(plan.accounts, colours),
    verdict(plan, colours),
  ];
  return `${sections.join('\n\n')}\n`;
}

export function summary({ totals: { accounts, users, added, removed, retired, changed, firstRotations, cost } }: Plan): string {
  return [
    `accounts  ${accounts.before} → ${accounts.after}`,
    `users     ${users.before} → ${users.after}: ${added} added, ${removed} removed, ${retired} retired, ${changed} changed`,
    `rotations ${firstRotations} first ones due`,
    `secrets   ${cost.before.secrets} → ${cost.after.secrets}, about $${cost.before.dollarsAMonth.toFixed(2)} → $${cost.after.dollarsAMonth.toFixed(2)} a month`,
  ].join('\n');
}

export const place = ({ accountId, userName }: Pick<Danger, 'accountId' | 'userName'>): string => [accountId, userName].filter((part) => part !== undefined).join(' ');

function refusalText({ accountId, reason, steps }: Refusal): string {
  return `  ${accountId}\n${wrap(reason, 4)}\n${steps.map((step, index) => wrap(`${index + 1}. ${step}`, 4)).join('\n')}`;
}

function dangerText(danger: Danger): string {
  const what = danger.from === undefined && danger.to === undefined ? '' : `\n${wrap(`${danger.from ?? 'none'} → ${danger.to ?? 'none'}`, 4)}`;
  return `  ${[danger.kind, place(danger)].filter(Boolean).join('  ')}${what}\n${wrap(danger.reason, 4)}`;
}

function accountSections(accounts: readonly AccountChange[], colours: Colours): string[] {
  const shown = accounts.slice(0, MOST.accounts).map((account) => {
    const lines = [
      ...account.fields.map((field) => wrap(`~ ${fieldText(field)}`, 2)),
      ...account.added.map((name) => colours.green(`  + ${name}`)),
      ...account.removed.map((name) => colours.red(`  - ${name} (released; key and secret stay)`)),
      ...account.changed.flatMap(({ userName, fields }) => fields.map((field) => wrap(`~ ${userName} ${fieldText(field)}`, 2))),
    ];
    return `${colours.bold(`${account.id} ${account.name}`)}${account.change === 'changed' ? '' : `, ${account.change}`}\n${cut(lines, MOST.lines)}`;
  });
  return accounts.length > MOST.accounts ? [...shown, `… and ${accounts.length - MOST.accounts} more accounts; --format json has them all`] : shown;
}

function verdict({ ok, code, acknowledged, staleCodes, refusals }: Plan, colours: Colours): string {
  const stale = staleCodes.length > 0 ? `\nacknowledge holds codes of other changes, which may go: ${staleCodes.join(' ')}` : '';
  if (ok) return `${colours.green(code === undefined ? 'nothing dangerous' : 'dangerous, and acknowledged')}${stale}`;
  const ask = code !== undefined && !acknowledged ? `to deploy exactly this change, put its code into the roster, to be reviewed:\n  acknowledge: [${code}]` : '';
  return [ask, refusals.length > 0 ? 'what is refused takes two pushes' : ''].filter(Boolean).join('\n') + stale;
}

export const fieldText = ({ field, from = 'none', to = 'none' }: FieldChange): string => `${field}: ${from} → ${to}`;

export const cut = (lines: readonly string[], most: number): string => [...lines.slice(0, most), ...(lines.length > most ? [`  … and ${lines.length - most} more`] : [])].join('\n');

/** Words in lines of at most 80 columns; a word that is longer stays whole. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= 80 - indent) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n');
}
