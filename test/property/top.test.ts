/**
 * What `top` says changed in a directory under random change: by the columns of a running scraper, by those that are made
 * of two readings, and entry by entry. Always the same.
 */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isUnusable, type Key } from '../../src/format/key.js';
import { type Movement, movementBetween } from '../../src/inspect/movement.js';
import { readDirectory } from '../../src/inspect/read-directory.js';
import type { ReadFile, Reading } from '../../src/inspect/reading.js';
import { indexOf } from '../../src/inspect/series-index.js';
import { seriesName } from '../../src/inspect/series-name.js';
import { type Instant, Instants } from '../../src/live/instants.js';
import { joinColumns } from '../../src/plan/join.js';
import { ProcThread } from '../../src/processes/proc-thread.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { fileBytes, type TestEntry } from '../support/metric-file.js';
import { Random, seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const PROCESSES = ['7', '8', 'worker_9'];
const KINDS = [
  ...['counter', 'histogram', 'summary', 'gauge_all', 'gauge_livesum', 'gauge_max'],
  'gauge_mostrecent',
];
const LABELS: readonly Readonly<Record<string, string>>[] = [{}, { a: '"' }, { a: 'x', b: 'y' }];
const BOUNDS = ['1', '2.5', '+Inf'];

type Numbers = Readonly<Record<string, unknown>>;

/** Files that grow, count, go back, come, go and are replaced. */
class Directory {
  readonly path = tempDirectory();
  readonly #random: Random;
  readonly #files = new Map<string, TestEntry[]>();
  #written = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  change(): void {
    const random = this.#random;
    for (let i = 0; i < 4; i++) {
      const name = `${random.pick(KINDS)}_${random.pick(PROCESSES)}.db`;
      const entries = this.#files.get(name);
      const isGoing = entries !== undefined && random.chance(0.1);
      if (isGoing) {
        rmSync(join(this.path, name));
        this.#files.delete(name);
      } else if (entries === undefined || random.chance(0.1)) {
        const fresh: TestEntry[] = [];
        this.#grow(name, fresh);
        this.#files.set(name, fresh);
        this.#replace(name, fresh);
      } else {
        for (const [at, entry] of entries.entries()) {
          if (random.chance(0.5)) entries[at] = this.#moved(entry);
        }
        if (random.chance(0.4)) this.#grow(name, entries);
        writeFileSync(join(this.path, name), fileBytes('dict4-16', entries), { flag: 'r+' });
      }
    }
  }

  #replace(name: string, entries: readonly TestEntry[]): void {
    // Not the inode of the file that was removed last.
    const made = join(this.path, `.${this.#written++}`);
    writeFileSync(made, fileBytes('dict4-16', entries));
    renameSync(made, join(this.path, name));
  }

  #moved(entry: TestEntry): TestEntry {
    const value = this.#random.chance(0.05)
      ? Number.NaN
      : entry.value + this.#random.below(10) - (this.#random.chance(0.2) ? 12 : 0);
    return { ...entry, value, timestampSeconds: 1 + this.#random.below(50) };
  }

  #grow(name: string, entries: TestEntry[]): void {
    const [kind = '', mode = ''] = name.split('_');
    const family = `${kind}_${kind === 'gauge' ? mode : 'family'}_${this.#random.below(2)}`;
    const labels = this.#random.pick(LABELS);
    for (const { sampleName, le } of samplesOf(kind, family)) {
      const all = le === undefined ? labels : { ...labels, le };
      const isKnown = entries.some(
        (entry) =>
          entry.sampleName === sampleName && JSON.stringify(entry.labels) === JSON.stringify(all),
      );
      if (isKnown) continue;
      const value = this.#random.below(20);
      entries.push({ family, sampleName, labels: all, value, timestampSeconds: value });
    }
  }
}

function samplesOf(kind: string, family: string): readonly { sampleName: string; le?: string }[] {
  switch (kind) {
    case 'counter':
      return [{ sampleName: `${family}_total` }];
    case 'summary':
      return [{ sampleName: `${family}_count` }, { sampleName: `${family}_sum` }];
    case 'histogram':
      return [
        { sampleName: `${family}_sum` },
        ...BOUNDS.map((le) => ({ sampleName: `${family}_bucket`, le })),
      ];
    default:
      return [{ sampleName: family }];
  }
}

/** As one that looks at each entry counts it. */
function naive(before: Reading, now: Reading): Numbers {
  const processes: Record<string, { increments: number; observations: number; moving: number }> =
    {};
  const series: Record<string, { increase: number; files: number }> = {};
  for (const file of now.files) {
    const { processId, type } = file.fileName!;
    if (type === 'gauge') continue;
    const last = before.files.find(({ identity }) => identity === file.identity);
    const moved = new Set<string>();
    let sum = 0;
    for (const [i, { key, value }] of [...file.entries].entries()) {
      assert.ok(!isUnusable(key));
      const from = last?.entries.at(i)?.value ?? 0;
      if (Object.is(from, value)) continue;
      const text = groupOf(file, key);
      moved.add(text);
      if (!(value > from) || !counts(file, key)) continue;
      sum += value - from;
      series[text] ??= { increase: 0, files: 0 };
      series[text].increase += value - from;
    }
    if (moved.size === 0) continue;
    processes[processId] ??= { increments: 0, observations: 0, moving: 0 };
    processes[processId].moving += moved.size;
    processes[processId][type === 'counter' ? 'increments' : 'observations'] += sum;
  }
  for (const [text, counted] of Object.entries(series)) {
    counted.files = now.files.filter((file) => movedIn(before, file, text)).length;
  }
  return { processes, series, gauges: gaugesThatMoved(before, now) };
}

function movedIn(before: Reading, file: ReadFile, text: string): boolean {
  if (file.fileName!.type === 'gauge') return false;
  const last = before.files.find(({ identity }) => identity === file.identity);
  return [...file.entries].some(
    ({ key, value }, i) =>
      groupOf(file, key as Key) === text && !Object.is(last?.entries.at(i)?.value ?? 0, value),
  );
}

function groupOf({ fileName }: ReadFile, { family, sampleName, labels }: Key): string {
  if (fileName!.type === 'counter') return seriesName(sampleName, labels);
  return seriesName(
    `${family}_count`,
    labels.filter(([name]) => name !== 'le'),
  );
}

function counts({ fileName }: ReadFile, { sampleName }: Key): boolean {
  return fileName!.type === 'counter' || /_(?:bucket|count)$/.test(sampleName);
}

function gaugesThatMoved(before: Reading, now: Reading): Numbers {
  const was = gaugesOf(before);
  const moved: Record<string, unknown> = {};
  for (const [text, value] of gaugesOf(now)) {
    if (!Object.is(was.get(text), value)) moved[text] = [value, was.get(text)];
  }
  return moved;
}

function gaugesOf(reading: Reading): Map<string, number> {
  const gauges = new Map<string, number>();
  const index = indexOf(reading);
  for (const { type, rule, series } of index.families) {
    if (type !== 'gauge') continue;
    for (const one of series) {
      const { value } = joinColumns(rule.operation, index.partsOf(one));
      if (value !== undefined) gauges.set(seriesName(one.sampleName, one.labels), value);
    }
  }
  return gauges;
}

function summaryOf({ byProcess, groups, group, increase, files, gauges }: Movement): Numbers {
  return {
    processes: Object.fromEntries(byProcess),
    series: Object.fromEntries(
      Array.from(group, (g, i) => [
        groups.textOf(groups.seriesOf[g]!),
        { increase: increase[i], files: files[i] },
      ]),
    ),
    gauges: Object.fromEntries(
      gauges.map(({ series, value, before }) => [groups.textOf(series), [value, before]]),
    ),
  };
}

describe('what moves in a directory', () => {
  it('is the same by columns of a scraper, by two readings, and entry by entry', async () => {
    const directory = new Directory(new Random(seed()));
    directory.change();
    const scraper = new Scraper(directory.path, { required: true });
    const procThread = new ProcThread();
    const instants = new Instants(scraper, procThread);
    let instant: Instant | undefined;
    const moved = { processes: 0, series: 0, gauges: 0 };
    try {
      let before = await readDirectory(directory.path);
      instant = await instants.take(undefined);
      for (let i = 0; i < 60; i++) {
        if (i % 5 > 0) directory.change();
        const now = await readDirectory(directory.path);
        const next = await instants.take(undefined);
        const expected = naive(before, now);
        for (const part of ['processes', 'series', 'gauges'] as const) {
          moved[part] += Object.keys(expected[part] as object).length;
        }
        const live = await movementBetween(instant.reading, next.reading);
        assert.deepEqual(summaryOf(live), expected, `step ${i}, columns`);
        assert.deepEqual(summaryOf(await movementBetween(before, now)), expected, `step ${i}`);
        instant.release();
        instant = next;
        before = now;
      }
      assert.ok(Math.min(...Object.values(moved)) > 30, JSON.stringify(moved));
    } finally {
      instant?.release();
      instants.close();
      await scraper.close();
      await procThread.close();
    }
  });
});
