/**
 * The six directories that are measured, the same bytes in every run.
 *
 * | name       | files                              | entries | output                 |
 * |------------|------------------------------------|---------|------------------------|
 * | vllm       | 16 API servers x 8 engines, 4 each | 60k     | 4k series              |
 * | fleet-100  | 100 processes x 3                  | 60k     | 600 series             |
 * | fleet-1000 | 1,000 processes x 3                | 600k    | 600 series             |
 * | graveyard  | 10,000 of dead processes + 50      | 1M      | 600 series             |
 * | wide       | 4 processes x 3                    | 240k    | 61k series, 6 MB       |
 * | gauges     | 200 processes, mode `all`          | 100k    | 100k series, one a pid |
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../test/support/random.js';
import { counterEntry, gaugeEntry, histogramEntries, summaryEntries } from './families.js';
import { type Entry, FileImage } from './file-image.js';
import * as vllm from './vllm-families.js';

export const SHAPE_NAMES = [
  'vllm',
  'fleet-100',
  'fleet-1000',
  'graveyard',
  'wide',
  'gauges',
] as const;
export type ShapeName = (typeof SHAPE_NAMES)[number];

/** File name without the process id, such as `gauge_livesum`, and what is in it. */
type Images = ReadonlyMap<string, FileImage>;

/** Processes from `firstProcess` on take the roles in turn; a role is the files of one process. */
export interface Shape {
  readonly processes: number;
  readonly roles: readonly Images[];
}

export interface MadeShape {
  readonly directory: string;
  readonly shape: Shape;
  readonly files: number;
  readonly entries: number;
}

const FIRST_PROCESS = 1000;

export const SHAPES: Readonly<Record<ShapeName, () => Shape>> = {
  vllm: () => ({ processes: 16, roles: [vllmServer()] }),
  'fleet-100': () => fleet(100),
  'fleet-1000': () => fleet(1000),
  graveyard: () => ({ processes: 3350, roles: [graveyardRole('web'), graveyardRole('worker')] }),
  wide: () => wide(60_000),
  gauges: () => ({
    processes: 200,
    roles: [new Map([['gauge_all', new FileImage(gauges('device', 10, 50))]])],
  }),
};

/** Processes that all have the same 600 entries in three files. */
export function fleet(processes: number): Shape {
  const images = new Map([
    ['counter', new FileImage(counters('app', 20, 10))],
    ['gauge_livesum', new FileImage(gauges('app', 20, 10))],
    ['histogram', new FileImage(histograms('app', 10, 1))],
  ]);
  return { processes, roles: [images] };
}

/** Processes whose seven files of 100 entries are all that a compaction folds. */
export function foldable(processes: number): Shape {
  const gauge = (mode: string, isStamped = false) =>
    [`gauge_${mode}`, new FileImage(gauges(mode, 10, 10), isStamped)] as const;
  const images = new Map([
    ['counter', new FileImage(counters('app', 10, 10))],
    ['histogram', new FileImage(histograms('app', 5, 1))],
    ['summary', new FileImage(summaries('app', 5, 10))],
    ...[gauge('min'), gauge('max'), gauge('sum'), gauge('mostrecent', true)],
  ]);
  return { processes, roles: [images] };
}

/**
 * Four processes with about `series` series each, all in common: half counters, a third histograms.
 * Lines are as long as those of applications with that many series.
 */
export function wide(series: number): Shape {
  const place = { cluster: 'eu-west-1', tenant: 'tenant-a7f3' };
  const placed = (entries: readonly Entry[]) =>
    new FileImage(entries.map((entry) => ({ ...entry, labels: { ...entry.labels, ...place } })));
  const images = new Map([
    ['counter', placed(counters('api', 1, series / 2))],
    ['gauge_livesum', placed(gauges('api', 1, series / 6))],
    ['histogram', placed(histograms('api', 1, series / 60))],
  ]);
  return { processes: 4, roles: [images] };
}

export function makeShape(directory: string, shape: Shape): MadeShape {
  mkdirSync(directory, { recursive: true });
  const random = new Random(1);
  let files = 0;
  let entries = 0;
  for (let p = 0; p < shape.processes; p++) {
    for (const [kind, image] of roleOf(shape, p)) {
      image.write(join(directory, fileName(kind, p)), random);
      files += 1;
      entries += image.entries.length;
    }
  }
  return { directory, shape, files, entries };
}

export function roleOf({ roles }: Shape, process: number): Images {
  return roles[process % roles.length]!;
}

export function fileName(kind: string, process: number): string {
  return `${kind}_${FIRST_PROCESS + process}.db`;
}

function vllmServer(): Images {
  const counter: Entry[] = [];
  const gauge: Entry[] = [];
  const histogram: Entry[][] = [];
  const summary: Entry[][] = [];
  for (let engine = 0; engine < vllm.ENGINES; engine++) {
    const labels = { model_name: vllm.MODEL, engine: String(engine) };
    for (const family of vllm.COUNTERS) {
      for (const all of labelSets(labels, family.label)) counter.push(counterEntry(family, all));
    }
    for (const family of vllm.GAUGES) {
      for (const all of labelSets(labels, family.label)) gauge.push(gaugeEntry(family, all));
    }
    for (const family of vllm.HISTOGRAMS) {
      histogram.push(histogramEntries(family, labels, family.bounds));
    }
  }
  for (const handler of vllm.HANDLERS) {
    const request = { handler, method: 'POST' };
    for (const status of ['2xx', '4xx']) {
      counter.push(counterEntry(vllm.HTTP_REQUESTS, { ...request, status }));
    }
    const { bounds } = vllm.HTTP_DURATION;
    histogram.push(histogramEntries(vllm.HTTP_DURATION, request, bounds));
    for (const family of vllm.HTTP_SIZES) summary.push(summaryEntries(family, { handler }));
  }
  return new Map([
    ['counter', new FileImage(counter)],
    ['gauge_mostrecent', new FileImage(gauge, true)],
    ['histogram', new FileImage(histogram.flat())],
    ['summary', new FileImage(summary.flat())],
  ]);
}

function labelSets(
  labels: Readonly<Record<string, string>>,
  more?: readonly [string, ...string[]],
): Readonly<Record<string, string>>[] {
  if (more === undefined) return [labels];
  const [name, ...values] = more;
  return values.map((value) => ({ ...labels, [name]: value }));
}

function graveyardRole(name: string): Images {
  return new Map([
    ['counter', new FileImage(counters(name, 10, 10))],
    ['gauge_max', new FileImage(gauges(name, 10, 10))],
    ['histogram', new FileImage(histograms(name, 5, 1))],
  ]);
}

function counters(prefix: string, families: number, series: number): Entry[] {
  return times(families, (f) => {
    const family = { name: `${prefix}_requests_${f}`, help: 'Requests that were served, by route' };
    return times(series, (s) => [
      counterEntry(family, { method: s % 2 ? 'POST' : 'GET', route: `/items/${s}`, status: '200' }),
    ]);
  });
}

function gauges(prefix: string, families: number, series: number): Entry[] {
  return times(families, (f) => {
    const family = { name: `${prefix}_pool_${f}`, help: 'Connections of a pool right now' };
    return times(series, (s) => [gaugeEntry(family, { pool: `pool-${s}`, state: 'idle' })]);
  });
}

function summaries(prefix: string, families: number, series: number): Entry[] {
  return times(families, (f) => {
    const family = { name: `${prefix}_size_${f}_bytes`, help: 'Bytes of an answer' };
    return times(series, (s) => summaryEntries(family, { route: `/items/${s}` }));
  });
}

/** 20 entries each: a sum and 19 buckets. */
function histograms(prefix: string, families: number, series: number): Entry[] {
  const bounds = Array.from({ length: 18 }, (_, i) => 0.005 * 2 ** i);
  return times(families, (f) => {
    const family = { name: `${prefix}_duration_${f}_seconds`, help: 'Seconds a request took' };
    return times(series, (s) => histogramEntries(family, { route: `/items/${s}` }, bounds));
  });
}

function times<T>(count: number, make: (i: number) => readonly T[]): T[] {
  return Array.from({ length: count }, (_, i) => make(i)).flat();
}
