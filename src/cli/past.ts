/** `--at`, `--since`, `--until`: reads what a command is given as it was at a moment that was recorded. */
import { UsageError } from '../errors.js';
import { type Input, openInput } from '../inspect/input.js';
import { isoText, type Moment, type Span, secondsOf } from '../inspect/moment.js';
import { selectedKeys } from '../inspect/past-values.js';
import { formatAge } from '../inspect/quantity.js';
import { openPast, readInput } from '../inspect/read-directory.js';
import type { Reading } from '../inspect/reading.js';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import type { Selector } from '../inspect/selector.js';
import { atOnce } from '../steps.js';
import type { Terminal } from './command.js';

/** A moment that is this much older than the one that was asked for is told. */
const GAP_SECONDS = 90;

export interface ReadInput {
  readonly kind: Input['kind'];
  readonly reading: Reading;
  /** Of a recording. */
  readonly past?: RecordedPast;
}

/**
 * @param at of --at; without it what is there now, or the last moment of a recording
 * @param selector of a recording, only families that may be selected are read
 */
export async function readAt(
  path: string,
  at: Moment | undefined,
  terminal: Terminal,
  selector?: Selector,
): Promise<ReadInput> {
  return readOpened(path, await openInput(path, at !== undefined), at, terminal, selector);
}

/** As readAt(), of what was opened already: a pipe can be read only once. */
export async function readOpened(
  path: string,
  input: Input,
  at: Moment | undefined,
  terminal: Terminal,
  selector?: Selector,
): Promise<ReadInput> {
  if (at === undefined && input.kind !== 'recording') {
    return { kind: input.kind, reading: await readInput(path, input) };
  }
  const past = await openPast(path, input, 'at');
  tellNotes(past, terminal);
  const seconds = at === undefined ? past.span.toSeconds : secondsOf(at, past.span, '--at');
  const reading = await past.readingOf(
    seconds,
    selector && atOnce(selectedKeys(past.keys, selector)),
  );
  tellGap(reading, seconds, terminal);
  return { kind: input.kind, reading, past };
}

export interface PastSpan {
  readonly past: RecordedPast;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** @param until the end of the recording if undefined */
export async function openSpan(
  path: string,
  since: Moment | undefined,
  until: Moment | undefined,
  terminal: Terminal,
): Promise<PastSpan> {
  const input = await openInput(path, true);
  const past = await openPast(path, input, since === undefined ? 'until' : 'since');
  tellNotes(past, terminal);
  const { span } = past;
  const fromSeconds = sinceSeconds(path, since, span, terminal);
  const toSeconds = until === undefined ? span.toSeconds : secondsOf(until, span, '--until');
  if (fromSeconds <= toSeconds) return { past, fromSeconds, toSeconds };
  throw new UsageError(`--until: expected a time after --since, got '${until!.text}'`);
}

/** `-15m` of a recording that is shorter is all of it. */
function sinceSeconds(
  path: string,
  since: Moment | undefined,
  span: Span,
  terminal: Terminal,
): number {
  if (since === undefined) return span.fromSeconds;
  if (since.kind !== 'before the end' || span.toSeconds - since.seconds >= span.fromSeconds) {
    return secondsOf(since, span, '--since');
  }
  const from = isoText(Math.ceil(span.fromSeconds));
  terminal.complain(`promfold: ${path}: begins at ${from}, which is after --since ${since.text}`);
  return span.fromSeconds;
}

function tellNotes({ notes }: RecordedPast, terminal: Terminal): void {
  for (const note of notes) terminal.complain(`promfold: ${note}`);
}

function tellGap({ path, takenAtSeconds }: Reading, seconds: number, terminal: Terminal): void {
  const gap = seconds - takenAtSeconds;
  if (gap < GAP_SECONDS) return;
  terminal.complain(
    `promfold: ${path}: nothing was recorded in the ${formatAge(gap)} before that time; this is the last moment before`,
  );
}
