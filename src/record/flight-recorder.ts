/**
 * The flight recorder of a daemon: the values of all entries of all sources, every second, in one budget of memory, and on
 * disk if asked. Decides when a tick is taken, of which sources, and how they share the budget.
 *
 * All sources are asked in the same turn of the event loop, so that one run of the scraper answers. A tick never begins
 * before the last one has ended; those in between are left out, and counted. A source that is gone is kept for a while:
 * its end is what a user will ask about.
 */
import type { RecordedKeys } from '../inspect/recorded-keys.js';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import type { Redactor } from '../inspect/redact.js';
import type { Selector } from '../inspect/selector.js';
import { Pace } from '../live/pace.js';
import { PROCESS_CLOCK, type TickClock } from '../live/tick-clock.js';
import type { ScrapeLog } from '../log.js';
import { type AddedTick, Recorder, type RecorderOptions } from '../native.js';
import type { ProcThread } from '../processes/proc-thread.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import type { Stall } from './incident.js';
import type { IncidentPolicy } from './incident-policy.js';
import { type IncidentSource, Incidents, MAX_INCIDENT_BYTES } from './incidents.js';
import { RecorderFolder } from './recorder-folder.js';
import { SegmentFiles } from './segment-files.js';
import { sharesOf } from './shares.js';
import { type Coverage, SourceRecorder } from './source-recorder.js';

export interface FlightRecorderOptions {
  readonly intervalSeconds: number;
  /** Of a core, that ticks may take; 1 % where absent. */
  readonly share?: number;
  /** Of memory, for all sources. */
  readonly maxBytes: number;
  /** Series that are not recorded; none where absent. */
  readonly exclude?: readonly Selector[];
  /** On disk, too; absent for memory alone. */
  readonly folder?: { readonly path: string; readonly maxBytes: number } | undefined;
  /** Which ends of writers are saved; none where absent. */
  readonly incidents?: IncidentPolicy;
  readonly procThread: Pick<ProcThread, 'writers' | 'forget'>;
  readonly log: ScrapeLog;
  /** Given each instant that is taken; a tick ends when this has settled, too. */
  readonly onInstant?: ((instant: SourceInstant) => Promise<void>) | undefined;
  /** For tests. */
  readonly clock?: TickClock;
  readonly newRecorder?: (options: RecorderOptions) => Recorder;
}

export interface RecordedSource {
  /** Absent for the one directory that needs no name. */
  readonly name?: string;
  readonly path: string;
  readonly coverage: Coverage;
}

type Sources = Pick<Scraper, 'sources' | 'instant' | 'requests'>;

/** A source that is gone is kept so long, and so many are. */
const GONE_MS = 3_600_000;
const MAX_GONE = 8;

/** Of --recorder.disk-size, for incidents. */
const INCIDENT_SHARE = 1 / 4;

/** Of what a tick itself takes. */
const MOST_WITH_GARBAGE = 2;

/** The budget is shared anew: rates of growth need a while. */
const SHARE_MS = 60_000;

/** Where all values once take most of the budget, a tick drops what was recorded seconds before. */
const SHORT_SECONDS = 30;

interface Recorded {
  readonly recorder: SourceRecorder;
  goneMs: number | undefined;
  /** What ticks took since the budget was shared. */
  tickBytes: number;
}

export class FlightRecorder {
  readonly #scraper: Sources;
  readonly #options: FlightRecorderOptions;
  readonly #clock: TickClock;
  readonly #pace: Pace;
  readonly #folder: RecorderFolder | undefined;
  /** Undefined where none is saved. */
  readonly incidents: Incidents | undefined;
  #recorded: Recorded[] = [];
  #nextMs = 0;
  #sharedMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #isStopped = false;
  #hasGrown = false;
  #hasSaidShort = false;
  /** The last tick, if what it took is still to be counted. */
  #last: (TickCost & { readonly beganCpu: number; readonly requests: number }) | undefined;
  #ticks = 0;
  #ticksLeftOut = 0;

  constructor(scraper: Sources, options: FlightRecorderOptions) {
    const { clock = PROCESS_CLOCK, folder, log, intervalSeconds, share } = options;
    this.#scraper = scraper;
    this.#options = options;
    this.#clock = clock;
    this.#pace = new Pace(intervalSeconds, share);
    const { incidents: policy = 'none' } = options;
    const incidentBytes =
      policy === 'none' ? 0 : Math.floor((folder?.maxBytes ?? 0) * INCIDENT_SHARE);
    if (folder !== undefined) {
      const maxBytes = folder.maxBytes - incidentBytes;
      this.#folder = new RecorderFolder(folder.path, { maxBytes, log, nowMs: clock.nowMs });
    }
    if (policy !== 'none') {
      // What is saved may have to stay in memory, and one must not take all the room there is.
      const room =
        folder === undefined ? options.maxBytes : Math.min(options.maxBytes, incidentBytes);
      this.incidents = new Incidents({
        policy,
        maxBytes: Math.min(MAX_INCIDENT_BYTES, Math.floor(room / 2)),
        folder: folder && { path: folder.path, maxBytes: incidentBytes },
        log,
        nowMs: clock.nowMs,
      });
    }
  }

  get intervalSeconds(): number {
    return this.#pace.intervalSeconds;
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  get bytes(): number {
    return this.sources().reduce((sum, { coverage }) => sum + coverage.bytes, 0);
  }

  /** Bytes in the folder; undefined without one. */
  get diskBytes(): number | undefined {
    return this.#folder?.bytes;
  }

  /** Since the start; undefined without a folder. */
  get diskFailures(): number | undefined {
    return this.#folder?.failures;
  }

  /** Since the start. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Since the start. */
  get ticksLeftOut(): number {
    return this.#ticksLeftOut;
  }

  /** All that is recorded, also of sources that are gone. */
  sources(): RecordedSource[] {
    return this.#recorded.flatMap(({ recorder: { source, path, coverage } }) =>
      coverage === undefined
        ? []
        : [{ ...(source !== undefined && { name: source }), path, coverage }],
    );
  }

  /** How far a source reaches back; undefined where nothing of it is recorded. */
  secondsOf(source: string | undefined): number | undefined {
    const coverage = this.#find(source)?.coverage;
    if (coverage === undefined) return undefined;
    // In whole seconds: otherwise each scrape would print it anew. The clock may have been set back.
    return Math.max(0, Math.floor(coverage.toSeconds - coverage.fromSeconds));
  }

  /** Of a source, by reason; undefined where none is saved. */
  incidentsOf(source: string | undefined): ReadonlyMap<string, number> | undefined {
    return this.incidents?.countsOf(source);
  }

  /**
   * What is recorded of a source by now, to be closed; undefined where nothing is.
   *
   * @param known as in RecordedPast
   */
  past(source: string | undefined, known?: RecordedKeys): RecordedPast | undefined {
    return this.#find(source)?.past(known);
  }

  /**
   * A recording of a source, as files that are readable alone; end to end they are one, too.
   *
   * @param redactor hides values of labels
   * @returns empty where nothing of it is recorded
   */
  async save(
    source: string | undefined,
    fromSeconds: number,
    redactor?: Redactor,
  ): Promise<Uint8Array[]> {
    return (await this.#find(source)?.save(fromSeconds, { redactor })) ?? [];
  }

  /** Something stalled: what was recorded before is saved, where that is asked for. Returns at once. */
  stalled(source: string | undefined, stall: Stall): void {
    const recorder = this.#find(source);
    if (recorder === undefined) return;
    this.incidents?.addStall(stall, recorder.livingWriters(), incidentSource(recorder));
  }

  /** The first tick is now. */
  start(): void {
    if (this.#isStopped) return;
    this.#nextMs = this.#clock.nowMs();
    this.#wait();
  }

  /** Takes no further tick. Waits for one that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#ticking;
  }

  /** Before the scraper. On disk, the last moment is that of the end: a restart goes on from there. */
  async close(): Promise<void> {
    await this.stop();
    if (this.#folder !== undefined && this.#ticks > 0) await this.#record();
    await this.incidents?.close();
    await Promise.all(this.#recorded.map(({ recorder }) => recorder.close()));
  }

  #find(source: string | undefined): SourceRecorder | undefined {
    return this.#recorded.findLast(({ recorder }) => recorder.source === source)?.recorder;
  }

  #wait(): void {
    const { nowMs, after } = this.#clock;
    this.#cancel = after(Math.max(0, this.#nextMs - nowMs()), () => {
      this.#ticking = this.#tick()
        // Whatever is wrong with the past, the present is served.
        .catch((error: Error) =>
          this.#options.log.warn('no tick was taken', { cause: error.message }),
        )
        .then(() => {
          if (!this.#isStopped) this.#wait();
        });
    });
  }

  async #tick(): Promise<void> {
    const beganMs = this.#clock.nowMs();
    this.#count();
    this.#ticks++;
    await this.#follow();
    const beganCpu = this.#clock.cpuSeconds();
    const cost = await this.#record();
    // Nothing was there to be recorded, or it failed: that is not what a tick takes.
    if (cost.ticks > 0) this.#last = { ...cost, beganCpu, requests: this.#scraper.requests };
    const intervalMs = this.#pace.intervalSeconds * 1000;
    // A timer may fire a moment early.
    this.#nextMs = Math.max(this.#nextMs, beganMs - intervalMs) + intervalMs;
    const missed = Math.max(0, Math.ceil((this.#clock.nowMs() - this.#nextMs) / intervalMs));
    this.#ticksLeftOut += missed;
    this.#nextMs += missed * intervalMs;
  }

  async #record(): Promise<TickCost> {
    const { nowMs, cpuSeconds } = this.#clock;
    const [beganMs, beganCpu] = [nowMs(), cpuSeconds()];
    const present = this.#recorded.filter(({ goneMs }) => goneMs === undefined);
    const taken = await Promise.all(
      present.map(async (recorded) => ({
        recorded,
        // The scraper says what is wrong with a directory.
        instant: await recorded.recorder.take(this.#scraper).catch(() => undefined),
      })),
    );
    // Neither counts what other work took while a tick waited.
    const gathered = Math.min((nowMs() - beganMs) / 1000, cpuSeconds() - beganCpu);
    const cost = { ticks: 0, cpuSeconds: gathered, sealSeconds: 0 };
    await Promise.all(
      taken.map(async ({ recorded, instant }) => {
        const added = instant && (await this.#add(recorded, instant));
        if (added === undefined) return;
        cost.ticks++;
        cost.cpuSeconds += added.cpuSeconds - added.sealSeconds;
        cost.sealSeconds += added.sealSeconds;
      }),
    );
    return cost;
  }

  async #add(recorded: Recorded, instant: SourceInstant): Promise<AddedTick | undefined> {
    const { recorder } = recorded;
    const watched = this.#options.onInstant?.(instant);
    try {
      const added = await recorder.add(instant, this.#pace.intervalSeconds);
      recorded.tickBytes += added.tickBytes;
      const heldSeconds = Math.round(instant.takenAtSeconds - added.fromSeconds);
      if (added.droppedSegments > 0 && heldSeconds < SHORT_SECONDS)
        this.#sayShort(recorder.path, heldSeconds);
      return added;
    } catch (error) {
      const fields = { path: recorder.path, cause: (error as Error).message };
      this.#options.log.warn('a tick was not recorded', fields);
      return undefined;
    } finally {
      await watched;
      instant.release();
    }
  }

  /** Once. */
  #sayShort(path: string, heldSeconds: number): void {
    if (this.#hasSaidShort) return;
    this.#hasSaidShort = true;
    const message = 'the recorder holds the last seconds only: raise --recorder.size';
    this.#options.log.warn(message, { path, heldSeconds, maxBytes: this.maxBytes });
  }

  /**
   * Counts what the last tick took. Where no scrape was asked for since, what else the process did is mostly collecting its
   * garbage, on threads of V8 and later: with thousands of files more than half as much again. More than as much again is
   * other work.
   */
  #count(): void {
    const last = this.#last;
    if (last === undefined) return;
    this.#last = undefined;
    const { sealSeconds, beganCpu, requests } = last;
    const isAlone = this.#scraper.requests === requests;
    const since = isAlone ? this.#clock.cpuSeconds() - beganCpu - sealSeconds : 0;
    const cpuSeconds = Math.max(
      last.cpuSeconds,
      Math.min(since, MOST_WITH_GARBAGE * last.cpuSeconds),
    );
    this.#pace.took(cpuSeconds, sealSeconds);
    const { intervalSeconds, tickSeconds } = this.#pace;
    if (this.#hasGrown || intervalSeconds <= this.#options.intervalSeconds) return;
    this.#hasGrown = true;
    this.#options.log.info(
      'the recorder takes ticks less often: they took more than their share of a core',
      {
        intervalSeconds,
        tickSeconds: Number(tickSeconds.toPrecision(2)),
      },
    );
  }

  /** Sources may have come or gone, as with --discover. */
  async #follow(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const served = this.#scraper.sources();
    for (const recorded of this.#recorded) {
      const { source, path } = recorded.recorder;
      const isServed = served.some((each) => each.name === source && each.path === path);
      if (!isServed && recorded.goneMs === undefined) recorded.recorder.concludeEnds();
      recorded.goneMs = isServed ? undefined : (recorded.goneMs ?? nowMs);
    }
    const added = served.filter(
      ({ name, path }) =>
        !this.#recorded.some(({ recorder }) => recorder.source === name && recorder.path === path),
    );
    const forgotten = this.#forgotten(nowMs);
    if (added.length === 0 && forgotten.size === 0) {
      if (nowMs - this.#sharedMs >= SHARE_MS) this.#share();
      return;
    }
    this.#recorded = this.#recorded.filter((recorded) => !forgotten.has(recorded));
    for (const { recorder } of forgotten) await recorder.close();
    for (const { name, path } of added) {
      this.#recorded.push({
        recorder: this.#newRecorder(name, path),
        goneMs: undefined,
        tickBytes: 0,
      });
    }
    this.#share();
  }

  #forgotten(nowMs: number): Set<Recorded> {
    const gone = this.#recorded
      .filter(({ goneMs }) => goneMs !== undefined)
      .sort((a, b) => b.goneMs! - a.goneMs!);
    return new Set(gone.filter(({ goneMs }, i) => i >= MAX_GONE || nowMs - goneMs! > GONE_MS));
  }

  #newRecorder(source: string | undefined, path: string): SourceRecorder {
    const { maxBytes, procThread, newRecorder, exclude = [] } = this.#options;
    const recorder: SourceRecorder = new SourceRecorder(source, path, {
      maxBytes,
      exclude,
      procThread,
      files: this.#folder && new SegmentFiles(this.#folder, source),
      newRecorder: newRecorder ?? ((options) => new Recorder(options)),
      nowMs: this.#clock.nowMs,
      onEnds: this.incidents && ((ends) => this.incidents!.add(ends, incidentSource(recorder))),
    });
    return recorder;
  }

  #share(): void {
    const rates = this.#recorded.map(({ tickBytes }) => tickBytes);
    const shares = sharesOf(this.#options.maxBytes, rates);
    for (const [i, recorded] of this.#recorded.entries()) {
      recorded.recorder.maxBytes = shares[i]!;
      // Halved, not forgotten: a minute alone says little.
      recorded.tickBytes /= 2;
    }
    this.#sharedMs = this.#clock.nowMs();
  }
}

function incidentSource(recorder: SourceRecorder): IncidentSource {
  const { source, path } = recorder;
  return {
    source,
    path,
    save: (fromSeconds, maxBytes) => recorder.save(fromSeconds, { maxBytes }),
  };
}

interface TickCost {
  /** Sources of which a tick was recorded. */
  ticks: number;
  cpuSeconds: number;
  sealSeconds: number;
}
