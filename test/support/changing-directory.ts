/** A directory whose files change by chance: values, new entries, new files, removed and replaced ones. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { counter, gauge, keyOf, type TestEntry, writeMetricFile } from './metric-file.js';
import type { Random } from './random.js';
import { tempDirectory } from './temp.js';

const KINDS = [
  'counter',
  'histogram',
  'gauge_mostrecent',
  'gauge_min',
  'gauge_all',
  'gauge_livesum',
];

/** Bits that text does not keep apart: both zeros, infinities, and a NaN. */
const ODD_VALUES = [0, -0, Number.NaN, Infinity, -Infinity, 1e-320, 0.1, 2 ** 53];

export class ChangingDirectory {
  readonly path = tempDirectory();
  readonly #random: Random;
  readonly #files = new Map<string, TestEntry[]>();
  #nextPid = 100;

  constructor(random: Random) {
    this.#random = random;
    for (let i = 0; i < 3; i++) this.#start();
  }

  /** One second passes. */
  change(timeSeconds: number): void {
    const random = this.#random;
    if (random.chance(0.1)) this.#start();
    for (const [name, entries] of this.#files) {
      if (random.chance(0.04) && this.#files.size > 4) {
        rmSync(join(this.path, name));
        // A process with the same id may come again.
        if (random.chance(0.5)) this.#files.delete(name);
        else this.#write(name, this.#entriesOf(name, 0));
        continue;
      }
      if (random.chance(0.5)) continue;
      const changed = entries.map((entry) => this.#changed(entry, name, timeSeconds));
      if (random.chance(0.2)) {
        // No client writes a key twice.
        const known = new Set(changed.map((entry) => keyOf('dict4-16', entry)));
        const more = this.#entriesOf(name, changed.length);
        changed.push(...more.filter((entry) => !known.has(keyOf('dict4-16', entry))));
      }
      this.#write(name, changed);
    }
  }

  #start(): void {
    const pid = this.#nextPid++;
    for (const kind of KINDS) {
      if (this.#random.chance(0.3)) continue;
      const name = `${kind}_${pid}.db`;
      this.#write(name, this.#entriesOf(name, 0));
    }
  }

  #write(name: string, entries: TestEntry[]): void {
    this.#files.set(name, entries);
    writeMetricFile(join(this.path, name), entries);
  }

  /** A few more entries, the same in each process. */
  #entriesOf(name: string, from: number): TestEntry[] {
    const labels = { path: `/${from % 7}` };
    if (name.startsWith('counter')) return [counter(`jobs_${from % 3}`, 0, labels)];
    if (name.startsWith('gauge')) {
      const [, mode = ''] = name.split('_');
      return [gauge(`depth_${mode}`, 0, 0, labels), gauge(`never_${mode}_${from % 2}`, 0)];
    }
    return ['0.1', '1.0', '+Inf'].map((le) => ({
      family: 'lat_seconds',
      sampleName: 'lat_seconds_bucket',
      labels: { ...labels, le },
      value: 0,
    }));
  }

  #changed(entry: TestEntry, name: string, timeSeconds: number): TestEntry {
    const random = this.#random;
    if (random.chance(0.4) || entry.family.startsWith('never')) return entry;
    if (!name.startsWith('gauge')) {
      return { ...entry, value: entry.value + (random.chance(0.5) ? 1 : random.next()) };
    }
    const value = random.chance(0.2) ? random.pick(ODD_VALUES) : random.below(20);
    const isStamped = name.includes('mostrecent');
    return {
      ...entry,
      value,
      ...(isStamped && { timestampSeconds: timeSeconds - random.next() }),
    };
  }
}
