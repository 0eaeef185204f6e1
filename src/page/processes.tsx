/** The processes that write, and one of them. */
import { useRef } from 'preact/hooks';
import {
  type KnownActivity,
  rangeQuery,
  useActivity,
  useRange,
  useVerdicts,
  type Verdict,
} from './activity.js';
import { Chart } from './chart.js';
import { fileColumns } from './files.js';
import { ageText, bytesText, perSecond, shortNumber, timeText, wholeNumber } from './format.js';
import { useMoment, useView } from './moment.js';
import { pickMoment, RangeChoice } from './overview.js';
import { Empty, Failure, Head, Panel, ProcessLink, SeriesLink, Spark } from './parts.js';
import { linkTo, useRoute } from './route.js';
import { StateBadge } from './state.js';
import { type Column, PART, type Rows, rowsOf, Table, usePages } from './table.js';
import type { FileView, Process, ProcessAnswer, ProcessSeries, Top } from './views.js';

/** Of the small lines: five minutes, a point every ten seconds. */
const LINE = { start: '-5m', step: '10' };
const LINE_SECONDS = 300;

const LINES_EVERY_SECONDS = 5;

export function ProcessesView() {
  const { at } = useMoment();
  const { parameters } = useRoute();
  const { sort = '-entries' } = parameters;
  const rows = usePages<Process>('processes', { sort }, 'processes');
  const top = useView<Top>('top', { limit: 1000 });
  const verdicts = useVerdicts();
  const isPast = at !== undefined && !Number.isNaN(Number(at));
  const line = isPast ? { start: String(Number(at) - LINE_SECONDS), end: at, step: '10' } : LINE;
  const ids = useLineIds(rows, sort);
  const activity = useActivity(
    rows.total === undefined ? undefined : { ...line, 'process[]': ids },
    LINES_EVERY_SECONDS,
  );
  const rates = new Map(top.answer?.processes.map((one) => [one.processId, one]));
  const lineOf = linesOf(activity);
  const now = rows.takenAtSeconds ?? 0;

  const columns: Column<Process>[] = [
    {
      title: 'Process',
      width: '96px',
      sort: 'processId',
      cell: ({ processId }) => <ProcessLink id={processId} />,
    },
    {
      title: 'State',
      width: '92px',
      sort: 'liveness',
      cell: ({ processId, liveness }) => (
        <StateBadge liveness={liveness} verdict={verdicts?.of.get(processId)} />
      ),
    },
    {
      title: 'Role',
      cell: ({ role, program }) => role ?? <span class="muted">{program ?? 'unknown'}</span>,
    },
    {
      title: 'Age',
      width: '76px',
      isNumber: true,
      isWideOnly: true,
      sort: 'startSeconds',
      cell: ({ startSeconds }) =>
        ageText(startSeconds === undefined ? undefined : now - startSeconds),
    },
    {
      title: 'Last sign',
      width: '84px',
      isNumber: true,
      isWideOnly: true,
      sort: 'lastSeenSeconds',
      isLargestFirst: true,
      cell: ({ lastSeenSeconds }) =>
        ageText(lastSeenSeconds === undefined ? undefined : now - lastSeenSeconds),
    },
    {
      title: 'Entries',
      width: '80px',
      isNumber: true,
      isWideOnly: true,
      sort: 'entries',
      isLargestFirst: true,
      cell: ({ entries }) => wholeNumber(entries),
    },
    {
      title: 'Used',
      width: '80px',
      isNumber: true,
      isWideOnly: true,
      sort: 'usedBytes',
      isLargestFirst: true,
      cell: ({ usedBytes }) => bytesText(usedBytes),
    },
    {
      title: 'On disk',
      width: '80px',
      isNumber: true,
      isWideOnly: true,
      sort: 'diskBytes',
      isLargestFirst: true,
      cell: ({ diskBytes }) => bytesText(diskBytes),
    },
    {
      title: 'A second',
      width: '84px',
      isNumber: true,
      cell: ({ processId }) => {
        const rate = rates.get(processId);
        return rate === undefined || top.answer?.windowSeconds === 0
          ? '–'
          : perSecond(rate.incrementsPerSecond);
      },
    },
    {
      title: 'Five minutes',
      width: '140px',
      isWideOnly: true,
      cell: ({ processId }) => (
        <Spark
          values={lineOf(processId)}
          label={`Increments a second of ${processId} over five minutes`}
        />
      ),
    },
  ];
  return (
    <>
      <Head title="Processes" asOf={rows.takenAtSeconds}>
        <span class="muted">{rows.total !== undefined && `${wholeNumber(rows.total)} in all`}</span>
      </Head>
      <div class="panel">
        <Table
          label="Processes"
          rows={rows}
          columns={columns}
          keyOf={({ processId }) => processId}
          linkOf={({ processId }) => linkTo('processes', processId)}
          defaultSort="-entries"
          empty={
            <Empty title="No process writes here">
              Start the application with <code>PROMETHEUS_MULTIPROC_DIR</code> set to this
              directory.
            </Empty>
          }
        />
      </div>
    </>
  );
}

/**
 * Of which processes lines are asked for: undefined for all, else those of the part that is known. Where the order moves, the
 * part has others at each tick: a question for those of some seconds ago goes on.
 */
function useLineIds({ total = 0, part, from, isEarlier }: Rows<Process>, sort: string) {
  const asked = useRef<{ ids?: readonly string[]; of: string; ms: number }>({ of: '', ms: 0 });
  if (total <= PART) return undefined;
  const of = `${sort} ${from}`;
  const ms = performance.now();
  const isDue = asked.current.of !== of || ms - asked.current.ms > LINES_EVERY_SECONDS * 1000;
  if (isDue && !isEarlier) {
    asked.current = { ids: part!.map(({ processId }) => processId).sort(), of, ms };
  }
  return asked.current.ids;
}

/** Processes that did not move have a line at 0, where it is known that they did not. */
function linesOf(
  activity: KnownActivity | undefined,
): (processId: string) => readonly (number | null)[] {
  if (activity === undefined) return () => [];
  const { asked, processes, incrementsPerSecond } = activity;
  const of = new Map(processes.map((one) => [one.processId, one.incrementsPerSecond]));
  const still = incrementsPerSecond.map((value) => value && 0);
  return (id) => of.get(id) ?? (asked === undefined || asked.has(id) ? still : []);
}

export function ProcessView({ id }: { id: string }) {
  const path = `processes/${encodeURIComponent(id)}`;
  const moment = useMoment();
  const range = useRange();
  const process = useView<ProcessAnswer>(path, { limit: 1 });
  const gauges = usePages<ProcessAnswer['gauges'][number]>(path, {}, 'gauges');
  const series = useView<ProcessSeries>(`${path}/series`, { limit: 100 });
  const verdict = useVerdicts()?.of.get(id);
  const asked = rangeQuery(moment, range);
  const { seconds = 0, ...query } = asked ?? {};
  const activity = useActivity(
    asked && { ...query, 'process[]': [id] },
    Math.max(2, Math.min(60, seconds / 60)),
  );
  const line = activity?.processes[0];
  const { answer, failure } = process;
  const one = answer?.process;
  return (
    <>
      <Head
        title={
          <>
            <a href={linkTo('processes')} class="crumb">
              Processes /
            </a>{' '}
            <span class="mono" style={{ fontSize: 'inherit' }}>
              {id}
            </span>
          </>
        }
        asOf={answer?.takenAtSeconds}
      >
        {one !== undefined && <StateBadge liveness={one.liveness} verdict={verdict} />}
      </Head>
      {failure !== undefined && <Failure failure={failure} />}
      <div class="grid">
        <Panel class="c4" title="Identity">
          <div class="body" style={{ minHeight: '250px' }}>
            {one !== undefined && (
              <Identity of={one} now={answer!.takenAtSeconds} verdict={verdict} />
            )}
          </div>
        </Panel>
        <Panel class="c8" title="What moves" aside={<RangeChoice range={range} />}>
          <div class="body">
            <p class="muted">Increments of counters, per second</p>
            <Chart
              label={`Increments of counters of ${id} per second, over time`}
              height={110}
              timeSeconds={activity?.timeSeconds ?? []}
              lines={[{ label: 'increments', values: line?.incrementsPerSecond ?? [] }]}
              onPick={pickMoment}
            />
            <p class="muted">Observations of histograms and summaries, per second</p>
            <Chart
              label={`Observations of ${id} per second, over time`}
              height={110}
              timeSeconds={activity?.timeSeconds ?? []}
              lines={[
                { label: 'observations', values: line?.observationsPerSecond ?? [], colour: 1 },
              ]}
              onPick={pickMoment}
            />
          </div>
        </Panel>
        <Panel class="c12" title="Files">
          <Table<FileView>
            label="Files of the process"
            isShort
            isSecond
            rows={rowsOf(answer?.files)}
            columns={fileColumns({ hasProcess: false, isSorted: false })}
            keyOf={({ name }) => name}
            linkOf={({ name }) => linkTo('files', name)}
            empty={<Empty title="No file">It has none any more.</Empty>}
          />
        </Panel>
        <Panel
          class="c6"
          title="Fastest series"
          aside={<span class="muted">of this process alone</span>}
        >
          <Table
            label="Fastest series of the process"
            isShort
            rows={rowsOf(series.answer?.series)}
            keyOf={(row) => row.series}
            linkOf={(row) => linkTo('series', row.series)}
            columns={[
              { title: 'Series', cell: (row) => <SeriesLink series={row.series} /> },
              {
                title: 'Value',
                width: '96px',
                isNumber: true,
                cell: ({ value }) => shortNumber(value),
              },
              {
                title: 'A second',
                width: '96px',
                isNumber: true,
                cell: (row) => perSecond(row.perSecond),
              },
            ]}
            empty={<Empty title="No counter">It has no counter, histogram or summary.</Empty>}
          />
        </Panel>
        <Panel
          class="c6"
          title="Gauges"
          aside={
            <span class="muted">{gauges.total !== undefined && wholeNumber(gauges.total)}</span>
          }
        >
          <Table
            label="Gauges of the process"
            isShort
            isSecond
            rows={gauges}
            keyOf={({ series: name, file }) => `${file} ${name}`}
            linkOf={({ series: name }) => linkTo('series', name)}
            columns={[
              { title: 'Series', cell: ({ series: name }) => <SeriesLink series={name} /> },
              {
                title: 'Mode',
                width: '104px',
                isWideOnly: true,
                cell: ({ mode }) => <span class="muted">{mode}</span>,
              },
              {
                title: 'Value',
                width: '84px',
                isNumber: true,
                cell: ({ value }) => shortNumber(value),
              },
              {
                title: 'Set',
                width: '84px',
                isNumber: true,
                cell: ({ ageSeconds }) =>
                  ageSeconds === undefined ? (
                    <span class="muted">–</span>
                  ) : (
                    `${ageText(ageSeconds)}`
                  ),
              },
            ]}
            empty={<Empty title="No gauge">This process has set none.</Empty>}
          />
        </Panel>
      </div>
    </>
  );
}

function Identity({
  of,
  now,
  verdict,
}: {
  of: Process;
  now: number;
  verdict: Verdict | undefined;
}) {
  const facts: [string, string | undefined][] = [
    ['Role', of.role],
    ['Program', of.program],
    ['PID', of.pid === undefined ? undefined : String(of.pid)],
    [
      'Started',
      of.startSeconds === undefined
        ? undefined
        : `${timeText(of.startSeconds)}, ${ageText(now - of.startSeconds)} ago`,
    ],
    [
      'Last sign',
      of.lastSeenSeconds === undefined ? undefined : `${ageText(now - of.lastSeenSeconds)} ago`,
    ],
    ['Client', of.clients.length === 0 ? undefined : of.clients.join(', ')],
    ['Entries', wholeNumber(of.entries)],
    ['Used', `${bytesText(of.usedBytes)} of ${bytesText(of.sizeBytes)}`],
  ];
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value ?? <span class="muted">unknown</span>}</dd>
          </div>
        ))}
      </dl>
      {of.previousLife && (
        <p class="banner" style={{ margin: '12px 0 0' }}>
          Some of its files are of an earlier process with the same id.
        </p>
      )}
      {verdict !== undefined && verdict.evidence.length > 0 && (
        <ul class="evidence" style={{ marginTop: '12px' }}>
          {verdict.evidence.map((text) => (
            <li key={text}>{text}</li>
          ))}
          <li class="muted">since {timeText(verdict.sinceSeconds)}</li>
        </ul>
      )}
    </>
  );
}
