/** The time of the page: live, or a moment of what was recorded, which is chosen on a line of what moved then. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useActivity, windowOf } from './activity.js';
import { ask, isServed } from './api.js';
import { ageText, largest, timeText } from './format.js';
import { isGone, isOfRecording, showMoment, useMoment } from './moment.js';
import { useClock } from './parts.js';
import { linkTo, setParameters, useRoute } from './route.js';
import type { Incidents } from './views.js';

/** What the arrow keys move by. */
const SMALL_SECONDS = 5;
const LARGE_SECONDS = 60;

const INCIDENTS_MS = 30_000;

export function TimeBar() {
  const moment = useMoment();
  const { view, parameters } = useRoute();
  const { at, vs } = parameters;
  const known = windowOf(moment);
  const to = Math.max(known?.to ?? 0, moment.tick?.takenAtSeconds ?? 0);
  const window = known && { from: known.from, to: isOfRecording(moment) ? known.to : to };
  const seconds = window === undefined ? 0 : window.to - window.from;
  const activity = useActivity(window && {}, Math.max(2, Math.min(60, seconds / 60)));
  const incidents = useIncidents();
  const shownAt = at === undefined ? (window?.to ?? to) : Number(at);

  return (
    <div class="time">
      <State />
      {window !== undefined && seconds > 0 ? (
        <Strip
          {...window}
          recordedTo={known!.to}
          shown={Number.isNaN(shownAt) ? window.to : shownAt}
          vs={view === 'compare' && vs !== undefined ? Number(vs) : undefined}
          values={activity?.incrementsPerSecond ?? []}
          times={activity?.timeSeconds ?? []}
          incidents={incidents}
        />
      ) : (
        <div class="push muted">
          {moment.status !== undefined && moment.status.recorder === undefined
            ? 'Nothing is recorded: start promfold without --recorder.size=0 to look back.'
            : moment.status !== undefined && 'Nothing is recorded yet.'}
        </div>
      )}
      <button
        type="button"
        class="button"
        disabled={at === undefined}
        onClick={() => setParameters({ at: undefined })}
      >
        {isOfRecording(moment) ? 'End' : 'Live'}
      </button>
      {view !== 'compare' && (
        <a class="button wide" href={linkTo('compare')}>
          Compare
        </a>
      )}
    </div>
  );
}

function State() {
  const moment = useMoment();
  const now = useClock();
  const { at, tick, live, status } = moment;
  const lines = (tone: string, title: string, text: string) => (
    <div class="state" role="status">
      <span class={`dot ${tone}`} />
      <span title={text}>
        {title}
        <small>{text}</small>
      </span>
    </div>
  );
  if (at !== undefined || isOfRecording(moment)) {
    const seconds = at === undefined ? status?.recording?.toSeconds : Number(at);
    const text = seconds === undefined || Number.isNaN(seconds) ? (at ?? '') : timeText(seconds);
    // Status tells what time it is there.
    const isAgo = status !== undefined && !isOfRecording(moment);
    const ago = isAgo ? `, ${ageText(now - Number(seconds))} ago` : '';
    return lines('past', isOfRecording(moment) ? 'Recording' : 'Recorded', `${text}${ago}`);
  }
  if (isGone(moment)) return lines('bad', 'Not live', 'not served');
  if (live.kind === 'failed') return lines('bad', 'Not live', live.message);
  if (tick === undefined) return lines('warn', 'Connecting', 'waiting for numbers');
  return lines('ok', 'Live', timeText(tick.takenAtSeconds));
}

interface StripProps {
  readonly from: number;
  readonly to: number;
  /** No moment after it can be shown: live, the line goes on to the last tick. */
  readonly recordedTo: number;
  readonly shown: number;
  readonly vs: number | undefined;
  readonly values: readonly (number | null)[];
  readonly times: readonly number[];
  readonly incidents: Incidents['incidents'];
}

function Strip({ from, to, recordedTo, shown, vs, values, times, incidents }: StripProps) {
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number>();
  const placeOf = (seconds: number) => {
    const share = (seconds - from) / (to - from);
    return `${Math.min(1, Math.max(0, share)) * 100}%`;
  };
  // Addresses have tenths of a second, which are rounded inwards.
  const recorded = (seconds: number) =>
    Math.min(Math.floor(recordedTo * 10) / 10, Math.max(Math.ceil(from * 10) / 10, seconds));
  const secondsAt = ({ clientX }: MouseEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return recorded(from + ((clientX - left) / width) * (to - from));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -12, PageUp: 12 }[event.key];
    if (event.key === 'Home') showMoment(recorded(from));
    else if (event.key === 'End') setParameters({ at: undefined });
    else if (by !== undefined) {
      const step = event.shiftKey ? LARGE_SECONDS : SMALL_SECONDS;
      showMoment(recorded(shown + by * step), false);
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={box}
      class="strip"
      role="slider"
      tabIndex={0}
      aria-label="Moment that is shown"
      aria-valuemin={Math.round(from)}
      aria-valuemax={Math.round(to)}
      aria-valuenow={Math.round(shown)}
      aria-valuetext={timeText(shown)}
      title="Click for a moment, Shift and click to compare with one"
      onKeyDown={onKeyDown}
      onPointerMove={(event) => setHover(secondsAt(event))}
      onPointerLeave={() => setHover(undefined)}
      onClick={(event) => {
        const seconds = secondsAt(event);
        if (event.shiftKey) location.hash = linkTo('compare', '', { vs: seconds.toFixed(1) });
        else showMoment(seconds);
      }}
    >
      <Area times={times} values={values} from={from} to={to} />
      {incidents.map(({ id, timeSeconds, reason }) => (
        <span
          key={id}
          class="mark incident"
          title={reason}
          style={{ left: placeOf(timeSeconds), bottom: '0' }}
        />
      ))}
      {vs !== undefined && !Number.isNaN(vs) && (
        <span class="mark vs" style={{ left: placeOf(vs) }} />
      )}
      <span class="mark" style={{ left: placeOf(shown) }} />
      <span class="ends">
        <span>{timeText(from)}</span>
        <span>{timeText(to)}</span>
      </span>
      {hover !== undefined && (
        <span class="hover" style={{ left: placeOf(hover) }}>
          {timeText(hover)}
        </span>
      )}
    </div>
  );
}

function Area(props: Pick<StripProps, 'times' | 'values' | 'from' | 'to'>) {
  const { times, values, from, to } = props;
  const most = largest(values, 1e-12);
  const points = times.flatMap((time, i) => {
    const value = values[i];
    if (typeof value !== 'number') return [];
    const x = ((time - from) / (to - from)) * 1000;
    return x < 0 ? [] : [`${x.toFixed(1)} ${(36 - (value / most) * 28).toFixed(1)}`];
  });
  if (points.length < 2) return null;
  const [first, last] = [points[0]!.split(' ')[0], points.at(-1)!.split(' ')[0]];
  return (
    <svg viewBox="0 0 1000 36" preserveAspectRatio="none" aria-hidden="true">
      <path
        d={`M${first} 36L${points.join('L')}L${last} 36Z`}
        fill="var(--accent)"
        opacity="0.16"
      />
      <path
        d={`M${points.join('L')}`}
        fill="none"
        stroke="var(--accent)"
        opacity="0.7"
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}

export function useIncidents(): Incidents['incidents'] {
  const { source, status } = useMoment();
  const [incidents, setIncidents] = useState<Incidents['incidents']>([]);
  const isReady = status !== undefined;
  useEffect(() => {
    if (!isReady || !isServed('incidents')) return undefined;
    const load = () => {
      if (document.hidden) return;
      ask<Incidents>('incidents').then(
        (found) => setIncidents(found.incidents.filter((one) => one.source === source)),
        () => {},
      );
    };
    load();
    const timer = setInterval(load, INCIDENTS_MS);
    return () => clearInterval(timer);
  }, [isReady, source]);
  return incidents;
}
