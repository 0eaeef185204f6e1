/** `top` of a recording: plays it from its beginning to its end, step by step. */
import { openInput } from '../inspect/input.js';
import type { Moment } from '../inspect/moment.js';
import { isUrl } from '../inspect/remote.js';
import type { TopView } from '../inspect/top.js';
import { TopViews } from '../live/top-views.js';
import type { Terminal } from './command.js';
import { openSpan, type PastSpan } from './past.js';
import { openTopSource, type TopSource } from './top-source.js';

export interface Replay {
  readonly since: Moment | undefined;
  readonly until: Moment | undefined;
  /** Of recorded time, between two views. */
  readonly stepSeconds: number;
}

/** A TopSource that may have an end. */
export interface PlayedSource extends Pick<TopSource, 'close'> {
  /** @returns undefined after the last view */
  next(): Promise<TopView | undefined>;
}

/** Two moments are compared however soon one follows the other. The last view is kept for the next one. */
const ANY_TIME = 0;
const LONGEST_MS = 2 ** 31 - 1;

/** @throws MetricFileError, UsageError */
export async function openPlayed(
  path: string,
  { since, until, stepSeconds }: Replay,
  terminal: Terminal,
): Promise<PlayedSource> {
  const isPast = since !== undefined || until !== undefined;
  const isRecording = isPast || (!isUrl(path) && (await openInput(path)).kind === 'recording');
  if (!isRecording) return openTopSource(path);
  return new TopOfRecording(await openSpan(path, since, until, terminal), stepSeconds);
}

class TopOfRecording implements PlayedSource {
  readonly #span: PastSpan;
  readonly #stepSeconds: number;
  readonly #views = new TopViews(ANY_TIME, LONGEST_MS);
  #nextSeconds: number;
  /** What was asked for, and the moment that was found there. */
  #lastSeconds = Number.NaN;
  #shownSeconds = Number.NaN;

  constructor(span: PastSpan, stepSeconds: number) {
    this.#span = span;
    this.#stepSeconds = stepSeconds;
    this.#nextSeconds = span.fromSeconds;
  }

  async next(): Promise<TopView | undefined> {
    const { past, toSeconds } = this.#span;
    for (;;) {
      if (this.#lastSeconds === toSeconds) return undefined;
      const seconds = Math.min(this.#nextSeconds, toSeconds);
      this.#nextSeconds += this.#stepSeconds;
      const reading = await past.readingOf(seconds);
      const isNew = reading.takenAtSeconds !== this.#shownSeconds;
      this.#lastSeconds = seconds;
      if (!isNew) continue;
      this.#shownSeconds = reading.takenAtSeconds;
      return this.#views.view({ reading, hold: () => {}, release: () => {} });
    }
  }

  close(): void {
    this.#views.close();
  }
}
