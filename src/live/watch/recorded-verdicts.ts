/**
 * What the watchdog would have said at a moment that was recorded: the minutes before are played to it. Only where there are
 * enough: a directory alone has no past.
 */
import type { ProfileChoice } from '../../engines/profiles.js';
import { compareColumns, releaseColumns } from '../../files/column-changes.js';
import type { RecordedInstant } from '../../files/recording.js';
import { type RecordedPast, recordedName } from '../../inspect/recorded-reading.js';
import { decodeMoment } from '../../processes/recorded-writers.js';
import { atOnce } from '../../steps.js';
import type { Verdict } from '../../watchdog/verdict.js';
import { Watchdog } from '../../watchdog/watchdog.js';
import type { ProcessFacts } from '../../watchdog/watched.js';
import {
  movementOf,
  type SourceRows,
  type WatchedEntries,
  WatchedSource,
} from './watched-source.js';

/** In times of the silence: the past that is needed, and four for what stalled. */
const PLAYED_SILENCES = 20;

/** Each takes some milliseconds. Where there are more, some are left out evenly. */
const MAX_TICKS = 400;

export interface RecordedWatchOptions {
  readonly silenceSeconds: number;
  readonly profile: ProfileChoice;
}

/** As of the last moment at or before this time. */
export async function recordedVerdicts(
  past: RecordedPast,
  seconds: number,
  { silenceSeconds, profile }: RecordedWatchOptions,
): Promise<readonly Verdict[]> {
  const from = seconds - PLAYED_SILENCES * silenceSeconds;
  const times = past.timeSeconds.filter((time) => time >= from && time <= seconds);
  const step = Math.ceil(times.length / MAX_TICKS);
  // The last one counts.
  const played = times.filter((_, i) => (times.length - 1 - i) % step === 0);
  const player = new Player(past, profile, new Watchdog(silenceSeconds));
  try {
    for (const time of played) await player.play(time, step);
  } finally {
    player.close();
  }
  return player.watchdog.verdicts();
}

class Player {
  readonly watchdog: Watchdog;
  readonly #past: RecordedPast;
  readonly #source: WatchedSource;
  #before: RecordedInstant | undefined;
  #rows: SourceRows | undefined;
  #entries: WatchedEntries | undefined;
  #roles = '';

  constructor(past: RecordedPast, profile: ProfileChoice, watchdog: Watchdog) {
    this.#past = past;
    this.#source = new WatchedSource(profile);
    this.watchdog = watchdog;
  }

  async play(time: number, step: number): Promise<void> {
    const instant = await this.#past.recording.at(time);
    // Damaged: the next one comes late.
    if (instant === undefined) return;
    const { timeSeconds, value, timestampSeconds, blob } = instant;
    const { writers = [], intervalSeconds = 1 } = decodeMoment(blob) ?? {};
    const roles = new Map(
      writers.map(({ processId, role, program }) => [processId, role ?? program]),
    );
    const rows = this.#rowsOf(instant, roles);
    const before = this.#before;
    this.#before = instant;
    if (before === undefined) return;
    const changes = await compareColumns(
      before,
      instant,
      this.#entries!.rows.slot,
      rows.classOfSlot,
      new Uint32Array(rows.classOfSlot.length),
      1,
    );
    const facts = writers.flatMap(({ processId, liveness, startSeconds }) => {
      if (liveness === 'archive') return [];
      const known: ProcessFacts = { liveness, startSeconds };
      return [[processId, known] as const];
    });
    this.watchdog.know(new Map(facts), timeSeconds, timeSeconds);
    this.watchdog.tick({
      nowSeconds: timeSeconds,
      wallSeconds: timeSeconds,
      intervalSeconds: step * intervalSeconds,
      value,
      timestampSeconds,
      ...movementOf(rows, changes),
    });
    releaseColumns(changes);
    releaseColumns(before);
  }

  close(): void {
    if (this.#before !== undefined) releaseColumns(this.#before);
  }

  #rowsOf(instant: RecordedInstant, roleOf: ReadonlyMap<string, string | undefined>): SourceRows {
    const { timeSeconds } = instant;
    const roles = JSON.stringify([...roleOf]);
    const known = this.#rows;
    if (known !== undefined && roles === this.#roles && isSame(this.#entries!.rows, instant)) {
      return known;
    }
    this.#roles = roles;
    this.#entries = entriesOf(this.#past, instant);
    this.#rows = atOnce(this.#source.rowsOf(this.#entries, (processId) => roleOf.get(processId)));
    this.watchdog.watch(this.#rows.watched, timeSeconds, timeSeconds);
    return this.#rows;
  }
}

/** A key is a slot of its own; slot 0 counts for nothing. The columns are copies: those of an instant are released. */
function entriesOf({ keys }: RecordedPast, instant: RecordedInstant): WatchedEntries {
  const fileNames: WatchedEntries['fileNames'] = new Map(
    Array.from(instant.fileId).flatMap((id, i) => {
      const name = recordedName(instant.fileName[i]!);
      return name === undefined ? [] : [[id, name] as const];
    }),
  );
  return {
    rows: {
      fileId: instant.fileId.slice(),
      generation: instant.generation.slice(),
      entryEnd: instant.entryEnd.slice(),
      keyId: instant.keyId.slice(),
      slot: instant.keyId.map((id) => id + 1),
    },
    slotCount: keys.size + 1,
    keys,
    fileNames,
    // Those that the daemon retained have no process id.
    retained: new Set(
      [...fileNames].flatMap(([id, { processId }]) => (processId === '' ? id : [])),
    ),
  };
}

function isSame(a: WatchedEntries['rows'], b: RecordedInstant): boolean {
  return (
    areEqual(a.fileId, b.fileId) &&
    areEqual(a.generation, b.generation) &&
    areEqual(a.entryEnd, b.entryEnd)
  );
}

function areEqual(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
