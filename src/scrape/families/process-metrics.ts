/**
 * The resources of each living writer (`--process-metrics`): the families that prometheus_client itself has for one
 * process, labelled with the process id of the files and the role.
 *
 * Measured at each scrape, in the thread that scans the processes. Which writers there are, and so every label, is known
 * from the last scan. A value that may not be read is left out, and so is everything when the thread does not answer in
 * time, so that it does not delay the scrape.
 */

import type { ValuedFamily } from '../../expose/valued-family.js';
import type { MetricType } from '../../format/filename.js';
import type { Labels } from '../../format/key.js';
import { formatNumber } from '../../format/number.js';
import { Memo } from '../../memo.js';
import { type AddedLabels, withAdded } from '../../plan/added-labels.js';
import type { LivenessScanResult, LivingWriter } from '../../processes/liveness-scan.js';
import type { Measured } from '../../processes/measure.js';
import type { ProcThread } from '../../processes/proc-thread.js';
import type { ExtraFamilies, ReadSource } from './extra-families.js';

interface Row {
  readonly name: string;
  readonly sampleName: string;
  readonly type: MetricType;
  readonly help: string;
  readonly of: (measured: Measured) => number;
}

/** In the client's order and words, and one more. */
const ROWS: readonly Row[] = [
  gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', (m) => m.virtualBytes),
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', (m) => m.residentBytes),
  gauge(
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    (m) => m.startSeconds,
  ),
  {
    name: 'process_cpu_seconds',
    sampleName: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Total user and system CPU time spent in seconds.',
    of: (m) => m.cpuSeconds,
  },
  gauge('process_open_fds', 'Number of open file descriptors.', (m) => m.openFds),
  gauge('process_max_fds', 'Maximum number of open file descriptors.', (m) => m.maxFds),
  gauge('process_threads', 'Number of threads of the process.', (m) => m.threads),
];

/** Longer than a thousand processes take, shorter than any scrape timeout. */
const TIMEOUT_MS = 1_000;

interface Measurable {
  readonly writer: LivingWriter;
  readonly labels: Labels;
}

export class ProcessMetrics implements ExtraFamilies {
  readonly #thread: ProcThread;
  readonly #ofScan = new Memo<LivenessScanResult, readonly Measurable[]>();

  constructor(thread: ProcThread) {
    this.#thread = thread;
  }

  async families(sources: readonly ReadSource[]): Promise<readonly ValuedFamily[]> {
    const processes = sources.flatMap(({ live }) => {
      const scan = live.writers?.known?.scan;
      return scan === undefined ? [] : this.#measurable(scan, live.rules.labels);
    });
    if (processes.length === 0) return [];
    const measured = await this.#measure(processes.map(({ writer }) => writer));
    return ROWS.flatMap((row) => familyOf(row, processes, measured));
  }

  #measurable(scan: LivenessScanResult, added: AddedLabels): readonly Measurable[] {
    return this.#ofScan.get(scan, ({ writers }) =>
      writers.map((writer) => {
        const { processId, role } = writer;
        const own: Labels = [['pid', processId], ...(role === undefined ? [] : [roleLabel(role)])];
        return { writer, labels: withAdded(added, own) };
      }),
    );
  }

  async #measure(writers: readonly LivingWriter[]): Promise<readonly (Measured | undefined)[]> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<readonly undefined[]>((resolve) => {
      timer = setTimeout(resolve, TIMEOUT_MS, []);
    });
    try {
      // WriterWatch logs that the thread failed.
      return await Promise.race([this.#thread.measure(writers).catch(() => []), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function familyOf(
  { name, sampleName, type, help, of }: Row,
  processes: readonly Measurable[],
  measured: readonly (Measured | undefined)[],
): ValuedFamily[] {
  const series: { sampleName: string; labels: Labels }[] = [];
  const value: string[] = [];
  for (const [i, { labels }] of processes.entries()) {
    const ofProcess = measured[i];
    const number = ofProcess === undefined ? Number.NaN : of(ofProcess);
    if (Number.isNaN(number)) continue;
    series.push({ sampleName, labels });
    value.push(formatNumber(number));
  }
  return series.length === 0 ? [] : [{ name, type, help, keepsRawName: false, series, value }];
}

function gauge(name: string, help: string, of: (measured: Measured) => number): Row {
  return { name, sampleName: name, type: 'gauge', help, of };
}

function roleLabel(role: string): Labels[number] {
  return ['role', role];
}
