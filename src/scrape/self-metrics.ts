/**
 * promfold's own families: what the daemon says about itself and its last scrape.
 *
 * The only module that knows prom-client. It is 15.1.3, the last of that name: its successor,
 * `@prometheus-io/client`, has the same interface but needs Node 22. Once the floor moves there,
 * package.json alone changes: `"prom-client": "npm:@prometheus-io/client@^0.16.1"`.
 *
 * The registry is our own and has no default metrics: those fail promlint, cost 0.4 ms a scrape, and
 * would meet an application's `process_…`. They are printed as everything else is
 * (expose/valued-family.ts). Names: conventions.md B1, 20 to 25.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { ValuedFamily } from '../expose/valued-family.js';
import { formatNumber } from '../format/number.js';

/** What one scrape found. Counts are of now; `readFaults` and `planChanges` since the start. */
export interface ScrapeFacts {
  /** The directory was listed and the application's families are in this exposition. */
  readonly up: boolean;
  readonly durationSeconds: number;
  /** Files that were read, by the type their name says. */
  readonly metricFiles: ReadonlyMap<string, number>;
  readonly entries: number;
  readonly series: number;
  /** Files and entries left out, by reason. A reason that is gone stays, as 0. */
  readonly skippedFiles: ReadonlyMap<string, number>;
  readonly skippedEntries: ReadonlyMap<string, number>;
  readonly heldFiles: number;
  readonly unmappedFiles: number;
  readonly readFaults: number;
  readonly planChanges: number;
  /** Of the file system the directory is on; -1 when unknown, and then left out. */
  readonly freeBytes: number;
  readonly freeInodes: number;
}

export interface Build {
  readonly version: string;
  /** Commit it was built from; empty when unknown. */
  readonly revision: string;
}

interface SelfFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels?: readonly string[];
}

/** In the order they are printed. The README's table is made of this one. */
const FAMILIES = {
  buildInfo: {
    name: 'promfold_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say which promfold this is.',
    labels: ['version', 'revision', 'nodeversion', 'arch'],
  },
  up: {
    name: 'promfold_up',
    type: 'gauge',
    help: '1 when the directory was read for this scrape, 0 while it has never been seen.',
  },
  scrapeDuration: {
    name: 'promfold_scrape_duration_seconds',
    type: 'gauge',
    help: 'How long this scrape took, without sending it.',
  },
  metricFiles: {
    name: 'promfold_metric_files',
    type: 'gauge',
    help: 'Metric files read for this scrape, by the type their name says.',
    labels: ['type'],
  },
  entries: {
    name: 'promfold_entries',
    type: 'gauge',
    help: 'Entries in all metric files.',
  },
  series: {
    name: 'promfold_series',
    type: 'gauge',
    help: 'Series the entries were folded into.',
  },
  skippedFiles: {
    name: 'promfold_skipped_files',
    type: 'gauge',
    help: 'Files left out of this scrape, by reason.',
    labels: ['reason'],
  },
  skippedEntries: {
    name: 'promfold_skipped_entries',
    type: 'gauge',
    help: 'Entries left out of this scrape although their file is sound, by reason.',
    labels: ['reason'],
  },
  heldFiles: {
    name: 'promfold_held_files',
    type: 'gauge',
    help: 'Files that cannot be read any more and give their last good values.',
  },
  unmappedFiles: {
    name: 'promfold_unmapped_files',
    type: 'gauge',
    help: 'Files read with pread because they could not be mapped.',
  },
  readFaults: {
    name: 'promfold_read_faults_total',
    type: 'counter',
    help: 'Reads of metric files that failed, pages gone from under a mapping included.',
  },
  planChanges: {
    name: 'promfold_plan_changes_total',
    type: 'counter',
    help: 'How often new keys or files changed what a scrape folds and prints.',
  },
  freeBytes: {
    name: 'promfold_directory_free_bytes',
    type: 'gauge',
    help: 'Free space of the file system the directory is on; the writers die when it is full.',
  },
  freeInodes: {
    name: 'promfold_directory_free_inodes',
    type: 'gauge',
    help: 'Free inodes of the file system the directory is on.',
  },
  residentMemory: {
    name: 'promfold_process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory of promfold itself, mapped metric files included.',
  },
  cpuSeconds: {
    name: 'promfold_process_cpu_seconds_total',
    type: 'counter',
    help: 'User and system CPU time promfold itself has used.',
  },
} as const satisfies Record<string, SelfFamily>;

type FamilyKey = keyof typeof FAMILIES;

const ROWS = Object.entries(FAMILIES) as [FamilyKey, SelfFamily][];

export class SelfMetrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<FamilyKey, Counter | Gauge>();

  constructor(build: Build) {
    const registers = [this.#registry];
    for (const [key, { name, type, help, labels: labelNames = [] }] of ROWS) {
      const options = { name, help, labelNames, registers };
      this.#metrics.set(key, type === 'counter' ? new Counter(options) : new Gauge(options));
    }
    const labels = { ...build, nodeversion: process.version, arch: process.arch };
    (this.#metrics.get('buildInfo') as Gauge).set(labels, 1);
  }

  record(facts: ScrapeFacts): void {
    this.#set('up', facts.up ? 1 : 0);
    this.#set('scrapeDuration', facts.durationSeconds);
    this.#setEach('metricFiles', 'type', facts.metricFiles);
    this.#set('entries', facts.entries);
    this.#set('series', facts.series);
    this.#setEach('skippedFiles', 'reason', facts.skippedFiles);
    this.#setEach('skippedEntries', 'reason', facts.skippedEntries);
    this.#set('heldFiles', facts.heldFiles);
    this.#set('unmappedFiles', facts.unmappedFiles);
    this.#set('readFaults', facts.readFaults);
    this.#set('planChanges', facts.planChanges);
    this.#setKnown('freeBytes', facts.freeBytes);
    this.#setKnown('freeInodes', facts.freeInodes);
  }

  /** All families that have something to say. */
  async families(): Promise<ValuedFamily[]> {
    this.#set('residentMemory', process.memoryUsage.rss());
    const cpu = process.cpuUsage();
    this.#set('cpuSeconds', (cpu.user + cpu.system) / 1e6);

    const families: ValuedFamily[] = [];
    for (const [key, row] of ROWS) {
      const { values } = await this.#metrics.get(key)!.get();
      if (values.length > 0) families.push(valuedFamily(row, values));
    }
    return families;
  }

  #set(key: FamilyKey, value: number): void {
    const metric = this.#metrics.get(key)!;
    if (metric instanceof Gauge) {
      metric.set(value);
    } else {
      // Whoever counts keeps the total; prom-client's counter can only be added to.
      metric.reset();
      metric.inc(value);
    }
  }

  #setKnown(key: FamilyKey, value: number): void {
    const gauge = this.#metrics.get(key) as Gauge;
    if (value < 0) gauge.remove({});
    else gauge.set(value);
  }

  #setEach(key: FamilyKey, labelName: string, counts: ReadonlyMap<string, number>): void {
    const gauge = this.#metrics.get(key) as Gauge;
    for (const label of this.#seen(key, counts)) {
      gauge.set({ [labelName]: label }, counts.get(label) ?? 0);
    }
  }

  readonly #labelsSeen = new Map<FamilyKey, Set<string>>();

  #seen(key: FamilyKey, counts: ReadonlyMap<string, number>): ReadonlySet<string> {
    let seen = this.#labelsSeen.get(key);
    if (!seen) {
      seen = new Set();
      this.#labelsSeen.set(key, seen);
    }
    for (const label of counts.keys()) seen.add(label);
    return seen;
  }
}

type Values = Awaited<ReturnType<Gauge['get']>>['values'];

function valuedFamily(row: SelfFamily, values: Values): ValuedFamily {
  return {
    name: row.type === 'counter' ? row.name.replace(/_total$/, '') : row.name,
    type: row.type,
    help: row.help,
    bare: false,
    series: values.map(({ labels }) => ({
      sampleName: row.name,
      labels: Object.entries(labels)
        .map(([name, value]) => [name, String(value)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    })),
    value: values.map(({ value }) => formatNumber(value)),
  };
}

/** The README's table of self-metrics, as Markdown. */
export function selfMetricsTable(): string {
  const rows = ROWS.map(([, { name, type, help, labels = [] }]) => {
    const selector = labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
    return `| \`${selector}\` | ${type} | ${help} |`;
  });
  return ['| family | type | what it says |', '|---|---|---|', ...rows].join('\n');
}
