/** The bars: what is wanted of each figure, in one table. */
import { CHANGES } from './changes.js';
import { steepest } from './growth.js';
import type { Results } from './results.js';
import type { ShapeName } from './shapes.js';

export interface Verdict {
  readonly what: string;
  readonly measured: string;
  readonly want: string;
  readonly isMet: boolean;
}

/** Times the reference a warm scrape over HTTP must reach. */
export const HTTP_BARS: readonly (readonly [ShapeName, number])[] = [
  ['vllm', 100],
  ['fleet-100', 100],
  ['fleet-1000', 400],
  ['graveyard', 400],
];

/** Times `node -e 0` that a start may take, to the first answer. */
const START_BARS = { version: 1.5, scrape: 4, serve: 3.5 } as const;

/** Only of what was measured. */
export function judge(results: Results): Verdict[] {
  const { shapes, churn, changes, growth, oneGauge, idlePercent, cold, starts, secure } = results;
  const { ticks, commands, answers, page, streams, top, recorder, seriesRules, load } = results;
  const verdicts: Verdict[] = [];
  const atLeast = (what: string, value: number, bar: number, unit = 'x') =>
    verdicts.push({
      what,
      measured: `${round(value)}${unit}`,
      want: `at least ${bar}${unit}`,
      isMet: value >= bar,
    });
  const atMost = (what: string, value: number, bar: number, unit = 'x') =>
    verdicts.push({
      what,
      measured: `${round(value)}${unit}`,
      want: `at most ${Number(bar.toFixed(2))}${unit}`,
      isMet: value <= bar,
    });

  if (starts) {
    for (const [what, bar] of Object.entries(START_BARS)) {
      atMost(`fleet-100: ${what} to node -e 0`, starts[what as keyof typeof START_BARS], bar, 'x');
    }
  }
  if (secure) atMost('vllm: with TLS and a user, to plain', secure.ms / secure.plainMs, 2);
  if (seriesRules) {
    const { ms, plainMs } = seriesRules;
    atMost('gauges: with twenty rules of series, to none', ms / plainMs, 1.1);
  }
  for (const [name, bar] of HTTP_BARS) {
    const figures = shapes[name];
    if (figures) atLeast(`${name}: HTTP to reference`, figures.referenceMs / figures.httpMs, bar);
  }
  for (const name of ['wide', 'gauges'] as const) {
    const figures = shapes[name];
    if (!figures) continue;
    atLeast(`${name}: inside to reference`, figures.referenceMs / figures.insideMs, 200);
    atMost(`${name}: HTTP to sending the same bytes`, figures.httpMs / figures.sameBytesMs, 2);
  }
  if (shapes.wide) {
    const { referenceGzipMs, gzipMs } = shapes.wide;
    atLeast('wide: HTTP with gzip to reference with gzip', referenceGzipMs / gzipMs, 50);
  }
  for (const [name, bar] of [
    ['fleet-1000', 2],
    ['wide', 3],
  ] as const) {
    const figures = shapes[name];
    if (figures) atMost(`${name}: inside to floor`, figures.insideAloneMs / figures.floorMs, bar);
  }
  if (oneGauge) {
    atMost('fleet-1000: name[] of one gauge to all', oneGauge.ms / oneGauge.fullMs, 1 / 3);
  }
  const fleet = shapes['fleet-1000'];
  if (fleet) {
    const share = fleet.firstAnswerMs / fleet.referenceMs;
    atMost('fleet-1000: first answer to one reference scrape', share, 0.25);
  }
  if (changes) {
    for (const change of CHANGES) {
      const ratio = changes.changedMs[change] / changes.warmMs;
      atMost(`graveyard: scrape after one ${change} to warm`, ratio, 2);
    }
  }
  if (growth) {
    for (const of of ['entries', 'series'] as const) {
      atMost(`growth: ${of} x10, inside`, steepest(growth[of], 'insideMs'), 10);
      atMost(`growth: ${of} x10, HTTP`, steepest(growth[of], 'httpMs'), 10);
    }
  }
  if (results.compaction) {
    const { archives, beforeMs, afterMs } = results.compaction;
    atMost('compaction: archives of 6,804 files', archives, 8, '');
    atLeast("compaction: Python's scrape before to after", beforeMs / afterMs, 50);
  }
  for (const [name, { tickMs, scrapeMs }] of Object.entries(ticks)) {
    atMost(`${name}: a tick to a warm scrape, inside`, tickMs / scrapeMs, 1.5);
  }
  const { vllm, 'fleet-1000': ofFleet } = load;
  if (vllm) {
    atMost('vllm: 400 loads a second, p99', vllm.load.p99Ms, 2, ' ms');
    atMost('vllm: 400 loads a second', vllm.load.cores * 100, 15, ' % of a core');
  }
  if (ofFleet && fleet) {
    atMost('fleet-1000: 400 loads a second, p99', ofFleet.load.p99Ms, 2 + fleet.httpMs, ' ms');
  }
  for (const [name, ratio] of Object.entries(commands?.ratio ?? {})) {
    atMost(`graveyard: ${name} to a cold scrape`, ratio, 1.3);
  }
  if (top) atMost('fleet-1000: CPU of a refresh of top', top.cpuMs, 20, ' ms');
  for (const [request, ms] of Object.entries(answers?.ms ?? {})) {
    atMost(`answers: ${decodeURIComponent(request)}`, ms, 50, ' ms');
  }
  if (page !== undefined) {
    atMost('page: first numbers', page.firstPaintMs, 1_500, ' ms');
    atMost('page: an open window, of a core', page.openCores * 100, 2, ' %');
    atMost('page: an open window of a series, of a core', page.seriesCores * 100, 2, ' %');
    atMost('page: an open window of two moments, of a core', page.compareCores * 100, 2, ' %');
    atMost('page: the history of a series, again', page.historyMs, 50, ' ms');
    atMost('page: a scrape with eight windows', page.withMs, page.withoutMs * 2 + 10, ' ms');
  }
  if (recorder) {
    atMost('vllm: recorder', recorder.cores * 100, 1, ' % of a core');
    atMost('vllm: scrape with it to without', recorder.onMs / recorder.offMs, 1.05);
    atMost('vllm: 99th percentile of these', recorder.onP99Ms / recorder.offP99Ms, 1.15);
  }
  if (streams) {
    atMost('vllm: 200 streams at 10 Hz', streams.cores, 0.25, ' of a core');
    atMost('vllm: scrape with them to without', streams.withMs / streams.withoutMs, 1.2);
  }
  for (const [name, figures] of Object.entries(shapes)) {
    atMost(`${name}: event loop delay, p99`, figures.loopDelay.p99, 10, ' ms');
  }
  if (changes) {
    atMost('graveyard, changing: event loop delay, p99', changes.loopDelay.p99, 10, ' ms');
  }
  for (const [name, bar] of [
    ['fleet-1000', 120],
    ['graveyard', 180],
  ] as const) {
    const figures = churn[name];
    if (!figures) continue;
    const most = Math.max(figures.beforeMB, figures.earlyMB, figures.lateMB);
    atMost(`${name}: private memory, the most of ${figures.scrapes}`, most, bar, ' MB');
    atMost(`${name}: its growth, late to early peak`, figures.lateMB / figures.earlyMB, 1.05);
  }
  const hundred = cold['cold-100k'];
  if (hundred) {
    atMost('cold-100k: event loop delay, most', hundred.loopDelay.max, 50, ' ms');
    atMost('cold-100k: memory a minute after, to before', hundred.afterMB / hundred.beforeMB, 1.5);
  }
  const million = cold['cold-1m'];
  if (million) {
    atMost('cold-1m: event loop delay, p99.9', million.loopDelay.p999, 50, ' ms');
    atMost('cold-1m: event loop delay, most', million.loopDelay.max, 250, ' ms');
    atMost('cold-1m: memory at the peak', million.peakMB, 1500, ' MB');
    atMost('cold-1m: memory a minute after, to before', million.afterMB / million.beforeMB, 1.5);
  }
  if (idlePercent !== undefined) atMost('graveyard: idle', idlePercent, 1, ' % of a core');
  return verdicts;
}

export function round(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
