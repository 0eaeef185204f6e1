/** The growth of both kinds as a chart: bars for a terminal, and an SVG with logarithmic axes. */

import { round } from './bars.js';
import type { GrowthFigures, GrowthPoint } from './growth.js';
import { highest, lowest } from './median.js';

const BAR_COLUMNS = 50;

export function textChart({ entries, series }: GrowthFigures): string {
  const longest = Math.log10(
    highest([...entries, ...series].map(({ insideMs }) => insideMs)) * 100,
  );
  // Logarithmic: a bar that is longer by the same piece is a scrape that takes as many times as long.
  const bar = (ms: number) =>
    '#'.repeat(Math.max(1, Math.round((Math.log10(ms * 100) / longest) * BAR_COLUMNS)));
  const line = (point: GrowthPoint, count: number) =>
    `  ${String(count).padStart(7)}  ${bar(point.insideMs).padEnd(BAR_COLUMNS)}  ${round(point.insideMs)} ms inside, ${round(point.httpMs)} HTTP`;
  return [
    'growth, entries of 610 series (bars logarithmic)',
    ...entries.map((point) => line(point, point.entries)),
    'growth, series of 4 processes',
    ...series.map((point) => line(point, point.series)),
  ].join('\n');
}

const WIDTH = 640;
const HEIGHT = 400;
const MARGIN = 60;

export function svgChart({ entries, series }: GrowthFigures): string {
  const counts = [...entries.map((p) => p.entries), ...series.map((p) => p.series)];
  const times = [...entries, ...series].flatMap(({ insideMs, httpMs }) => [insideMs, httpMs]);
  const x = scale(counts, MARGIN, WIDTH - MARGIN / 2);
  const y = scale(times, HEIGHT - MARGIN, MARGIN / 2);
  const line = (
    points: readonly GrowthPoint[],
    count: 'entries' | 'series',
    figure: 'insideMs' | 'httpMs',
    colour: string,
  ) => {
    const path = points.map((point) => `${x.at(point[count])},${y.at(point[figure])}`).join(' ');
    const dash = figure === 'httpMs' ? ' stroke-dasharray="6 4"' : '';
    const last = points.at(-1)!;
    const label = `${count}, ${figure === 'httpMs' ? 'HTTP' : 'inside'}`;
    const above = y.at(last[figure]) - (figure === 'httpMs' ? 10 : -16);
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
      `<text x="${x.at(last[count])}" y="${above}" text-anchor="end" fill="${colour}">${label}</text>`,
    ].join('\n');
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${x.decades.map((n) => `<line x1="${x.at(n)}" x2="${x.at(n)}" y1="${MARGIN / 2}" y2="${HEIGHT - MARGIN}" stroke="#ddd"/><text x="${x.at(n)}" y="${HEIGHT - MARGIN + 18}" text-anchor="middle">${n.toLocaleString('en')}</text>`).join('\n')}
${y.decades.map((n) => `<line x1="${MARGIN}" x2="${WIDTH - MARGIN / 2}" y1="${y.at(n)}" y2="${y.at(n)}" stroke="#ddd"/><text x="${MARGIN - 8}" y="${y.at(n) + 4}" text-anchor="end">${n} ms</text>`).join('\n')}
<text x="${WIDTH / 2}" y="${HEIGHT - 14}" text-anchor="middle">entries of 610 series; series of 4 processes</text>
${line(entries, 'entries', 'insideMs', '#1f77b4')}
${line(entries, 'entries', 'httpMs', '#1f77b4')}
${line(series, 'series', 'insideMs', '#d62728')}
${line(series, 'series', 'httpMs', '#d62728')}
</svg>
`;
}

/** Logarithmic, from the decade below the least to the one above the greatest. */
function scale(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(lowest(values)));
  const high = Math.ceil(Math.log10(highest(values)));
  return {
    at: (value: number) =>
      Math.round(from + ((Math.log10(value) - low) / (high - low)) * (to - from)),
    decades: Array.from({ length: high - low + 1 }, (_, i) =>
      Number((10 ** (low + i)).toPrecision(1)),
    ),
  };
}
