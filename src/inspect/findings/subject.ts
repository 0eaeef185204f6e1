/**
 * What the rules look at: a Reading, its families, and what is round the directory on this machine.
 */
import { type Limits, UNLIMITED } from '../../plan/budget.js';
import type { Elsewhere } from '../../processes/metric-processes.js';
import type { Liveness } from '../../processes/writer.js';
import type { ReadFile, Reading } from '../reading.js';
import { type FamilyIndex, indexFamilies, type Part } from './families.js';

/** Facts of this machine. None for a snapshot, which was taken on another. */
export interface HostFacts {
  /** Type of the file system the directory is on, as the kernel calls it. */
  readonly fileSystem: string | undefined;
  /** Of that file system; undefined where unknown. */
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
  readonly #flawed: Part[] = [];
  #families: ReadonlyMap<string, FamilyIndex> | undefined;

  /** Those of a daemon on this machine, where nobody says otherwise. */
  readonly limits: Limits;

  constructor(reading: Reading, hostFacts?: HostFacts, limits: Limits = UNLIMITED) {
    this.reading = reading;
    this.hostFacts = hostFacts;
    this.limits = limits;
  }

  /** Of the entries that count, in output order. */
  get families(): ReadonlyMap<string, FamilyIndex> {
    // Once for both: of a million keys each is parsed anew when it is asked for.
    this.#families ??= indexFamilies(this.reading.files, this.#flawed);
    return this.#families;
  }

  /** The entries of undamaged files whose key is unusable or was repaired. */
  get flawed(): readonly Part[] {
    return this.families && this.#flawed;
  }

  livenessOf({ fileName }: ReadFile): Liveness {
    if (fileName === undefined) return 'unknown';
    return this.reading.writers.get(fileName.processId)?.liveness ?? 'unknown';
  }
}
