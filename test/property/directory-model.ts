/**
 * A directory under random change, compaction among it, and what a running promfold must say of it after each change.
 *
 * The disk is the model: what can be read is read anew by test/reference.ts. Only what is *held* needs
 * a memory: the bytes of each file as they were at the last scrape that could read them.
 */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FileBytes,
  parseName,
  type ReferenceRules,
  readEntries,
  readFiles,
  referenceExposition,
} from '../reference.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { valuesOf } from '../support/exposition.js';
import {
  double,
  entryBytes,
  fileBytes,
  int32,
  keyOf,
  type Layout,
  overwrite,
  type TestEntry,
  valueBytesOf,
} from '../support/metric-file.js';
import type { Random } from '../support/random.js';

const TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
const MODES = [
  ...['all', 'liveall', 'min', 'livemin', 'max', 'livemax'],
  ...['sum', 'livesum', 'mostrecent', 'livemostrecent'],
];
const VALUES = [0, -0, 1, 2.5, -3, 0.1, 1e6, 123456789, 1e16, -1e16, 1e22, 1e-5, 5e-324];
const ODD_VALUES = [NaN, Infinity, -Infinity];
const LABELS: readonly Readonly<Record<string, string>>[] = [
  {},
  { path: '/' },
  { path: '/a"b\\c\nd' },
  { path: '/', verb: 'GET' },
  { Zone: 'é', path: '\u{1f600}' },
  { pid: 'mine' },
];
const BOUNDS = ['0.005', '1.0', '1', '2.5', '10.0', '+Inf'];

interface MetricFile {
  readonly type: (typeof TYPES)[number];
  readonly layout: Layout;
  entries: TestEntry[];
  /** The bytes to go back to, while the file is damaged. */
  healthy: Buffer | undefined;
}

export class DirectoryModel {
  readonly directory: string;
  /** By compactions. */
  foldedFiles = 0;
  readonly #random: Random;
  readonly #files = new Map<string, MetricFile>();
  /** Bytes of each file at the last scrape that could read it. */
  readonly #lastGood = new Map<string, Buffer>();
  #regrown = 0;

  constructor(directory: string, random: Random) {
    this.directory = directory;
    this.#random = random;
  }

  /** Changes one file. @returns what was done, for the report of a failure */
  change(): string {
    const healthy = this.#names((file) => file.healthy === undefined);
    const damaged = this.#names((file) => file.healthy !== undefined);
    if (healthy.length < 3 || this.#random.chance(0.15)) return this.#create();
    if (damaged.length > 0 && this.#random.chance(damaged.length * 0.1)) {
      return this.#undo(this.#random.pick(damaged));
    }
    const name = this.#random.pick(healthy);
    const roll = this.#random.next();
    if (roll < 0.35) return this.#setValues(name);
    if (roll < 0.6) return this.#grow(name);
    if (roll < 0.7) return this.#remove(name);
    if (roll < 0.8) return this.#replace(name);
    if (roll < 0.87) return this.#regrow(name);
    return this.#damage(name);
  }

  /**
   * Folds the files of some processes, as if they were dead. What remains says the same, but for gauges that count only
   * while their process lives.
   *
   * @returns what was done
   */
  async compact(): Promise<string> {
    const dead = new Set<string>();
    for (const name of this.#files.keys()) {
      const { processId } = parseName(name)!;
      if (this.#random.chance(0.6)) dead.add(processId);
    }
    const before = readFiles(this.directory);
    const { outcome, refused } = await compactAsIf(this.directory, (id) => dead.has(id));
    assert.equal(refused, undefined);
    const after = readFiles(this.directory);
    const there = new Set(after.map(({ name }) => name));
    const isRemoved = ({ name, bytes }: FileBytes) =>
      !there.has(name) && (/^gauge_(?:all|live)/.test(name) || readEntries(bytes)?.length === 0);
    assertSameTotals(
      valuesOf(referenceExposition(after)),
      valuesOf(referenceExposition(before.filter((file) => !isRemoved(file)))),
      magnitudes(before),
    );
    for (const name of [...this.#files.keys()]) if (!there.has(name)) this.#forget(name);
    const folded = outcome?.folded ?? 0;
    this.foldedFiles += folded;
    return `compact ${[...dead].join(' ')}: ${folded} folded`;
  }

  /** What a scrape must say now; call it once after each scrape-worthy change. */
  expected(rules?: ReferenceRules): { exposition: string; unreadable: string[] } {
    const effective: FileBytes[] = [];
    const unreadable: string[] = [];
    for (const file of readFiles(this.directory)) {
      const lastGood = this.#lastGood.get(file.name);
      const isEmpty = file.bytes.length < 4 || file.bytes.readInt32LE(0) === 0;
      const reads = readEntries(file.bytes) !== undefined && !(isEmpty && lastGood);
      if (reads) {
        if (!isEmpty) this.#lastGood.set(file.name, file.bytes);
        effective.push(file);
        continue;
      }
      unreadable.push(file.name);
      if (lastGood && parseName(file.name)?.type !== 'gauge') {
        effective.push({ name: file.name, bytes: lastGood });
      }
    }
    return { exposition: referenceExposition(effective, rules), unreadable };
  }

  #names(which: (file: MetricFile) => boolean): string[] {
    return [...this.#files].filter(([, file]) => which(file)).map(([name]) => name);
  }

  #path(name: string): string {
    return join(this.directory, name);
  }

  #newFile(): [name: string, file: MetricFile] {
    const type = this.#random.pick(TYPES);
    const words = type === 'gauge' ? [type, this.#random.pick(MODES)] : [type];
    // No client writes mostrecent gauges with 8-byte values, and promfold reads none such: `src/reference.md` N13.
    const layout =
      words[1]?.endsWith('mostrecent') || this.#random.chance(0.7)
        ? 'dict4-16'
        : this.#random.pick(['list4-8', 'dict3-8', 'dict4-8'] as const);
    const id = this.#random.chance(0.1)
      ? `worker_${this.#random.below(3)}`
      : this.#random.below(40);
    const count = this.#random.below(6);
    const entries = this.#newEntries(type, layout, words[1] ?? '', [], count);
    return [`${[...words, id].join('_')}.db`, { type, layout, entries, healthy: undefined }];
  }

  #create(): string {
    const [name, file] = this.#newFile();
    if (this.#files.has(name)) return this.#remove(name);
    this.#files.set(name, file);
    // Now and then it is damaged before anyone saw it.
    const bytes = this.#bytes(file);
    writeFileSync(this.#path(name), bytes);
    if (file.entries.length > 1 && this.#random.chance(0.15)) {
      file.healthy = bytes;
      overwrite(this.#path(name), 8, int32(this.#random.pick([-1, 0, 1 << 30])));
      return `create ${name} with a bad key length`;
    }
    return `create ${name} (${file.layout}, ${file.entries.length} entries)`;
  }

  #bytes(file: MetricFile): Buffer {
    return fileBytes(file.layout, file.entries, this.#random.pick([0, 1024, 65536]));
  }

  #remove(name: string): string {
    rmSync(this.#path(name));
    this.#forget(name);
    return `remove ${name}`;
  }

  #forget(name: string): void {
    this.#files.delete(name);
    this.#lastGood.delete(name);
  }

  #replace(name: string): string {
    const old = this.#files.get(name)!;
    this.#forget(name);
    const mode = name.split('_')[1]!;
    const count = 1 + this.#random.below(4);
    const entries = this.#newEntries(old.type, old.layout, mode, [], count);
    const file = { ...old, entries, healthy: undefined };
    writeFileSync(`${this.#path(name)}.new`, this.#bytes(file));
    renameSync(`${this.#path(name)}.new`, this.#path(name));
    this.#files.set(name, file);
    return `replace ${name}`;
  }

  #setValues(name: string): string {
    const file = this.#files.get(name)!;
    let at = 8;
    let changed = 0;
    const valueBytes = valueBytesOf(file.layout);
    file.entries = file.entries.map((entry) => {
      const bytes = entryBytes(valueBytes, keyOf(file.layout, entry), 0);
      const valueAt = at + bytes.length - valueBytes;
      at += bytes.length;
      if (this.#random.chance(0.5)) return entry;
      changed += 1;
      const value = this.#value();
      const timestampSeconds = file.type === 'gauge' ? this.#random.below(5) : 0;
      overwrite(this.#path(name), valueAt, double(value));
      if (valueBytes === 16) overwrite(this.#path(name), valueAt + 8, double(timestampSeconds));
      return { ...entry, value, timestampSeconds };
    });
    return `set ${changed} values of ${name}`;
  }

  #grow(name: string): string {
    const file = this.#files.get(name)!;
    const count = 1 + this.#random.below(3);
    const mode = name.split('_')[1]!;
    const more = this.#newEntries(file.type, file.layout, mode, file.entries, count);
    const usedBytes = fileBytes(file.layout, file.entries).length;
    const added = fileBytes(file.layout, more).subarray(8);
    overwrite(this.#path(name), usedBytes, added);
    overwrite(this.#path(name), 0, int32(usedBytes + added.length));
    file.entries = [...file.entries, ...more];
    return `grow ${name} by ${more.length} entries`;
  }

  /** Truncated and written anew: the same inode, other entries. */
  #regrow(name: string): string {
    const file = this.#files.get(name)!;
    this.#regrown += 1;
    const mode = name.split('_')[1]!;
    // No key is one that the file had before: else the file would seem to be the same one, with other values.
    const life = { life: String(this.#regrown) };
    file.entries = this.#newEntries(
      file.type,
      file.layout,
      mode,
      [],
      1 + this.#random.below(4),
    ).map((entry) => ({ ...entry, labels: { ...entry.labels, ...life } }));
    truncateSync(this.#path(name), 0);
    writeFileSync(this.#path(name), this.#bytes(file));
    return `regrow ${name} in place`;
  }

  #damage(name: string): string {
    const file = this.#files.get(name)!;
    const path = this.#path(name);
    const bytes = readFileSync(path);
    const usedBytes = bytes.readInt32LE(0);
    if (usedBytes <= 8) return this.#grow(name);
    file.healthy = bytes;
    // A cut that takes nothing but zeros away changes nothing that a map could show.
    const last = file.entries.at(-1)!;
    const length = entryBytes(valueBytesOf(file.layout), keyOf(file.layout, last), 0).length;
    const showsInValue = Math.abs(last.value) > 1e-300;
    const valueEnd = usedBytes - valueBytesOf(file.layout) + 8;
    const cutBefore = showsInValue ? valueEnd : usedBytes - length + 4;
    const kinds: [string, () => void][] = [
      ['truncated to nothing', () => truncateSync(path, 0)],
      ['truncated', () => truncateSync(path, 9 + this.#random.below(cutBefore - 9))],
      ['zeroed', () => overwrite(path, 0, Buffer.alloc(bytes.length))],
      ['used beyond the file', () => overwrite(path, 0, int32(bytes.length + 8))],
      ['used negative', () => overwrite(path, 0, int32(-8))],
      ['overwritten', () => overwrite(path, 0, Buffer.alloc(usedBytes, '\xa5'))],
      ['text', () => overwrite(path, 0, Buffer.from('SQLite format 3\0'.repeat(2)))],
    ];
    const [kind, damage] = this.#random.pick(kinds);
    damage();
    return `damage ${name}: ${kind}`;
  }

  #undo(name: string): string {
    const roll = this.#random.next();
    if (roll < 0.25) return this.#remove(name);
    if (roll < 0.5) return this.#replace(name);
    const file = this.#files.get(name)!;
    writeFileSync(this.#path(name), file.healthy!);
    file.healthy = undefined;
    return `heal ${name}`;
  }

  #value(): number {
    return this.#random.chance(0.05) ? this.#random.pick(ODD_VALUES) : this.#random.pick(VALUES);
  }

  /** Entries with keys that the file does not have yet. */
  #newEntries(
    type: (typeof TYPES)[number],
    layout: Layout,
    mode: string,
    known: readonly TestEntry[],
    count: number,
  ): TestEntry[] {
    const keys = new Set(known.map((entry) => keyOf(layout, entry)));
    const entries: TestEntry[] = [];
    for (let tries = 0; entries.length < count && tries < count * 4; tries += 1) {
      let entry = this.#newEntry(type, mode);
      if (layout === 'list4-8') entry = asListEntry(entry);
      const key = keyOf(layout, entry);
      if (!keys.has(key)) entries.push(entry);
      keys.add(key);
    }
    return entries;
  }

  #newEntry(type: (typeof TYPES)[number], mode: string): TestEntry {
    const random = this.#random;
    const number = random.below(3);
    // One name for all types now and then: the first file's type decides.
    const family = random.chance(0.04)
      ? 'conflict'
      : type === 'gauge' && !random.chance(0.05)
        ? `gauge_${mode}_${number}`
        : `${type}_${number}`;
    const labels = random.pick(LABELS);
    const common = {
      family,
      labels,
      help: random.chance(0.05) ? 'another\nhelp' : 'help',
      value: this.#value(),
      timestampSeconds: type === 'gauge' ? random.below(5) : 0,
    };
    switch (type) {
      case 'counter':
        return { ...common, sampleName: `${family}_total` };
      case 'gauge':
        return { ...common, sampleName: family };
      case 'summary':
        return { ...common, sampleName: `${family}${random.pick(['_count', '_sum'])}` };
      default:
        return random.chance(0.2)
          ? { ...common, sampleName: `${family}_sum` }
          : {
              ...common,
              sampleName: `${family}_bucket`,
              labels: { ...labels, le: random.pick(BOUNDS) },
            };
    }
  }
}

/** How large the values of all files are, all together: what adding in another order may lose is a part of it. */
function magnitudes(files: readonly FileBytes[]): number {
  let sum = 0;
  for (const { bytes } of files) {
    for (const { value } of readEntries(bytes) ?? []) {
      if (Number.isFinite(value)) sum += Math.abs(value);
    }
  }
  return sum;
}

function assertSameTotals(
  after: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
  magnitude: number,
): void {
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
  for (const [series, was] of before) {
    const is = after.get(series)!;
    const isSame = is === was || (Number.isNaN(is) && Number.isNaN(was));
    const isNear = Math.abs(is - was) <= 4 * Number.EPSILON * magnitude;
    assert.ok(isSame || isNear, `${series}: ${was}, then ${is}`);
  }
}

/** As clients up to 0.3.1 stored it: a counter's family is its sample name. */
function asListEntry(entry: TestEntry): TestEntry {
  if (!entry.sampleName.endsWith('_total')) return { ...entry, family: entry.family };
  return { ...entry, family: entry.sampleName };
}
