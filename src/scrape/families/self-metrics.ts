/**
 * promfold's own families: what the daemon says about itself and its last scrape.
 *
 * The only module that knows prom-client. It is 15.1.3, the last of that name: its successor,
 * `@prometheus-io/client`, has the same interface but needs Node 22. Once the floor moves there,
 * package.json alone changes: `"prom-client": "npm:@prometheus-io/client@^0.16.1"`.
 *
 * The registry is our own and has no default metrics: those fail promlint, cost 0.4 ms a scrape, and
 * would conflict with an application's `process_…`. The families are printed like all others
 * (expose/valued-family.ts). Names: https://prometheus.io/docs/practices/naming/ and
 * https://prometheus.io/docs/instrumenting/writing_exporters/; a test asks promtool.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { FamilyHead } from '../../expose/family.js';
import type { ValuedFamily } from '../../expose/valued-family.js';
import { formatNumber } from '../../format/number.js';
import { Memo } from '../../memo.js';
import { hungFiles } from '../../native.js';
import type { SourceFacts } from '../directory/facts.js';
import type { EndpointFacts } from '../endpoints/facts.js';

/** What one scrape found. */
export interface ScrapeFacts {
  readonly durationSeconds: number;
  readonly sources: readonly SourceFacts[];
  /** Of each endpoint of --append-url. */
  readonly appended: ReadonlyMap<string, EndpointFacts>;
}

/** Counts of HTTP connections. */
export interface ConnectionCounts {
  /** Open now. */
  readonly open: number;
  /** Since the start. */
  readonly closedIdle: number;
  readonly refused: number;
}

/** Counts of the API. */
export interface ApiCounts {
  /** Open now. */
  readonly streams: number;
  /** Since the start. */
  readonly streamsCut: number;
  readonly ticksLeftOut: number;
  readonly requestsRefused: number;
}

/** Counts of the flight recorder. */
export interface RecorderCounts {
  /** How far a source reaches back; undefined where nothing of it is recorded. */
  secondsOf(source: string | undefined): number | undefined;
  readonly intervalSeconds: number;
  /** Of memory. */
  readonly bytes: number;
  /** These are undefined where nothing is recorded on disk. */
  readonly diskBytes: number | undefined;
  readonly diskFailures: number | undefined;
  /** Of a source, by reason; undefined where none is saved. */
  incidentsOf(source: string | undefined): ReadonlyMap<string, number> | undefined;
  /** Since the start. */
  readonly ticksLeftOut: number;
}

/** What the watchdog says of a source; undefined where it was not watched yet. The same object while nothing changes. */
export interface WatchCounts {
  processesOf(source: string | undefined): ReadonlyMap<string, number> | undefined;
  /** Without engines of which it is not known. */
  enginesOf(source: string | undefined): readonly EngineStalled[] | undefined;
}

/** What `check` finds in a source; undefined before the first look. The same object until the next one. */
export interface FindingCounts {
  of(source: string | undefined): FoundOfSource | undefined;
}

export interface FoundOfSource {
  readonly takenAtSeconds: number;
  /** Pieces of evidence, by severity and code. */
  readonly findings: readonly LabelledNumber[];
}

/** What --compact-dead-after did in a source; undefined before the first look. Another object where a number is another one. */
export interface CompactionCounts {
  of(source: string | undefined): CompactionSums | undefined;
}

export interface CompactionSums {
  readonly compactions: number;
  /** That were folded or removed. */
  readonly files: number;
  readonly freedBytes: number;
  /** By reason. */
  readonly failures: ReadonlyMap<string, number>;
}

export interface EngineStalled {
  readonly engine: string;
  readonly modelName: string | undefined;
  readonly isStalled: boolean;
}

/** What routers are told. */
export interface LoadCounts {
  /** Since the start. */
  readonly requests: number;
  /** Of these, that were not answered with the load. */
  readonly refused: number;
  /** By model: how long ago one of its gauges was set; undefined where nothing was asked of the source. */
  ages(source: string | undefined): ReadonlyMap<string, number> | undefined;
}

/** Asked at each scrape. */
export interface ServerCounts {
  readonly connections: ConnectionCounts;
  readonly api: ApiCounts;
  /** Absent where nothing is recorded. */
  readonly recorder?: RecorderCounts | undefined;
  /** Absent where the watchdog is off. */
  readonly watch?: WatchCounts | undefined;
  /** Absent where nothing is looked for. */
  readonly findings?: FindingCounts | undefined;
  /** Absent where it is not served. */
  readonly load?: LoadCounts | undefined;
  /** Absent where nothing is compacted. */
  readonly compactions?: CompactionCounts | undefined;
}

export interface Build {
  readonly version: string;
  /** Commit it was built from; empty when unknown. */
  readonly revision: string;
}

export interface LabelledNumber {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A number, or one for each value of the family's label, or some with labels; undefined for no sample. */
type Numbers = number | ReadonlyMap<string, number> | readonly LabelledNumber[] | undefined;

interface SelfFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels?: readonly string[];
  /**
   * Its value for a directory; with several, the source label distinguishes them. Absent where it is about promfold
   * as a whole.
   */
  readonly ofSource?: (source: SourceFacts, server: ServerCounts | undefined) => Numbers;
  /** A label value that no longer occurs is left out; when absent, it stays as 0. */
  readonly forgets?: true;
}

/** In the order they are printed. The topic `self-metrics` is made of this one. */
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
    ofSource: ({ up }) => (up ? 1 : 0),
  },
  scrapeDuration: {
    name: 'promfold_scrape_duration_seconds',
    type: 'gauge',
    help: 'How long this scrape took, without sending it.',
  },
  appendUp: {
    name: 'promfold_append_up',
    type: 'gauge',
    help: '1 when the page of an endpoint of --append-url is part of this scrape.',
    labels: ['url'],
  },
  appendDropped: {
    name: 'promfold_append_dropped_series',
    type: 'gauge',
    help: 'Series of an endpoint of --append-url that this scrape leaves out, by reason.',
    labels: ['url', 'reason'],
  },
  metricFiles: {
    name: 'promfold_metric_files',
    type: 'gauge',
    help: 'Metric files read for this scrape, by the type their name says.',
    labels: ['type'],
    ofSource: ({ read }) => read?.metricFiles,
  },
  entries: {
    name: 'promfold_entries',
    type: 'gauge',
    help: 'Entries in all metric files.',
    ofSource: ({ read }) => read?.entries,
  },
  series: {
    name: 'promfold_series',
    type: 'gauge',
    help: 'Series the entries were folded into.',
    ofSource: ({ read }) => read?.series,
  },
  skippedFiles: {
    name: 'promfold_skipped_files',
    type: 'gauge',
    help: 'Files left out of this scrape, by reason.',
    labels: ['reason'],
    ofSource: ({ read }) => read?.skippedFiles,
  },
  skippedEntries: {
    name: 'promfold_skipped_entries',
    type: 'gauge',
    help: 'Entries left out of this scrape although their file is sound, by reason.',
    labels: ['reason'],
    ofSource: ({ read }) => read?.skippedEntries,
  },
  heldFiles: {
    name: 'promfold_held_files',
    type: 'gauge',
    help: 'Files that cannot be read any more and give their last good values.',
    ofSource: ({ read }) => read?.heldFiles,
  },
  overBudgetFiles: {
    name: 'promfold_over_budget_files',
    type: 'gauge',
    help: 'Files left out, wholly or for what they grew by, because a limit is reached, by limit.',
    labels: ['limit'],
    ofSource: ({ read }) => read?.overBudgetFiles,
  },
  overBudgetFile: {
    name: 'promfold_over_budget_file_info',
    type: 'gauge',
    help: 'Always 1; names the files that are left out because a limit is reached, 20 at most.',
    labels: ['file'],
    forgets: true,
    ofSource: ({ read }) => read?.overBudgetNames,
  },
  unmappedFiles: {
    name: 'promfold_unmapped_files',
    type: 'gauge',
    help: 'Files read with pread because they could not be mapped, or are on no local file system.',
    ofSource: ({ read }) => read?.unmappedFiles,
  },
  hungFiles: {
    name: 'promfold_hung_files',
    type: 'gauge',
    help: 'Files whose file system does not answer; each holds a thread of promfold until it does.',
  },
  readFaults: {
    name: 'promfold_read_faults_total',
    type: 'counter',
    help: 'Reads of metric files that failed, pages gone from under a mapping included.',
    ofSource: ({ read }) => read?.readFaults,
  },
  planChanges: {
    name: 'promfold_plan_changes_total',
    type: 'counter',
    help: 'How often new keys or files changed what a scrape folds and prints.',
    ofSource: ({ read }) => read?.planChanges,
  },
  deadProcesses: {
    name: 'promfold_dead_processes',
    type: 'gauge',
    help: 'Process ids in the names of metric files whose process is certainly dead; there while promfold looks.',
    ofSource: ({ read }) => known(read?.deadProcesses),
  },
  retainedFiles: {
    name: 'promfold_retained_files_total',
    type: 'counter',
    help: 'Removed files whose counts are kept; there under --retain-removed.',
    ofSource: ({ read }) => known(read?.retainedFiles),
  },
  compactions: {
    name: 'promfold_compactions_total',
    type: 'counter',
    help: 'How often files of dead processes were folded into archives; there under --compact-dead-after.',
    ofSource: ({ name }, server) => server?.compactions?.of(name)?.compactions,
  },
  compactedFiles: {
    name: 'promfold_compacted_files_total',
    type: 'counter',
    help: 'Files of dead processes that were folded or removed.',
    ofSource: ({ name }, server) => server?.compactions?.of(name)?.files,
  },
  compactionFreedBytes: {
    name: 'promfold_compaction_freed_bytes_total',
    type: 'counter',
    help: 'Disk space that was freed by that.',
    ofSource: ({ name }, server) => server?.compactions?.of(name)?.freedBytes,
  },
  compactionFailures: {
    name: 'promfold_compaction_failures_total',
    type: 'counter',
    help: 'How often the directory could not be compacted, by reason.',
    labels: ['reason'],
    ofSource: ({ name }, server) => server?.compactions?.of(name)?.failures,
  },
  freeBytes: {
    name: 'promfold_directory_free_bytes',
    type: 'gauge',
    help: 'Free space of the file system the directory is on; the writers die when it is full.',
    ofSource: ({ read }) => known(read?.freeBytes),
  },
  freeInodes: {
    name: 'promfold_directory_free_inodes',
    type: 'gauge',
    help: 'Free inodes of the file system the directory is on.',
    ofSource: ({ read }) => known(read?.freeInodes),
  },
  connections: {
    name: 'promfold_http_connections',
    type: 'gauge',
    help: 'HTTP connections that are open, idle ones included.',
  },
  idleConnectionsClosed: {
    name: 'promfold_http_idle_connections_closed_total',
    type: 'counter',
    help: 'Idle HTTP connections closed to make room for others.',
  },
  connectionsRefused: {
    name: 'promfold_http_connections_refused_total',
    type: 'counter',
    help: 'HTTP connections refused because too many were open and none was idle.',
  },
  apiRequestsRefused: {
    name: 'promfold_api_requests_refused_total',
    type: 'counter',
    help: 'Requests to the API that were answered with an error.',
  },
  loadRequests: {
    name: 'promfold_load_requests_total',
    type: 'counter',
    help: 'Requests for /load.',
  },
  loadRefused: {
    name: 'promfold_load_refused_total',
    type: 'counter',
    help: 'Requests for /load that were not answered with the load of a model.',
  },
  loadAge: {
    name: 'promfold_load_age_seconds',
    type: 'gauge',
    help: 'How long ago a model set one of the gauges that /load was last made of; on /load itself for each model.',
    labels: ['model_name'],
    forgets: true,
    ofSource: ({ name }, server) => server?.load?.ages(name),
  },
  liveStreams: {
    name: 'promfold_live_streams',
    type: 'gauge',
    help: 'Streams of live values that are open.',
  },
  liveStreamsCut: {
    name: 'promfold_live_streams_cut_total',
    type: 'counter',
    help: 'Streams of live values that were cut because their client did not read.',
  },
  liveTicksLeftOut: {
    name: 'promfold_live_ticks_left_out_total',
    type: 'counter',
    help: 'Ticks of live values that were left out because the one before took longer than the interval.',
  },
  recorderSeconds: {
    name: 'promfold_recorder_seconds',
    type: 'gauge',
    help: 'How far back the flight recorder reaches.',
    ofSource: ({ name }, server) => server?.recorder?.secondsOf(name),
  },
  recorderInterval: {
    name: 'promfold_recorder_interval_seconds',
    type: 'gauge',
    help: 'Seconds between two moments that are recorded; longer than asked where they would take more than 1% of a core.',
  },
  recorderBytes: {
    name: 'promfold_recorder_bytes',
    type: 'gauge',
    help: 'Memory of the flight recorder.',
  },
  recorderTicksLeftOut: {
    name: 'promfold_recorder_ticks_left_out_total',
    type: 'counter',
    help: 'Moments that were not recorded because the one before took longer than the interval.',
  },
  recorderDiskBytes: {
    name: 'promfold_recorder_disk_bytes',
    type: 'gauge',
    help: 'Bytes of the files in --recorder.dir.',
  },
  recorderDiskFailures: {
    name: 'promfold_recorder_disk_failures_total',
    type: 'counter',
    help: 'How often a file in --recorder.dir could not be written.',
  },
  incidents: {
    name: 'promfold_incidents_total',
    type: 'counter',
    help: 'Ends and stalls of writers that --recorder.incidents is about, by what is known of why.',
    labels: ['reason'],
    ofSource: ({ name }, server) => server?.recorder?.incidentsOf(name),
  },
  processes: {
    name: 'promfold_processes',
    type: 'gauge',
    help: 'Processes that write, by what the watchdog says of them.',
    labels: ['verdict'],
    ofSource: ({ name }, server) => server?.watch?.processesOf(name),
  },
  engineStalled: {
    name: 'promfold_engine_stalled',
    type: 'gauge',
    help: '1 while requests wait for an engine that counts no token and finishes none; not there while it is not known.',
    labels: ['engine', 'model_name'],
    ofSource: ({ name }, server) => stalledOf(server?.watch?.enginesOf(name)),
  },
  findings: {
    name: 'promfold_findings',
    type: 'gauge',
    help: 'Places where promfold check finds something wrong, by its code; looked for once a minute at most.',
    labels: ['severity', 'code'],
    ofSource: ({ name }, server) => server?.findings?.of(name)?.findings,
  },
  findingsTime: {
    name: 'promfold_findings_timestamp_seconds',
    type: 'gauge',
    help: 'When promfold_findings were looked for, seconds since 1970.',
    ofSource: ({ name }, server) => server?.findings?.of(name)?.takenAtSeconds,
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

const labelledEngines = new Memo<readonly EngineStalled[], readonly LabelledNumber[]>();

function stalledOf(
  engines: readonly EngineStalled[] | undefined,
): readonly LabelledNumber[] | undefined {
  return (
    engines &&
    labelledEngines.get(engines, () =>
      engines.map(({ engine, modelName, isStalled }) => ({
        labels: { engine, ...(modelName !== undefined && { model_name: modelName }) },
        value: Number(isStalled),
      })),
    )
  );
}

type FamilyKey = keyof typeof FAMILIES;

/** The value of a family for the source of this name. */
interface NumbersOf {
  readonly name: string | undefined;
  readonly numbers: Numbers;
}

const ROWS = Object.entries(FAMILIES) as [FamilyKey, SelfFamily][];

export class SelfMetrics {
  /** All families there may be, whether they have something to say or not. */
  readonly all = ROWS.map(([, row]) => headOf(row));
  readonly #registry = new Registry();
  readonly #metrics = new Map<FamilyKey, Counter | Gauge>();
  readonly #sourceLabel: string;
  readonly #server: ServerCounts | undefined;
  /** What was last recorded of the sources: most of it does not change from scrape to scrape. */
  readonly #recorded = new Map<FamilyKey, readonly NumbersOf[]>();
  /** What was last set for promfold as a whole. */
  readonly #last = new Map<FamilyKey, number>();
  /** What was last recorded of each endpoint. */
  readonly #dropped = new Map<string, EndpointFacts['dropped']>();
  /** The families as printed, cached until a number of them changes. */
  readonly #exposed = new Map<FamilyKey, ValuedFamily | undefined>();
  /** Reasons ever seen, by source and family. */
  readonly #reasons = new Map<string | undefined, Map<FamilyKey, Set<string>>>();

  /**
   * @param sourceLabel the label that names a source, where sources have names
   * @param server absent where nothing is served over HTTP
   */
  constructor(build: Build, sourceLabel = 'promfold_source', server?: ServerCounts) {
    this.#sourceLabel = sourceLabel;
    this.#server = server;
    const registers = [this.#registry];
    for (const [key, row] of ROWS) {
      const { name, type, help, labels = [], ofSource } = row;
      const labelNames = ofSource ? [...labels, sourceLabel] : labels;
      const options = { name, help, labelNames, registers };
      this.#metrics.set(key, type === 'counter' ? new Counter(options) : new Gauge(options));
      // No sample before a value is known.
      this.#clear(key);
    }
    const labels = { ...build, nodeversion: process.version, arch: process.arch };
    this.#put('buildInfo', labels, 1);
  }

  /** Measures what promfold itself takes. Independent of scrapes, so it can run during one. */
  measure(): void {
    this.#clear('residentMemory');
    const resident = residentBytes();
    if (resident !== undefined) this.#put('residentMemory', {}, resident);
    this.#clear('cpuSeconds');
    const cpu = process.cpuUsage();
    this.#put('cpuSeconds', {}, (cpu.user + cpu.system) / 1e6);
    if (this.#server === undefined) return;
    const { connections, api, recorder, load } = this.#server;
    this.#set('connections', connections.open);
    this.#set('idleConnectionsClosed', connections.closedIdle);
    this.#set('connectionsRefused', connections.refused);
    this.#set('apiRequestsRefused', api.requestsRefused);
    if (load !== undefined) {
      this.#set('loadRequests', load.requests);
      this.#set('loadRefused', load.refused);
    }
    this.#set('liveStreams', api.streams);
    this.#set('liveStreamsCut', api.streamsCut);
    this.#set('liveTicksLeftOut', api.ticksLeftOut);
    if (recorder === undefined) return;
    this.#set('recorderInterval', recorder.intervalSeconds);
    this.#set('recorderBytes', recorder.bytes);
    this.#set('recorderTicksLeftOut', recorder.ticksLeftOut);
    if (recorder.diskBytes !== undefined) this.#set('recorderDiskBytes', recorder.diskBytes);
    if (recorder.diskFailures !== undefined) {
      this.#set('recorderDiskFailures', recorder.diskFailures);
    }
  }

  record({ durationSeconds, sources, appended }: ScrapeFacts): void {
    this.#put('scrapeDuration', {}, durationSeconds);
    this.#set('hungFiles', hungFiles());
    for (const [key, row] of ROWS) {
      const { ofSource } = row;
      if (ofSource === undefined) continue;
      const bySource = sources.map((source) => ({
        name: source.name,
        numbers: ofSource(source, this.#server),
      }));
      if (areSame(bySource, this.#recorded.get(key))) continue;
      this.#recorded.set(key, bySource);
      // Nothing of a source that is gone stays.
      this.#clear(key);
      for (const numbers of bySource) this.#putNumbers(key, row, numbers);
    }
    for (const [url, { up, dropped }] of appended) {
      this.#put('appendUp', { url }, up ? 1 : 0);
      if (dropped === this.#dropped.get(url)) continue;
      this.#dropped.set(url, dropped);
      for (const [reason, series] of Object.entries(dropped)) {
        this.#put('appendDropped', { url, reason }, series);
      }
    }
    for (const name of this.#reasons.keys()) {
      if (!sources.some((source) => source.name === name)) this.#reasons.delete(name);
    }
  }

  /** All families that have a sample, from what was last measured and recorded. */
  async families(): Promise<ValuedFamily[]> {
    const families: ValuedFamily[] = [];
    for (const [key, row] of ROWS) {
      if (!this.#exposed.has(key)) {
        const { values } = await this.#metrics.get(key)!.get();
        this.#exposed.set(key, values.length > 0 ? valuedFamily(row, values) : undefined);
      }
      const family = this.#exposed.get(key);
      if (family !== undefined) families.push(family);
    }
    return families;
  }

  #putNumbers(
    key: FamilyKey,
    { labels: [label = ''] = [], forgets }: SelfFamily,
    of: NumbersOf,
  ): void {
    const { name, numbers } = of;
    if (numbers === undefined) return;
    const labels = name === undefined ? {} : { [this.#sourceLabel]: name };
    if (typeof numbers === 'number') {
      this.#put(key, labels, numbers);
      return;
    }
    if (isLabelled(numbers)) {
      for (const number of numbers) this.#put(key, { ...labels, ...number.labels }, number.value);
      return;
    }
    for (const labelValue of forgets ? numbers.keys() : this.#seen(name, key, numbers)) {
      this.#put(key, { ...labels, [label]: labelValue }, numbers.get(labelValue) ?? 0);
    }
  }

  /** The totals are kept elsewhere. A counter of prom-client can only be incremented, so it is reset to 0 before. */
  #put(key: FamilyKey, labels: Record<string, string>, value: number): void {
    this.#exposed.delete(key);
    const metric = this.#metrics.get(key)!;
    if (metric instanceof Gauge) metric.set(labels, value);
    else metric.inc(labels, value);
  }

  /** Most do not change from scrape to scrape, and are not made anew. */
  #set(key: FamilyKey, value: number): void {
    if (this.#last.get(key) === value) return;
    this.#last.set(key, value);
    this.#clear(key);
    this.#put(key, {}, value);
  }

  #clear(key: FamilyKey): void {
    this.#exposed.delete(key);
    const metric = this.#metrics.get(key)!;
    metric.reset();
    // Without labels, reset() leaves a 0.
    metric.remove({});
  }

  #seen(
    source: string | undefined,
    key: FamilyKey,
    counts: ReadonlyMap<string, number>,
  ): ReadonlySet<string> {
    const ofSource = entryOf(this.#reasons, source, () => new Map<FamilyKey, Set<string>>());
    const seen = entryOf(ofSource, key, () => new Set<string>());
    for (const label of counts.keys()) seen.add(label);
    return seen;
  }
}

const isLabelled = (numbers: Numbers): numbers is readonly LabelledNumber[] =>
  Array.isArray(numbers);

/** Facts have -1 for a number that is not known. */
function known(number: number | undefined): number | undefined {
  return number === undefined || number < 0 ? undefined : number;
}

/** The maps in facts never change: a new count makes a new map. */
function areSame(a: readonly NumbersOf[], b: readonly NumbersOf[] | undefined): boolean {
  return (
    a.length === b?.length &&
    a.every(({ name, numbers }, i) => name === b[i]!.name && numbers === b[i]!.numbers)
  );
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function headOf({ name, type, help }: SelfFamily): FamilyHead {
  return {
    name: type === 'counter' ? name.replace(/_total$/, '') : name,
    type,
    help,
    keepsRawName: false,
  };
}

type Values = Awaited<ReturnType<Gauge['get']>>['values'];

function valuedFamily(row: SelfFamily, values: Values): ValuedFamily {
  return {
    ...headOf(row),
    series: values.map(({ labels }) => ({
      sampleName: row.name,
      labels: Object.entries(labels)
        .map(([name, value]) => [name, String(value)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    })),
    value: values.map(({ value }) => formatNumber(value)),
  };
}

/** The table of the topic `self-metrics`, as Markdown. */
export function selfMetricsTable(): string {
  const rows = ROWS.map(([, { name, type, help, labels = [] }]) => {
    const selector = labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
    return `| \`${selector}\` | ${type} | ${help} |`;
  });
  return ['| family | type | what it says |', '|---|---|---|', ...rows].join('\n');
}

/** Undefined where /proc/self cannot be opened, since no descriptor is left: that must not fail a scrape. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
