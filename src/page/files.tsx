/** The metric files: how full they are, how they are laid out, and what is damaged. And one of them, with its entries. */
import type { ComponentChildren } from 'preact';
import {
  ageText,
  bytesText,
  counted,
  exactNumber,
  percentText,
  timeText,
  wholeNumber,
} from './format.js';
import { useView } from './moment.js';
import { Badge, Empty, Failure, Head, Panel, ProcessLink, SeriesLink, Text } from './parts.js';
import { linkTo, useRoute } from './route.js';
import { type Column, Table, usePages } from './table.js';
import type { FileAnswer, FileView } from './views.js';

export function fileColumns({
  hasProcess,
  isSorted,
}: {
  hasProcess: boolean;
  isSorted: boolean;
}): Column<FileView>[] {
  const columns: Column<FileView>[] = [
    {
      title: 'File',
      sort: 'name',
      cell: ({ name }) => (
        <a class="mono" href={linkTo('files', name)}>
          <Text of={name} short={80} />
        </a>
      ),
    },
    {
      title: 'Process',
      width: '92px',
      isWideOnly: true,
      sort: 'processId',
      cell: ({ processId }) => processId !== undefined && <ProcessLink id={processId} />,
    },
    {
      title: 'Written by',
      width: '104px',
      isWideOnly: true,
      cell: ({ client }) => <span class="muted">{client}</span>,
    },
    {
      title: 'Entries',
      width: '84px',
      isNumber: true,
      isWideOnly: true,
      sort: 'entries',
      isLargestFirst: true,
      cell: ({ entries }) => wholeNumber(entries),
    },
    {
      title: 'Used',
      width: '84px',
      isNumber: true,
      sort: 'usedBytes',
      isLargestFirst: true,
      cell: ({ usedBytes }) => bytesText(usedBytes),
    },
    {
      title: 'Size',
      width: '84px',
      isNumber: true,
      isWideOnly: true,
      sort: 'sizeBytes',
      isLargestFirst: true,
      cell: ({ sizeBytes }) => bytesText(sizeBytes),
    },
    {
      title: 'Full',
      width: '92px',
      isWideOnly: true,
      cell: (file) => <Meter part={file.usedBytes} whole={file.sizeBytes} />,
    },
    {
      title: 'Fault',
      width: '128px',
      cell: ({ fault, previousLife }) =>
        fault !== undefined ? (
          <Badge tone="bad">{fault.code.toLowerCase().replaceAll('_', ' ')}</Badge>
        ) : (
          previousLife && <Badge tone="warn">earlier process</Badge>
        ),
    },
  ];
  return columns
    .filter(({ title }) => hasProcess || title !== 'Process')
    .map(({ sort, ...column }) => (isSorted && sort !== undefined ? { ...column, sort } : column));
}

function Meter({ part, whole }: { part: number; whole: number }) {
  return (
    <span class="meter" title={`${percentText(part, whole)} of ${bytesText(whole)}`}>
      <i style={{ width: `${whole > 0 ? Math.min(100, (part / whole) * 100) : 0}%` }} />
    </span>
  );
}

export function FilesView() {
  const { parameters } = useRoute();
  const { sort = '-usedBytes' } = parameters;
  const rows = usePages<FileView>('files', { sort }, 'files');
  return (
    <>
      <Head title="Files" asOf={rows.takenAtSeconds}>
        <span class="muted">{rows.total !== undefined && counted(rows.total, 'file')}</span>
      </Head>
      <div class="panel">
        <Table
          label="Files"
          rows={rows}
          columns={fileColumns({ hasProcess: true, isSorted: true })}
          keyOf={({ name }) => name}
          linkOf={({ name }) => linkTo('files', name)}
          defaultSort="-usedBytes"
          empty={
            <Empty title="No file">
              The directory is empty: a process makes its files when it first sets a metric.
            </Empty>
          }
        />
      </div>
    </>
  );
}

type Entry = FileAnswer['files'][number]['entries'][number];

/** Bytes that are shown of a damaged file. */
const EXCERPT_BYTES = 256;

export function FilePage({ name }: { name: string }) {
  const path = `files/${encodeURIComponent(name)}`;
  const { answer, failure } = useView<FileAnswer>(path, { limit: 1, bytes: EXCERPT_BYTES });
  const rows = usePages<Entry>(
    path,
    { bytes: 0 },
    (page) => (page as unknown as FileAnswer).files[0]?.entries ?? [],
  );
  const file = answer?.files[0];
  return (
    <>
      <Head
        title={
          <>
            <a href={linkTo('files')} class="crumb">
              Files /
            </a>{' '}
            <Text of={name} />
          </>
        }
        asOf={answer?.takenAtSeconds}
      />
      {failure !== undefined && <Failure failure={failure} />}
      <div class="grid">
        {file?.fault !== undefined && <Damage fault={file.fault} path={file.path} />}
        <Panel class="c12" title="Facts">
          <div class="body" style={{ minHeight: '64px' }}>
            {file !== undefined && (
              <dl class="facts">
                <Fact name="Process">
                  {file.processId === undefined ? 'none' : <ProcessLink id={file.processId} />}
                </Fact>
                <Fact name="Type">
                  {[file.type, file.mode].filter(Boolean).join(' ') || 'unknown'}
                </Fact>
                <Fact name="Joined by">{file.operation ?? 'nothing'}</Fact>
                <Fact name="Layout">
                  {file.slotBytes === 16
                    ? 'value and timestamp, 16 bytes'
                    : file.slotBytes === 8
                      ? 'value alone, 8 bytes'
                      : file.fault === undefined
                        ? 'no entry yet'
                        : 'unknown'}
                </Fact>
                <Fact name="Used">
                  {file.usedBytes < 0
                    ? 'unknown'
                    : `${bytesText(file.usedBytes)} of ${bytesText(file.sizeBytes)}`}
                  {file.usedBytes >= 0 && <Meter part={file.usedBytes} whole={file.sizeBytes} />}
                </Fact>
                <Fact name="Last sign">
                  {file.lastSeenSeconds === undefined
                    ? 'unknown'
                    : `${ageText(answer!.takenAtSeconds - file.lastSeenSeconds)} ago`}
                </Fact>
                <Fact name="Path" isLong>
                  <span class="mono">
                    <Text of={file.path} />
                  </span>
                </Fact>
              </dl>
            )}
          </div>
        </Panel>
        <Panel
          class="c12"
          title="Entries"
          aside={<span class="muted">{rows.total !== undefined && wholeNumber(rows.total)}</span>}
        >
          <Table
            label="Entries of the file"
            rows={rows}
            keyOf={({ offset }) => String(offset)}
            {...(file?.type !== undefined && {
              linkOf: ({ series }: Entry) => linkTo('series', series ?? ''),
            })}
            columns={[
              {
                title: 'Byte',
                width: '88px',
                isNumber: true,
                cell: ({ valueOffset }) => <span class="muted mono">{valueOffset}</span>,
              },
              {
                title: 'Series',
                cell: ({ series, problem }) => (
                  <>
                    {series !== undefined && <SeriesLink series={series} />}{' '}
                    {problem !== undefined && (
                      <span title={problem.found}>
                        <Badge tone="warn">{problem.found}</Badge>
                      </span>
                    )}
                  </>
                ),
              },
              {
                title: 'Value',
                width: '150px',
                isNumber: true,
                cell: ({ value }) => <span class="mono">{exactNumber(value)}</span>,
              },
              {
                title: 'Set',
                width: '84px',
                isNumber: true,
                isWideOnly: true,
                cell: ({ ageSeconds, setSeconds }) => (
                  <span title={setSeconds === undefined ? '' : timeText(setSeconds)}>
                    {ageText(ageSeconds)}
                  </span>
                ),
              },
            ]}
            empty={
              <Empty title="No entry">
                {file?.fault === undefined
                  ? 'Its process has set no metric of this type.'
                  : 'None can be read before the damage.'}
              </Empty>
            }
          />
        </Panel>
      </div>
    </>
  );
}

function Fact(props: { name: string; isLong?: boolean; children: ComponentChildren }) {
  const { name, isLong = false, children } = props;
  return (
    <div class={isLong ? 'long' : ''}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Damage({
  fault,
  path,
}: {
  fault: NonNullable<FileAnswer['files'][number]['fault']>;
  path: string;
}) {
  return (
    <Panel
      class="c12"
      title={<>Damaged: {fault.found}</>}
      aside={<Badge tone="bad">{fault.code}</Badge>}
    >
      <div class="body">
        <p>
          <span class="mono">
            <Text of={path} />
          </span>
          {fault.offset !== undefined && (
            <>
              {' '}
              at byte <strong>{fault.offset}</strong>
            </>
          )}
          . Expected {fault.expected}.
        </p>
        <p class="muted">
          It is left out, and all other files are served. What it had before is served as long as it
          is known.
        </p>
      </div>
      {fault.excerpt !== undefined && (
        <section
          class="hex"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must reach that.
          tabIndex={0}
          aria-label="Bytes around the damage"
        >
          {hexLines(fault.excerpt, fault.excerptOffset ?? 0, fault.offset).map((line) => (
            <div key={line.offset}>
              <span class="muted">{line.offset.toString(16).padStart(8, '0')}</span>
              {'  '}
              {line.bytes.map(({ hex, isWrong }, i) => (
                <span key={i}>
                  {isWrong ? <mark>{hex}</mark> : hex}
                  {i === 7 ? '  ' : ' '}
                </span>
              ))}
              {'   '.repeat(16 - line.bytes.length)} {line.bytes.length <= 8 && ' '}
              <span class="muted">{line.text}</span>
            </div>
          ))}
        </section>
      )}
    </Panel>
  );
}

/** Sixteen bytes a line, as `cat` and hexdump have them. */
function hexLines(excerpt: string, from: number, wrong: number | undefined) {
  const bytes = excerpt.match(/[0-9a-f]{2}/gi) ?? [];
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.slice(at, at + 16);
    lines.push({
      offset: from + at,
      bytes: part.map((hex, i) => ({ hex, isWrong: from + at + i === wrong })),
      text: part
        .map((hex) => Number.parseInt(hex, 16))
        .map((code) => (code >= 32 && code < 127 ? String.fromCharCode(code) : '.'))
        .join(''),
    });
  }
  return lines;
}
