/**
 * Under `--retain-removed` a directory changes at random: workers count, files are removed, used again, renamed, damaged
 * and compacted, the whole directory is made anew. What is served is at every scrape what test/reference.ts says of the files
 * there are and of all that went, and no count ever goes back. PROMFOLD_TEST_SEED repeats a failure.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { type FileBytes, parseName, readFiles, referenceExposition } from '../reference.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { fileBytes, int32, overwrite, type TestEntry } from '../support/metric-file.js';
import { Monotone } from '../support/monotone.js';
import { Random, seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const STEPS = 400;
const TYPES = ['counter', 'histogram', 'summary', 'gauge_max'] as const;
/** Where adding in another order shows. */
const AMOUNTS = [1, 0.1, 0.7, 1e-3, 123456.789, 1e6, 3e15];
const FIRST_BYTES = 640;

interface MetricFile {
  readonly type: (typeof TYPES)[number];
  entries: TestEntry[];
  isDamaged: boolean;
  /** It was damaged when the last scrape read it. */
  isHeld?: boolean;
  /** Since the last scrape. */
  isRenamed?: boolean;
  /** As the last scrape read it; undefined before the first. */
  read: { readonly entries: readonly TestEntry[]; readonly mappedBytes: number } | undefined;
}

class Model {
  readonly directory: string;
  /** By compactions. */
  foldedFiles = 0;
  readonly #random: Random;
  readonly #isMapped: boolean;
  #files = new Map<string, MetricFile>();
  /** One for each file that went, as if it were still there. */
  readonly #gone: FileBytes[] = [];

  constructor(directory: string, random: Random, isMapped: boolean) {
    this.directory = directory;
    this.#random = random;
    this.#isMapped = isMapped;
  }

  /** @returns what was done */
  change(): string {
    const roll = this.#random.next();
    const names = [...this.#files.keys()];
    if (names.length < 3 || roll < 0.1) return this.#create();
    const name = this.#random.pick(names);
    const file = this.#files.get(name)!;
    if (file.isDamaged) return roll < 0.4 ? this.#repair(name, file) : this.#remove(name);
    if (roll < 0.6) return this.#count(name, file);
    if (roll < 0.7) return this.#grow(name, file);
    if (roll < 0.82) return this.#remove(name);
    if (roll < 0.9) return `${this.#remove(name)}, ${this.#create(name, file.type)}`;
    if (roll < 0.93) return this.#rename(name, file);
    if (roll < 0.98) return this.#damage(name, file);
    return this.#wipe();
  }

  /** Folds files that the last scrape has seen, as if their processes were dead. What is in archives is not retained. */
  async compact(): Promise<string> {
    const dead = new Set(
      [...this.#files.keys()].filter(() => this.#random.chance(0.5)).map(processIdOf),
    );
    const { outcome, refused } = await compactAsIf(this.directory, (id) => dead.has(id));
    assert.equal(refused, undefined);
    const there = new Set(readdirSync(this.directory));
    for (const name of this.#files.keys()) if (!there.has(name)) this.#files.delete(name);
    const folded = outcome?.folded ?? 0;
    this.foldedFiles += folded;
    return `compact ${[...dead].join(' ')}: ${folded} folded`;
  }

  /** What a scrape must say now. */
  expected(): ReadonlyMap<string, number> {
    const present = [...this.#files].flatMap(([name, file]) => {
      const entries = file.isDamaged ? file.read?.entries : file.entries;
      return entries === undefined ? [] : [{ name, bytes: bytesOf(entries) }];
    });
    return valuesOf(referenceExposition([...present, ...this.#archives(), ...this.#gone]));
  }

  scraped(): void {
    for (const file of this.#files.values()) {
      file.isRenamed = false;
      file.isHeld = file.isDamaged;
      if (file.isDamaged) continue;
      const usedBytes = bytesOf(file.entries).readInt32LE(0);
      const last = file.read?.mappedBytes ?? 0;
      const mappedBytes = usedBytes > last ? Math.max(usedBytes, FIRST_BYTES) : last;
      file.read = { entries: [...file.entries], mappedBytes };
    }
  }

  #archives(): FileBytes[] {
    return readFiles(this.directory).filter(({ name }) => name.includes('_-promfold-'));
  }

  #path(name: string): string {
    return join(this.directory, name);
  }

  #create(name?: string, type = this.#random.pick(TYPES)): string {
    const own = name ?? `${type}_${this.#random.below(9)}.db`;
    if (this.#files.has(own)) return this.#remove(own);
    const file: MetricFile = { type, entries: [], isDamaged: false, read: undefined };
    file.entries = this.#newEntries(file, 1 + this.#random.below(3));
    writeFileSync(this.#path(own), fileBytes('dict4-16', file.entries, FIRST_BYTES));
    this.#files.set(own, file);
    return `create ${own}`;
  }

  #count(name: string, file: MetricFile): string {
    file.entries = file.entries.map((entry) =>
      this.#random.chance(0.5)
        ? entry
        : { ...entry, value: entry.value + this.#random.pick(AMOUNTS) },
    );
    overwrite(this.#path(name), 0, bytesOf(file.entries));
    return `count in ${name}`;
  }

  #grow(name: string, file: MetricFile): string {
    file.entries = [...file.entries, ...this.#newEntries(file, 2)];
    overwrite(this.#path(name), 0, bytesOf(file.entries));
    return `grow ${name}`;
  }

  #remove(name: string): string {
    rmSync(this.#path(name));
    this.#forget(name);
    return `remove ${name}`;
  }

  #forget(name: string): void {
    const { type, entries, isDamaged, isHeld, read } = this.#files.get(name)!;
    this.#files.delete(name);
    if (type === 'gauge_max' || read === undefined) return;
    let left = read.entries;
    if (this.#isMapped && !isDamaged && !isHeld) {
      const isWithin = bytesOf(entries).length <= read.mappedBytes;
      left = isWithin ? entries : entries.slice(0, read.entries.length);
    }
    this.#gone.push({ name: `${type}_gone${this.#gone.length}.db`, bytes: bytesOf(left) });
  }

  #rename(name: string, file: MetricFile): string {
    // In the same place among the names: another one is another order of adding.
    const other = name.replace('.db', 'x.db');
    // What is damaged and renamed between two scrapes cannot be told from another file.
    if (!this.#isMapped || file.isHeld || this.#files.has(other)) return this.#count(name, file);
    renameSync(this.#path(name), this.#path(other));
    this.#files.delete(name);
    this.#files.set(other, file);
    file.isRenamed = true;
    return `rename ${name} to ${other}`;
  }

  #damage(name: string, file: MetricFile): string {
    if (file.read === undefined || file.isRenamed || file.type === 'gauge_max')
      return this.#count(name, file);
    file.isDamaged = true;
    const path = this.#path(name);
    const usedBytes = bytesOf(file.entries).length;
    this.#random.pick([
      () => truncateSync(path, 4),
      () => overwrite(path, 0, int32(-8)),
      () => overwrite(path, 0, Buffer.alloc(usedBytes, 0xa5)),
    ])();
    return `damage ${name}`;
  }

  #repair(name: string, file: MetricFile): string {
    file.isDamaged = false;
    overwrite(this.#path(name), 0, fileBytes('dict4-16', file.entries, FIRST_BYTES));
    return `repair ${name}`;
  }

  #wipe(): string {
    for (const name of [...this.#files.keys()]) this.#forget(name);
    for (const { name, bytes } of this.#archives()) {
      const [type = ''] = name.split('_');
      if (type !== 'gauge') this.#gone.push({ name: `${type}_gone${this.#gone.length}.db`, bytes });
    }
    rmSync(this.directory, { recursive: true });
    mkdirSync(this.directory);
    return 'make the directory anew';
  }

  #newEntries({ type, entries }: MetricFile, count: number): TestEntry[] {
    const known = new Set(
      entries.map(({ sampleName, labels }) => sampleName + JSON.stringify(labels)),
    );
    const made: TestEntry[] = [];
    for (let i = 0; i < count * 2 && made.length < count; i++) {
      const entry = this.#newEntry(type);
      const key = entry.sampleName + JSON.stringify(entry.labels);
      if (!known.has(key)) made.push(entry);
      known.add(key);
    }
    return made;
  }

  #newEntry(type: MetricFile['type']): TestEntry {
    const family = `${type}_${this.#random.below(2)}`;
    const labels = this.#random.pick([{}, { path: '/' }, { path: '/a' }]);
    const entry = (end: string, more = {}) => ({
      family,
      sampleName: `${family}${end}`,
      labels: { ...labels, ...more },
      help: this.#random.chance(0.1) ? 'another' : 'help',
      value: this.#random.pick(AMOUNTS),
    });
    if (type === 'counter') return entry('_total');
    if (type === 'gauge_max') return entry('');
    if (type === 'summary') return entry(this.#random.pick(['_sum', '_count']));
    const le = this.#random.pick(['0.5', '1.0', '+Inf']);
    return this.#random.chance(0.3) ? entry('_sum') : entry('_bucket', { le });
  }
}

const processIdOf = (name: string): string => parseName(name)!.processId;

function bytesOf(entries: readonly TestEntry[]): Buffer {
  return fileBytes('dict4-16', entries);
}

const first = seed();

describe('a directory under random change whose removed files are retained', () => {
  const ways: [title: string, mapLimit: number][] = [
    ['mapped', 1000],
    ['mapped', 1000],
    ['mapped', 1000],
    ['not mapped', 0],
  ];
  for (const [run, [title, mapLimit]] of ways.entries()) {
    it(`counts all that ever was, ${title}, seed ${first + run}`, async () => {
      const random = new Random(first + run);
      // On a tmpfs no two files have one inode; of a file that is not mapped nothing else tells them apart.
      const directory = join(tempDirectory('/dev/shm'), 'prom');
      mkdirSync(directory);
      const model = new Model(directory, random, mapLimit > 0);
      const scraper = new Scraper(directory, { mapLimit, retainRemoved: true });
      const monotone = new Monotone();
      const done: string[] = [];
      try {
        for (let step = 0; step < STEPS; step++) {
          if (random.chance(0.05)) done.push(await model.compact());
          else for (let n = 1 + random.below(3); n > 0; n--) done.push(model.change());
          const text = String(await scraper.scrape({ dialect: TEXT }));
          const told = `seed ${first + run}, step ${step}: ${done.slice(-12).join('; ')}`;
          assert.deepEqual(monotone.dips(text), [], told);
          const said = valuesOf(text);
          const expected = model.expected();
          assert.deepEqual([...said.keys()].sort(), [...expected.keys()].sort(), told);
          for (const [series, value] of expected) {
            const off = Math.abs(said.get(series)! - value);
            assert.ok(off <= 1e-12 * value, `${series} ${said.get(series)} ${value}, ${told}`);
          }
          model.scraped();
        }
        assert.ok(model.foldedFiles > 0);
      } finally {
        await scraper.close();
      }
    });
  }
});
