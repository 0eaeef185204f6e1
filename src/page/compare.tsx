/** Two moments: what changed from one to the other. */
import { useState } from 'preact/hooks';
import { windowOf } from './activity.js';
import type { Query } from './api.js';
import { ageText, shortNumber, timeText, wholeNumber } from './format.js';
import { isOfRecording, useMoment, useView } from './moment.js';
import { Badge, Empty, Failure, Head, Panel, ProcessLink, Segmented, SeriesLink } from './parts.js';
import { linkTo, setParameters, useRoute } from './route.js';
import { type Column, rowsOf, Table } from './table.js';
import type { Compared } from './views.js';

/** The earlier moment, seconds before the other one. */
const BEFORE = [
  [10, '10 s'],
  [60, '1 min'],
  [300, '5 min'],
  [900, '15 min'],
  [3600, '1 h'],
] as const;

const LIMIT = 500;

/** A comparison with what there is now is made anew so often; less often where it takes long. */
const EVERY_SECONDS = 5;

type Change = Compared['changed'][number];
type HistogramChange = Compared['histograms']['changed'][number];

export function CompareView() {
  const moment = useMoment();
  const { parameters } = useRoute();
  const window = windowOf(moment);
  const { vs, by } = parameters;
  const later = moment.at ?? (isOfRecording(moment) ? String(window?.to) : undefined);
  const end = later === undefined ? (moment.tick?.takenAtSeconds ?? 0) : Number(later);
  const earlier =
    vs ??
    (window === undefined
      ? undefined
      : String(Math.max(window.from, (later === undefined ? window.to : end) - 60)));
  // Without one in the address it is what is there first.
  const [first] = useState(earlier);
  const before = vs ?? first;
  const query: Query = { before, by, parts: 'none', sort: '-delta', limit: LIMIT };
  const { answer, failure, isEarlier } = useView<Compared & { takenAtSeconds: number }>(
    before === undefined ? undefined : 'diff',
    query,
    { every: EVERY_SECONDS, isPaced: true },
  );
  const choose = (seconds: number) => {
    const from = Math.max(window?.from ?? 0, end - seconds);
    setParameters({ vs: from.toFixed(1) });
  };
  const counts = answer?.counts;
  return (
    <>
      <Head title="Compare" asOf={answer?.afterSeconds} slack={EVERY_SECONDS}>
        <Segmented
          label="What is compared"
          choices={
            [
              ['merged', 'Merged'],
              ['process', 'By process'],
            ] as const
          }
          value={by === 'process' ? 'process' : 'merged'}
          onChoose={(value) => setParameters({ by: value === 'merged' ? undefined : value }, false)}
        />
      </Head>
      {window === undefined ? (
        <Panel>
          <Empty title="Nothing is recorded">
            Two moments can be compared where the flight recorder runs: start promfold without
            --recorder.size=0.
          </Empty>
        </Panel>
      ) : (
        <>
          <div class="head">
            <span>
              From <strong>{answer === undefined ? '…' : timeText(answer.beforeSeconds)}</strong> to{' '}
              <strong>{answer === undefined ? '…' : timeText(answer.afterSeconds)}</strong>
              {answer !== undefined && (
                <span class="muted">
                  , {ageText(answer.afterSeconds - answer.beforeSeconds)} later
                </span>
              )}
            </span>
            <span class="push" />
            <span class="muted">Earlier by</span>
            <div class="segmented">
              {BEFORE.map(([seconds, text]) => (
                <button
                  type="button"
                  key={text}
                  disabled={end - seconds < window.from - 30}
                  aria-pressed={
                    answer !== undefined &&
                    Math.abs(answer.afterSeconds - answer.beforeSeconds - seconds) < seconds * 0.05
                  }
                  onClick={() => choose(seconds)}
                >
                  {text}
                </button>
              ))}
            </div>
          </div>
          {failure !== undefined && <Failure failure={failure} />}
          <dl class={`tiles ${isEarlier ? 'earlier' : ''}`} style={{ marginBottom: '16px' }}>
            {(
              [
                ['Changed', counts?.changed],
                ['Appeared', counts?.added],
                ['Gone', counts?.removed],
                ['Went back', counts?.wentBack],
                ['The same', counts?.same],
              ] as const
            ).map(([name, value]) => (
              <div class="tile" key={name}>
                <dt>{name}</dt>
                <dd>
                  <div class="value">{wholeNumber(value)}</div>
                </dd>
              </div>
            ))}
          </dl>
          <div class="grid">
            <Changes title="Changed series" rows={answer?.changed} isMain />
            <Histograms rows={answer?.histograms.changed} />
            <Changes title="Appeared" rows={answer?.added} />
            <Changes title="Gone" rows={answer?.removed} />
          </div>
        </>
      )}
    </>
  );
}

function Changes(props: { title: string; rows: readonly Change[] | undefined; isMain?: boolean }) {
  const { title, rows, isMain = false } = props;
  if (!isMain && (rows === undefined || rows.length === 0)) return null;
  const columns: Column<Change>[] = [
    { title: 'Series', cell: ({ series }) => <SeriesLink series={series} /> },
    ...(rows?.some(({ processId }) => processId !== undefined)
      ? [
          {
            title: 'Process',
            width: '92px',
            cell: ({ processId }: Change) =>
              processId !== undefined && <ProcessLink id={processId} />,
          },
        ]
      : []),
    {
      title: 'Before',
      width: '90px',
      isNumber: true,
      isWideOnly: true,
      cell: ({ before }) => shortNumber(before),
    },
    {
      title: 'After',
      width: '90px',
      isNumber: true,
      isWideOnly: true,
      cell: ({ after }) => shortNumber(after),
    },
    {
      title: 'Change',
      width: '110px',
      isNumber: true,
      cell: ({ delta, wentBack }) =>
        wentBack ? (
          <Badge tone="bad">{shortNumber(delta)}</Badge>
        ) : delta === undefined ? (
          '–'
        ) : typeof delta === 'number' && delta > 0 ? (
          `+${shortNumber(delta)}`
        ) : (
          shortNumber(delta)
        ),
    },
  ];
  return (
    <Panel
      class="c12"
      title={title}
      aside={
        <span class="muted">
          {(rows?.length ?? 0) >= LIMIT ? `the ${LIMIT} largest changes` : ''}
        </span>
      }
    >
      <Table
        label={title}
        isShort
        isSecond={!isMain}
        rows={rowsOf(rows)}
        keyOf={({ series, processId }) => `${processId} ${series}`}
        linkOf={({ series }) => linkTo('series', series)}
        columns={columns}
        empty={
          <Empty title="No single series changed">Choose moments that are further apart.</Empty>
        }
      />
    </Panel>
  );
}

function Histograms({ rows }: { rows: readonly HistogramChange[] | undefined }) {
  if (rows === undefined || rows.length === 0) return null;
  return (
    <Panel
      class="c12"
      title="Histograms"
      aside={<span class="muted">what was observed in between</span>}
    >
      <Table
        label="Histograms that changed"
        isShort
        isSecond
        rows={rowsOf(rows)}
        keyOf={({ histogram, processId }) => `${processId} ${histogram}`}
        linkOf={({ histogram }) => linkTo('series', histogram)}
        columns={[
          { title: 'Histogram', cell: ({ histogram }) => <SeriesLink series={histogram} /> },
          {
            title: 'Observations',
            width: '110px',
            isNumber: true,
            cell: ({ between, wentBack }) =>
              wentBack ? <Badge tone="bad">went back</Badge> : shortNumber(between?.count),
          },
          {
            title: 'p50',
            width: '76px',
            isNumber: true,
            isWideOnly: true,
            cell: ({ between }) => shortNumber(between?.quantiles.p50),
          },
          {
            title: 'p90',
            width: '76px',
            isNumber: true,
            isWideOnly: true,
            cell: ({ between }) => shortNumber(between?.quantiles.p90),
          },
          {
            title: 'p99',
            width: '76px',
            isNumber: true,
            cell: ({ between }) => shortNumber(between?.quantiles.p99),
          },
        ]}
        empty={null}
      />
    </Panel>
  );
}
