/**
 * What the rules check: a Reading, its families, and facts of this machine.
 */
import { isUnusable } from '../../format/key.js';
import { type Limits, UNLIMITED } from '../../plan/budget.js';
import type { Series } from '../../plan/series.js';
import type { Elsewhere } from '../../processes/metric-processes.js';
import type { Liveness } from '../../processes/writer.js';
import type { ReadEntry, ReadFile, Reading } from '../reading.js';
import { type Contribution, type IndexedFamily, SeriesIndex } from '../series-index.js';

/** Facts of this machine; none for a snapshot, which may be from another one. */
export interface HostFacts {
  /** Type of the directory's file system, as the kernel names it. */
  readonly fileSystem: string | undefined;
  /** Of that file system; undefined if unknown. */
  readonly freeBytes: number | undefined;
  readonly freeInodes: number | undefined;
  /** Running processes that write metric files anywhere, or name a directory for them. */
  readonly processes: readonly (Elsewhere & {
    /** Some of its files are in this directory. */
    readonly writesHere: boolean;
    /** Its environment names this directory. */
    readonly namesThis: boolean;
  })[];
}

export class Subject {
  readonly reading: Reading;
  readonly hostFacts: HostFacts | undefined;
  #index: SeriesIndex | undefined;

  /** By default those of a daemon on this machine. */
  readonly limits: Limits;

  constructor(reading: Reading, hostFacts?: HostFacts, limits: Limits = UNLIMITED) {
    this.reading = reading;
    this.hostFacts = hostFacts;
    this.limits = limits;
  }

  /** Of undamaged files, first seen first. */
  get families(): readonly IndexedFamily[] {
    return this.#seriesIndex.families;
  }

  /** What each entry contributes to a series. */
  readonly partsOf = (series: Series): Contribution[] => this.#seriesIndex.partsOf(series);

  /** The entries of undamaged files whose key is unusable or was repaired. */
  *flawed(): IterableIterator<Contribution> {
    const index = this.#seriesIndex;
    for (const file of this.reading.files) {
      if (file.fault !== undefined) continue;
      // A file of no known name is in no plan.
      const isFlawed =
        file.fileName === undefined
          ? ({ key }: ReadEntry) => isUnusable(key) || key.repaired !== undefined
          : ({ keyId }: ReadEntry) => index.isFlawed(keyId);
      for (const entry of file.entries) if (isFlawed(entry)) yield { file, entry };
    }
  }

  get #seriesIndex(): SeriesIndex {
    this.#index ??= new SeriesIndex(this.reading);
    return this.#index;
  }

  livenessOf({ fileName }: ReadFile): Liveness {
    if (fileName === undefined) return 'unknown';
    return this.reading.writers.get(fileName.processId)?.liveness ?? 'unknown';
  }
}
