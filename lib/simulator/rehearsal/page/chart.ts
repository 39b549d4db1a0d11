/// <reference lib="dom" />
import { CustomChart } from 'echarts/charts';
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams, CustomSeriesRenderItemReturn } from 'echarts';
import { drawing, element, when } from './elements';
import type { PageData } from './page-data';
import { MARK_NAMES, SYMBOLS } from './symbols';
import {
  bandsFor,
  barsOf,
  describe,
  marksOf,
  repetition,
  sideBySide,
  storiesOf,
  type Bar,
  type Mark,
  type UserRow,
} from './timeline';
import type { Band } from '../output/calendar-bands';
import type { LoggedEvent } from '../history/event-log';

echarts.use([CustomChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

const LANE_HEIGHT = 11;
const LANE_GAP = 4;
const STRIP_HEIGHT = 14;
const NAME_HEIGHT = 18;
const MARK_SIZE = 11;
const RUN_HEIGHT = 4;
const AXIS_HEIGHT = 28;
/** Half of the axis' last label fits in. */
const RIGHT = 20;
const NARROW = 620;
const MOST_TIP_LINES = 6;

interface Shape {
  readonly rowHeight: number;
  readonly left: number;
  readonly narrow: boolean;
  /** Where each mark stands, in pixels. */
  readonly xs: readonly number[];
}

/** One block of users as a chart: a row a user, a lane a key, marks above and on the lanes. */
export class TimelineChart {
  private readonly bars: readonly Bar[];
  private readonly marks: readonly Mark[];
  private readonly bands: readonly (Band & { readonly row: number })[];
  private chart: echarts.ECharts | undefined;
  private focused = -1;

  constructor(
    private readonly container: HTMLElement,
    private readonly announcer: HTMLElement,
    private readonly data: PageData,
    private readonly users: readonly UserRow[],
    eventsOf: (user: UserRow) => readonly LoggedEvent[],
  ) {
    this.bars = users.flatMap((user, row) => barsOf(user, row, data));
    this.marks = users.flatMap((user, row) => marksOf(user, row, eventsOf(user)));
    this.bands = users.flatMap((user, row) => bandsFor(data.bands, user).map((band) => ({ ...band, row })));
    container.addEventListener('keydown', (pressed) => this.step(pressed));
    container.addEventListener('blur', () => this.chart?.dispatchAction({ type: 'hideTip' }));
  }

  /** Draws, or draws again after a change of size or colours. */
  draw(): void {
    const shape = this.measure();
    this.container.style.height = `${heightOf(this.users, shape)}px`;
    this.chart ??= echarts.init(this.container, undefined, { renderer: 'svg' });
    this.chart.resize();
    this.chart.setOption(this.options(shape), { notMerge: true });
  }

  private measure(): Shape {
    const narrow = this.container.clientWidth < NARROW;
    const lanes = Math.max(2, ...this.bars.map((bar) => bar.lane + 1));
    const rowHeight = STRIP_HEIGHT + lanes * (LANE_HEIGHT + LANE_GAP) + 8 + (narrow ? NAME_HEIGHT : 0);
    const left = narrow ? 8 : 168;
    return { rowHeight, left, narrow, xs: this.places(left, this.container.clientWidth - RIGHT) };
  }

  /** No mark hides another on its line: those that would are moved aside. */
  private places(left: number, right: number): readonly number[] {
    const [start, end] = [Date.parse(this.data.start), Date.parse(this.data.end)];
    const lines = new Map<string, number[]>();
    this.marks.forEach(({ row, lane }, index) => {
      const line = `${row} ${lane ?? ''}`;
      lines.set(line, [...(lines.get(line) ?? []), index]);
    });
    const xs: number[] = [];
    for (const indexes of lines.values()) {
      const wanted = indexes.map((index) => left + ((this.marks[index]!.at - start) / (end - start)) * (right - left));
      sideBySide(wanted, MARK_SIZE, right).forEach((x, place) => (xs[indexes[place]!] = x));
    }
    return xs;
  }

  private options(shape: Shape): echarts.EChartsCoreOption {
    const color = palette();
    return {
      animation: false,
      textStyle: { fontFamily: 'system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif' },
      useUTC: true,
      aria: {
        enabled: true,
        label: { description: `Timeline of the access keys of ${this.users.map((user) => user.userName).join(', ')}` },
      },
      grid: { left: shape.left, right: RIGHT, top: AXIS_HEIGHT, bottom: 6, outerBoundsMode: 'none' },
      xAxis: this.timeAxis(shape, color),
      yAxis: this.userAxis(shape, color),
      tooltip: this.tooltip(color),
      series: this.series(shape, color),
    };
  }

  private timeAxis(shape: Shape, color: Palette) {
    return {
      type: 'time',
      position: 'top',
      min: Date.parse(this.data.start),
      max: Date.parse(this.data.end),
      splitNumber: shape.narrow ? 3 : 8,
      axisLine: { lineStyle: { color: color('line') } },
      axisTick: { show: false },
      axisLabel: {
        color: color('muted'),
        hideOverlap: true,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: { year: '{yyyy}', month: '{d} {MMM}', day: '{d} {MMM}' },
      },
      splitLine: { show: true, lineStyle: { color: color('line') } },
    };
  }

  private userAxis(shape: Shape, color: Palette) {
    return {
      type: 'category',
      inverse: true,
      data: this.users.map((user) => user.userName),
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { color: color('line') } },
      axisLabel: {
        show: !shape.narrow,
        color: color('text'),
        fontSize: 13,
        width: shape.left - 16,
        overflow: 'truncate',
        align: 'left',
        margin: shape.left - 6,
      },
    };
  }

  private tooltip(color: Palette) {
    return {
      trigger: 'item',
      confine: true,
      backgroundColor: color('card'),
      borderColor: color('line'),
      textStyle: { color: color('text') },
      formatter: (hovered: { seriesIndex: number; dataIndex: number }) =>
        this.tip(hovered.seriesIndex, hovered.dataIndex),
    };
  }

  private series(shape: Shape, color: Palette) {
    return [
      {
        type: 'custom',
        clip: true,
        data: this.bars.map((bar) => [bar.from, bar.row, bar.to]),
        encode: { x: [0, 2], y: 1 },
        renderItem: this.barPainter(shape, color),
      },
      {
        type: 'custom',
        data: this.marks.map((mark) => [mark.at, mark.row]),
        encode: { x: 0, y: 1 },
        renderItem: this.markPainter(shape, color),
        z: 5,
      },
      this.bandSeries(shape, color),
      ...(shape.narrow ? [this.names(shape, color)] : []),
    ];
  }

  /** Behind the lanes: over the whole height, or on one user's row. */
  private bandSeries(shape: Shape, color: Palette) {
    const start = Date.parse(this.data.start);
    return {
      type: 'custom',
      silent: true,
      z: 0,
      tooltip: { show: false },
      data: this.bands.map(({ row }) => [start, row]),
      renderItem: (
        params: CustomSeriesRenderItemParams,
        api: CustomSeriesRenderItemAPI,
      ): CustomSeriesRenderItemReturn => {
        const band = this.bands[params.dataIndex];
        if (band === undefined) return null;
        const [left, right] = [band.from, band.to].map((at) => api.coord([Date.parse(at), band.row])[0] ?? 0) as [
          number,
          number,
        ];
        return {
          type: 'rect',
          shape: {
            x: left,
            y: rowTop(api, band.row, shape),
            width: Math.max(right - left, 2),
            height: shape.rowHeight,
          },
          style: { fill: color(band.kind) },
        };
      },
    };
  }

  private barPainter(shape: Shape, color: Palette) {
    return (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn => {
      const bar = this.bars[params.dataIndex];
      if (bar === undefined) return null;
      const left = api.coord([bar.from, bar.row])[0] ?? 0;
      const right = api.coord([bar.to, bar.row])[0] ?? 0;
      const y = laneTop(api, bar.row, bar.lane, shape);
      const inset = bar.state === 'in use' ? 3 : 0;
      return {
        type: 'rect',
        shape: {
          x: left,
          y: y + inset,
          width: Math.max(right - left, 2),
          height: LANE_HEIGHT - 2 * inset,
          r: bar.state === 'in use' ? 2 : 3,
        },
        style: barStyle(bar.state, color),
      };
    };
  }

  private markPainter(shape: Shape, color: Palette) {
    return (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn => {
      const mark = this.marks[params.dataIndex];
      if (mark === undefined) return null;
      const x = shape.xs[params.dataIndex] ?? 0;
      const y =
        mark.lane === undefined
          ? laneTop(api, mark.row, 0, shape) - STRIP_HEIGHT / 2 - 1
          : laneTop(api, mark.row, mark.lane, shape) + LANE_HEIGHT / 2;
      const focused = params.dataIndex === this.focused;
      const size = focused ? MARK_SIZE * 1.5 : MARK_SIZE;
      const symbol = {
        type: 'path' as const,
        shape: { pathData: SYMBOLS[mark.kind], x: x - size / 2, y: y - size / 2, width: size, height: size },
        style: { fill: color(mark.kind), stroke: color(focused ? 'text' : 'card'), lineWidth: focused ? 2 : 1.2 },
      };
      const length = (api.coord([mark.until, mark.row])[0] ?? 0) - x;
      if (mark.until === mark.at || length <= 0) return symbol;
      const run = {
        type: 'rect' as const,
        shape: { x, y: y - RUN_HEIGHT / 2, width: length, height: RUN_HEIGHT, r: RUN_HEIGHT / 2 },
        style: { fill: color(mark.kind) },
      };
      return { type: 'group', children: [run, symbol] };
    };
  }

  /** On a phone the names stand above the lanes, where they take no width away. */
  private names(shape: Shape, color: Palette) {
    const start = Date.parse(this.data.start);
    return {
      type: 'custom',
      silent: true,
      tooltip: { show: false },
      data: this.users.map((_, row) => [start, row]),
      renderItem: (
        params: CustomSeriesRenderItemParams,
        api: CustomSeriesRenderItemAPI,
      ): CustomSeriesRenderItemReturn => ({
        type: 'text',
        x: shape.left + 2,
        y: rowTop(api, params.dataIndex, shape) + 5,
        style: {
          text: this.users[params.dataIndex]?.userName ?? '',
          fill: color('text'),
          fontSize: 13,
          fontWeight: 600,
        },
      }),
    };
  }

  private tip(seriesIndex: number, dataIndex: number): HTMLElement {
    const mark = seriesIndex === 1 ? this.marks[dataIndex] : undefined;
    if (mark !== undefined) return this.markTip(mark);
    const bar = this.bars[dataIndex];
    return bar === undefined ? element('div') : this.barTip(bar);
  }

  private markTip(mark: Mark): HTMLElement {
    const told = tell(mark);
    const lines = told.slice(0, MOST_TIP_LINES).map((line) => element('p', {}, line));
    const more = told.length - lines.length;
    return element(
      'div',
      { class: 'tip' },
      element('b', {}, `${this.users[mark.row]?.userName} · ${MARK_NAMES[mark.kind]}`),
      ...lines,
      ...(more > 0 ? [element('p', { class: 'muted' }, `and ${more} more`)] : []),
    );
  }

  private barTip({ life, row }: Bar): HTMLElement {
    const lines = [
      life.origin === 'existing'
        ? `there before, made ${when(life.createdAt)}`
        : `made by a rotation ${when(life.createdAt)}`,
      ...life.used.slice(-1).map((span) => `last used ${when(span.to ?? span.from)}`),
      ...life.inactive.map((span) => `deactivated ${when(span.from)}`),
      ...(life.deletedAt === undefined ? [] : [`deleted ${when(life.deletedAt)}`]),
    ];
    return element(
      'div',
      { class: 'tip' },
      element('b', {}, `${this.users[row]?.userName} · ${life.keyId}`),
      ...lines.map((line) => element('p', {}, line)),
    );
  }

  /** The arrow keys walk from mark to mark, and say what they stand on. */
  private step(pressed: KeyboardEvent): void {
    if (this.marks.length === 0 || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
    const next = this.neighbour(pressed.key);
    if (next === undefined) return;
    pressed.preventDefault();
    this.focused = next;
    this.draw();
    this.chart?.dispatchAction({ type: 'showTip', seriesIndex: 1, dataIndex: next });
    const mark = this.marks[next];
    if (mark !== undefined)
      this.announcer.textContent = `${this.users[mark.row]?.userName}: ${tell(mark).slice(0, MOST_TIP_LINES).join('; ')}`;
  }

  private neighbour(key: string): number | undefined {
    const row = this.marks[this.focused]?.row ?? 0;
    switch (key) {
      case 'ArrowRight':
        return Math.min(this.focused + 1, this.marks.length - 1);
      case 'ArrowLeft':
        return Math.max(this.focused - 1, 0);
      case 'ArrowDown': {
        const next = this.marks.findIndex((mark) => mark.row > row);
        return next === -1 ? undefined : next;
      }
      case 'ArrowUp': {
        const before = this.marks.findLast((mark) => mark.row < row)?.row;
        return before === undefined ? undefined : this.marks.findIndex((mark) => mark.row === before);
      }
      default:
        return undefined;
    }
  }
}

/** What a mark stands for, a line each. */
const tell = (mark: Mark): readonly string[] =>
  storiesOf(mark.events).map((story) =>
    [when(story.at), describe(story.event), repetition(story)].filter(Boolean).join(' · '),
  );

type Palette = (name: string) => string;

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function barStyle(state: Bar['state'], color: Palette) {
  switch (state) {
    case 'active':
      return { fill: color('active') };
    case 'in use':
      return { fill: color('in-use') };
    case 'inactive':
      return { fill: color('card'), stroke: color('inactive'), lineWidth: 1.5, lineDash: [3, 2] };
  }
}

const heightOf = (users: readonly UserRow[], shape: Shape): number => AXIS_HEIGHT + 6 + users.length * shape.rowHeight;

function rowTop(api: CustomSeriesRenderItemAPI, row: number, shape: Shape): number {
  return (api.coord([0, row])[1] ?? 0) - shape.rowHeight / 2;
}

function laneTop(api: CustomSeriesRenderItemAPI, row: number, lane: number, shape: Shape): number {
  return (
    rowTop(api, row, shape) + (shape.narrow ? NAME_HEIGHT : 0) + STRIP_HEIGHT + 4 + lane * (LANE_HEIGHT + LANE_GAP)
  );
}

/** The legend's picture of a bar. */
export function barDrawing(state: Bar['state']): SVGSVGElement {
  const fill = state === 'inactive' ? 'none' : 'var(--active)';
  const outline: Readonly<Record<string, string>> =
    state === 'inactive' ? { stroke: 'var(--inactive)', 'stroke-width': '1.5', 'stroke-dasharray': '3 2' } : {};
  const whole = { tag: 'rect', x: '1', y: '1', width: '28', height: '10', rx: '3', fill, ...outline };
  return state === 'in use'
    ? drawing(30, 12, whole, { tag: 'rect', x: '1', y: '4', width: '28', height: '4', rx: '2', fill: 'var(--in-use)' })
    : drawing(30, 12, whole);
}
