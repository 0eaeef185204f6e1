/**
 * The families, and what makes them large: each label, each value and each process narrows what is counted, in any order. The
 * list of families stays, so that another one can be chosen under the same labels.
 */

import type { Json } from './api.js';
import { bytesText, counted, perSecond, shortNumber, wholeNumber } from './format.js';
import { useView } from './moment.js';
import { Badge, Empty, Failure, Head, Search, SeriesLink, Text } from './parts.js';
import { linkTo, setParameters, useRoute } from './route.js';
import { type Column, Table, usePages } from './table.js';
import type {
  Families,
  FamilyView,
  LabelValueView,
  LabelView,
  ProcessCount,
  SeriesView,
} from './views.js';

/** What counts: the values of labels, in the order in which they were chosen. */
type Filters = readonly (readonly [label: string, value: string])[];

export function MetricsView() {
  const { parameters } = useRoute();
  const { family, process, label, search, find } = parameters;
  const filters = filtersIn(parameters.labels);
  const ofLabels = {
    'match[]': filters.length === 0 ? undefined : selectorOf(undefined, filters),
    process,
  };
  const isAll = family === undefined && filters.length === 0;
  const chosen = { 'match[]': isAll ? undefined : selectorOf(family, filters), process };
  // Sums of all families, for their shares.
  const all = useView<Families>('families', { limit: 1, sort: '-bytes' }, { every: 5 });
  const families = usePages<FamilyView>(
    'families',
    { ...ofLabels, search: find, sort: parameters.fsort ?? '-series' },
    'families',
  );
  const labels = usePages<LabelView>('labels', { ...chosen, sort: '-values' }, 'labels');
  const values = usePages<LabelValueView>(
    label === undefined ? undefined : `labels/${encodeURIComponent(label)}/values`,
    { ...chosen, sort: '-series' },
    'values',
  );
  const processes = usePages<ProcessCount>(
    'series/by-process',
    { ...chosen, process: undefined, sort: '-series' },
    'processes',
  );
  const series = usePages<Json<SeriesView>>(
    'series',
    { ...chosen, search, sort: parameters.sort },
    'series',
  );
  const set = (changes: Readonly<Record<string, string | undefined>>) => setParameters(changes);
  const setFilters = (next: Filters) =>
    set({ labels: next.length === 0 ? undefined : JSON.stringify(next) });
  const most = all.answer?.families[0];

  return (
    <>
      <Head title="Metrics" asOf={series.takenAtSeconds}>
        <Search
          name="search"
          label="Search series"
          placeholder="Search series, labels and values"
        />
      </Head>
      <div class="chips" style={{ minHeight: '24px', marginBottom: '12px' }}>
        {family !== undefined && <Chip text={family} onRemove={() => set({ family: undefined })} />}
        {filters.map(([name, value]) => (
          <Chip
            key={name}
            text={`${name}=${value}`}
            onRemove={() => setFilters(filters.filter(([other]) => other !== name))}
          />
        ))}
        {process !== undefined && (
          <Chip text={`process ${process}`} onRemove={() => set({ process: undefined })} />
        )}
        {isAll && process === undefined && (
          <span class="muted">
            Choose a family, a label, a value or a process: all that is counted follows.
          </span>
        )}
      </div>
      <div class="explorer">
        <div>
          <section class="panel">
            <header>
              <h2>
                {families.total === undefined
                  ? 'Families'
                  : counted(families.total, 'family', 'families')}
              </h2>
              <span class="push" />
              <Search name="find" label="Find a family" placeholder="Find a family" />
            </header>
            <Table
              label="Families"
              isSecond
              rows={families}
              sortBy="fsort"
              defaultSort="-series"
              keyOf={({ name }) => name}
              isChosen={({ name }) => name === family}
              columns={familyColumns(most?.bytes ?? 1, (name) =>
                set({ family: name === family ? undefined : name }),
              )}
              empty={<Empty title="No family">None has such series: take a filter away.</Empty>}
            />
          </section>
        </div>
        <div>
          <section class="panel">
            <header>
              <h2>What it is made of</h2>
              <span class="push" />
              <span class="muted">
                {series.total !== undefined && counted(series.total, 'series', 'series')}
              </span>
            </header>
            <div class="pair">
              <div>
                <Table
                  label="Labels"
                  isShort
                  isSecond
                  rows={labels}
                  keyOf={({ name }) => name}
                  isChosen={({ name }) => name === label}
                  columns={[
                    {
                      title: 'Label',
                      cell: ({ name }) => (
                        <button
                          type="button"
                          class="mono"
                          aria-pressed={name === label}
                          onClick={() => set({ label: name === label ? undefined : name })}
                        >
                          <Text of={name} short={60} />
                        </button>
                      ),
                    },
                    {
                      title: 'Values',
                      width: '72px',
                      isNumber: true,
                      cell: (row) => wholeNumber(row.values),
                    },
                    {
                      title: 'Series',
                      width: '76px',
                      isNumber: true,
                      cell: (row) => wholeNumber(row.series),
                    },
                  ]}
                  empty={<Empty title="No label" />}
                />
              </div>
              <div>
                {label === undefined ? (
                  <Table
                    label="Series by process"
                    isShort
                    isSecond
                    rows={processes}
                    keyOf={({ processId }) => processId}
                    isChosen={({ processId }) => processId === process}
                    columns={[
                      {
                        title: 'Process',
                        cell: ({ processId }) => (
                          <button
                            type="button"
                            class="mono"
                            aria-pressed={processId === process}
                            onClick={() =>
                              set({ process: processId === process ? undefined : processId })
                            }
                          >
                            {processId === '' ? 'removed' : <Text of={processId} short={40} />}
                          </button>
                        ),
                      },
                      {
                        title: 'Series',
                        width: '76px',
                        isNumber: true,
                        cell: (row) => wholeNumber(row.series),
                        share: (row) => row.series / Math.max(1, series.total ?? 1),
                      },
                      {
                        title: 'Entries',
                        width: '76px',
                        isNumber: true,
                        cell: (row) => wholeNumber(row.entries),
                      },
                    ]}
                    empty={<Empty title="No process" />}
                  />
                ) : (
                  <Table
                    label={`Values of ${label}`}
                    isShort
                    isSecond
                    rows={values}
                    keyOf={({ value }) => value}
                    isChosen={({ value }) =>
                      filters.some(([name, chosenValue]) => name === label && chosenValue === value)
                    }
                    columns={[
                      {
                        title: 'Value',
                        cell: ({ value }) => (
                          <button
                            type="button"
                            class="mono"
                            onClick={() =>
                              setFilters([
                                ...filters.filter(([name]) => name !== label),
                                [label, value],
                              ])
                            }
                          >
                            {value === '' ? (
                              <span class="muted">empty</span>
                            ) : (
                              <Text of={value} short={80} />
                            )}
                          </button>
                        ),
                      },
                      {
                        title: 'Families',
                        width: '72px',
                        isNumber: true,
                        isWideOnly: true,
                        cell: (row) => wholeNumber(row.families),
                      },
                      {
                        title: 'Series',
                        width: '76px',
                        isNumber: true,
                        cell: (row) => wholeNumber(row.series),
                        share: (row) => row.series / Math.max(1, series.total ?? 1),
                      },
                    ]}
                    empty={<Empty title="No value" />}
                  />
                )}
              </div>
            </div>
          </section>
          <section class="panel">
            <header>
              <h2>
                {series.total === undefined ? 'Series' : `${wholeNumber(series.total)} series`}
              </h2>
            </header>
            {series.failure !== undefined && <Failure failure={series.failure} />}
            <Table
              label="Series"
              isShort
              rows={{ ...series, failure: undefined }}
              keyOf={(row) => row.series}
              linkOf={(row) => linkTo('series', row.series)}
              columns={SERIES_COLUMNS}
              empty={
                <Empty title="No series">
                  {search === undefined
                    ? 'Take a filter away.'
                    : `None has “${search}” in its name or in a label.`}
                </Empty>
              }
            />
          </section>
        </div>
      </div>
    </>
  );
}

function familyColumns(mostBytes: number, choose: (name: string) => void): Column<FamilyView>[] {
  return [
    {
      title: 'Family',
      sort: 'name',
      cell: ({ name, help }) => (
        <button
          type="button"
          class="mono"
          title={help === '' ? name : `${name}: ${help}`}
          onClick={() => choose(name)}
        >
          <Text of={name} short={90} />
        </button>
      ),
    },
    {
      title: 'Type',
      width: '92px',
      isWideOnly: true,
      sort: 'type',
      cell: ({ type, mode }) => <span class="muted">{mode ?? type}</span>,
    },
    {
      title: 'Series',
      width: '72px',
      isNumber: true,
      sort: 'series',
      isLargestFirst: true,
      cell: ({ series }) => wholeNumber(series),
    },
    {
      title: 'Bytes',
      width: '84px',
      isNumber: true,
      sort: 'bytes',
      isLargestFirst: true,
      cell: ({ bytes }) => bytesText(bytes),
      share: ({ bytes }) => bytes / mostBytes,
    },
    {
      title: '',
      width: '66px',
      cell: ({ name }) => (
        <a href={linkTo('series', selectorOf(name, []))} aria-label={`open ${name}`}>
          open
        </a>
      ),
    },
  ];
}

const SERIES_COLUMNS: Column<Json<SeriesView>>[] = [
  { title: 'Series', sort: 'name', cell: ({ series }) => <SeriesLink series={series} /> },
  {
    title: 'Type',
    width: '92px',
    isWideOnly: true,
    cell: ({ type, mode }) => <Badge tone="">{mode ?? type}</Badge>,
  },
  {
    title: 'Processes',
    width: '84px',
    isNumber: true,
    isWideOnly: true,
    sort: 'processes',
    isLargestFirst: true,
    cell: ({ processes }) => wholeNumber(processes),
  },
  {
    title: 'Value',
    width: '84px',
    isNumber: true,
    sort: 'value',
    isLargestFirst: true,
    cell: ({ value }) => shortNumber(value),
  },
  {
    title: 'A second',
    width: '84px',
    isNumber: true,
    sort: 'perSecond',
    isLargestFirst: true,
    cell: (row) => perSecond(row.perSecond),
  },
];

function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <span class="chip">
      <span class="mono">
        <Text of={text} short={100} />
      </span>
      <button type="button" aria-label={`Remove ${text.slice(0, 60)}`} onClick={onRemove}>
        ×
      </button>
    </span>
  );
}

function filtersIn(text: string | undefined): Filters {
  try {
    const parsed: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(parsed)) return [];
    return parsed.filter(
      (pair): pair is [string, string] => Array.isArray(pair) && pair.length === 2,
    );
  } catch {
    return [];
  }
}

/** As PromQL has it since Prometheus 3, for names of any kind. */
export function selectorOf(family: string | undefined, filters: Filters): string {
  const matchers = [
    ...(family === undefined ? [] : [`__name__=${JSON.stringify(family)}`]),
    ...filters.map(([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`),
  ];
  return `{${matchers.join(',')}}`;
}
