/** Lines over time, by uPlot; areas that are stacked; and a heat map of buckets. All share one time, so they can be compared. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { axisNumbers, clockText, shortNumber, timeText, visibleText } from './format.js';
import { colour, LINES, useTheme } from './theme.js';

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null | undefined)[];
  /** An index into LINES; that of the line where absent. */
  readonly colour?: number;
}

export interface ChartProps {
  readonly label: string;
  readonly timeSeconds: readonly number[];
  readonly lines: readonly Line[];
  readonly isStacked?: boolean;
  /** A value stays until there is another one: of gauges. */
  readonly isStepped?: boolean;
  readonly height?: number;
  readonly format?: (value: number) => string;
  /** A moment that is marked. */
  readonly mark?: number | undefined;
  readonly onPick?: (seconds: number) => void;
}

/** Of the left axis: the same in all charts of a view, so that times are above each other. */
const AXIS_WIDTH = 62;

/** Room for the last time. */
const RIGHT = 26;

const DAY = 86_400;

export function Chart(props: ChartProps) {
  const { timeSeconds, lines, isStacked = false, height = 220, format = shortNumber } = props;
  const { version } = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [tip, setTip] = useState<{ index: number; left: number }>();
  const latest = useRef(props);
  latest.current = props;
  const shape = `${lines.map(({ label, colour: own }) => `${label} ${own}`).join('\n')} ${isStacked} ${props.isStepped} ${height} ${version}`;

  useLayoutEffect(() => {
    const element = box.current!;
    const options = optionsOf(element.clientWidth, latest, (index, left) =>
      setTip(index === null || index === undefined ? undefined : { index, left }),
    );
    const made = new uPlot(options, dataOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(dataOf({ timeSeconds, lines, isStacked }));
  }, [timeSeconds, lines, isStacked]);
  useEffect(() => plot.current?.redraw(false), [props.mark]);

  const at = tip === undefined ? undefined : timeSeconds[tip.index];
  return (
    <figure class="chart" aria-label={props.label} style={{ margin: 0, minHeight: `${height}px` }}>
      <div ref={box} />
      {tip !== undefined && at !== undefined && (
        <div class="tip" style={tipPlace(tip.left, box.current?.clientWidth ?? 0)}>
          {timeText(at)}
          {topAt(lines, tip.index).map(({ label, value }) => (
            <div key={label}>
              {visibleText(label).slice(0, 40)} {value === undefined ? '–' : format(value)}
            </div>
          ))}
        </div>
      )}
    </figure>
  );
}

const MOST_IN_TIP = 9;

function topAt(lines: readonly Line[], index: number) {
  return lines
    .map(({ label, values }) => ({ label, value: values[index] ?? undefined }))
    .slice(0, MOST_IN_TIP);
}

function tipPlace(left: number, width: number) {
  return left > width / 2
    ? { right: `${width - left + 12}px`, top: '8px' }
    : { left: `${left + 12}px`, top: '8px' };
}

type Drawn = Pick<ChartProps, 'timeSeconds' | 'lines' | 'isStacked'>;

/** Stacked areas are drawn from the top one, each over those below it. */
function dataOf({ timeSeconds, lines, isStacked }: Drawn): uPlot.AlignedData {
  const columns: (number | null)[][] = lines.map(({ values }) =>
    timeSeconds.map((_, i) => finite(values[i])),
  );
  if (isStacked) {
    for (const [i, column] of columns.entries()) {
      const below = columns[i - 1];
      if (below === undefined) continue;
      for (const [at, value] of column.entries()) {
        if (value !== null || below[at] !== null) column[at] = (value ?? 0) + (below[at] ?? 0);
      }
    }
  }
  return [[...timeSeconds], ...columns];
}

function finite(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

const STEPPED = uPlot.paths.stepped!({ align: 1 });

function optionsOf(
  width: number,
  latest: { readonly current: ChartProps },
  onMove: (index: number | null | undefined, left: number) => void,
): uPlot.Options {
  const { lines, isStacked = false, isStepped, height = 220 } = latest.current;
  const { format = shortNumber } = latest.current;
  const [muted, grid, accent] = [colour('muted'), colour('line'), colour('accent')];
  const axis = { stroke: muted, font: '11px system-ui, sans-serif', ticks: { show: false } };
  const colours = LINES.map(colour);
  const mark = (plot: uPlot) => {
    const { mark: seconds } = latest.current;
    if (seconds === undefined) return;
    const x = Math.round(plot.valToPos(seconds, 'x', true));
    const { left, top, width: across, height: down } = plot.bbox;
    if (x < left || x > left + across) return;
    plot.ctx.fillStyle = accent;
    plot.ctx.fillRect(x - 1, top, 2, down);
  };
  return {
    width: Math.max(width, 100),
    height,
    padding: [10, RIGHT, 0, 0],
    legend: { show: false },
    cursor: {
      points: { show: !isStacked, size: 5 },
      y: false,
      drag: { x: false, y: false },
      bind: {
        click: ((plot: uPlot) => () => {
          const { left } = plot.cursor;
          if (left === undefined || left < 0) return null;
          latest.current.onPick?.(plot.posToVal(left, 'x'));
          return null;
        }) as unknown as uPlot.Cursor.MouseListenerFactory,
      },
    },
    scales: { x: { time: true }, y: { range: rangeOf } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        gap: 4,
        space: 70,
        values: (_, splits) => splits.map((seconds) => axisTime(seconds, splits)),
      },
      {
        ...axis,
        size: AXIS_WIDTH,
        grid: { stroke: grid, width: 1 },
        values: (_, splits) => axisNumbers(splits, format),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: own }, i): uPlot.Series => {
        const stroke = colours[Math.min(own ?? i, LINES.length - 1)]!;
        return {
          label,
          stroke,
          width: isStacked ? 1 : 1.6,
          points: { show: false },
          ...(isStepped && { paths: STEPPED }),
          ...(isStacked && i === 0 && { fill: faded(stroke) }),
        };
      }),
    ],
    bands: isStacked
      ? lines.slice(1).map((line, i) => ({
          series: [i + 2, i + 1] as [number, number],
          fill: faded(colours[Math.min(line.colour ?? i + 1, LINES.length - 1)]!),
        }))
      : [],
    hooks: {
      draw: [mark],
      setCursor: [(plot) => onMove(plot.cursor.idx, (plot.cursor.left ?? 0) + AXIS_WIDTH)],
    },
  };
}

/** From 0, unless all is far from it. */
function rangeOf(_: uPlot, least: number | null, most: number | null): uPlot.Range.MinMax {
  const [low, high] = [least ?? 0, most ?? 1];
  const bottom = low >= 0 && low < high * 0.9 ? 0 : low;
  if (bottom === high) return high === 0 ? [0, 1] : high > 0 ? [0, high * 1.2] : [high * 1.2, 0];
  const room = (high - bottom) * 0.06;
  return [bottom === 0 ? 0 : bottom - room, high + room];
}

function axisTime(seconds: number, splits: readonly number[]): string {
  const step = (splits[1] ?? seconds) - splits[0]!;
  const text = clockText(seconds);
  if (step >= DAY) return timeText(seconds).slice(5, 10);
  return step >= 60 ? text.slice(0, 5) : text;
}

/** `rgb(…)` and `color(…)`. */
function faded(text: string): string {
  return text.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.5)').replace(/^(color\(.*)\)$/, '$1 / 0.5)');
}

export function Legend({ lines }: { lines: readonly Line[] }) {
  return (
    <ul class="legend">
      {lines.map(({ label, colour: own }, i) => (
        <li key={label}>
          <span class={`swatch n${Math.min(own ?? i, LINES.length - 1)}`} />
          <bdi>{visibleText(label).slice(0, 60)}</bdi>
        </li>
      ))}
    </ul>
  );
}

export interface HeatProps {
  readonly label: string;
  readonly timeSeconds: readonly number[];
  /** From the lowest bound up; how many were observed since the time before. */
  readonly buckets: readonly {
    readonly le: string;
    readonly increase: readonly (number | null | undefined)[];
  }[];
}

/** Of the lower edge, where times are. */
const FOOT = 20;

/** Buckets over time: the more was observed, the stronger the colour. */
export function Heat({ label, timeSeconds, buckets }: HeatProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { version } = useTheme();
  const [width, setWidth] = useState(0);
  const [tip, setTip] = useState<{ left: number; top: number; column: number; row: number }>();
  useLayoutEffect(() => {
    const element = canvas.current!;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width > 0) drawHeat(canvas.current!, width, { label, timeSeconds, buckets });
  }, [width, version, timeSeconds, buckets]);

  const place = (event: MouseEvent) => {
    const { left, top, height } = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const column = Math.floor(
      ((x - AXIS_WIDTH) / (width - AXIS_WIDTH - RIGHT)) * timeSeconds.length,
    );
    const row = buckets.length - 1 - Math.floor((y / (height - FOOT)) * buckets.length);
    const isIn = column >= 0 && column < timeSeconds.length && row >= 0 && row < buckets.length;
    setTip(isIn ? { left: x, top: y, column, row } : undefined);
  };
  const bucket = tip && buckets[tip.row];
  return (
    <figure class="heat" style={{ margin: 0 }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        onMouseMove={place}
        onMouseLeave={() => setTip(undefined)}
      />
      {tip !== undefined && bucket !== undefined && (
        <div
          class="tip"
          style={{
            top: `${Math.max(0, tip.top - 44)}px`,
            ...(tip.left > width / 2
              ? { right: `${width - tip.left + 8}px` }
              : { left: `${tip.left + 8}px` }),
          }}
        >
          {timeText(timeSeconds[tip.column]!)}
          <div>
            {buckets[tip.row - 1]?.le ?? '0'} to {bucket.le}:{' '}
            {shortNumber(bucket.increase[tip.column])}
          </div>
        </div>
      )}
    </figure>
  );
}

function drawHeat(
  canvas: HTMLCanvasElement,
  width: number,
  { timeSeconds, buckets }: HeatProps,
): void {
  const ratio = devicePixelRatio;
  const height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  const [muted, accent, line] = [colour('muted'), colour('s1'), colour('raised')];
  const across = width - AXIS_WIDTH - RIGHT;
  const down = height - FOOT;
  context.fillStyle = line;
  context.fillRect(AXIS_WIDTH, 0, across, down);
  let most = 0;
  for (const { increase } of buckets) {
    for (const value of increase) if ((value ?? 0) > most) most = value!;
  }
  context.fillStyle = accent;
  const [cell, row] = [
    across / Math.max(1, timeSeconds.length),
    down / Math.max(1, buckets.length),
  ];
  for (const [i, { increase }] of buckets.entries()) {
    for (const [at, value] of increase.entries()) {
      if (!((value ?? 0) > 0)) continue;
      // What is rare is to be seen, too.
      context.globalAlpha = 0.12 + 0.88 * Math.sqrt(value! / most);
      context.fillRect(AXIS_WIDTH + at * cell, down - (i + 1) * row + 0.5, cell + 0.3, row - 1);
    }
  }
  context.globalAlpha = 1;
  context.fillStyle = muted;
  context.font = '11px system-ui, sans-serif';
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const every = Math.ceil(14 / row);
  for (const [i, { le }] of buckets.entries()) {
    if (i % every === 0) context.fillText(shortBound(le), AXIS_WIDTH - 8, down - (i + 0.5) * row);
  }
  context.textAlign = 'center';
  const times = Math.max(2, Math.floor(across / 110));
  for (let i = 1; i < times; i++) {
    const at = Math.floor((i / times) * timeSeconds.length);
    const seconds = timeSeconds[at];
    if (seconds === undefined) continue;
    context.fillText(clockText(seconds), AXIS_WIDTH + (at + 0.5) * cell, height - FOOT / 2 + 2);
  }
}

function shortBound(le: string): string {
  return le === '+Inf' ? '+Inf' : shortNumber(Number(le));
}
