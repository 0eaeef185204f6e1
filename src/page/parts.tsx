/** Small parts that views are made of. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiFailure } from './api.js';
import { ageText, largest, timeText, visibleText } from './format.js';
import { isOfRecording, useMoment } from './moment.js';
import { linkTo, setParameters } from './route.js';

export type Tone = 'ok' | 'warn' | 'bad' | 'accent' | '';

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** A text from outside: what is hidden in it is made visible, and its direction stays its own. */
export function Text({ of, short }: { of: string; short?: number }) {
  const text = visibleText(of);
  const cut = short !== undefined && text.length > short ? `${text.slice(0, short)}…` : text;
  return <bdi title={cut === text ? undefined : text.slice(0, 2000)}>{cut}</bdi>;
}

export function Panel(props: {
  title?: ComponentChildren;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <section class={`panel ${props.class ?? ''}`}>
      {props.title !== undefined && (
        <header>
          <h2>{props.title}</h2>
          <span class="push" />
          {props.aside}
        </header>
      )}
      {props.children}
    </section>
  );
}

/** @param children what to do about it */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** What failed, and what to do. */
export function Failure({ failure }: { failure: ApiFailure }) {
  const [title, cure] = explained(failure);
  return (
    <div class="banner bad" role="alert">
      <strong>{title}</strong>
      <span>{cure}</span>
    </div>
  );
}

function explained({ status, message }: ApiFailure): readonly [title: string, cure: string] {
  if (status === 0) {
    return [
      'promfold does not answer.',
      'The page asks again; is the daemon or the port-forward still running?',
    ];
  }
  if (status === 401)
    return ['Not signed in.', 'Reload the page, and the browser asks for user and password.'];
  if (status === 404) return ['Not there.', message];
  if (status === 400) return ['That is no valid question.', message];
  return ['It cannot be shown now.', message];
}

/** By the clock of the server, since ages are of its times. It ticks, so that they grow where nothing else changes. */
export function useClock(everyMs = 1000): number {
  const { skewSeconds } = useMoment();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now / 1000 - skewSeconds;
}

/** Numbers that are older than this are said to be. */
const OLD_SECONDS = 5;

/** Of when the numbers of a view are. */
export function AsOf({ seconds, slack = 0 }: { seconds: number | undefined; slack?: number }) {
  const moment = useMoment();
  const now = useClock();
  if (seconds === undefined) return <span class="asof">Loading…</span>;
  if (moment.at !== undefined || isOfRecording(moment)) {
    return <span class="asof">as of {timeText(seconds)}</span>;
  }
  const age = now - seconds;
  // Where a moment takes long, ticks are further apart.
  const isOld = age > Math.max(OLD_SECONDS, 2.5 * moment.tickSeconds) + slack;
  return (
    <span class={`asof ${isOld ? 'old' : ''}`}>
      {isOld ? `${ageText(age)} old: ` : ''}as of {timeText(seconds)}
    </span>
  );
}

export function Head(props: {
  title: ComponentChildren;
  asOf?: number | undefined;
  slack?: number;
  hasTime?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <div class="head">
      <h1>{props.title}</h1>
      {props.hasTime !== false && <AsOf seconds={props.asOf} slack={props.slack ?? 0} />}
      <span class="push" />
      {props.children}
    </div>
  );
}

/** A search that is in the URL; asked for while it is typed. */
export function Search({
  name,
  label,
  placeholder,
}: {
  name: string;
  label: string;
  placeholder: string;
}) {
  const { value, set } = useTyped(name);
  return (
    <input
      class="field"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      data-search
      value={value}
      spellcheck={false}
      autocomplete="off"
      onInput={({ currentTarget }) => set(currentTarget.value)}
    />
  );
}

const TYPING_MS = 150;

/** What is typed, which the URL has a moment later. */
function useTyped(name: string) {
  const given = new URLSearchParams(location.hash.split(/\?(.*)/s)[1] ?? '').get(name) ?? '';
  const [typed, setTyped] = useState<string>();
  useEffect(() => {
    if (typed === undefined) return undefined;
    const timer = setTimeout(() => {
      setParameters({ [name]: typed }, false);
      setTyped(undefined);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [name, typed]);
  return { value: typed ?? given, set: setTyped };
}

/** A text to be copied: in a window that is not secure there is no clipboard but that of a selection. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    setCopied(await copyText(text));
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div class="copy">
      <code>
        <Text of={text} />
      </code>
      <button type="button" class="button" onClick={copy} aria-label={`Copy ${what}`}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden-text';
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand('copy');
    area.remove();
    return isCopied;
  }
}

export function ProcessLink({ id }: { id: string }) {
  if (id === '') return <span class="muted">removed</span>;
  return (
    <a href={linkTo('processes', id)} class="mono">
      <Text of={id} short={40} />
    </a>
  );
}

export function SeriesLink({ series, short = 160 }: { series: string; short?: number }) {
  return (
    <a href={linkTo('series', series)} class="mono">
      <Text of={series} short={short} />
    </a>
  );
}

export function Segmented<T extends string>(props: {
  label: string;
  choices: readonly (readonly [T, string])[];
  value: T;
  onChoose: (value: T) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in one line everywhere.
    <div class="segmented" role="group" aria-label={props.label}>
      {props.choices.map(([value, text]) => (
        <button
          type="button"
          key={value}
          aria-pressed={value === props.value}
          onClick={() => props.onChoose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

/** A small line; values that are not known leave a gap. */
export function Spark({
  values,
  label,
}: {
  values: readonly (number | null | undefined)[];
  label: string;
}) {
  const most = largest(values, 1e-12);
  const step = values.length > 1 ? 100 / (values.length - 1) : 0;
  let path = '';
  let isDrawn = false;
  for (const [i, value] of values.entries()) {
    if (typeof value !== 'number') {
      isDrawn = false;
      continue;
    }
    const y = 21 - (Math.max(0, value) / most) * 19;
    path += `${isDrawn ? 'L' : 'M'}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
    isDrawn = true;
  }
  return (
    <svg
      class="spark"
      viewBox="0 0 100 22"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        vector-effect="non-scaling-stroke"
        stroke-linejoin="round"
      />
    </svg>
  );
}
