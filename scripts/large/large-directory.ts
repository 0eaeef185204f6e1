/**
 * Metric files of any size, written entry by entry: no list of entries is held, so a million series, or 512 MiB
 * of keys, cost no memory.
 *
 * The shapes are those that broke something once: very many series in one family, in one file and in several,
 * very many files, very long names and values.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { entryBytes, int32 } from '../../test/support/metric-file.js';

const BUFFER_BYTES = 2 ** 20;
const HEADER_BYTES = 8;

export interface LargeEntry {
  /** JSON, as prometheus_client stores it. */
  readonly key: string;
  readonly value: number;
}

/** Writes a file as prometheus_client 0.18.0 and later does, `used` last. */
export function writeLargeFile(path: string, entries: Iterable<LargeEntry>): void {
  const file = openSync(path, 'w');
  let pending: Buffer[] = [Buffer.alloc(HEADER_BYTES)];
  let pendingBytes = HEADER_BYTES;
  let used = 0;
  const flush = () => {
    used += writeSync(file, Buffer.concat(pending));
    pending = [];
    pendingBytes = 0;
  };
  for (const { key, value } of entries) {
    const bytes = entryBytes(16, key, value);
    pending.push(bytes);
    pendingBytes += bytes.length;
    if (pendingBytes >= BUFFER_BYTES) flush();
  }
  flush();
  writeSync(file, int32(used), 0, 4, 0);
  closeSync(file);
}

/** `["jobs","jobs_total",{"path":"/1"},"Jobs."]` */
function keyOf(
  family: string,
  sampleName: string,
  labels: Readonly<Record<string, string>>,
): string {
  return JSON.stringify([family, sampleName, labels, 'Jobs.']);
}

/** What a directory of a shape is asked for: one selector for all of its series, and one for a few of them. */
export interface Shape {
  readonly name: string;
  /** In a few words, with the count. */
  title(count: number): string;
  /** Writes the files. @returns the directories of a scrape: one, or several sources */
  write(directory: string, count: number): readonly string[];
  /** Of the first directory. */
  entries(count: number): number;
  series(count: number): number;
  /** A selector of all series. */
  readonly all: string;
  /** A selector of one. */
  readonly one: string;
  /** A family. */
  readonly family: string;
}

function* counters(from: number, to: number, process = 0): IterableIterator<LargeEntry> {
  for (let i = from; i < to; i++) {
    const key = keyOf('jobs', 'jobs_total', { path: `/a/path/${i}`, worker: `w${i % 7}` });
    yield { key, value: i + process };
  }
}

const asMany = (count: number) => count;

const JOBS = {
  entries: asMany,
  series: asMany,
  family: 'jobs',
  all: 'jobs_total',
  one: 'jobs_total{path="/a/path/17"}',
} as const;

export const oneFile: Shape = {
  ...JOBS,
  name: 'one-file',
  title: (count) => `${count} series of one family in one file`,
  write(directory, count) {
    writeLargeFile(join(directory, 'counter_1.db'), counters(0, count));
    return [directory];
  },
};

export const twoHalves: Shape = {
  ...JOBS,
  name: 'two-halves',
  title: (count) => `${count} series of one family, half of them in each of two files`,
  write(directory, count) {
    const half = Math.floor(count / 2);
    writeLargeFile(join(directory, 'counter_1.db'), counters(0, half));
    writeLargeFile(join(directory, 'counter_2.db'), counters(half, count));
    return [directory];
  },
};

export const twoSources: Shape = {
  ...JOBS,
  name: 'two-sources',
  title: (count) => `${count} series of one family in one source, 3 in the other`,
  write(directory, count) {
    const sources = ['a', 'b'].map((name) => join(directory, name));
    for (const source of sources) mkdirSync(source);
    writeLargeFile(join(sources[0]!, 'counter_1.db'), counters(0, count));
    writeLargeFile(join(sources[1]!, 'counter_1.db'), counters(0, 3));
    return sources;
  },
};

export const oneHistogram: Shape = {
  name: 'one-histogram',
  title: (count) => `one histogram of ${count} buckets`,
  entries: asMany,
  series: asMany,
  family: 'wait_seconds',
  all: 'wait_seconds',
  one: 'wait_seconds_bucket{le="17.0"}',
  write(directory, count) {
    writeLargeFile(join(directory, 'histogram_1.db'), buckets(count));
    return [directory];
  },
};

function* buckets(count: number): IterableIterator<LargeEntry> {
  for (let i = 1; i < count; i++) {
    const le = `${i}.0`;
    yield { key: keyOf('wait_seconds', 'wait_seconds_bucket', { le }), value: i % 3 };
  }
  yield { key: keyOf('wait_seconds', 'wait_seconds_bucket', { le: '+Inf' }), value: 1 };
  yield { key: keyOf('wait_seconds', 'wait_seconds_sum', {}), value: count };
}

const PROCESSES = 130;

export const modeAll: Shape = {
  name: 'mode-all',
  title: (count) => `${count} series of one gauge of mode all, of ${PROCESSES} processes`,
  entries: asMany,
  series: asMany,
  family: 'busy',
  all: 'busy',
  one: 'busy{slot="3",pid="17"}',
  write(directory, count) {
    const each = Math.ceil(count / PROCESSES);
    for (let pid = 1; pid <= PROCESSES; pid++) {
      writeLargeFile(join(directory, `gauge_all_${pid}.db`), gauges(each, pid));
    }
    return [directory];
  },
};

function* gauges(count: number, process: number): IterableIterator<LargeEntry> {
  for (let i = 0; i < count; i++) {
    yield { key: keyOf('busy', 'busy', { slot: String(i) }), value: i + process };
  }
}

/** Families, processes and labels as an application has them, but very many. */
export const overAll: Shape = {
  name: 'over-all',
  title: (count) => `${count} series of 50 families, in 20 files`,
  entries: asMany,
  series: asMany,
  family: 'jobs_7',
  all: '{__name__=~".+"}',
  one: 'jobs_7_total{path="/a/path/57"}',
  write(directory, count) {
    const files = 20;
    for (let file = 0; file < files; file++) {
      writeLargeFile(join(directory, `counter_${file + 1}.db`), ofFile(file, files, count));
    }
    return [directory];
  },
};

function* ofFile(file: number, files: number, count: number): IterableIterator<LargeEntry> {
  for (let i = file; i < count; i += files) {
    const family = `jobs_${i % 50}`;
    const labels = { path: `/a/path/${i}`, method: i % 2 === 0 ? 'GET' : 'POST' };
    yield { key: keyOf(family, `${family}_total`, labels), value: i };
  }
}

const SERIES_OF_EACH = 20;

export const manyFiles: Shape = {
  ...JOBS,
  name: 'many-files',
  title: (count) => `${count} files of the same ${SERIES_OF_EACH} series`,
  entries: (count) => count * SERIES_OF_EACH,
  series: () => SERIES_OF_EACH,
  one: 'jobs_total{path="/a/path/17"}',
  write(directory, count) {
    for (let pid = 1; pid <= count; pid++) {
      writeLargeFile(join(directory, `counter_${pid}.db`), counters(0, SERIES_OF_EACH, pid));
    }
    return [directory];
  },
};

const KIB = 2 ** 10;
const MIB = 2 ** 20;

const seriesOfText = (mebibytes: number) => Math.ceil((mebibytes * MIB) / 536);

/** @param count MiB of keys */
export const muchText: Shape = {
  ...JOBS,
  entries: seriesOfText,
  series: seriesOfText,
  name: 'much-text',
  title: (count) => `one file of ${count} MiB, keys of half a KiB`,
  one: 'jobs_total{path="/7"}',
  write(directory, count) {
    writeLargeFile(join(directory, 'counter_1.db'), longKeys(seriesOfText(count), 440));
    return [directory];
  },
};

/** @param count MiB of keys */
export const longValues: Shape = {
  ...JOBS,
  name: 'long-values',
  title: (count) => `one file of ${count} label values just under 1 MiB`,
  one: 'jobs_total{path="/7"}',
  write(directory, count) {
    writeLargeFile(join(directory, 'counter_1.db'), longKeys(count, MIB - KIB));
    return [directory];
  },
};

function* longKeys(count: number, length: number): IterableIterator<LargeEntry> {
  // Of the same number of bytes.
  const texts = ['x'.repeat(length), 'ü'.repeat(length / 2)];
  for (let i = 0; i < count; i++) {
    const text = texts[i % 2]!;
    yield { key: keyOf('jobs', 'jobs_total', { path: `/${i}`, text }), value: i };
  }
}

/** @param count families whose names are just under half a MiB: a key has the name twice */
export const longNames: Shape = {
  name: 'long-names',
  title: (count) => `${count} families with names just under 512 KiB`,
  entries: asMany,
  series: asMany,
  family: 'jobs',
  all: '{__name__=~"jobs_.*"}',
  one: '{__name__=~"jobs_7_.*"}',
  write(directory, count) {
    writeLargeFile(join(directory, 'counter_1.db'), longNamed(count));
    return [directory];
  },
};

function* longNamed(count: number): IterableIterator<LargeEntry> {
  const text = 'x'.repeat(MIB / 2 - KIB);
  for (let i = 0; i < count; i++) {
    const family = `jobs_${i}_${text}`;
    yield { key: keyOf(family, `${family}_total`, { path: `/${i}` }), value: i };
  }
}

export const SHAPES: readonly Shape[] = [
  oneFile,
  twoHalves,
  twoSources,
  oneHistogram,
  modeAll,
  overAll,
  manyFiles,
  muchText,
  longValues,
  longNames,
];
