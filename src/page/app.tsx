/** The frame of the page: what is on every view, and the keys. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { windowOf } from './activity.js';
import { CompareView } from './compare.js';
import { FilePage, FilesView } from './files.js';
import { MetricsView } from './metrics.js';
import { isGone, MomentProvider, useMoment } from './moment.js';
import { Overview } from './overview.js';
import { Failure, Text } from './parts.js';
import { ProcessesView, ProcessView } from './processes.js';
import { go, linkTo, setParameters, useRoute } from './route.js';
import { SeriesPage } from './series.js';
import { tableKey } from './table.js';
import { nextTheme, useTheme } from './theme.js';
import { TimeBar } from './time-bar.js';

const TABS = [
  ['overview', 'Overview'],
  ['processes', 'Processes'],
  ['metrics', 'Metrics'],
  ['files', 'Files'],
  ['compare', 'Compare'],
] as const;

/** A series is one of the metrics. */
const TAB_OF: Readonly<Record<string, string>> = { series: 'metrics' };

export function App() {
  return (
    <MomentProvider>
      <Frame />
    </MomentProvider>
  );
}

function Frame() {
  const { view, of } = useRoute();
  const { source, status, statusFailure } = useMoment();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useKeys(() => setHelpOpen((isOpen) => !isOpen));
  useEffect(() => {
    const name = TABS.find(([key]) => key === view)?.[1] ?? 'Series';
    document.title = `${of === '' ? name : of.slice(0, 80)} · promfold`;
    scrollTo(0, 0);
  }, [view, of]);
  const tab = TAB_OF[view] ?? view;
  return (
    <>
      <header class="top">
        <div class="bar">
          <a class="brand" href={linkTo('overview')}>
            <Logo />
            promfold
          </a>
          <nav class="tabs" aria-label="Views">
            {TABS.map(([key, title]) => (
              <a key={key} href={linkTo(key)} aria-current={key === tab ? 'page' : undefined}>
                {title}
              </a>
            ))}
          </nav>
          <span class="push" />
          <SourceChoice />
          <ThemeButton />
          <button
            type="button"
            class="button icon"
            aria-label="Keys and help"
            onClick={() => setHelpOpen(true)}
          >
            ?
          </button>
        </div>
        <TimeBar key={source} />
      </header>
      <main id="main">
        {statusFailure !== undefined && status === undefined && <Failure failure={statusFailure} />}
        <SourceFailure />
        {status !== undefined && (
          <CurrentView key={JSON.stringify([source, view, of])} view={view} of={of} />
        )}
      </main>
      {isHelpOpen && <Help onClose={() => setHelpOpen(false)} />}
    </>
  );
}

function CurrentView({ view, of }: { view: string; of: string }) {
  switch (view) {
    case 'processes':
      return of === '' ? <ProcessesView /> : <ProcessView id={of} />;
    case 'metrics':
      return <MetricsView />;
    case 'series':
      return <SeriesPage selector={of} />;
    case 'files':
      return of === '' ? <FilesView /> : <FilePage name={of} />;
    case 'compare':
      return <CompareView />;
    default:
      return <Overview />;
  }
}

/** What the daemon says of the directory that is shown. */
function SourceFailure() {
  const moment = useMoment();
  const { status, source, live, at } = moment;
  const shown = status?.sources.find(({ name }) => name === source);
  if (isGone(moment)) {
    const isRecorded = windowOf(moment) !== undefined;
    return (
      <div class="banner" role="alert">
        <strong>
          <Text of={source!} /> is not served{isRecorded ? ' any more.' : '.'}
        </strong>
        {isRecorded ? (
          <span>What was recorded of it is on the line above.</span>
        ) : (
          <a href="#/">Show what is</a>
        )}
      </div>
    );
  }
  if (at === undefined && status?.sources.length === 0) {
    return (
      <div class="banner">
        <strong>No directory is served.</strong>
        <span>
          With --discover one appears as soon as a process with PROMETHEUS_MULTIPROC_DIR runs.
        </span>
      </div>
    );
  }
  if (shown?.up === false) {
    return (
      <div class="banner bad" role="alert">
        <strong>The directory cannot be read.</strong>
        <span>
          {shown.error !== undefined && `${shown.error}. `}It is read again at each tick: make it,
          or give promfold the right path or user.
        </span>
      </div>
    );
  }
  if (at === undefined && live.kind === 'failed') {
    return (
      <div class="banner" role="alert">
        <strong>Numbers do not change:</strong>
        <span>{live.message}. The page connects again by itself.</span>
      </div>
    );
  }
  return null;
}

function SourceChoice() {
  const { status, source } = useMoment();
  const names = [
    ...new Set(
      [...(status?.sources ?? []), ...(status?.recorder?.sources ?? [])].flatMap(
        ({ name }) => name ?? [],
      ),
    ),
  ];
  if (source !== undefined && !names.includes(source)) names.push(source);
  if (names.length < 2) return null;
  return (
    <select
      class="field"
      aria-label="Source"
      value={source ?? ''}
      onChange={({ currentTarget }) => setParameters({ source: currentTarget.value })}
    >
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

const THEME_ICON = { auto: '◐', light: '○', dark: '●' } as const;

function ThemeButton() {
  const { theme } = useTheme();
  const title = { auto: 'as the system', light: 'light', dark: 'dark' }[theme];
  return (
    <button
      type="button"
      class="button icon"
      aria-label={`Colours: ${title}`}
      title={`Colours: ${title}`}
      onClick={nextTheme}
    >
      {THEME_ICON[theme]}
    </button>
  );
}

function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="4" fill="currentColor" />
      <path
        d="M4 4l4 4-4 4M12 4L8 8l4 4"
        fill="none"
        stroke="var(--on-accent)"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

function useKeys(toggleHelp: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = target.closest('input, select, textarea') !== null;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Escape') {
        if (document.querySelector('dialog[open]') !== null) return;
        if (isTyping) target.blur();
        else leave();
        return;
      }
      if (isTyping || document.querySelector('dialog[open]') !== null) return;
      if (event.key === '?') toggleHelp();
      else if (event.key === '/') document.querySelector<HTMLElement>('[data-search]')?.focus();
      else if (/^[1-5]$/.test(event.key)) go(linkTo(TABS[Number(event.key) - 1]![0]));
      else if (event.key === 'l') setParameters({ at: undefined });
      else if (target.closest('a, button, [role=slider]') !== null && event.key === 'Enter') return;
      else if (!tableKey(event.key)) return;
      event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}

/** From one thing to all of its kind. */
function leave(): void {
  const [, view = '', of = ''] = /^#\/([^/?]*)\/?([^?]*)/.exec(location.hash) ?? [];
  if (of !== '') go(linkTo(TAB_OF[view] ?? view));
}

const KEYS = [
  ['/', 'search'],
  ['j  k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['Esc', 'back to the list'],
  ['1 … 5', 'the views'],
  ['← →', 'on the time line: 5 s, with Shift a minute'],
  ['l', 'live'],
  ['?', 'this help'],
] as const;

function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { status } = useMoment();
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="help">
      <h1 id="help">Keys</h1>
      <dl class="keys">
        {KEYS.map(([keys, text]) => (
          <>
            <dt key={keys}>
              {keys.split('  ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      <p>
        All that is shown is in the address: a link shows the same. It comes from the{' '}
        <a href="api/v1/openapi.json">API</a>, as from the commands: see{' '}
        <code>promfold help page</code>.
      </p>
      <p class="muted">promfold {status?.version}</p>
      <button type="button" class="button" onClick={() => dialog.current!.close()}>
        Close
      </button>
    </dialog>
  );
}
