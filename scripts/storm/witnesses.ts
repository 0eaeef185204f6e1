/**
 * The files of a storm whose numbers are known, and what a scrape must show of them, whatever happens to
 * the other files.
 *
 *   witness_…   never damaged; one counter rises, the other values do not change
 *   held_…      damaged in every way that can be noticed, and repaired; their values never change, so
 *               neither may what is served
 *
 * Both are in all four layouts. The vandal reads the images of the held files from here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mapped } from '../../test/support/mapped.js';
import {
  counter,
  fileBytes,
  gauge,
  type Layout,
  type TestEntry,
} from '../../test/support/metric-file.js';
import { MetricFileWriter, type ValueOffset } from '../demo/metric-file-writer.js';

const LAYOUTS: readonly Layout[] = ['list4-8', 'dict3-8', 'dict4-8', 'dict4-16'];
const LABELLED = 40;

/** A file, and where its entries begin and its values lie. */
export interface Image {
  readonly name: string;
  readonly bytes: Buffer;
}

function counters(prefix: string, scale: number, layout: Layout): TestEntry[] {
  // Clients before 0.4.0 did not take `_total` off the family's name.
  const named = (entry: TestEntry): TestEntry =>
    layout === 'list4-8' ? { ...entry, family: entry.sampleName } : entry;
  return [
    ...Array.from({ length: LABELLED }, (_, n) =>
      counter(`${prefix}_labelled`, scale * (n + 1), { n: String(n) }),
    ),
    counter(`${prefix}_jobs`, scale),
  ].map(named);
}

function histogram(prefix: string, scale: number): TestEntry[] {
  const family = `${prefix}_seconds`;
  const bucket = (le: string, value: number): TestEntry => ({
    family,
    sampleName: `${family}_bucket`,
    labels: { le },
    value,
  });
  return [
    { family, sampleName: `${family}_sum`, labels: {}, value: scale / 2 },
    bucket('1.0', scale),
    bucket('2.0', 2 * scale),
    bucket('+Inf', 3 * scale),
  ];
}

function summary(prefix: string, scale: number): TestEntry[] {
  const family = `${prefix}_size`;
  const sample = (end: string, value: number): TestEntry => ({
    family,
    sampleName: `${family}_${end}`,
    labels: {},
    value,
  });
  return [sample('count', scale), sample('sum', 2 * scale)];
}

/** Counters, a histogram and a summary in every layout, scaled 1, 2, 3, 4. */
function cumulative(prefix: string): Image[] {
  return LAYOUTS.flatMap((layout, index) => {
    const scale = index + 1;
    const image = (type: string, entries: TestEntry[]): Image => ({
      name: `${type}_${prefix}${scale}.db`,
      bytes: fileBytes(layout, entries, 8_192),
    });
    return [
      image('counter', counters(prefix, scale, layout)),
      image('histogram', histogram(prefix, scale)),
      image('summary', summary(prefix, scale)),
    ];
  });
}

function cumulativeLines(prefix: string): string[] {
  return [
    ...Array.from(
      { length: LABELLED },
      (_, n) => `${prefix}_labelled_total{n="${n}"} ${10 * (n + 1)}.0`,
    ),
    `${prefix}_jobs_total 10.0`,
    `${prefix}_seconds_bucket{le="1.0"} 10.0`,
    `${prefix}_seconds_bucket{le="2.0"} 30.0`,
    `${prefix}_seconds_bucket{le="+Inf"} 60.0`,
    `${prefix}_seconds_count 60.0`,
    `${prefix}_seconds_sum 5.0`,
    `${prefix}_size_count 10.0`,
    `${prefix}_size_sum 20.0`,
  ];
}

const GAUGES: readonly [mode: string, line: string][] = [
  ['max', 'witness_max 2.0'],
  ['min', 'witness_min 1.0'],
  ['sum', 'witness_sum 3.0'],
  ['mostrecent', 'witness_mostrecent 1.0'],
];

function gauges(): Image[] {
  return [1, 2].flatMap((scale) => {
    const file = (mode: string, timestampSeconds = 0): Image => ({
      name: `gauge_${mode}_witness${scale}.db`,
      bytes: fileBytes('dict4-16', [gauge(`witness_${mode}`, scale, timestampSeconds)], 4_096),
    });
    // The value of the first was set last.
    return [
      ...['all', 'max', 'min', 'sum'].map((mode) => file(mode)),
      file('mostrecent', 9 - scale),
    ];
  });
}

/** Damaged and repaired by the vandal. */
export const HELD: readonly Image[] = cumulative('held');

/** Sample lines of every answer; OpenMetrics prints these the same. */
export const EXPECTED: readonly string[] = [
  ...cumulativeLines('witness'),
  ...cumulativeLines('held'),
  ...GAUGES.map(([, line]) => line),
  'witness_all{pid="witness1"} 1.0',
  'witness_all{pid="witness2"} 2.0',
];

/** One counter that goes up through a map, as a worker's does. */
export class MovingWitness {
  readonly #file: MetricFileWriter;
  readonly #value: ValueOffset;

  constructor(directory: string) {
    this.#file = new MetricFileWriter(join(directory, 'counter_moving.db'), mapped);
    this.#value = this.#file.createEntry({
      family: 'witness_moved',
      sampleName: 'witness_moved_total',
      labels: {},
      help: 'help',
    });
  }

  get value(): number {
    return this.#file.get(this.#value);
  }

  move(): void {
    this.#file.add(this.#value, 1);
  }
}

/** Writes them all into a directory that is empty. */
export function writeWitnesses(directory: string): MovingWitness {
  for (const { name, bytes } of [...cumulative('witness'), ...gauges(), ...HELD]) {
    writeFileSync(join(directory, name), bytes);
  }
  return new MovingWitness(directory);
}
