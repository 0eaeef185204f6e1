/**
 * Records one source: its instants become ticks of the store (native/core/recording/). What has a name is told to the store
 * only when something came or went. Who writes is found on another thread, every few seconds, and no tick waits for it.
 */
import type { RecordedKeys } from '../inspect/recorded-keys.js';
import { RecordedPast } from '../inspect/recorded-reading.js';
import type { Redactor } from '../inspect/redact.js';
import type { Selector } from '../inspect/selector.js';
import { NOBODY_KNOWN, WriterLookup, type Writers, writtenOf } from '../live/writer-lookup.js';
import type { AddedTick, RecordedTick, Recorder, RecorderOptions, Recording } from '../native.js';
import type { WrittenFile } from '../processes/find-writers.js';
import type { ProcThread } from '../processes/proc-thread.js';
import { encodeMoment } from '../processes/recorded-writers.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import { inSlices } from '../steps.js';
import type { Ends, SeenWriter } from './ends.js';
import { Exclusion, type KeptEntries, keptColumns } from './exclusion.js';
import { recordedStructure } from './recorded-structure.js';
import type { SegmentFiles } from './segment-files.js';
import { WriterWatch } from './writer-watch.js';

export interface SourceRecorderOptions {
  readonly maxBytes: number;
  /** Series that are not recorded. */
  readonly exclude: readonly Selector[];
  readonly procThread: Pick<ProcThread, 'writers' | 'forget'>;
  /** Where it is recorded on disk, too. */
  readonly files: SegmentFiles | undefined;
  readonly newRecorder: (options: RecorderOptions) => Recorder;
  /** A monotonic clock. */
  readonly nowMs: () => number;
  /** Told of writers that ended, some seconds later; absent where no one asks. */
  readonly onEnds: ((ends: Ends) => void) | undefined;
}

export interface SaveOptions {
  readonly maxBytes?: number;
  /** Hides values of labels. */
  readonly redactor?: Redactor | undefined;
}

/** What is recorded of a source. Seconds since 1970. */
export interface Coverage {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Of memory. */
  readonly bytes: number;
}

/** So that any moment is found quickly, and little goes at a time. */
const SEGMENT_SECONDS = 300;

/** A lookup takes as long as reading the maps of all processes: this is a tenth of what ticks may take. */
const LOOKUP_INTERVAL_MS = 3_000;
const LOOKUP_PACE = { share: 1 / 1_000, maxAgeMs: Number.POSITIVE_INFINITY };

/** The clock was set where it and the monotonic one come apart by more, seconds: a tick that is late is no jump. */
const JUMP_SECONDS = 5;

/** Many processes that come and go must not take all memory: a moment of so many bytes is not repeated within a second. */
const MOMENT_BYTES_PER_SECOND = 4096;

export class SourceRecorder {
  /** Undefined for the one directory that needs no name. */
  readonly source: string | undefined;
  readonly path: string;
  readonly #options: SourceRecorderOptions;
  readonly #recorder: Recorder;
  readonly #lookup: WriterLookup;
  readonly #exclusion: Exclusion | undefined;
  /** Of the last tick; undefined where nothing is left out. */
  #kept: KeptEntries | undefined;
  #written: readonly WrittenFile[] = [];
  #writers: Writers = NOBODY_KNOWN;
  readonly #watch = new WriterWatch();
  /** Of the last tick. */
  #state: SourceInstant['state'] | undefined;
  #files: SourceInstant['files'] | undefined;
  #moment = '';
  #momentDueMs = Number.NEGATIVE_INFINITY;
  /** What the clock would have shown when the monotonic one showed 0, as of the last tick, seconds. */
  #clockZero: number | undefined;
  #coverage: Coverage | undefined;

  constructor(source: string | undefined, path: string, options: SourceRecorderOptions) {
    this.source = source;
    this.path = path;
    this.#options = options;
    this.#recorder = options.newRecorder({
      maxBytes: options.maxBytes,
      segmentSeconds: SEGMENT_SECONDS,
      isDurable: options.files !== undefined,
    });
    if (options.exclude.length > 0) this.#exclusion = new Exclusion(options.exclude);
    this.#lookup = new WriterLookup(options.procThread, LOOKUP_INTERVAL_MS, LOOKUP_PACE);
  }

  /** Undefined before the first tick. */
  get coverage(): Coverage | undefined {
    return this.#coverage;
  }

  set maxBytes(bytes: number) {
    this.#recorder.setMaxBytes(bytes);
  }

  /**
   * An instant to be recorded; with facts where something came or went.
   *
   * @throws as Scraper.instant
   */
  async take(scraper: Pick<Scraper, 'instant'>): Promise<SourceInstant> {
    const instant = await scraper.instant(this.source, false);
    if (this.#isKnown(instant) || instant.facts !== undefined) return instant;
    instant.release();
    return scraper.instant(this.source, true);
  }

  /**
   * REQUIRES: the instant is not released before this settles, and it is the only call under way.
   *
   * @throws Error nothing was recorded
   */
  async add(instant: SourceInstant, intervalSeconds: number): Promise<AddedTick> {
    const { facts, state, files, columns, takenAtSeconds } = instant;
    const isKnown = this.#isKnown(instant);
    if (!isKnown) this.#written = writtenOf(files, facts ?? new Map());
    const { onEnds, nowMs } = this.#options;
    if (onEnds !== undefined && this.#watch.check(takenAtSeconds, nowMs())) this.#lookup.renew();
    void this.#lookup.writers(this.#written).then((writers) => {
      this.#writers = writers;
      return this.#watchEnds(writers, takenAtSeconds);
    });
    if (!isKnown && this.#exclusion !== undefined) {
      this.#kept = await inSlices(this.#exclusion.keptOf(state));
    }
    const kept = this.#kept;
    const blob = this.#newMoment(intervalSeconds);
    const tick: RecordedTick = {
      timeSeconds: takenAtSeconds,
      columns: kept === undefined ? columns : keptColumns(kept, columns),
      ...(!isKnown && { structure: recordedStructure(instant, kept?.rows) }),
      ...(blob !== undefined && { blob }),
      ...(this.#beginsSegment(takenAtSeconds) && { beginsSegment: true }),
    };
    let added: AddedTick;
    try {
      added = await this.#recorder.add(tick);
    } catch (error) {
      // What it knows of the structure and of the moment is told again.
      this.#state = undefined;
      this.#moment = '';
      throw error;
    }
    this.#state = state;
    this.#files = files;
    const { fromSeconds, bytes } = added;
    this.#coverage = { fromSeconds, toSeconds: takenAtSeconds, bytes };
    this.#options.files?.write(added, takenAtSeconds);
    return added;
  }

  /**
   * What is recorded by now, to be closed; undefined before the first tick.
   *
   * @param known as in RecordedPast
   */
  past(known: RecordedKeys | undefined): RecordedPast | undefined {
    if (this.#coverage === undefined) return undefined;
    const recording = this.#recorder.recording();
    return new RecordedPast(this.path, recording, { isWhole: false, known });
  }

  /**
   * The files of a recording, each readable alone, oldest first.
   *
   * @param fromSeconds ticks before are left out
   * @param maxBytes of all files: where it is more, the oldest minutes are left out, too
   */
  async save(
    fromSeconds: number,
    { maxBytes = Number.POSITIVE_INFINITY, redactor }: SaveOptions = {},
  ): Promise<Uint8Array[]> {
    const recording = this.#recorder.recording();
    try {
      const keyTexts = redactor && (await inSlices(redactor.keyTexts(recording)));
      const saved: Uint8Array[] = [];
      let left = maxBytes;
      for (const [i, segment] of [...recording.segments().entries()].reverse()) {
        if (segment.toSeconds < fromSeconds) continue;
        const whole = await recording.save(i, fromSeconds, keyTexts);
        const bytes =
          whole.length <= left ? whole : await lastMinutes(recording, i, fromSeconds, left);
        if (bytes !== undefined) saved.unshift(bytes);
        if (bytes !== whole) break;
        left -= bytes.length;
      }
      return saved;
    } finally {
      recording.close();
    }
  }

  /** Those that were alive in the last lookup. */
  livingWriters(): SeenWriter[] {
    return [...this.#writers.values()].flatMap(
      ({ processId, liveness, pid, role, program, startSeconds }): SeenWriter[] =>
        liveness !== 'alive' || pid === undefined
          ? []
          : [
              {
                processId,
                pid,
                role,
                program,
                startSeconds: startSeconds ?? 0,
                lastSeenSeconds: 0,
              },
            ],
    );
  }

  /** No more lookups follow for now: what is known of writers that ended is all that will be. */
  concludeEnds(): void {
    const ends = this.#watch.conclude();
    if (ends !== undefined) this.#options.onEnds?.(ends);
  }

  /** REQUIRES: no call of add is under way. */
  async close(): Promise<void> {
    this.#lookup.close();
    this.#recorder.close();
    await this.#options.files?.close();
  }

  async #watchEnds(writers: Writers, atSeconds: number): Promise<void> {
    const { onEnds, nowMs } = this.#options;
    if (onEnds === undefined || writers === NOBODY_KNOWN) return;
    const ends = await this.#watch.saw(writers, atSeconds, nowMs());
    if (ends !== undefined) onEnds(ends);
  }

  #isKnown({ state, files }: SourceInstant): boolean {
    return state === this.#state && files === this.#files;
  }

  #newMoment(intervalSeconds: number): Buffer | undefined {
    const { nowMs } = this.#options;
    if (nowMs() < this.#momentDueMs) return undefined;
    const { source, path } = this;
    const writers = [...this.#writers.values()];
    const bytes = encodeMoment({ source, path, intervalSeconds, writers });
    const text = bytes.toString();
    if (text === this.#moment) return undefined;
    this.#moment = text;
    this.#momentDueMs = nowMs() + (bytes.length / MOMENT_BYTES_PER_SECOND) * 1000;
    return bytes;
  }

  #beginsSegment(takenAtSeconds: number): boolean {
    const zero = takenAtSeconds - this.#options.nowMs() / 1000;
    const isSet = Math.abs(zero - (this.#clockZero ?? zero)) > JUMP_SECONDS;
    // From tick to tick: over days the two come apart anyway.
    this.#clockZero = zero;
    return isSet || (this.#options.files?.wantsSegment ?? false);
  }
}

/** @returns as many of the last minutes of a segment as fit; undefined where none does */
async function lastMinutes(
  recording: Recording,
  segment: number,
  fromSeconds: number,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const { fromSeconds: first, toSeconds } = recording.segments()[segment]!;
  for (let from = Math.max(first, fromSeconds) + 60; from <= toSeconds; from += 60) {
    const bytes = await recording.save(segment, from);
    if (bytes.length <= maxBytes) return bytes;
  }
  return undefined;
}
