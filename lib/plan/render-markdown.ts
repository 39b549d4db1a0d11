import type { AccountChange, FieldChange } from './changes';
import type { Plan } from './plan';
import { dollars, dueText, rotationsText } from './render-text';

/** https://github.com/orgs/community/discussions/27190: the longest body of a comment, less what a note takes. */
const LONGEST = 65_536 - 200;
const MOST_ROWS = 50;
/** Control characters, and those that turn the direction of text. */
const CONTROL = /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

/** For a pull request's comment. Every value stands in a code span, where nothing is a link, a mention or HTML. */
export function renderPlanMarkdown(plan: Plan): string {
  const parts = [
    `## Plan of the roster\n\n${verdict(plan)}`,
    totals(plan),
    ...refusals(plan),
    ...unchecked(plan),
    ...dangers(plan),
    ...rosterFields(plan.roster),
    ...plan.accounts.map(accountPart),
  ];
  let text = '';
  for (const [index, part] of parts.entries()) {
    if (text.length + part.length > LONGEST)
      return `${text}\n_${parts.length - index} more parts are left out: a comment holds no more. \`access-keys plan --format json\` has them all._\n`;
    text += `${part}\n\n`;
  }
  return text;
}

function verdict({ ok, code, acknowledged, refusals: refused }: Plan): string {
  if (ok) return code === undefined ? '**Nothing dangerous.**' : `**Dangerous, and acknowledged** by ${span(code)}.`;
  const ask =
    code !== undefined && !acknowledged
      ? `**Dangerous.** To deploy exactly this change, put its code into the roster, where it is reviewed: ${span(`acknowledge: [${code}]`)}`
      : '';
  return [ask, refused.length > 0 ? '**Refused** in one push, whatever is acknowledged.' : '']
    .filter(Boolean)
    .join('\n\n');
}

function totals({ totals: { accounts, users, added, removed, retired, changed, cost, ...due } }: Plan): string {
  return table(
    ['', 'before', 'after'],
    [
      ['accounts', String(accounts.before), String(accounts.after)],
      [
        'users',
        String(users.before),
        `${users.after} (${added} added, ${removed} removed, ${retired} retired, ${changed} changed)`,
      ],
      ['rotations', '', rotationsText(due)],
      ['secrets', String(cost.before.secrets), String(cost.after.secrets)],
      ['about, a month', dollars(cost.before), dollars(cost.after)],
    ],
  );
}

const refusals = (plan: Plan): string[] =>
  plan.refusals.length === 0
    ? []
    : [
        `### Refused\n\n${limited(plan.refusals.map(({ accountId, reason, steps }) => instruction(`${span(accountId)} ${span(reason)}`, steps))).join('\n')}`,
      ];

const unchecked = (plan: Plan): string[] =>
  plan.unchecked.length === 0
    ? []
    : [`### Unknown here\n\n${limited(plan.unchecked.map(({ reason }) => `- ${span(reason)}`)).join('\n')}`];

function dangers(plan: Plan): string[] {
  if (plan.dangers.length === 0) return [];
  const rows = plan.dangers.map(({ kind, accountId = '', userName = '', from = '', to = '', reason }) =>
    [kind, `${accountId} ${userName}`.trim(), from, to, reason].map(span),
  );
  const instructions = plan.dangers.flatMap(({ kind, accountId = '', steps = [] }) =>
    steps.length > 0 ? [instruction(`${span(`${kind} ${accountId}`)} takes`, steps)] : [],
  );
  return [
    `### Dangerous\n\n${table(['what', 'where', 'from', 'to', 'why'], limited(rows))}`,
    ...(instructions.length > 0 ? [limited(instructions).join('\n')] : []),
  ];
}

const instruction = (title: string, steps: readonly string[]): string =>
  [`- ${title}`, ...steps.map((step, index) => `  ${index + 1}. ${span(step)}`)].join('\n');

const rosterFields = (fields: readonly FieldChange[]): string[] =>
  fields.length === 0 ? [] : [`### Roster\n\n${fieldTable(fields)}`];

function accountPart(account: AccountChange): string {
  const { id, name, change, fields, added, removed, retired, restored, changed } = account;
  const users = (title: string, names: readonly string[]): string =>
    names.length === 0 ? '' : `\n${title}: ${limited(names).map(span).join(', ')}`;
  const rows = changed.flatMap(({ userName, fields: own }) =>
    own.map(({ field, from = 'none', to = 'none' }) => [userName, field, from, to].map(span)),
  );
  return [
    `<details><summary>${entities(`${id} ${name}`)}: ${change}, ${added.length} added, ${removed.length} removed, ${changed.length} changed; ${dueText(account)}</summary>\n`,
    fields.length > 0 ? fieldTable(fields) : '',
    users(
      'Added',
      added.filter((user) => !retired.includes(user)),
    ),
    users('Removed', removed),
    users(
      'Retired',
      retired.filter((user) => !added.includes(user)),
    ),
    users(
      'Retired, and not managed before: every key that IAM has for them is deactivated once quiet, then deleted',
      retired.filter((user) => added.includes(user)),
    ),
    users('Restored', restored),
    rows.length > 0 ? `\n${table(['user', 'field', 'from', 'to'], limited(rows))}` : '',
    '\n</details>',
  ]
    .filter(Boolean)
    .join('\n');
}

const fieldTable = (fields: readonly FieldChange[]): string =>
  table(
    ['field', 'from', 'to'],
    limited(fields.map(({ field, from = 'none', to = 'none' }) => [field, from, to].map(span))),
  );

function limited<Row extends string | string[]>(rows: readonly Row[]): Row[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  const note = `… and ${rows.length - MOST_ROWS} more`;
  return [
    ...rows.slice(0, MOST_ROWS),
    (Array.isArray(rows[0]) ? [note, ...rows[0].slice(1).map(() => '')] : note) as Row,
  ];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Nothing inside can end the span, the table's cell or the line. */
function span(value: string): string {
  const safe = value.replace(CONTROL, ' ').replace(/`/g, 'ˋ').replace(/\|/g, '¦').trim();
  return safe === '' ? '' : `\`${safe}\``;
}

/** For text outside a code span: nothing in it means anything to Markdown or HTML. */
const entities = (value: string): string =>
  value.replace(CONTROL, ' ').replace(/[^\p{L}\p{N} .-]/gu, (character) => `&#${character.codePointAt(0)};`);
