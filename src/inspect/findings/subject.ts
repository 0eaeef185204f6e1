/**
 * What the rules check: a Reading, its families, and facts of this machine.
 */
import { isUnusable } from '../../format/key.js';
import { type Limits, UNLIMITED } from '../../plan/budget.js';
import type { Series } from '../../plan/series.js';
import type { Elsewhere } from '../../processes/metric-processes.js';
import type { Liveness } from '../../processes/writer.js';
import type { ReadFile, Reading } from '../reading.js';
import { type Contribution, indexOf, type Parts, type SeriesIndex } from '../series-index.js';
import type { IndexedFamily, Place, SeriesStructure } from '../series-structure.js';

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
  #dead: Uint8Array | undefined;

  /** By default those of a daemon on this machine. */
  readonly limits: Limits;

  constructor(reading: Reading, hostFacts?: HostFacts, limits: Limits = UNLIMITED) {
    this.reading = reading;
    this.hostFacts = hostFacts;
    this.limits = limits;
  }

  /** Of undamaged files, first seen first. */
  get families(): readonly IndexedFamily[] {
    return this.#index.families;
  }

  /** What each entry contributes to a series. */
  readonly partsOf = (series: Series): Parts => this.#index.partsOf(series);

  /** The files that the families are of, by rank. */
  get files(): readonly ReadFile[] {
    return this.#index.files;
  }

  get structure(): SeriesStructure {
    return this.#index.structure;
  }

  /** The entries of undamaged files whose key is unusable or was repaired. */
  *flawed(): IterableIterator<Contribution> {
    for (const place of this.structure.flawed) yield this.contributionAt(place);
    // A file of no known name is in no plan.
    for (const file of this.reading.files) {
      if (file.fault !== undefined || file.fileName !== undefined) continue;
      for (const entry of file.entries) {
        const { key } = entry;
        if (isUnusable(key) || key.repaired !== undefined) yield { file, entry };
      }
    }
  }

  contributionAt(place: Place): Contribution {
    return this.#index.contributionAt(place);
  }

  /** Whether the process of any file is. */
  get hasDead(): boolean {
    for (const { liveness } of this.reading.writers.values()) if (liveness === 'dead') return true;
    return false;
  }

  /** Whether the process of a file is dead, by rank. */
  readonly isDead = (rank: number): boolean => {
    this.#dead ??= Uint8Array.from(this.files, (file) => Number(this.livenessOf(file) === 'dead'));
    return this.#dead[rank] === 1;
  };

  get #index(): SeriesIndex {
    return indexOf(this.reading);
  }

  livenessOf({ fileName }: ReadFile): Liveness {
    if (fileName === undefined) return 'unknown';
    return this.reading.writers.get(fileName.processId)?.liveness ?? 'unknown';
  }
}
