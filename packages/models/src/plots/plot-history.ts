import {createRequire} from 'node:module';
import {extname} from 'node:path';
import {ValueError} from '@keratin/core';
import {checkOptions, describe, type FilePath, isPlainObject, pathText, writeAtomic} from '@keratin/core/internal';
import {FONT, pngOfSvg} from './pixels.js';

/** What `fit` gives back, or the lists of values in it. */
export type HistoryLike =
  | {readonly history: Readonly<Record<string, readonly number[]>>; readonly epoch?: readonly number[] | undefined}
  | Readonly<Record<string, readonly number[]>>;

/** Options of {@link plotHistory}. */
export interface PlotHistoryOptions {
  /** A file that ends in `.svg` or `.png`. Default `'history.svg'`. */
  toFile?: FilePath | undefined;
  /** Names of the values to draw; `val_` values come along. Default: all. */
  metrics?: readonly string[] | undefined;
  /** Above the picture. Default: nothing. */
  title?: string | undefined;
  /** Units of width; PNG has two pixels for each. Default 800. */
  width?: number | undefined;
}

const OPTION_NAMES = ['toFile', 'metrics', 'title', 'width'] as const satisfies readonly (keyof PlotHistoryOptions)[];
const FORMATS = ['.svg', '.png'];
const PANEL = 260;
const PNG_ZOOM = 2;

/** One picture within the whole: a value of training and that of validation. */
interface Panel {
  readonly name: string;
  readonly lines: readonly {readonly name: string; readonly values: readonly number[]}[];
}

/** The lists of a History by name. */
function listsOf(where: string, history: unknown): Readonly<Record<string, readonly number[]>> {
  const inner: unknown =
    typeof history === 'object' && history !== null && 'history' in history ? history.history : history;
  const lists = isPlainObject(inner) ? Object.entries(inner) : [];
  const good = ([, list]: [string, unknown]): boolean =>
    Array.isArray(list) && list.every((value: unknown) => typeof value === 'number');
  if (lists.length === 0 || !lists.some(good)) {
    throw new ValueError(`${where}: what fit gave is needed, with at least one epoch, got ${describe(history)}`);
  }
  return Object.fromEntries(lists.filter(good)) as Readonly<Record<string, readonly number[]>>;
}

function panelsOf(lists: Readonly<Record<string, readonly number[]>>, metrics: readonly string[] | undefined): Panel[] {
  const names = Object.keys(lists);
  const bases = [...new Set(names.map((name) => name.replace(/^val_/, '')))];
  const unknown = metrics?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ValueError(
      `plotHistory: metrics names "${unknown}", which the history does not have; it has ${names.join(', ')}`,
    );
  }
  return bases
    .filter((base) => metrics === undefined || metrics.includes(base) || metrics.includes(`val_${base}`))
    .map((base) => ({
      name: base,
      lines: [base, `val_${base}`].flatMap((name) => {
        const values = lists[name];
        return values === undefined ? [] : [{name, values}];
      }),
    }));
}

/**
 * Draws what `fit` recorded: a picture for each value over the epochs (from 1), with that of the validation. Needs neither a browser nor
 * a program on the system: drawn by Apache ECharts, pixels from resvg. Values that are NaN or infinite leave a gap.
 *
 * @example
 * const history = await model.fit(x, y, {epochs: 20, validationSplit: 0.2});
 * await plotHistory(history, {toFile: 'history.png'});
 * @throws ValueError where the file ends in anything else, or there is nothing to draw
 */
export async function plotHistory(history: HistoryLike, options: PlotHistoryOptions = {}): Promise<void> {
  checkOptions('plotHistory', options, OPTION_NAMES, {to_file: 'toFile', path: 'toFile', file: 'toFile'});
  const {toFile = 'history.svg', title = '', width = 800} = options;
  const format = typeof toFile === 'string' || toFile instanceof URL ? extname(pathText(toFile)).toLowerCase() : '';
  if (!FORMATS.includes(format)) {
    throw new ValueError(`plotHistory: toFile must end in .svg or .png, got ${describe(toFile)}`);
  }
  if (!(typeof width === 'number' && width >= 100 && width <= 10_000)) {
    throw new ValueError(`plotHistory: width must be from 100 to 10000, got ${describe(width)}`);
  }
  const svg = draw(panelsOf(listsOf('plotHistory', history), options.metrics), title, width);
  const content = format === '.svg' ? svg : await pngOfSvg(svg, PNG_ZOOM);
  await writeAtomic(toFile, async (file) => {
    await file.writeFile(content);
  });
}

/** What is used of ECharts, whose own types need those of a browser. */
interface ECharts {
  init(element: null, theme: null, options: Readonly<Record<string, unknown>>): Chart;
}

interface Chart {
  setOption(option: Readonly<Record<string, unknown>>): void;
  renderToSVGString(): string;
  dispose(): void;
}

function draw(panels: readonly Panel[], title: string, width: number): string {
  // Loaded when a history is drawn: most programs never draw one.
  const echarts = createRequire(import.meta.url)('echarts') as ECharts;
  const top = title === '' ? 0 : 40;
  const chart = echarts.init(null, null, {renderer: 'svg', ssr: true, width, height: top + panels.length * PANEL});
  const at = (i: number): number => top + i * PANEL;
  try {
    chart.setOption({
      animation: false,
      textStyle: {fontFamily: FONT},
      title: [
        ...(title === '' ? [] : [{text: title, left: 'center', top: 8}]),
        ...panels.map(({name}, i) => ({text: name, left: 60, top: at(i) + 10, textStyle: {fontSize: 14}})),
      ],
      legend: panels.map(({lines}, i) => ({data: lines.map(({name}) => name), right: 30, top: at(i) + 10})),
      grid: panels.map((_, i) => ({left: 60, right: 30, top: at(i) + 45, height: PANEL - 95})),
      xAxis: panels.map(({lines}, gridIndex) => ({
        type: 'category',
        gridIndex,
        name: 'epoch',
        nameLocation: 'middle',
        nameGap: 25,
        data: Array.from({length: Math.max(...lines.map(({values}) => values.length))}, (_, epoch) => epoch + 1),
      })),
      yAxis: panels.map((_, gridIndex) => ({type: 'value', gridIndex, scale: true})),
      series: panels.flatMap(({lines}, i) =>
        lines.map(({name, values}) => ({
          type: 'line',
          name,
          xAxisIndex: i,
          yAxisIndex: i,
          showSymbol: values.length < 40,
          data: values.map((value) => (Number.isFinite(value) ? value : null)),
        })),
      ),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

const BARS = '▁▂▃▄▅▆▇█';

/**
 * Numbers as one line of bars for a terminal, the least the lowest and the greatest the highest; a gap for NaN and infinities. More
 * numbers than `width` are joined to their means.
 *
 * @example
 * console.log(`loss ${sparkline(history.loss)}`); // loss █▅▃▂▁
 */
export function sparkline(values: readonly number[], width = 60): string {
  const given: unknown = values;
  if (!Array.isArray(given) || given.some((value) => typeof value !== 'number')) {
    throw new ValueError(`sparkline: a list of numbers is needed, got ${describe(values)}`);
  }
  if (!Number.isInteger(width) || width < 1) {
    throw new ValueError(`sparkline: width must be a positive integer, got ${describe(width)}`);
  }
  const count = Math.min(width, values.length);
  const joined = Array.from({length: count}, (_, i) => {
    const from = Math.floor((i * values.length) / count);
    const part = values.slice(from, Math.floor(((i + 1) * values.length) / count));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const finite = joined.filter((value) => Number.isFinite(value));
  const least = Math.min(...finite);
  const range = Math.max(...finite) - least;
  return joined
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const level = range === 0 ? 0 : Math.round(((value - least) / range) * (BARS.length - 1));
      return BARS[level] ?? ' ';
    })
    .join('');
}
