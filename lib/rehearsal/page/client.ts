/// <reference lib="dom" />
import { barDrawing, TimelineChart } from './chart';
import { day, drawing, element, when } from './elements';
import type { PageData } from './page-data';
import { MARK_KINDS, MARK_NAMES, SYMBOLS } from './symbols';
import { describe, type UserRow } from './timeline';
import type { HistoryEvent } from '../history';

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

main.replaceChildren(heading(), verdict(), tiles(), pushes(), tools(), legend(), board, general(), foot(), announcer);
show(data.users);
window.addEventListener('resize', () => drawAgain());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAgain());

function drawAgain(): void {
  for (const chart of charts) chart.draw();
}

function groupEvents(all: readonly HistoryEvent[]): ReadonlyMap<string, HistoryEvent[]> {
  const groups = new Map<string, HistoryEvent[]>();
  for (const event of all) {
    const owner = `${event.accountId}/${event.userName?.toLowerCase() ?? ''}`;
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [event]);
    else group.push(event);
  }
  return groups;
}

function eventsOf(user: UserRow): readonly HistoryEvent[] {
  return events.get(`${user.accountId}/${user.userName.toLowerCase()}`) ?? [];
}

function heading(): Node {
  const { days, accounts, users, seed } = data.summary;
  const sizes = `${counted(users, 'user')} in ${counted(accounts, 'account')}, ${counted(days, 'virtual day')} from ${day(data.start)} to ${day(data.end)}, seed ${seed}`;
  return element('header', {}, element('h1', {}, 'Access key rotation, rehearsed'), element('p', { class: 'lead' }, sizes));
}

function verdict(): Node {
  const { violations } = data.summary;
  if (violations.length === 0) {
    return element('section', { class: 'verdict', 'aria-label': 'Verdict' }, element('strong', {}, 'Every promise held'), 'Each stored key worked, no owner was cut off before switching, no key was lost and no secret was seen outside the secret store.');
  }
  const list = violations.map((violation) => element('li', {}, `${when(violation.at)} · ${violation.accountId} ${violation.userName ?? ''} · ${violation.message}`));
  return element('section', { class: 'verdict bad', role: 'alert', 'aria-label': 'Verdict' }, element('strong', {}, `${counted(violations.length, 'broken promise')}`), element('ul', { tabindex: '0' }, ...list));
}

function tiles(): Node {
  const { rotations, keys, mails, alerts } = data.summary;
  const unhappy = rotations.failed + rotations.partial;
  return element(
    'dl',
    { class: 'tiles' },
    tile('rotations', rotations.succeeded, unhappy === 0 ? 'none failed' : `${rotations.failed} failed, ${rotations.partial} partial`, unhappy > 0),
    tile('keys created', keys.created, 'by rotations'),
    tile('keys deactivated', keys.deactivated, 'once quiet'),
    tile('keys deleted', keys.deleted, 'after a rest'),
    tile('mails', mails, 'to owners and admins'),
    tile('alerts', alerts, 'of these, to admins', alerts > 0),
  );
}

/** Where each push of the roster got to. */
function pushes(): Node {
  const lines = data.deployments.map(({ startedAt, endedAt, passed, stopped }) => element('li', stopped ? { class: 'warn' } : {}, `${when(startedAt)}: ${stopped ? `stopped at ${stopped.stage}: ${stopped.reason}` : `deployed by ${when(endedAt)}`}`, element('span', { class: 'muted' }, ` · ${passed.join(' → ')}`)));
  return element('details', { class: 'pushes', ...(data.deployments.some(({ stopped }) => stopped) && { open: '' }) }, element('summary', {}, counted(data.deployments.length, 'push', 'pushes'), ' of the roster'), element('ul', {}, ...lines));
}

function tile(name: string, value: number, note: string, warn = false): Node {
  return element('div', { class: 'tile card' }, element('dt', {}, name), element('dd', warn ? { class: 'warn' } : {}, String(value), element('small', {}, note)));
}

function tools(): Node {
  const search = element('input', { type: 'search', placeholder: 'Find a user or account', 'aria-label': 'Find a user or account', id: 'search' });
  const accounts = new Map(data.users.map((user) => [user.accountId, user.accountName]));
  const account = element('select', { 'aria-label': 'Account', id: 'account' }, element('option', { value: '' }, 'all accounts'), ...[...accounts].map(([id, name]) => element('option', { value: id }, name === id ? id : `${name} (${id})`)));
  const trouble = element('input', { type: 'checkbox', id: 'trouble' });
  const status = element('span', { class: 'muted', 'aria-live': 'polite', id: 'shown' });
  const apply = () => {
    const sought = search.value.trim().toLowerCase();
    const chosen = data.users.filter((user) => (account.value === '' || user.accountId === account.value) && (!trouble.checked || troubled(user)) && `${user.userName} ${user.accountName} ${user.accountId}`.toLowerCase().includes(sought));
    show(chosen);
    status.textContent = chosen.length === data.users.length ? '' : `${chosen.length} of ${counted(data.users.length, 'user')}`;
  };
  for (const control of [search, account, trouble]) control.addEventListener('input', apply);
  return element('div', { class: 'tools', role: 'search' }, search, account, element('label', { class: 'check' }, trouble, 'only with trouble'), status);
}

function troubled(user: UserRow): boolean {
  return user.worst.kind !== 'margin' && user.worst.kind !== 'none';
}

function legend(): Node {
  const bars = ([['active', 'active, idle'], ['in use', 'active, in use'], ['inactive', 'inactive']] as const).map(([state, name]) => element('li', {}, barDrawing(state), name));
  const marks = MARK_KINDS.map((kind) => element('li', {}, drawing(13, 12, { d: SYMBOLS[kind], fill: `var(--${kind})` }), MARK_NAMES[kind]));
  return element('ul', { class: 'legend', 'aria-label': 'Legend' }, ...bars, ...marks);
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
  board.replaceChildren(...(sections.length === 0 ? [element('p', { class: 'empty card' }, 'No user matches.')] : sections));
  for (const waiting of board.querySelectorAll<HTMLElement>('.chart')) seen.observe(waiting);
}

function accountSection(users: readonly UserRow[]): Node {
  const { accountId, accountName } = users[0] as UserRow;
  const rotated = users.reduce((sum, user) => sum + user.rotations.succeeded, 0);
  const facts = `${accountName === accountId ? '' : `${accountId} · `}${counted(users.length, 'user')} · ${counted(rotated, 'rotation')}`;
  const blocks = Array.from({ length: Math.ceil(users.length / BLOCK) }, (_, index) => block(accountName, users.slice(index * BLOCK, (index + 1) * BLOCK)));
  return element('section', { class: 'account card', 'aria-label': accountName }, element('header', {}, element('h2', {}, accountName), element('span', { class: 'muted' }, facts)), ...blocks, tables(users));
}

function block(accountName: string, users: readonly UserRow[]): HTMLElement {
  const chart = element('div', { class: 'chart', tabindex: '0', role: 'application', 'aria-roledescription': 'timeline', 'aria-label': `Timeline of ${counted(users.length, 'user')} of ${accountName}. Arrow keys walk through the marks; the same events stand below as tables.` });
  chart.style.height = `${users.length * 60}px`;
  waiting.set(chart, users);
  return chart;
}

/** The same events without a picture. Filled when opened. */
function tables(users: readonly UserRow[]): Node {
  return onceOpened(element('details', {}, element('summary', {}, 'Events as tables')), () => users.map((user) => onceOpened(element('details', {}, element('summary', {}, user.userName, element('span', { class: 'muted' }, ` · ${counted(user.rotations.succeeded, 'rotation')}, ${counted(user.keys.deleted, 'key')} deleted, ${counted(user.alerts, 'alert')}`))), () => [eventTable(eventsOf(user))])));
}

function onceOpened(details: HTMLDetailsElement, fill: () => readonly Node[]): HTMLElement {
  details.addEventListener('toggle', () => details.append(...fill()), { once: true });
  return details;
}

function eventTable(rows: readonly HistoryEvent[]): Node {
  const head = element('tr', {}, element('th', { scope: 'col' }, 'time (UTC)'), element('th', { scope: 'col' }, 'event'));
  const body = rows.map((event) => element('tr', {}, element('td', {}, element('time', { datetime: event.at }, when(event.at))), element('td', {}, ...eventCell(event))));
  return element('div', { class: 'scroll', tabindex: '0' }, element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)));
}

function eventCell(event: HistoryEvent): readonly (Node | string)[] {
  return event.kind === 'mail' ? [`mail to the ${event.audience === 'owner' ? 'owner' : 'admins'}: `, element('a', { href: event.file.split('/').map(encodeURIComponent).join('/') }, event.subject)] : [describe(event)];
}

/** What concerns no single user. */
function general(): Node {
  const rows = data.events.filter((event) => event.userName === undefined);
  if (rows.length === 0) return element('span');
  return element('section', { class: 'account card' }, element('h2', {}, 'Accounts as a whole'), eventTable(rows));
}

function foot(): Node {
  return element('footer', {}, 'Every event is in ', element('a', { href: 'report.json' }, 'report.json'), '; every mail in ', element('a', { href: 'mails/' }, 'mails/'), '. Times are virtual, in UTC.');
}

function counted(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
