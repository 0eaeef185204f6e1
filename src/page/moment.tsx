/**
 * The moment that all of the page is of: now, tick after tick, or one that was recorded. Views ask the API for it by
 * `snapshot`, so that they agree with each other, or by `at`.
 */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiFailure, ask, type Json, pathOf, type Query } from './api.js';
import { Live, type LiveState, type Tick } from './live.js';
import { setParameters, useRoute } from './route.js';
import type { Status } from './views.js';

export interface Moment {
  readonly source: string | undefined;
  /** As in the URL; undefined for now. */
  readonly at: string | undefined;
  /** The last one; undefined before the first. */
  readonly tick: Tick | undefined;
  /** Between the last two. */
  readonly tickSeconds: number;
  /** What the clock of this browser is ahead of that of the server. */
  readonly skewSeconds: number;
  readonly live: LiveState;
  readonly status: Json<Status> | undefined;
  readonly statusFailure: ApiFailure | undefined;
}

const MomentContext = createContext<Moment | undefined>(undefined);

export function useMoment(): Moment {
  return useContext(MomentContext)!;
}

/** What is live of one source. */
interface Stream extends Pick<Moment, 'tick' | 'tickSeconds' | 'skewSeconds' | 'live'> {
  readonly source: string | undefined;
}

const noStream = (source: string | undefined): Stream => ({
  source,
  tick: undefined,
  tickSeconds: 1,
  skewSeconds: 0,
  live: { kind: 'connecting' },
});

/** @param seconds by the clock of the server, a moment ago */
const skewTo = (seconds: number) => Date.now() / 1000 - seconds;

/** Status has no values: it is asked for rarely. */
const STATUS_MS = 10_000;

export function MomentProvider({ children }: { readonly children: ComponentChildren }) {
  const { parameters } = useRoute();
  const [status, setStatus] = useState<Json<Status>>();
  const [statusFailure, setStatusFailure] = useState<ApiFailure>();
  const [statusSkew, setStatusSkew] = useState(0);
  const [asked, setAsked] = useState(0);
  const [stream, setStream] = useState(() => noStream(undefined));
  const isRecording = status?.recording !== undefined;
  const { at } = parameters;
  const isPast = at !== undefined || isRecording;
  const served = parameters.source ?? status?.sources[0]?.name;
  // Where the last one is gone, there is what was recorded of it.
  const source = served ?? status?.recorder?.sources[0]?.name;

  useEffect(() => {
    const load = () => {
      if (document.hidden) return;
      ask<Json<Status>>('status').then(
        (found) => {
          setStatus(found);
          setStatusSkew(skewTo(found.startedSeconds + found.uptimeSeconds));
          setStatusFailure(undefined);
        },
        (error: ApiFailure) => setStatusFailure(error),
      );
    };
    load();
    const timer = setInterval(load, STATUS_MS);
    document.addEventListener('visibilitychange', load);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', load);
    };
  }, [asked]);

  // A link is of this source, also where another one is the first.
  useEffect(() => {
    if (served !== parameters.source) setParameters({ source: served }, false);
  }, [served, parameters.source]);

  const isKnown = status !== undefined;
  useEffect(() => {
    setStream(noStream(source));
    if (!isKnown || isPast) return undefined;
    const askStatus = () => setAsked((count) => count + 1);
    const own = new Live(source, {
      tick: (tick) =>
        setStream((before) => ({
          ...before,
          tick,
          skewSeconds: skewTo(tick.takenAtSeconds),
          tickSeconds:
            before.tick === undefined ? 1 : tick.takenAtSeconds - before.tick.takenAtSeconds,
        })),
      state: (live) => setStream((before) => ({ ...before, live })),
      restarted: askStatus,
      refused: askStatus,
    });
    return () => own.close();
  }, [isKnown, isPast, source]);

  const moment = useMemo(() => {
    // Of another source until the effect has run: its snapshots are not those of this one.
    const own = stream.source === source ? stream : noStream(source);
    const tick = isPast ? undefined : own.tick;
    return {
      source,
      at,
      tick,
      tickSeconds: own.tickSeconds,
      skewSeconds: tick === undefined ? statusSkew : own.skewSeconds,
      live: own.live,
      status,
      statusFailure,
    };
  }, [source, at, isPast, stream, status, statusSkew, statusFailure]);
  return <MomentContext.Provider value={moment}>{children}</MomentContext.Provider>;
}

/** Parameters of a view that is of this moment. */
export function momentQuery({ source, at, tick }: Moment): Query {
  if (at !== undefined) return { source, at };
  return { source, snapshot: tick?.snapshot };
}

export interface View<T> {
  /** Of an earlier question while the answer to this one is not there. */
  readonly answer: T | undefined;
  readonly failure: ApiFailure | undefined;
  /** Whether the answer is to an earlier question: another sorting, say. */
  readonly isEarlier: boolean;
}

export interface ViewOptions {
  /** Seconds between two questions, at least; each tick without it. */
  readonly every?: number;
  /** What it is of, if not of the moment of the page. */
  readonly at?: string | undefined;
  /** Its answers may take long: it is asked for again after PACE times what the last one took, at least. */
  readonly isPaced?: boolean;
  /** It is of a time that is in the question: the moment of the page is not added to it. */
  readonly hasOwnTime?: boolean;
}

/** A page that is only open takes at most 2 % of a core. */
const PACE = 50;

/** Where there are no ticks, what failed is asked for again after this. */
const AGAIN_MS = 3_000;

/** Asks for a view at each tick, and when the question changes. @param path undefined while there is no question */
export function useView<T>(
  path: string | undefined,
  query: Query = {},
  { every = 0, isPaced = false, at, hasOwnTime = false }: ViewOptions = {},
): View<T> {
  const moment = useMoment();
  const own = at === undefined ? moment : { ...moment, at };
  const question = path === undefined ? undefined : pathOf(path, query);
  const key = `${question} ${own.source} ${own.at}`;
  const [state, setState] = useState<{
    readonly key: string;
    readonly answer: T | undefined;
    readonly failure: ApiFailure | undefined;
  }>({ key: '', answer: undefined, failure: undefined });
  const asked = useRef<
    { key: string; seconds: number; every: number; abort: AbortController } | undefined
  >(undefined);
  const isReady =
    question !== undefined &&
    (own.at !== undefined || own.tick !== undefined || isOfRecording(own));
  const now = own.tick?.takenAtSeconds ?? 0;
  const hasTicks = own.tick !== undefined;
  const [again, setAgain] = useState(0);
  const { failure } = state;

  useEffect(() => {
    // A browser asks for a password at each answer that lacks it.
    if (hasTicks || failure === undefined || failure.status === 401) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setAgain((count) => count + 1);
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [hasTicks, failure]);

  useEffect(() => {
    if (!isReady || path === undefined) return;
    const last = asked.current;
    if (last !== undefined && last.key === key) {
      // What is under way is not asked for again; after it comes the next tick. The clock of the server may be set back.
      if (!last.abort.signal.aborted || (hasTicks && Math.abs(now - last.seconds) < last.every))
        return;
    } else last?.abort.abort();
    const abort = new AbortController();
    const isAgain = last?.key === key;
    const mine = { key, seconds: now, every, abort };
    const startedMs = performance.now();
    asked.current = mine;
    const of = hasOwnTime ? { source: own.source } : momentQuery(own);
    const url = pathOf(path, { ...query, ...of });
    const done = () => {
      const tookSeconds = (performance.now() - startedMs) / 1000;
      // The first answer to a question takes longer than those after it.
      if (isPaced && isAgain) mine.every = Math.max(every, PACE * tookSeconds);
      if (asked.current === mine) abort.abort();
    };
    answerTo<T>(url, pathOf(path, { ...query, source: own.source }), own, abort.signal)
      .then(
        (answer) => {
          if (asked.current === mine) setState({ key, answer, failure: undefined });
        },
        (failure: Error) => {
          if (asked.current !== mine || !(failure instanceof ApiFailure)) return;
          setState((before) => ({
            key,
            answer: before.key === key ? before.answer : undefined,
            failure,
          }));
        },
      )
      .finally(done);
  }, [isReady, key, now, again]);

  useEffect(() => () => asked.current?.abort.abort(), []);
  return { answer: state.answer, failure, isEarlier: state.key !== key };
}

/** A snapshot may be gone where the network is slow: then this is of a moment later. */
async function answerTo<T>(
  url: string,
  withoutSnapshot: string,
  { at, tick }: Moment,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await ask<T>(url, signal);
  } catch (error) {
    const isGone = error instanceof ApiFailure && error.status === 404;
    if (!isGone || at !== undefined || !error.message.startsWith('snapshot:')) throw error;
    if (tick === undefined) throw error;
    return ask<T>(withoutSnapshot, signal);
  }
}

/** Then there is no other moment than those that were recorded, and its end is shown first. */
export function isOfRecording({ status }: Moment): boolean {
  return status?.recording !== undefined;
}

/** Live, the source of the page is not served: it was removed, or promfold was started anew without it. */
export function isGone({ source, at, live, status }: Moment): boolean {
  if (source === undefined || at !== undefined || status === undefined) return false;
  if (status.sources.some(({ name }) => name === source)) return false;
  // What is known of sources may be some seconds old.
  return live.kind === 'failed' || status.sources.length === 0;
}

export function showMoment(seconds: number | undefined, isStep = true): void {
  setParameters(
    { at: seconds === undefined ? undefined : String(Math.round(seconds * 1000) / 1000) },
    isStep,
  );
}
