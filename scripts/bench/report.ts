/** Figures as tables for a terminal of 100 columns. */

import { judge, round } from './bars.js';
import { textChart } from './chart.js';
import type { CompactionFigures } from './compaction.js';
import type { RequestFigures } from './live/load.js';
import { machineLine } from './machine.js';
import { highest } from './median.js';
import type { Results } from './results.js';
import type { SecureFigures } from './secure.js';

export function report(results: Results): string {
  const parts = [machineLine(results.machine), shapesTable(results)];
  if (results.growth) parts.push(textChart(results.growth));
  if (results.secure) parts.push(secureLine(results.secure));
  parts.push(loadTable(results));
  if (results.compaction) parts.push(compactionLine(results.compaction));
  parts.push(barsTable(results));
  if (results.quick) parts.push('--quick: few runs, not to be published.');
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function secureLine({ ms, plainMs, handshakeMs }: SecureFigures): string {
  return `vllm over TLS 1.3 with a user: ${round(ms)} ms a scrape, plain ${round(plainMs)} ms; a handshake ${round(handshakeMs)} ms`;
}

function compactionLine(figures: CompactionFigures): string {
  const { files, entries, archives, beforeMs, afterMs, compactMs } = figures;
  return `compaction: ${files} files, ${entries} entries, became ${archives} in ${round(compactMs)} ms; a scrape by Python ${round(beforeMs)} ms before, ${round(afterMs)} ms after`;
}

function shapesTable({ shapes }: Results): string {
  const rows = Object.entries(shapes).map(([name, figures]) => [
    name,
    String(figures.entries),
    String(figures.series),
    round(figures.referenceMs),
    round(figures.httpMs),
    `${round(figures.referenceMs / figures.httpMs)}x`,
    round(figures.movingMs),
    round(figures.insideMs),
    round(figures.insideAloneMs),
    round(figures.floorMs),
    round(figures.sameBytesMs),
    `${round(figures.referenceGzipMs / figures.gzipMs)}x`,
  ]);
  if (rows.length === 0) return '';
  const head = 'ms entries series reference HTTP times moving inside alone floor bytes gzip';
  const legend =
    'moving: HTTP, a part of the values changed. alone: inside, back to back, as the floor is.\n' +
    'bytes: the same bytes sent from memory. gzip: times, both with it.';
  return `${table([head.split(' '), ...rows])}\n${legend}`;
}

function loadTable({ load }: Results): string {
  const rows = Object.entries(load).flatMap(([name, { load: of, names, limited }]) => [
    [`${name}: /load`, ...requestCells(of), ''],
    [`${name}: /metrics?name[]`, ...requestCells(names), ''],
    ...(limited === undefined
      ? []
      : [
          [
            `${name}: /load, with 0.25 of a core`,
            ...requestCells(limited),
            String(limited.throttledPeriods),
          ],
        ]),
  ]);
  if (rows.length === 0) return '';
  return table([
    ['400 requests a second', 'p50 ms', 'p99 ms', '% core', 'bytes', 'throttled'],
    ...rows,
  ]);
}

function requestCells({ p50Ms, p99Ms, cores, bytes }: RequestFigures): string[] {
  return [round(p50Ms), round(p99Ms), round(cores * 100), String(bytes)];
}

function barsTable(results: Results): string {
  const rows = judge(results).map(({ what, measured, want, isMet }) => [
    what,
    measured,
    want,
    isMet ? 'ok' : 'MISS',
  ]);
  return table([['bar', 'measured', 'want', ''], ...rows]);
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => highest(rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
