/**
 * Watches one source: its instants become ticks of the watchdog. The addon compares each with the one before, off the main thread. Who
 * writes is looked up on another thread, every few seconds, and no tick waits for it.
 */
import type { ProfileChoice } from '../../engines/profiles.js';
import { compareColumns, releaseColumns } from '../../files/column-changes.js';
import { countsOnlyAlive } from '../../format/filename.js';
import type { WrittenFile } from '../../processes/find-writers.js';
import type { Glance } from '../../processes/glance.js';
import type { ProcThread } from '../../processes/proc-thread.js';
import type { SourceInstant } from '../../scrape/directory/source.js';
import type { Scraper } from '../../scrape/scraper.js';
import { inSlices } from '../../steps.js';
import {
  type EngineStalled,
  VERDICTS,
  type Verdict,
  type VerdictChange,
  type VerdictName,
} from '../../watchdog/verdict.js';
import { Watchdog } from '../../watchdog/watchdog.js';
import type { ProcessFacts, WentBack } from '../../watchdog/watched.js';
import { NOBODY_KNOWN, WriterLookup, type Writers, writtenOf } from '../writer-lookup.js';
import { entriesOf, movementOf, type SourceRows, WatchedSource } from './watched-source.js';

export interface SourceWatchOptions {
  readonly silenceSeconds: number;
  readonly profile: ProfileChoice;
  readonly procThread: Pick<ProcThread, 'writers' | 'forget' | 'glance'>;
}

/** The moment of a tick, by a monotonic clock. */
export interface TickTime {
  readonly nowSeconds: number;
  readonly intervalSeconds: number;
}

/** A lookup takes as long as reading the maps of all processes: this is a fifth of what the watchdog may take. */
const LOOKUP_PACE = { share: 1 / 1_000, maxAgeMs: 60_000 };
const LOOKUP_INTERVAL_MS = 3_000;

/** Their state is read, the longest silent first. */
const MAX_SUSPECTS = 50;

const GLANCE_SECONDS = 3;

/** Counts that went back that are told of, of one tick. */
const MAX_WENT_BACK = 10;

export class SourceWatch {
  /** Undefined for the one directory that needs no name. */
  readonly source: string | undefined;
  readonly path: string;
  readonly #watchdog: Watchdog;
  readonly #watched: WatchedSource;
  readonly #lookup: WriterLookup;
  readonly #thread: SourceWatchOptions['procThread'];
  /** Held until the next one. */
  #before: SourceInstant | undefined;
  #rows: SourceRows | undefined;
  #files: SourceInstant['files'] | undefined;
  #written: readonly WrittenFile[] = [];
  #writers: Writers = NOBODY_KNOWN;
  /** Those of which the watchdog knows. */
  #told: Writers | undefined;
  #rolesOf: Writers = NOBODY_KNOWN;
  #glances: ReadonlyMap<number, Glance> = new Map();
  #glancedSeconds = Number.NEGATIVE_INFINITY;
  #hasGlances = false;
  #processes: ReadonlyMap<VerdictName, number> = new Map();
  #engines: readonly EngineStalled[] = [];
  #isBusy = false;
  #isClosed = false;

  constructor(
    source: string | undefined,
    path: string,
    { silenceSeconds, profile, procThread }: SourceWatchOptions,
  ) {
    this.source = source;
    this.path = path;
    this.#watchdog = new Watchdog(silenceSeconds);
    this.#watched = new WatchedSource(profile);
    this.#thread = procThread;
    this.#lookup = new WriterLookup(procThread, LOOKUP_INTERVAL_MS, LOOKUP_PACE);
  }

  verdicts(): readonly Verdict[] {
    return this.#watchdog.verdicts();
  }

  /** Processes of each verdict: another map only where a number is another one. */
  get processes(): ReadonlyMap<VerdictName, number> {
    return this.#processes;
  }

  /** Whether each engine has stalled, where that is known; likewise. */
  get engines(): readonly EngineStalled[] {
    return this.#engines;
  }

  #count(): void {
    const processes = this.#watchdog.countProcesses();
    if (!VERDICTS.every((name) => processes.get(name) === this.#processes.get(name))) {
      this.#processes = processes;
    }
    const engines = this.#watchdog.enginesStalled();
    if (JSON.stringify(engines) !== JSON.stringify(this.#engines)) this.#engines = engines;
  }

  /**
   * An instant to be watched; with facts where files came or went.
   *
   * @throws as Scraper.instant
   */
  async take(scraper: Pick<Scraper, 'instant'>): Promise<SourceInstant> {
    const instant = await scraper.instant(this.source, false);
    if (!this.needsFacts(instant)) return instant;
    instant.release();
    return scraper.instant(this.source, true);
  }

  /** Of an instant that someone else took. */
  needsFacts({ files, facts }: SourceInstant): boolean {
    return files !== this.#files && facts === undefined;
  }

  /**
   * REQUIRES: the instant is not released before this settles.
   *
   * @returns verdicts that changed; none where the tick before has not ended
   */
  async tick(instant: SourceInstant, time: TickTime): Promise<readonly VerdictChange[]> {
    if (this.#isBusy || this.#isClosed) return [];
    this.#isBusy = true;
    instant.hold();
    const before = this.#before;
    this.#before = instant;
    try {
      return await this.#compare(before, instant, time);
    } finally {
      before?.release();
      this.#isBusy = false;
      if (this.#isClosed) this.#drop();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#lookup.close();
    if (!this.#isBusy) this.#drop();
  }

  #drop(): void {
    this.#before?.release();
    this.#before = undefined;
  }

  async #compare(
    before: SourceInstant | undefined,
    instant: SourceInstant,
    { nowSeconds, intervalSeconds }: TickTime,
  ): Promise<readonly VerdictChange[]> {
    const { state, files, facts, columns, takenAtSeconds } = instant;
    if (files !== this.#files && facts !== undefined) {
      this.#files = files;
      this.#written = writtenOf(files, facts);
    }
    this.#look(nowSeconds);
    const rows = await this.#rowsFor(instant, before?.state, nowSeconds);
    if (before === undefined || before.origin !== instant.origin) return [];
    const changes = await compareColumns(
      before.columns,
      columns,
      state.rows.slot,
      rows.classOfSlot,
      new Uint32Array(rows.classOfSlot.length),
      1,
    );
    try {
      const hasBack = changes.groupBack[0]! > 0;
      this.#tell(instant, nowSeconds);
      const verdicts = this.#watchdog.tick({
        nowSeconds,
        wallSeconds: takenAtSeconds,
        intervalSeconds,
        value: columns.value,
        timestampSeconds: columns.timestampSeconds,
        ...movementOf(rows, changes),
        ...(hasBack && { wentBack: this.#wentBack(before, instant, rows) }),
      });
      this.#count();
      return verdicts;
    } finally {
      releaseColumns(changes);
    }
  }

  async #rowsFor(
    { state, takenAtSeconds }: SourceInstant,
    before: SourceInstant['state'] | undefined,
    nowSeconds: number,
  ): Promise<SourceRows> {
    const areRolesKnown = this.#rolesOf === this.#writers;
    if (this.#rows !== undefined && state === before && areRolesKnown) return this.#rows;
    if (!areRolesKnown && this.#rows !== undefined && state === before) {
      const isSame = [...this.#writers.values()].every(
        (writer) => roleOf(writer) === roleOf(this.#rolesOf.get(writer.processId)),
      );
      this.#rolesOf = this.#writers;
      if (isSame) return this.#rows;
    }
    this.#rolesOf = this.#writers;
    const writers = this.#writers;
    this.#rows = await inSlices(
      this.#watched.rowsOf(entriesOf(state), (processId) => roleOf(writers.get(processId))),
    );
    this.#watchdog.watch(this.#rows.watched, nowSeconds, takenAtSeconds);
    this.#told = undefined;
    return this.#rows;
  }

  /** Returns at once: what is found is for a later tick. */
  #look(nowSeconds: number): void {
    void this.#lookup.writers(this.#written).then((writers) => {
      // One that failed says nothing.
      if (writers !== NOBODY_KNOWN) this.#writers = writers;
    });
    if (nowSeconds - this.#glancedSeconds < GLANCE_SECONDS) return;
    this.#glancedSeconds = nowSeconds;
    const pids = this.#watchdog
      .suspects()
      .slice(0, MAX_SUSPECTS)
      .flatMap((processId) => this.#writers.get(processId)?.pid ?? []);
    if (pids.length === 0) {
      this.#hasGlances ||= this.#glances.size > 0;
      this.#glances = new Map();
      return;
    }
    this.#thread
      .glance(pids)
      .then((glances) => {
        this.#glances = glances;
        this.#hasGlances = true;
      })
      // The thread died: the next one is asked again.
      .catch(() => {});
  }

  #tell(instant: SourceInstant, nowSeconds: number): void {
    if (this.#told === this.#writers && !this.#hasGlances) return;
    this.#told = this.#writers;
    this.#hasGlances = false;
    const facts = new Map<string, ProcessFacts>();
    let held: ReadonlyMap<string, number> | undefined;
    for (const { processId, liveness, startSeconds, pid } of this.#writers.values()) {
      if (liveness === 'archive') continue;
      const glance = pid === undefined ? undefined : this.#glances.get(pid);
      if (liveness === 'dead') held ??= heldGauges(instant, this.#writers);
      facts.set(processId, {
        liveness,
        startSeconds,
        state: glance?.state,
        cpuSeconds: glance?.cpuSeconds,
        ...(liveness === 'dead' && { heldGauges: held!.get(processId) ?? 0 }),
      });
    }
    this.#watchdog.know(facts, nowSeconds, instant.takenAtSeconds);
  }

  /** Rare, so that it may take as long as comparing all values here. */
  #wentBack(
    before: SourceInstant,
    { columns, state }: SourceInstant,
    rows: SourceRows,
  ): WentBack[] {
    const found: WentBack[] = [];
    const rankBefore = new Map(Array.from(before.columns.fileId, (id, rank) => [id, rank]));
    for (let rank = 0; rank < columns.fileId.length; rank++) {
      const process = rows.processOfFile[rank] ?? -1;
      const earlier = rankBefore.get(columns.fileId[rank]!);
      if (process < 0 || earlier === undefined) continue;
      if (before.columns.generation[earlier] !== columns.generation[rank]) continue;
      const from = rank === 0 ? 0 : columns.entryEnd[rank - 1]!;
      const fromBefore = earlier === 0 ? 0 : before.columns.entryEnd[earlier - 1]!;
      const entries = Math.min(
        columns.entryEnd[rank]! - from,
        before.columns.entryEnd[earlier]! - fromBefore,
      );
      for (let i = 0; i < entries; i++) {
        const [was, now] = [before.columns.value[fromBefore + i]!, columns.value[from + i]!];
        if (!(now < was) || rows.classOfSlot[state.rows.slot[from + i]!] === 0) continue;
        const series = this.#watched.seriesOf(entriesOf(state), from + i);
        found.push({ process, series, from: was, to: now });
        if (found.length === MAX_WENT_BACK) return found;
        break;
      }
    }
    return found;
  }
}

function roleOf(
  writer: { readonly role?: string | undefined; readonly program?: string | undefined } | undefined,
): string | undefined {
  return writer?.role ?? writer?.program;
}

/** Gauges of dead processes that are not 0 and count only, or say something only, while a process lives; by process id. */
function heldGauges(
  { columns, state: { fileNames } }: SourceInstant,
  writers: Writers,
): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (let rank = 0; rank < columns.fileId.length; rank++) {
    const name = fileNames.get(columns.fileId[rank]!);
    if (name === undefined || name.type !== 'gauge') continue;
    if (!countsOnlyAlive(name) || writers.get(name.processId)?.liveness !== 'dead') continue;
    const from = rank === 0 ? 0 : columns.entryEnd[rank - 1]!;
    let count = 0;
    for (let row = from; row < columns.entryEnd[rank]!; row++)
      if (columns.value[row] !== 0) count++;
    if (count > 0) held.set(name.processId, (held.get(name.processId) ?? 0) + count);
  }
  return held;
}
