/** What moved over time, and what each process does: both are asked for less often than each tick. */
import { useEffect, useState } from 'preact/hooks';
import { ApiFailure, ask, isServed, pathOf, type Query } from './api.js';
import { type Moment, useMoment } from './moment.js';
import { useRoute } from './route.js';
import type { Verdicts } from './views.js';

/** As GET /api/v1/activity. */
export interface Activity {
  readonly timeSeconds: readonly number[];
  readonly incrementsPerSecond: readonly (number | null)[];
  readonly observationsPerSecond: readonly (number | null)[];
  readonly entries: readonly (number | null)[];
  readonly files: readonly (number | null)[];
  readonly processes: readonly {
    readonly processId: string;
    readonly incrementsPerSecond: readonly (number | null)[];
    readonly observationsPerSecond: readonly (number | null)[];
  }[];
  readonly isPartial: boolean;
}

export interface KnownActivity extends Activity {
  /** Whose lines were asked for; undefined for those of all. */
  readonly asked: ReadonlySet<string> | undefined;
}

export const RANGES = [
  ['300', '5 min'],
  ['900', '15 min'],
  ['3600', '1 h'],
  ['all', 'All'],
] as const;

export type Range = (typeof RANGES)[number][0];

const DEFAULT_RANGE: Range = '900';

export function useRange(): Range {
  const { range } = useRoute().parameters;
  return RANGES.find(([value]) => value === range)?.[0] ?? DEFAULT_RANGE;
}

/** What was recorded of the source that is shown; undefined where nothing is. */
export function windowOf({ status, source }: Moment): { from: number; to: number } | undefined {
  if (status?.recording !== undefined) {
    const { fromSeconds, toSeconds } = status.recording;
    return { from: fromSeconds, to: toSeconds };
  }
  const recorded = status?.recorder?.sources.find(({ name }) => name === source);
  return recorded && { from: recorded.fromSeconds, to: recorded.toSeconds };
}

/** The seconds up to the moment of the page, for a question; undefined where nothing is recorded. */
export function rangeQuery(
  moment: Moment,
  range: Range,
): (Query & { seconds: number }) | undefined {
  const window = windowOf(moment);
  if (window === undefined) return undefined;
  const isPast = moment.at !== undefined && !Number.isNaN(Number(moment.at));
  const end = isPast ? Number(moment.at) : window.to;
  const most = Math.max(1, end - window.from);
  const seconds = range === 'all' ? most : Math.min(Number(range), most);
  if (!isPast) return { start: `-${Math.max(1, Math.ceil(seconds))}s`, seconds };
  return { start: rounded(end - seconds), end: rounded(end), seconds };
}

/** Parts of a second that JSON and a URL have. */
const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** Where some of it is not there yet. */
const PARTIAL_MS = 1_500;

/** @param query undefined while there is no question; renewed every so many seconds, unless it is of the past */
export function useActivity(
  query: Query | undefined,
  everySeconds: number,
): KnownActivity | undefined {
  const moment = useMoment();
  const [found, setFound] = useState<KnownActivity>();
  const path = query && pathOf('activity', { source: moment.source, ...query });
  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      let wait = everySeconds * 1000;
      if (!document.hidden) {
        try {
          const activity = await ask<Activity>(path, abort.signal);
          const asked = query!['process[]'] as readonly string[] | undefined;
          setFound({ ...activity, asked: asked && new Set(asked) });
          if (activity.isPartial) wait = PARTIAL_MS;
          else if (query!.end !== undefined) return;
        } catch (error) {
          if (!(error instanceof ApiFailure)) return;
        }
      }
      timer = setTimeout(load, wait);
    };
    void load();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path, everySeconds]);
  return found;
}

export type Verdict = Verdicts['verdicts'][number];

const VERDICTS_MS = 2_000;
const FAILED_MS = 10_000;

export interface KnownVerdicts {
  /** By process id. */
  readonly of: ReadonlyMap<string, Verdict>;
  readonly engines: readonly Verdict[];
}

/** Undefined where none are given: of the past, say. */
export function useVerdicts(): KnownVerdicts | undefined {
  const moment = useMoment();
  const [verdicts, setVerdicts] = useState<KnownVerdicts>();
  const isNow = moment.at === undefined && moment.status?.recording === undefined;
  const isReady = moment.status !== undefined;
  useEffect(() => {
    setVerdicts(undefined);
    if (!isNow || !isReady || !isServed('verdicts')) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      let wait = VERDICTS_MS;
      if (!document.hidden) {
        try {
          const path = pathOf('verdicts', { source: moment.source });
          const answer = await ask<Verdicts>(path, abort.signal);
          setVerdicts({
            of: new Map(
              answer.verdicts.flatMap((verdict) =>
                verdict.processId === undefined ? [] : [[verdict.processId, verdict] as const],
              ),
            ),
            engines: answer.verdicts.filter(({ engine }) => engine !== undefined),
          });
        } catch (error) {
          if (!(error instanceof ApiFailure)) return;
          wait = FAILED_MS;
        }
      }
      timer = setTimeout(load, wait);
    };
    void load();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [moment.source, isNow, isReady]);
  return verdicts;
}
