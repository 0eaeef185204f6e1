/**
 * One process's metric files: a file for each type and gauge mode, made when its first series is, and
 * each series as prometheus_client stores it (histograms: `_sum`, then one bucket a bound that counts
 * for itself; summaries: `_count`, then `_sum`).
 */
import { join } from 'node:path';
import type { DemoFamily } from './families.js';
import { MetricFileWriter, type ValueOffset } from './metric-file-writer.js';

export type LabelValues = Readonly<Record<string, string>>;

export class WorkerMetrics {
  readonly #directory: string;
  readonly #processId: string;
  readonly #files = new Map<string, MetricFileWriter>();
  readonly #offsets = new Map<string, ValueOffset>();

  constructor(directory: string, processId: string) {
    this.#directory = directory;
    this.#processId = processId;
  }

  increment(family: DemoFamily, labels: LabelValues, amount = 1): void {
    const sampleName = family.type === 'counter' ? `${family.name}_total` : family.name;
    this.#add(family, sampleName, labels, amount);
  }

  set(family: DemoFamily, labels: LabelValues, value: number): void {
    const stamped = family.mode === 'mostrecent' || family.mode === 'livemostrecent';
    const offset = this.#entry(family, family.name, labels);
    this.#file(family).set(offset, value, stamped ? Date.now() / 1000 : 0);
  }

  /** Of a histogram or a summary. */
  observe(family: DemoFamily, labels: LabelValues, value: number): void {
    const { name, bounds } = family;
    if (!bounds) {
      this.#add(family, `${name}_count`, labels, 1);
      this.#add(family, `${name}_sum`, labels, value);
      return;
    }
    this.#add(family, `${name}_sum`, labels, value);
    const bound = bounds.find((bound) => value <= bound) ?? Number.POSITIVE_INFINITY;
    // All buckets exist from the first observation on.
    for (const each of [...bounds, Number.POSITIVE_INFINITY]) {
      const amount = each === bound ? 1 : 0;
      this.#add(family, `${name}_bucket`, { ...labels, le: boundText(each) }, amount);
    }
  }

  #add(family: DemoFamily, sampleName: string, labels: LabelValues, amount: number): void {
    const offset = this.#entry(family, sampleName, labels);
    this.#file(family).add(offset, amount);
  }

  #entry(family: DemoFamily, sampleName: string, labels: LabelValues): ValueOffset {
    const id = JSON.stringify([sampleName, labels]);
    let offset = this.#offsets.get(id);
    if (offset === undefined) {
      const { name, help } = family;
      offset = this.#file(family).createEntry({ family: name, sampleName, labels, help });
      this.#offsets.set(id, offset);
    }
    return offset;
  }

  #file({ type, mode }: DemoFamily): MetricFileWriter {
    const words = mode === undefined ? [type] : [type, mode];
    const name = `${[...words, this.#processId].join('_')}.db`;
    let file = this.#files.get(name);
    if (!file) {
      file = new MetricFileWriter(join(this.#directory, name));
      this.#files.set(name, file);
    }
    return file;
  }
}

function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
