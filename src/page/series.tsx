/** A series or a histogram: its value, the share of each process, and both over time. */
import { useState } from 'preact/hooks';
import { rangeQuery, useRange } from './activity.js';
import { numberOf } from './api.js';
import { Chart, Heat, Legend, type Line } from './chart.js';
import {
  ageText,
  counted,
  exactNumber,
  largest,
  perSecond,
  shortNumber,
  timeText,
  wholeNumber,
} from './format.js';
import { isOfRecording, useMoment, useView } from './moment.js';
import { RangeChoice } from './overview.js';
import {
  AsOf,
  Badge,
  Copy,
  Empty,
  Failure,
  Head,
  Panel,
  ProcessLink,
  Segmented,
  SeriesLink,
  Text,
} from './parts.js';
import { linkTo, setParameters, useRoute } from './route.js';
import { StateBadge } from './state.js';
import { type Column, rowsOf, Table } from './table.js';
import { LINES } from './theme.js';
import type { Explained, ExplainedHistogram, ExplainedSeries, History } from './views.js';

/** Of a history, about. */
const POINTS = 150;

/** Selected series of which there is a list. */
const LISTED = 200;

export function SeriesPage({ selector }: { selector: string }) {
  const explained = useView<Explained>('explain', { series: selector, limit: LISTED });
  const { answer, failure } = explained;
  const count = answer?.page.total ?? 0;
  const series = answer?.series[0];
  const histogram = answer?.histograms[0];
  return (
    <>
      <Head
        title={
          <>
            <a href={linkTo('metrics')} class="crumb">
              Metrics /
            </a>{' '}
            <span class="mono" style={{ fontSize: '15px' }}>
              <Text of={selector} short={400} />
            </span>
          </>
        }
        asOf={answer?.takenAtSeconds}
      />
      {failure !== undefined && <Failure failure={failure} />}
      {answer === undefined && failure === undefined && <Empty title="Loading…" />}
      {count > 1 && <Selected answer={answer!} />}
      {count === 1 && series !== undefined && (
        <OneSeries of={series} path={answer!.path} selector={selector} />
      )}
      {count === 1 && histogram !== undefined && (
        <OneHistogram of={histogram} path={answer!.path} selector={selector} />
      )}
    </>
  );
}

interface Listed {
  readonly name: string;
  readonly type: string;
  readonly value: number | undefined;
  readonly processes: number;
}

function Selected({ answer }: { answer: Explained }) {
  const rows: Listed[] = [
    ...answer.series.map(({ series: name, type, mode, value, shares }) => ({
      name,
      type: mode ?? type,
      value,
      processes: shares.length,
    })),
    ...answer.histograms.map(({ histogram: name, count: value, shares }) => ({
      name,
      type: 'histogram',
      value,
      processes: shares.length,
    })),
  ];
  const { total } = answer.page;
  return (
    <Panel
      title={`${wholeNumber(total)} of them`}
      aside={
        <span class="muted">{total > rows.length ? `the first ${rows.length}` : 'choose one'}</span>
      }
    >
      <Table
        label="Selected series"
        rows={rowsOf(rows)}
        keyOf={({ name, type }) => `${type} ${name}`}
        linkOf={({ name }) => linkTo('series', name)}
        columns={[
          { title: 'Series', cell: ({ name }) => <SeriesLink series={name} /> },
          { title: 'Type', width: '110px', cell: ({ type }) => <Badge tone="">{type}</Badge> },
          {
            title: 'Processes',
            width: '90px',
            isNumber: true,
            isWideOnly: true,
            cell: ({ processes }) => wholeNumber(processes),
          },
          {
            title: 'Value',
            width: '110px',
            isNumber: true,
            cell: ({ value }) => shortNumber(value),
          },
        ]}
        empty={null}
      />
    </Panel>
  );
}

/** Of one series or histogram; undefined where nothing is recorded. */
function useHistory(selector: string) {
  const moment = useMoment();
  const range = useRange();
  const asked = rangeQuery(moment, range);
  const { seconds = 0, ...span } = asked ?? {};
  const step = Math.max(1, Math.ceil(seconds / POINTS));
  const every = Math.max(2, step);
  const view = useView<History>(
    asked === undefined ? undefined : 'explain',
    { series: selector, ...span, step: String(step) },
    { every, isPaced: true, hasOwnTime: true },
  );
  const asOf = <AsOf seconds={view.answer?.untilSeconds} slack={every} />;
  return { range, view, isRecorded: asked !== undefined, asOf };
}

function NotRecorded() {
  return (
    <Empty title="Nothing is recorded">
      Lines are drawn from the flight recorder: start promfold without --recorder.size=0.
    </Empty>
  );
}

const pick = (at: number) => setParameters({ at: at.toFixed(1) });

function OneSeries({
  of,
  path,
  selector,
}: {
  of: ExplainedSeries;
  path: string;
  selector: string;
}) {
  const { range, view, isRecorded, asOf } = useHistory(selector);
  const history = view.answer?.series[0]?.history;
  const hasRate = history?.ratePerSecond !== undefined;
  const { parameters } = useRoute();
  const isRate = hasRate && parameters.show !== 'value';
  const addsUp = of.operation === 'sum';
  const { mark } = useMark();
  const colours = coloursOf([...of.shares, ...(history?.shares ?? [])]);
  const lines: Line[] =
    history?.shares.map((share) => ({
      label: who(share),
      values: isRate ? (share.ratePerSecond ?? []) : share.value,
      colour: colours.get(share.processId) ?? 8,
    })) ?? [];
  const merged: Line[] =
    history === undefined
      ? []
      : [
          {
            label: 'merged',
            values: isRate ? (history.ratePerSecond ?? []) : history.value,
            colour: 0,
          },
        ];
  const last = history?.ratePerSecond?.findLast((rate) => rate !== null);
  return (
    <div class="grid">
      <Panel class="c4" title="Value">
        <div class="body" style={{ minHeight: '300px' }}>
          <div class="big" title={exactNumber(of.value)}>
            {shortNumber(of.value)}
          </div>
          <p class="muted">
            {hasRate && `${perSecond(last ?? undefined)} · `}
            {of.verdict}
          </p>
          <p style={{ margin: '10px 0' }}>
            <Badge tone="accent">{of.type}</Badge>{' '}
            {of.mode !== undefined && <Badge tone="">{of.mode}</Badge>}{' '}
            <Badge tone="">{OPERATION_TEXT[of.operation]}</Badge>
          </p>
          <Warnings of={of.warnings} />
          <Copies
            series={of.series}
            type={of.type}
            path={path}
            labels={of.labels}
            family={of.family}
          />
        </div>
      </Panel>
      <Panel
        class="c8"
        title={addsUp ? 'Shares' : 'Values'}
        aside={<span class="muted">{wholeNumber(of.shares.length)} in files</span>}
      >
        <div class="body">
          <Bars
            shares={of.shares.map((share) => ({
              colour: colours.get(share.processId) ?? 8,
              processId: share.processId,
              role: share.role ?? share.program,
              value: numberOf(share.value),
              text: shortNumber(share.value),
              note:
                share.percent === undefined
                  ? share.decides
                    ? 'decides'
                    : ''
                  : `${shortNumber(share.percent)} %`,
            }))}
          />
        </div>
      </Panel>
      <Panel
        class="c12"
        title={isRate ? 'Over time, per second' : 'Over time'}
        aside={
          <>
            {isRecorded && asOf}
            {hasRate && (
              <Segmented
                label="What is drawn"
                choices={
                  [
                    ['rate', 'Rate'],
                    ['value', 'Value'],
                  ] as const
                }
                value={isRate ? 'rate' : 'value'}
                onChoose={(value) =>
                  setParameters({ show: value === 'rate' ? undefined : value }, false)
                }
              />
            )}
            <RangeChoice range={range} />
          </>
        }
      >
        <div class="body">
          {view.failure !== undefined && <Failure failure={view.failure} />}
          {!isRecorded && <NotRecorded />}
          {isRecorded && (
            <>
              <p class="muted">{addsUp ? 'Of each process, stacked' : 'Of each process'}</p>
              <Chart
                label="Share of each process over time"
                timeSeconds={history?.timeSeconds ?? []}
                lines={lines}
                isStacked={addsUp}
                isStepped={of.type === 'gauge' && !addsUp}
                height={240}
                mark={mark}
                onPick={pick}
              />
              <Legend lines={lines.slice(0, 24)} />
              {!addsUp && (
                <>
                  <p class="muted" style={{ marginTop: '12px' }}>
                    As /metrics has it
                  </p>
                  <Chart
                    label="Merged value over time"
                    isStepped
                    timeSeconds={history?.timeSeconds ?? []}
                    lines={merged}
                    height={140}
                    mark={mark}
                    onPick={pick}
                  />
                </>
              )}
            </>
          )}
        </div>
      </Panel>
      {history?.decided !== undefined && (
        <Panel
          class="c12"
          title="Who decided, and from when on"
          aside={<span class="muted">{counted(history.decided.length, 'time')}</span>}
        >
          <Table
            label="Who decided, and from when on"
            isShort
            isSecond
            rows={rowsOf([...history.decided].reverse())}
            keyOf={({ timeSeconds, processId }) => `${timeSeconds} ${processId}`}
            columns={[
              {
                title: 'From',
                width: '170px',
                cell: ({ timeSeconds }) => (
                  <a href={linkTo('series', selector, { at: String(timeSeconds) })}>
                    {timeText(timeSeconds)}
                  </a>
                ),
              },
              {
                title: 'Process',
                width: '120px',
                cell: ({ processId }) =>
                  processId === undefined ? (
                    <span class="muted">none</span>
                  ) : (
                    <ProcessLink id={processId} />
                  ),
              },
              {
                title: 'Value',
                width: '110px',
                isNumber: true,
                cell: ({ value }) => shortNumber(value),
              },
              {
                title: 'File',
                cell: ({ file }) =>
                  file !== undefined && (
                    <a class="mono" href={linkTo('files', file)}>
                      {file}
                    </a>
                  ),
              },
            ]}
            empty={null}
          />
        </Panel>
      )}
      <Panel class="c12" title="In files">
        <Table
          label="Values in files"
          isShort
          rows={rowsOf(of.shares)}
          keyOf={({ file, valueOffset }) => `${file} ${valueOffset}`}
          linkOf={({ file }) => linkTo('files', file)}
          columns={shareColumns(addsUp)}
          empty={<Empty title="In no file">No process has set it.</Empty>}
        />
      </Panel>
    </div>
  );
}

function useMark() {
  const { at } = useMoment();
  return { mark: at === undefined || Number.isNaN(Number(at)) ? undefined : Number(at) };
}

function shareColumns(addsUp: boolean): Column<ExplainedSeries['shares'][number]>[] {
  return [
    { title: 'Process', width: '100px', cell: ({ processId }) => <ProcessLink id={processId} /> },
    { title: 'State', width: '92px', cell: ({ liveness }) => <StateBadge liveness={liveness} /> },
    {
      title: 'Role',
      width: '150px',
      isWideOnly: true,
      cell: ({ role, program }) => role ?? <span class="muted">{program}</span>,
    },
    {
      title: 'File',
      cell: ({ file }) => (
        <a class="mono" href={linkTo('files', file)}>
          {file}
        </a>
      ),
    },
    {
      title: 'Byte',
      width: '90px',
      isNumber: true,
      isWideOnly: true,
      cell: ({ valueOffset }) => <span class="muted mono">{valueOffset ?? ''}</span>,
    },
    {
      title: 'Set',
      width: '80px',
      isNumber: true,
      isWideOnly: true,
      cell: ({ ageSeconds }) => ageText(ageSeconds),
    },
    {
      title: 'Value',
      width: '130px',
      isNumber: true,
      cell: ({ value, decides }) =>
        decides ? <strong>{shortNumber(value)}</strong> : shortNumber(value),
    },
    ...(addsUp
      ? [
          {
            title: 'Share',
            width: '80px',
            isNumber: true,
            cell: ({ percent }: { percent?: number | undefined }) =>
              percent === undefined ? '–' : `${shortNumber(percent)} %`,
          },
        ]
      : []),
  ];
}

const QUANTILES = ['p50', 'p90', 'p99'] as const;

function OneHistogram({
  of,
  path,
  selector,
}: {
  of: ExplainedHistogram;
  path: string;
  selector: string;
}) {
  const { range, view, isRecorded, asOf } = useHistory(selector);
  const history = view.answer?.histograms[0]?.history;
  const [quantile, setQuantile] = useState<(typeof QUANTILES)[number]>('p90');
  const { mark } = useMark();
  const times = history?.timeSeconds ?? [];
  const all: Line[] = QUANTILES.map((name, i) => ({
    label: name,
    values: history?.quantiles[name] ?? [],
    colour: i,
  }));
  const colours = coloursOf([...of.shares, ...(history?.shares ?? [])]);
  const each: Line[] =
    history?.shares.map((share) => ({
      label: who(share),
      values: share.quantiles[quantile],
      colour: colours.get(share.processId) ?? 8,
    })) ?? [];
  const rates: Line[] =
    history?.shares.map((share) => ({
      label: who(share),
      values: share.ratePerSecond ?? [],
      colour: colours.get(share.processId) ?? 8,
    })) ?? [];
  return (
    <div class="grid">
      <Panel class="c4" title="Observations">
        <div class="body" style={{ minHeight: '300px' }}>
          <div class="big">{shortNumber(of.count)}</div>
          <p class="muted">{of.sum !== undefined && `sum ${shortNumber(of.sum)}`}</p>
          <dl class="facts" style={{ margin: '10px 0', gridTemplateColumns: 'repeat(3, 1fr)' }}>
            {QUANTILES.map((name) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{shortNumber(of.quantiles[name])}</dd>
              </div>
            ))}
          </dl>
          <Warnings of={of.warnings} />
          <Copies
            series={of.histogram}
            type="histogram"
            isWhole
            path={path}
            labels={of.labels}
            family={of.family}
          />
        </div>
      </Panel>
      <Panel
        class="c8"
        title="Shares"
        aside={<span class="muted">observations of each process</span>}
      >
        <div class="body">
          <Bars
            shares={of.shares.map((share) => ({
              colour: colours.get(share.processId) ?? 8,
              processId: share.processId,
              role: share.role ?? share.program,
              value: numberOf(share.count),
              text: shortNumber(share.count),
              note: share.percent === undefined ? '' : `${shortNumber(share.percent)} %`,
            }))}
          />
        </div>
      </Panel>
      <Panel
        class="c12"
        title="Buckets over time"
        aside={
          <>
            {isRecorded && asOf}
            <RangeChoice range={range} />
          </>
        }
      >
        <div class="body">
          {view.failure !== undefined && <Failure failure={view.failure} />}
          {isRecorded ? (
            <Heat
              label="Observations by bucket and time"
              timeSeconds={times}
              buckets={history?.buckets ?? []}
            />
          ) : (
            <NotRecorded />
          )}
        </div>
      </Panel>
      {isRecorded && (
        <>
          <Panel class="c6" title="Quantiles of all">
            <div class="body">
              <Chart
                label="Quantiles of all processes over time"
                timeSeconds={times}
                lines={all}
                height={200}
                mark={mark}
                onPick={pick}
              />
              <Legend lines={all} />
            </div>
          </Panel>
          <Panel
            class="c6"
            title="Of each process"
            aside={
              <Segmented
                label="Quantile"
                choices={QUANTILES.map((name) => [name, name] as const)}
                value={quantile}
                onChoose={setQuantile}
              />
            }
          >
            <div class="body">
              <Chart
                label={`${quantile} of each process over time`}
                timeSeconds={times}
                lines={each}
                height={200}
                mark={mark}
                onPick={pick}
              />
              <Legend lines={each.slice(0, 24)} />
            </div>
          </Panel>
          <Panel class="c12" title="Observations of each process, per second">
            <div class="body">
              <Chart
                label="Observations of each process per second"
                timeSeconds={times}
                lines={rates}
                isStacked
                height={180}
                mark={mark}
                onPick={pick}
              />
            </div>
          </Panel>
        </>
      )}
      <Panel
        class="c6"
        title="Buckets"
        aside={<span class="muted">running totals, as in /metrics</span>}
      >
        <Table
          label="Buckets"
          isShort
          isSecond
          rows={rowsOf(of.le.map((le, i) => ({ le, total: of.buckets[i]! })))}
          keyOf={({ le }) => le}
          columns={[
            { title: 'Up to', cell: ({ le }) => <span class="mono">{le}</span> },
            {
              title: 'Observations',
              width: '160px',
              isNumber: true,
              cell: ({ total }) => exactNumber(total),
              share: ({ total }) => (of.count > 0 ? total / of.count : 0),
            },
          ]}
          empty={null}
        />
      </Panel>
      <Panel class="c6" title="By process">
        <Table
          label="Histogram of each process"
          isShort
          rows={rowsOf(of.shares)}
          keyOf={({ file }) => file}
          linkOf={({ processId }) => linkTo('processes', processId)}
          columns={[
            { title: 'Process', cell: ({ processId }) => <ProcessLink id={processId} /> },
            {
              title: 'State',
              width: '92px',
              isWideOnly: true,
              cell: ({ liveness }) => <StateBadge liveness={liveness} />,
            },
            {
              title: 'Count',
              width: '84px',
              isNumber: true,
              cell: ({ count }) => shortNumber(count),
            },
            ...QUANTILES.map((name) => ({
              title: name,
              width: '72px',
              isNumber: true,
              cell: ({ quantiles }: ExplainedHistogram['shares'][number]) =>
                shortNumber(quantiles[name]),
            })),
          ]}
          empty={<Empty title="No process" />}
        />
      </Panel>
    </div>
  );
}

/** Of each process the same on all charts: the first ones by id have their own. */
function coloursOf(shares: readonly { processId: string }[]): ReadonlyMap<string, number> {
  const ids = [...new Set(shares.map(({ processId }) => processId))];
  ids.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return new Map(ids.map((id, i) => [id, Math.min(i, LINES.length - 1)]));
}

function who({ processId, role }: { processId: string; role?: string | undefined }): string {
  if (processId === '') return 'removed files';
  return role === undefined ? processId : `${processId} ${role}`;
}

const OPERATION_TEXT: Readonly<Record<string, string>> = {
  sum: 'added up',
  min: 'smallest counts',
  max: 'largest counts',
  last: 'each its own',
  mostRecent: 'latest counts',
};

function Warnings({ of }: { of: readonly { code: string; text: string }[] }) {
  return (
    <>
      {of.map(({ code, text }) => (
        <p key={code} class="banner" style={{ marginBottom: '8px' }}>
          {text}
        </p>
      ))}
    </>
  );
}

interface BarShare {
  readonly processId: string;
  readonly role: string | undefined;
  readonly value: number;
  readonly text: string;
  readonly note: string;
  readonly colour: number;
}

const BARS = 10;

function Bars({ shares }: { shares: readonly BarShare[] }) {
  if (shares.length === 0) return <Empty title="No process has it" />;
  const most = largest(shares.map(({ value }) => Math.abs(value)).filter(Number.isFinite), 1e-300);
  return (
    <>
      <ul class="bars" style={{ minHeight: '270px', alignContent: 'start' }}>
        {shares.slice(0, BARS).map(({ processId, role, value, text, note, colour }, i) => (
          <li key={`${processId} ${i}`}>
            <span class="who">
              <ProcessLink id={processId} /> <span class="muted">{role}</span>
            </span>
            <span class="track">
              <i
                class={`swatch n${colour}`}
                style={{ width: `${(Math.abs(value) / most) * 100}%` }}
              />
            </span>
            <span class="number">{text}</span>
            <span class="number muted">{note}</span>
          </li>
        ))}
      </ul>
      {shares.length > BARS && (
        <p class="muted">and {wholeNumber(shares.length - BARS)} more, below</p>
      )}
    </>
  );
}

/** For a dashboard, and for a terminal. */
function Copies(props: {
  series: string;
  type: string;
  /** It is all series of a histogram. */
  isWhole?: boolean;
  path: string;
  family: string;
  labels: Readonly<Record<string, string>>;
}) {
  const shown = useMoment();
  const { at, source } = shown;
  const { series, type, isWhole, path, family, labels } = props;
  const own = Object.entries(labels).filter(([name]) => name !== 'le');
  const matchers = own
    .map(
      ([name, value]) =>
        `${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`,
    )
    .join(',');
  const isPlain = /^[A-Za-z_:][\w:]*$/.test(family);
  const bucket = isPlain
    ? `${family}_bucket{${matchers}}`
    : `{${[JSON.stringify(`${family}_bucket`), matchers].filter(Boolean).join(',')}}`;
  const query = isWhole
    ? `histogram_quantile(0.9, sum by (le) (rate(${bucket}[5m])))`
    : type === 'counter' || type === 'histogram' || type === 'summary'
      ? `rate(${series}[5m])`
      : series;
  // A moment that was recorded is asked of the daemon; what there is now is in the directory, too. A recording has all.
  const isOfDaemon = at !== undefined && !isOfRecording(shown);
  const where = isOfDaemon
    ? new URL('.', location.href.split('#')[0]).href.replace(/\/$/, '')
    : path;
  const moment = at === undefined ? '' : ` --at ${at}`;
  const named =
    isOfDaemon && source !== undefined ? `${where}?source=${encodeURIComponent(source)}` : where;
  return (
    <>
      <Copy what="as PromQL" text={query} />
      <Copy
        what="as a command"
        text={`promfold explain${moment} ${quoted(series)} ${quoted(named)}`}
      />
    </>
  );
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
