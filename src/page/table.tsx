/**
 * A table of any length: only the rows in sight are in the document, and only their part of the list is asked for. Columns have
 * fixed widths and rows one height, so nothing moves when numbers come.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ApiFailure, OfInstant, Paged, Query } from './api.js';
import { useView, type ViewOptions } from './moment.js';
import { Empty, Failure } from './parts.js';
import { go, setParameters, useRoute } from './route.js';

export interface Column<T> {
  readonly title: string;
  /** Of CSS; one column has none, and takes the rest. */
  readonly width?: string;
  readonly isNumber?: boolean;
  /** As the API sorts it; absent where it does not. */
  readonly sort?: string;
  /** The first click on it sorts so. */
  readonly isLargestFirst?: boolean;
  readonly isWideOnly?: boolean;
  readonly cell: (row: T) => ComponentChildren;
  /** From 0 to 1: drawn behind the cell. */
  readonly share?: (row: T) => number;
}

/** Rows of a list, of which a part is known. */
export interface Rows<T> {
  /** Undefined before the first answer. */
  readonly total: number | undefined;
  readonly at: (index: number) => T | undefined;
  readonly show?: (from: number, to: number) => void;
  /** Where the part begins that is asked for. */
  readonly from?: number;
  /** What is known of it. */
  readonly part?: readonly T[] | undefined;
  readonly takenAtSeconds?: number | undefined;
  readonly failure?: ApiFailure | undefined;
  readonly isEarlier?: boolean;
}

/** Rows that are asked for together, and where such a part may begin. */
export const PART = 150;
const STEP = 50;

type Answer<T> = OfInstant & Paged & Record<string, readonly T[]>;

/** @param list the member of the answer that has the elements, or where else they are */
export function usePages<T>(
  path: string | undefined,
  query: Query,
  list: string | ((answer: Answer<never>) => readonly T[]),
  options?: ViewOptions,
): Rows<T> {
  const key = `${path} ${JSON.stringify(query)}`;
  const [begin, setBegin] = useState({ key, from: 0 });
  // Another list begins at its top.
  const from = begin.key === key ? begin.from : 0;
  const asked = { ...query, offset: from === 0 ? undefined : from, limit: PART };
  const view = useView<Answer<T>>(path, asked, options);
  const { answer } = view;
  const offset = answer?.page.offset ?? 0;
  const part = typeof list === 'string' ? answer?.[list] : answer && list(answer as Answer<never>);
  return {
    total: answer?.page.total,
    at: (index) => part?.[index - offset],
    show: (first, last) => {
      if (first >= from && last <= from + PART) return;
      setBegin({ key, from: Math.max(0, Math.floor((first - STEP / 2) / STEP) * STEP) });
    },
    from,
    part,
    takenAtSeconds: answer?.takenAtSeconds,
    failure: view.failure,
    isEarlier: view.isEarlier,
  };
}

/** All of a short list. */
export function rowsOf<T>(list: readonly T[] | undefined): Rows<T> {
  return { total: list?.length, at: (index) => list?.[index] };
}

const ROW_HEIGHT = 32;
const HEAD_HEIGHT = 31;
const BEYOND = 8;

/** What j, k and Enter move in. */
interface Keys {
  move(by: number): void;
  open(): void;
}

let current: Keys | undefined;

/** @returns whether there is a table for it */
export function tableKey(key: string): boolean {
  if (current === undefined) return false;
  if (key === 'j') current.move(1);
  else if (key === 'k') current.move(-1);
  else if (key === 'Enter') current.open();
  else return false;
  return true;
}

export interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: Rows<T>;
  readonly keyOf: (row: T) => string;
  /** Where a row leads. */
  readonly linkOf?: (row: T) => string;
  readonly isChosen?: (row: T) => boolean;
  /** The parameter of the URL that has the sorting. */
  readonly sortBy?: string;
  readonly defaultSort?: string;
  readonly isShort?: boolean;
  /** As high before the first answer as with many rows. */
  readonly isSteady?: boolean;
  /** Not the one that keys move in. */
  readonly isSecond?: boolean;
  readonly empty: ComponentChildren;
}

export function Table<T>(props: TableProps<T>) {
  const { columns, rows, linkOf, sortBy = 'sort' } = props;
  const scroll = useRef<HTMLElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 640 });
  const [chosen, setChosen] = useState<{ index: number; key: string }>();
  const { parameters } = useRoute();
  const sort = parameters[sortBy] ?? props.defaultSort ?? '';
  const total = rows.total ?? 0;
  const first = Math.max(0, Math.floor(sight.top / ROW_HEIGHT) - BEYOND);
  const last = Math.min(total, Math.ceil((sight.top + sight.height) / ROW_HEIGHT) + BEYOND);

  useLayoutEffect(() => {
    const element = scroll.current!;
    const look = () => setSight({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);

  // Where rows change their places, the same one stays chosen.
  const keyAt = (index: number) => {
    const row = rows.at(index);
    return row === undefined ? undefined : props.keyOf(row);
  };
  let chosenAt = chosen?.index ?? -1;
  if (chosen !== undefined && keyAt(chosenAt) !== chosen.key) {
    for (let i = first; i < last; i++) if (keyAt(i) === chosen.key) chosenAt = i;
  }

  useEffect(() => {
    if (last > first) rows.show?.(first, last);
  }, [first, last, rows.total, rows.from]);

  useEffect(() => {
    scroll.current!.scrollTop = 0;
    setChosen(undefined);
  }, [sort]);

  // Before the next key: after the next frame, Enter would open the row that was chosen before.
  useLayoutEffect(() => {
    if (props.isSecond) return undefined;
    const keys: Keys = {
      move: (by) => {
        const next = Math.min(total - 1, Math.max(0, chosenAt + by));
        setChosen({ index: next, key: keyAt(next) ?? '' });
        const element = scroll.current!;
        const top = next * ROW_HEIGHT;
        const room = element.clientHeight - HEAD_HEIGHT - ROW_HEIGHT;
        if (top < element.scrollTop) element.scrollTop = top;
        else if (top > element.scrollTop + room) element.scrollTop = top - room;
      },
      open: () => {
        const row = rows.at(chosenAt);
        if (row !== undefined && linkOf !== undefined) go(linkOf(row));
      },
    };
    current = keys;
    return () => {
      if (current === keys) current = undefined;
    };
  });

  const shown: ComponentChildren[] = [];
  for (let i = first; i < last; i++) {
    const row = rows.at(i);
    const href = row === undefined ? undefined : linkOf?.(row);
    const marks = [href && 'link', (i === chosenAt || (row && props.isChosen?.(row))) && 'chosen'];
    shown.push(
      <tr
        key={row === undefined ? `row ${i}` : props.keyOf(row)}
        class={marks.filter(Boolean).join(' ')}
        aria-rowindex={i + 2}
        // Links in it work by themselves.
        onClick={(event) => {
          const target = event.target as HTMLElement;
          if (href === undefined || target.closest('a, button') !== null) return;
          if (getSelection()?.isCollapsed !== false) go(href);
        }}
      >
        {columns.map((column) => (
          <Cell key={column.title} column={column} row={row} />
        ))}
      </tr>,
    );
  }

  return (
    <section
      class={`scroll ${props.isShort ? 'short' : ''} ${props.isSteady ? 'steady' : ''}`}
      ref={scroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must reach that.
      tabIndex={0}
      aria-label={props.label}
    >
      {rows.failure !== undefined && <Failure failure={rows.failure} />}
      <table aria-rowcount={total + 1} class={rows.isEarlier ? 'earlier' : ''}>
        <caption class="hidden-text">{props.label}</caption>
        <colgroup>
          {columns.map(({ title, width, isWideOnly }) => (
            <col key={title} width={width} class={isWideOnly ? 'wide-only' : ''} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeadCell key={column.title} column={column} sort={sort} sortBy={sortBy} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} />
          {shown}
          <Space rows={total - last} />
        </tbody>
      </table>
      {rows.total === 0 && rows.failure === undefined && props.empty}
      {rows.total === undefined && rows.failure === undefined && <Empty title="Loading…" />}
    </section>
  );
}

function classesOf<T>({ isNumber, isWideOnly, share }: Column<T>): string {
  return [isNumber && 'number', isWideOnly && 'wide-only', share && 'within']
    .filter(Boolean)
    .join(' ');
}

function Cell<T>({ column, row }: { column: Column<T>; row: T | undefined }) {
  const share = row === undefined ? undefined : column.share?.(row);
  const style = share === undefined ? undefined : { '--share': `${Math.min(1, share) * 100}%` };
  return (
    <td class={classesOf(column)} style={style}>
      {row === undefined ? (
        <span class="muted">…</span>
      ) : share === undefined ? (
        column.cell(row)
      ) : (
        <span>{column.cell(row)}</span>
      )}
    </td>
  );
}

function HeadCell<T>({
  column,
  sort,
  sortBy,
}: {
  column: Column<T>;
  sort: string;
  sortBy: string;
}) {
  const { title, sort: by, isLargestFirst } = column;
  const named = title === '' ? <span class="hidden-text">Lines</span> : title;
  if (by === undefined)
    return <th class={classesOf({ ...column, share: undefined } as never)}>{named}</th>;
  const order = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : 'none';
  const next =
    order === 'none' ? (isLargestFirst ? `-${by}` : by) : order === 'ascending' ? `-${by}` : by;
  return (
    <th class={classesOf({ ...column, share: undefined } as never)} aria-sort={order}>
      <button type="button" onClick={() => setParameters({ [sortBy]: next }, false)}>
        {named}
      </button>
    </th>
  );
}

/** Browsers have a largest height, far beyond any of our lists. */
function Space({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="space">
      <td style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}
