/** The first view: how much there is, what is wrong and what to do, what moves, and what the recorder has. */
import {
  RANGES,
  type Range,
  rangeQuery,
  useActivity,
  useRange,
  useVerdicts,
  windowOf,
} from './activity.js';
import { Chart } from './chart.js';
import {
  ageText,
  bytesText,
  counted,
  perSecond,
  shortNumber,
  timeText,
  wholeNumber,
} from './format.js';
import { useMoment, useView } from './moment.js';
import {
  Badge,
  Empty,
  Failure,
  Head,
  Panel,
  ProcessLink,
  Segmented,
  SeriesLink,
  type Tone,
} from './parts.js';
import { linkTo, setParameters } from './route.js';
import { STATES, stateOf } from './state.js';
import { rowsOf, Table } from './table.js';
import { useIncidents } from './time-bar.js';
import type { Findings, Processes, Top } from './views.js';

const SHOWN_EVIDENCE = 3;

/** What `check` finds rarely changes, and takes longer than the rest. */
const FINDINGS_SECONDS = 20;

export function Overview() {
  const moment = useMoment();
  const top = useView<Top>('top', { limit: 100 });
  const processes = useView<Processes>('processes', { limit: 1 });
  const families = useView<{ page: { total: number } }>('families', { limit: 1 }, { every: 10 });
  const { answer } = top;
  const total = processes.answer?.total;
  const window = windowOf(moment);
  const series = moment.status?.sources.find(({ name }) => name === moment.source)?.series;
  const late = moment.status?.lastScrape;
  return (
    <>
      <Head title="Overview" asOf={answer?.takenAtSeconds} />
      {top.failure !== undefined && <Failure failure={top.failure} />}
      <div class="grid">
        <dl class="tiles c12">
          <Tile
            name="Processes"
            value={wholeNumber(
              total && total.processes.alive + total.processes.dead + total.processes.unknown,
            )}
            note={
              total &&
              `${total.processes.alive} alive, ${total.processes.dead} dead${total.processes.unknown > 0 ? `, ${total.processes.unknown} unknown` : ''}`
            }
          />
          <Tile
            name="Increments"
            value={
              answer === undefined || answer.windowSeconds === 0
                ? '–'
                : perSecond(answer.incrementsPerSecond)
            }
            note="of counters"
          />
          <Tile
            name="Observations"
            value={
              answer === undefined || answer.windowSeconds === 0
                ? '–'
                : perSecond(answer.observationsPerSecond)
            }
            note="of histograms and summaries"
          />
          <Tile
            name="Series"
            value={moment.at === undefined ? wholeNumber(series) : '–'}
            note={families.answer && counted(families.answer.page.total, 'family', 'families')}
          />
          <Tile
            name="Entries"
            value={answer === undefined ? '–' : shortNumber(answer.entries)}
            note={answer && `in ${counted(answer.files, 'file')}`}
          />
          <Tile
            name="Used"
            value={bytesText(answer?.usedBytes)}
            note={
              total?.diskBytes !== undefined ? `${bytesText(total.diskBytes)} on disk` : undefined
            }
          />
          <Tile
            name="Last scrape"
            value={late === undefined ? '–' : `${shortNumber(late.seconds * 1000)} ms`}
            note={
              late &&
              `${ageText(Math.max(0, (moment.tick?.takenAtSeconds ?? Date.now() / 1000 - moment.skewSeconds) - late.timeSeconds))} ago`
            }
          />
          <Tile
            name="Recorded"
            value={window === undefined ? '–' : ageText(window.to - window.from)}
            note={
              moment.status?.recorder &&
              `${bytesText(moment.status.recorder.bytes)} of ${bytesText(moment.status.recorder.maxBytes)}`
            }
          />
        </dl>
        <Problems />
        <Moving />
        <StatesPanel />
        <Fastest top={answer} />
        <Gauges top={answer} />
        <IncidentList />
      </div>
    </>
  );
}

function Tile({ name, value, note }: { name: string; value: string; note?: string | undefined }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <div class="value">{value}</div>
        <div class="note">{note ?? '\u00a0'}</div>
      </dd>
    </div>
  );
}

const SEVERITY: Readonly<Record<string, Tone>> = { error: 'bad', warning: 'warn', info: '' };

function Problems() {
  const { answer, failure } = useView<Findings>(
    'findings',
    { evidence: SHOWN_EVIDENCE },
    { every: FINDINGS_SECONDS },
  );
  if (failure !== undefined)
    return (
      <div class="c12">
        <Failure failure={failure} />
      </div>
    );
  const findings = answer?.findings ?? [];
  const title =
    answer === undefined
      ? 'Problems'
      : findings.length === 0
        ? 'No problem found'
        : counted(findings.length, 'problem');
  return (
    <Panel
      class="c12"
      title={title}
      aside={
        <span class="muted">
          {answer === undefined ? 'looking…' : `promfold check, ${timeText(answer.takenAtSeconds)}`}
        </span>
      }
    >
      {findings.map((finding) => (
        <article key={finding.code} class="problem">
          <Badge tone={SEVERITY[finding.severity] ?? ''}>{finding.severity}</Badge>
          <div>
            <h3>{finding.title}</h3>
            <p>
              <Prose of={finding.effect} />
            </p>
            <p class="cure">
              <Prose of={finding.cure} />
            </p>
            <ul class="evidence">
              {finding.evidence.map(({ text, file, processId }) => (
                <li key={text}>
                  {file !== undefined ? (
                    <a href={linkTo('files', file)}>{text}</a>
                  ) : processId !== undefined ? (
                    <a href={linkTo('processes', processId)}>{text}</a>
                  ) : (
                    text
                  )}
                </li>
              ))}
              {finding.evidenceCount > finding.evidence.length && (
                <li>and {wholeNumber(finding.evidenceCount - finding.evidence.length)} more</li>
              )}
            </ul>
          </div>
        </article>
      ))}
    </Panel>
  );
}

/** With `code` in it. */
function Prose({ of }: { of: string }) {
  return (
    <>
      {of
        .split(/`([^`]*)`/)
        .map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}
    </>
  );
}

function Moving() {
  const moment = useMoment();
  const range = useRange();
  const asked = rangeQuery(moment, range);
  const { seconds = 0, ...query } = asked ?? {};
  const activity = useActivity(asked && query, Math.max(2, Math.min(60, seconds / 60)));
  return (
    <Panel class="c8" title="What moves" aside={<RangeChoice range={range} />}>
      <div class="body">
        {asked === undefined ? (
          <Empty title="Nothing is recorded">Lines are drawn from the flight recorder.</Empty>
        ) : (
          <>
            <p class="muted">Increments of counters, per second</p>
            <Chart
              label="Increments of counters per second, over time"
              height={130}
              timeSeconds={activity?.timeSeconds ?? []}
              lines={[{ label: 'increments', values: activity?.incrementsPerSecond ?? [] }]}
              onPick={pickMoment}
            />
            <p class="muted">Observations of histograms and summaries, per second</p>
            <Chart
              label="Observations of histograms and summaries per second, over time"
              height={130}
              timeSeconds={activity?.timeSeconds ?? []}
              lines={[
                { label: 'observations', values: activity?.observationsPerSecond ?? [], colour: 1 },
              ]}
              onPick={pickMoment}
            />
          </>
        )}
      </div>
    </Panel>
  );
}

export const pickMoment = (at: number) => setParameters({ at: at.toFixed(1) });

export function RangeChoice({ range }: { range: Range }) {
  return (
    <Segmented
      label="How far back"
      choices={RANGES}
      value={range}
      onChoose={(value) => setParameters({ range: value }, false)}
    />
  );
}

/** Processes by what they do; those that need a look by name. */
function StatesPanel() {
  const { answer } = useView<Processes>(
    'processes',
    { limit: MAX_STATES, sort: '-lastSeenSeconds' },
    { every: 2 },
  );
  const verdicts = useVerdicts();
  const states = new Map<string, string[]>();
  for (const { processId, liveness } of answer?.processes ?? []) {
    if (liveness === 'archive') continue;
    const state = stateOf(liveness, verdicts?.of.get(processId));
    states.set(state, [...(states.get(state) ?? []), processId]);
  }
  const order = Object.keys(STATES);
  const known = [...states].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return (
    <Panel class="c4" title="Processes" aside={<a href={linkTo('processes')}>All</a>}>
      <ul class="states">
        {known.map(([state, ids]) => {
          const [tone, text] = STATES[state] ?? ['', state];
          return (
            <li key={state}>
              <Badge tone={tone}>
                {wholeNumber(ids.length)} {text}
              </Badge>
              {tone !== 'ok' && (
                <p style={{ marginTop: '4px' }}>
                  {ids.slice(0, MAX_NAMED).map((id) => (
                    <span key={id}>
                      <ProcessLink id={id} />{' '}
                    </span>
                  ))}
                  {ids.length > MAX_NAMED && (
                    <span class="muted">and {wholeNumber(ids.length - MAX_NAMED)} more</span>
                  )}
                </p>
              )}
            </li>
          );
        })}
        {answer !== undefined && answer.page.total > MAX_STATES && (
          <li class="muted">
            These are the {wholeNumber(MAX_STATES)} seen last, of {wholeNumber(answer.page.total)}.
          </li>
        )}
        {verdicts?.engines.map(({ engine, modelName, verdict, evidence }) => (
          <li key={`${engine} ${modelName}`}>
            <Badge tone={STATES[verdict]?.[0] ?? ''}>{verdict}</Badge> engine {engine}{' '}
            <span class="muted">{modelName}</span>
            {(STATES[verdict]?.[0] ?? '') !== 'ok' && <p class="muted">{evidence[0]}</p>}
          </li>
        ))}
        {answer !== undefined && answer.processes.length === 0 && (
          <li>
            <Empty title="No process writes here yet">
              Start the application with <code>PROMETHEUS_MULTIPROC_DIR</code> set to this
              directory.
            </Empty>
          </li>
        )}
      </ul>
    </Panel>
  );
}

/** Processes; the API has no longer list. */
const MAX_STATES = 1000;

/** Of one state. */
const MAX_NAMED = 12;

function Fastest({ top }: { top: Top | undefined }) {
  const isFirst = top !== undefined && top.windowSeconds === 0;
  return (
    <Panel class="c6" title="Fastest series">
      <Table
        label="Fastest series"
        isShort
        isSteady
        isSecond
        rows={rowsOf(isFirst ? undefined : top?.series)}
        keyOf={({ series }) => series}
        linkOf={({ series }) => linkTo('series', series)}
        columns={[
          { title: 'Series', cell: ({ series }) => <SeriesLink series={series} /> },
          {
            title: 'Processes',
            width: '84px',
            isNumber: true,
            isWideOnly: true,
            cell: ({ processes }) => wholeNumber(processes),
          },
          {
            title: 'A second',
            width: '92px',
            isNumber: true,
            cell: (row) => perSecond(row.incrementsPerSecond),
          },
        ]}
        empty={
          <Empty title="Nothing moved">
            No counter, histogram or summary grew in the last second.
          </Empty>
        }
      />
    </Panel>
  );
}

function Gauges({ top }: { top: Top | undefined }) {
  const isFirst = top !== undefined && top.windowSeconds === 0;
  return (
    <Panel class="c6" title="Gauges that changed">
      <Table
        label="Gauges that changed"
        isShort
        isSteady
        isSecond
        rows={rowsOf(isFirst ? undefined : top?.gauges)}
        keyOf={({ series }) => series}
        linkOf={({ series }) => linkTo('series', series)}
        columns={[
          { title: 'Series', cell: ({ series }) => <SeriesLink series={series} /> },
          {
            title: 'Mode',
            width: '110px',
            isWideOnly: true,
            cell: ({ mode }) => <span class="muted">{mode}</span>,
          },
          {
            title: 'Value',
            width: '84px',
            isNumber: true,
            cell: ({ value }) => shortNumber(value),
          },
          { title: 'Change', width: '84px', isNumber: true, cell: ({ change }) => signed(change) },
        ]}
        empty={<Empty title="No gauge changed">Their values are in Metrics.</Empty>}
      />
    </Panel>
  );
}

function signed(change: number | undefined): string {
  if (change === undefined) return 'new';
  return typeof change === 'number' && change > 0 ? `+${shortNumber(change)}` : shortNumber(change);
}

function IncidentList() {
  const incidents = useIncidents();
  if (incidents.length === 0) return null;
  return (
    <Panel
      class="c12"
      title={counted(incidents.length, 'incident')}
      aside={<span class="muted">processes that ended</span>}
    >
      <Table
        label="Incidents"
        isShort
        isSecond
        rows={rowsOf(incidents)}
        keyOf={({ id }) => id}
        columns={[
          {
            title: 'When',
            width: '170px',
            cell: ({ timeSeconds }) => (
              <a href={linkTo('processes', '', { at: (timeSeconds - 1).toFixed(1) })}>
                {timeText(timeSeconds)}
              </a>
            ),
          },
          {
            title: 'Why',
            width: '110px',
            cell: ({ reason }) => <Badge tone={reason === 'vanished' ? 'bad' : ''}>{reason}</Badge>,
          },
          {
            title: 'Processes',
            cell: ({ processes }) =>
              processes
                .filter(({ state }) => state !== 'alive' && state !== 'began')
                .map(({ processId, role, program }) =>
                  `${processId} ${role ?? program ?? ''}`.trim(),
                )
                .join(', '),
          },
          {
            title: 'Recording',
            width: '120px',
            isNumber: true,
            isWideOnly: true,
            cell: ({ id, bytes }) => (
              <a href={`api/v1/incidents/${encodeURIComponent(id)}`}>{bytesText(bytes)}</a>
            ),
          },
        ]}
        empty={null}
      />
    </Panel>
  );
}
