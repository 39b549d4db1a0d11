/// <reference lib="dom" />
import { barDrawing, TimelineChart } from './chart';
import { day, drawing, element, when } from './elements';
import type { PageData } from './page-data';
import { BAND_NAMES, MARK_KINDS, MARK_NAMES, SYMBOLS } from './symbols';
import { bandsFor, describe, markKind, repetition, storiesOf, type Story, type UserRow } from './timeline';
import type { Band } from '../output/calendar-bands';
import type { LoggedEvent } from '../history/event-log';

/** Users a chart: more would make a picture too tall to draw in one go. */
const BLOCK = 40;

const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;
const events = groupEvents(data.events);
const main = document.querySelector('main') as HTMLElement;
const announcer = element('div', { class: 'hidden', 'aria-live': 'polite' });
const board = element('div', { id: 'accounts' });
let charts: TimelineChart[] = [];

/** A chart is drawn when it comes near the window. */
const waiting = new WeakMap<Element, readonly UserRow[]>();
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const users = waiting.get(entry.target);
      if (!entry.isIntersecting || users === undefined) continue;
      seen.unobserve(entry.target);
      const chart = new TimelineChart(entry.target as HTMLElement, announcer, data, users, eventsOf);
      chart.draw();
      charts.push(chart);
    }
  },
  { rootMargin: '600px' },
);

main.replaceChildren(heading(), verdict(), story(), tiles(), tools(), legend(), board, general(), foot(), announcer);
show(data.users);
window.addEventListener('resize', () => drawAgain());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAgain());

function drawAgain(): void {
  for (const chart of charts) chart.draw();
}

function groupEvents(all: readonly LoggedEvent[]): ReadonlyMap<string, LoggedEvent[]> {
  const groups = new Map<string, LoggedEvent[]>();
  for (const event of all) {
    const owner = `${event.accountId}/${event.userName?.toLowerCase() ?? ''}`;
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [event]);
    else group.push(event);
  }
  return groups;
}

function eventsOf(user: UserRow): readonly LoggedEvent[] {
  return events.get(`${user.accountId}/${user.userName.toLowerCase()}`) ?? [];
}

function heading(): Node {
  const { days, accounts, users, seed } = data.summary;
  const sizes = `${counted(users, 'user')} in ${counted(accounts, 'account')}, ${counted(days, 'virtual day')} from ${day(data.start)} to ${day(data.end)}, seed ${seed}`;
  return element(
    'header',
    { class: 'top' },
    element('h1', {}, 'Access key rotation, rehearsed'),
    element('p', { class: 'lead' }, sizes),
    pushes(),
  );
}

function verdict(): Node {
  const { violations } = data.summary;
  if (violations.length === 0) {
    const promises =
      'Each stored key worked, no owner was cut off before switching unless the roster says so, no key was lost and no secret was seen outside the secret store.';
    return element(
      'section',
      { class: 'verdict', 'aria-label': 'Verdict' },
      element('strong', {}, 'Every promise held'),
      promises,
      ...refusals(),
    );
  }
  const list = violations.map(({ at, accountId, userName = '', message }) =>
    element('li', {}, `${when(at)} · ${accountId} ${userName} · ${message}`),
  );
  const title = element('strong', {}, counted(violations.length, 'broken promise'));
  return element(
    'section',
    { class: 'verdict bad', role: 'alert', 'aria-label': 'Verdict' },
    title,
    element('ul', { tabindex: '0' }, ...list),
  );
}

/** What a scenario had to show. */
function story(): Node {
  const { scenario } = data;
  if (!scenario) return element('span');
  const missing = scenario.seen.filter(({ ok }) => !ok).length;
  const lines = scenario.seen.map(({ sentence, ok, found }) =>
    element(
      'li',
      ok ? {} : { class: 'missing' },
      element('b', {}, ok ? 'seen' : 'missing'),
      element('span', {}, ok ? sentence : `${sentence}; found ${found}`),
    ),
  );
  const facts = missing === 0 ? `all ${scenario.seen.length} seen` : `${missing} of ${scenario.seen.length} missing`;
  return element(
    'section',
    { class: 'story card', 'aria-label': 'Scenario' },
    element('header', {}, element('h2', {}, scenario.title), element('span', { class: 'muted' }, facts)),
    element('ul', {}, ...lines),
  );
}

/** A refused owner without a broken promise needs a word. */
function refusals(): readonly Node[] {
  const refused = data.events.filter((event) => event.kind === 'key-refused' && event.by === 'owner');
  if (refused.length === 0) return [];
  const names = [...new Set(refused.map(({ userName = '' }) => userName))];
  const who = names.length > 3 ? counted(names.length, 'user') : names.join(', ');
  return [
    element(
      'p',
      {},
      `The old key of ${who} stopped while its owner still used it (${counted(refused.length, 'refused call')}): the roster wants that, by keepPreviousFor: 0d or whenStillUsed: deactivate, or an operator did.`,
    ),
  ];
}

function tiles(): Node {
  const { rotations, keys, mails, alerts } = data.summary;
  const compromised = data.events.filter((event) => event.kind === 'key-deactivated' && event.compromised).length;
  const unhappy = rotations.failed + rotations.partial;
  return element(
    'dl',
    { class: 'tiles' },
    tile(
      'rotations',
      rotations.succeeded,
      unhappy === 0 ? 'none failed' : `${rotations.failed} failed, ${rotations.partial} partial`,
      unhappy > 0,
    ),
    tile('keys created', keys.created, 'by rotations'),
    tile('keys deactivated', keys.deactivated - compromised, 'as the roster says'),
    ...(compromised > 0 ? [tile('keys compromised', compromised, 'deactivated at once', true)] : []),
    tile('keys deleted', keys.deleted, 'after that'),
    tile('mails', mails, 'to owners and admins'),
    tile('alerts', alerts, 'of these, to admins', alerts > 0),
  );
}

/** Where each push of the roster got to. */
function pushes(): Node {
  const lines = data.deployments.map(({ startedAt, endedAt, passed, stopped }) => {
    const end = stopped ? `stopped at ${stopped.stage}: ${stopped.reason}` : `deployed by ${when(endedAt)}`;
    return element(
      'li',
      stopped ? { class: 'warn' } : {},
      `${when(startedAt)}: ${end}`,
      element('span', { class: 'muted' }, ` · ${passed.join(' → ')}`),
    );
  });
  const halted = data.deployments.some(({ stopped }) => stopped);
  const title = `${counted(data.deployments.length, 'push', 'pushes')} of the roster, ${halted ? 'not all deployed' : 'deployed'}`;
  return element(
    'details',
    { class: 'pushes', ...(halted && { open: '' }) },
    element('summary', {}, title),
    element('ul', {}, ...lines),
  );
}

function tile(name: string, value: number, note: string, warn = false): Node {
  return element(
    'div',
    { class: 'tile card' },
    element('dt', {}, name),
    element('dd', warn ? { class: 'warn' } : {}, String(value), element('small', {}, note)),
  );
}

function tools(): Node {
  const search = element('input', {
    type: 'search',
    placeholder: 'Find a user or account',
    'aria-label': 'Find a user or account',
    id: 'search',
  });
  const account = accountChoice();
  const trouble = element('input', { type: 'checkbox', id: 'trouble' });
  const status = element('span', { class: 'muted', 'aria-live': 'polite', id: 'shown' });
  const apply = () => {
    const chosen = data.users.filter(
      (user) =>
        (account.value === '' || user.accountId === account.value) &&
        (!trouble.checked || troubled(user)) &&
        isNamed(user, search.value),
    );
    show(chosen);
    status.textContent =
      chosen.length === data.users.length ? '' : `${chosen.length} of ${counted(data.users.length, 'user')}`;
  };
  for (const control of [search, account, trouble]) control.addEventListener('input', apply);
  return element(
    'div',
    { class: 'tools', role: 'search' },
    search,
    account,
    element('label', { class: 'check' }, trouble, 'only with trouble'),
    status,
  );
}

function accountChoice(): HTMLSelectElement {
  const accounts = new Map(data.users.map((user) => [user.accountId, user.accountName]));
  const options = [...accounts].map(([id, name]) =>
    element('option', { value: id }, name === id ? id : `${name} (${id})`),
  );
  return element(
    'select',
    { 'aria-label': 'Account', id: 'account' },
    element('option', { value: '' }, 'all accounts'),
    ...options,
  );
}

const isNamed = ({ userName, accountName, accountId }: UserRow, sought: string): boolean =>
  `${userName} ${accountName} ${accountId}`.toLowerCase().includes(sought.trim().toLowerCase());

function troubled(user: UserRow): boolean {
  return user.worst.kind !== 'margin' && user.worst.kind !== 'none';
}

/** Bars, and the marks that occur. */
function legend(): Node {
  const states = [
    ['active', 'active, idle'],
    ['in use', 'active, in use'],
    ['inactive', 'inactive'],
  ] as const;
  const bars = states.map(([state, name]) => element('li', {}, barDrawing(state), name));
  const present = new Set(data.events.map(markKind));
  const marks = MARK_KINDS.filter((kind) => present.has(kind)).map((kind) =>
    element('li', {}, drawing(13, 12, { d: SYMBOLS[kind], fill: `var(--${kind})` }), MARK_NAMES[kind]),
  );
  return element('ul', { class: 'legend', 'aria-label': 'Legend' }, ...bars, ...bandEntries(), ...marks);
}

/** Everybody's bands with their dates; exemptions are dated in their users' tables. */
function bandEntries(): readonly Node[] {
  const [exemptions, common] = [
    data.bands.filter(({ kind }) => kind === 'exemption'),
    data.bands.filter(({ kind }) => kind !== 'exemption'),
  ];
  const entry = (kind: Band['kind'], words: string): Node =>
    element('li', {}, drawing(30, 12, { tag: 'rect', width: '30', height: '12', fill: `var(--${kind})` }), words);
  return [
    ...common.map((band) => entry(band.kind, `${BAND_NAMES[band.kind]} ${spanOf(band)}`)),
    ...(exemptions.length > 0 ? [entry('exemption', BAND_NAMES.exemption)] : []),
  ];
}

/** The last day is inclusive; what the rehearsal's end cuts off has none. */
function spanOf({ from, to }: Band): string {
  const [first, last] = [day(from), day(Date.parse(to) - 1)];
  if (to === data.end) return `from ${first} on`;
  return first === last ? first : `${first} to ${last}`;
}

function show(users: readonly UserRow[]): void {
  charts = [];
  seen.disconnect();
  const accounts = new Map<string, UserRow[]>();
  for (const user of users) {
    const group = accounts.get(user.accountId);
    if (group === undefined) accounts.set(user.accountId, [user]);
    else group.push(user);
  }
  const sections = [...accounts.values()].map(accountSection);
  board.replaceChildren(
    ...(sections.length === 0 ? [element('p', { class: 'empty card' }, 'No user matches.')] : sections),
  );
  for (const waiting of board.querySelectorAll<HTMLElement>('.chart')) seen.observe(waiting);
}

function accountSection(users: readonly UserRow[]): Node {
  const { accountId, accountName } = users[0] as UserRow;
  const rotated = users.reduce((sum, user) => sum + user.rotations.succeeded, 0);
  const facts = [
    ...(accountName === accountId ? [] : [accountId]),
    counted(users.length, 'user'),
    counted(rotated, 'rotation'),
  ].join(' · ');
  const blocks = Array.from({ length: Math.ceil(users.length / BLOCK) }, (_, index) =>
    block(accountName, users.slice(index * BLOCK, (index + 1) * BLOCK)),
  );
  const title = element('header', {}, element('h2', {}, accountName), element('span', { class: 'muted' }, facts));
  return element('section', { class: 'account card', 'aria-label': accountName }, title, ...blocks, tables(users));
}

function block(accountName: string, users: readonly UserRow[]): HTMLElement {
  const label = `Timeline of ${counted(users.length, 'user')} of ${accountName}. Arrow keys walk through the marks; the same events stand below as tables.`;
  const chart = element('div', {
    class: 'chart',
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'timeline',
    'aria-label': label,
  });
  chart.style.height = `${users.length * 60}px`;
  waiting.set(chart, users);
  return chart;
}

/** The same events without a picture. Filled when opened. */
function tables(users: readonly UserRow[]): Node {
  return onceOpened(element('details', {}, element('summary', {}, 'Events as tables')), () => users.map(tableOf));
}

function tableOf(user: UserRow): HTMLElement {
  const exempt = data.bands
    .filter(({ kind }) => kind === 'exemption')
    .filter((band) => bandsFor([band], user).length > 0);
  const facts = [
    counted(user.rotations.succeeded, 'rotation'),
    `${counted(user.keys.deleted, 'key')} deleted`,
    counted(user.alerts, 'alert'),
    ...exempt.map((band) => `${BAND_NAMES.exemption} ${spanOf(band)}`),
  ].join(', ');
  const title = element('summary', {}, user.userName, element('span', { class: 'muted' }, ` · ${facts}`));
  return onceOpened(element('details', {}, title), () => [eventTable(eventsOf(user))]);
}

function onceOpened(details: HTMLDetailsElement, fill: () => readonly Node[]): HTMLElement {
  details.addEventListener('toggle', () => details.append(...fill()), { once: true });
  return details;
}

function eventTable(rows: readonly LoggedEvent[]): Node {
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'time (UTC)'),
    element('th', { scope: 'col' }, 'event'),
  );
  const body = storiesOf(rows).map((story) =>
    element(
      'tr',
      {},
      element('td', {}, element('time', { datetime: story.at }, when(story.at))),
      element('td', {}, ...storyCell(story)),
    ),
  );
  return element(
    'div',
    { class: 'scroll', tabindex: '0' },
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)),
  );
}

function storyCell(story: Story): readonly (Node | string)[] {
  const { event, mails } = story;
  const words = event.kind === 'mail' ? mailTo(event) : [describe(event)];
  const often = repetition(story);
  const last = mails.at(-1);
  const note = last
    ? element(
        'div',
        { class: 'muted' },
        ...(mails.length > 1 ? [`${mails.length} mails; the last `] : []),
        ...mailTo(last),
      )
    : '';
  return [...words, ...(often === '' ? [] : [element('span', { class: 'often' }, often)]), note];
}

function mailTo({
  audience,
  file,
  subject,
}: Extract<LoggedEvent, { readonly kind: 'mail' }>): readonly (Node | string)[] {
  return [
    `mail to the ${audience === 'owner' ? 'owner' : 'admins'}: `,
    element('a', { href: file.split('/').map(encodeURIComponent).join('/') }, subject),
  ];
}

/** What concerns no single user. */
function general(): Node {
  const rows = data.events.filter((event) => event.userName === undefined);
  if (rows.length === 0) return element('span');
  return element('section', { class: 'account card' }, element('h2', {}, 'Accounts as a whole'), eventTable(rows));
}

function foot(): Node {
  return element(
    'footer',
    {},
    'Every event is in ',
    element('a', { href: 'report.json' }, 'report.json'),
    '; every mail in ',
    element('a', { href: 'mails/' }, 'mails/'),
    '. Times are virtual, in UTC.',
  );
}

function counted(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
