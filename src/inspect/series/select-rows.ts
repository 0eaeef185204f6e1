/**
 * Which rows of a table are selected, by selectors or by a text. Equal to Selector.selects for each series, but each
 * name and each label value is tested once, and the tests are limited in time: the API takes selectors from others, and a
 * regular expression may need forever.
 */
import { escapeLabelName } from '../../expose/escaping.js';
import { Memo } from '../../memo.js';
import type { Steps } from '../../steps.js';
import { type Matcher, Selector } from '../selector.js';
import { marked } from './ordering.js';
import type { SeriesTable } from './series-table.js';
import { withinMilliseconds } from './time-limit.js';

/** Texts that are tested together: a millisecond, but for a regular expression that does not end. */
const BATCH = 4096;

/**
 * Of a batch; of all batches of a matcher. By the clock: a hundred times what an expression takes that a person writes, so
 * that a machine that is busy, or a control group that is throttled, makes no difference.
 */
const BATCH_MILLISECONDS = 500;
const ALL_MILLISECONDS = 1_000;

/** Rows between two steps. */
const ROWS_PER_STEP = 4096;

/** Selections that are kept of a table: a dashboard asks for the same few again and again. */
const KEPT_SELECTIONS = 16;

/** By the selectors; the last used one is last. */
const selections = new Memo<SeriesTable, Map<string, Uint8Array>>();

/** @returns 1 for each row that any of them selects; not to be written to */
export function* selectRows(table: SeriesTable, selectors: readonly Selector[]): Steps<Uint8Array> {
  const kept = selections.get(table, () => new Map());
  const key = JSON.stringify(selectors.map(({ matchers }) => matchers));
  const selected = kept.get(key) ?? (yield* select(table, selectors));
  kept.delete(key);
  kept.set(key, selected);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_SELECTIONS) kept.delete(oldest!);
  return selected;
}

function* select(table: SeriesTable, selectors: readonly Selector[]): Steps<Uint8Array> {
  const selected = new Uint8Array(table.series.length);
  for (const { matchers } of selectors) {
    const rows = yield* selectedBy(table, matchers);
    for (let i = 0; i < rows.length; i++) selected[rows[i]!] = 1;
  }
  return selected;
}

function* selectedBy(table: SeriesTable, matchers: readonly Matcher[]): Steps<Uint32Array> {
  const isName = ({ label }: Matcher) => label === '__name__';
  let rows = yield* rowsNamed(table, matchers.filter(isName));
  for (const matcher of matchers) {
    if (!isName(matcher)) rows = yield* rowsMatching(table, rows, matcher);
  }
  return rows;
}

function* rowsNamed(table: SeriesTable, matchers: readonly Matcher[]): Steps<Uint32Array> {
  const { kinds } = table;
  const isKind = new Uint8Array(kinds.length).fill(1);
  if (matchers.length > 0) {
    const tests = new Tests(matchers);
    yield* tests.run(isKind.length, (selector, i) => {
      const { family, kind } = kinds[i]!;
      const one = { family: family.name, sampleName: kind.sampleName, labels: [] };
      isKind[i] = selector.selects(one) ? 1 : 0;
    });
  }
  const selected = new Uint8Array(table.kind.length);
  for (let row = 0; row < selected.length; row++) selected[row] = isKind[table.kind[row]!]!;
  return marked(selected);
}

/** Of the label's values, only those that these rows have are tested. */
function* rowsMatching(
  table: SeriesTable,
  rows: Uint32Array,
  matcher: Matcher,
): Steps<Uint32Array> {
  const placeOf = placesOf(table, matcher.label);
  /** By label: of each value, NEW, FAILED or PASSED. */
  const state = table.labels.map(() => undefined as Uint8Array | undefined);
  const untestedLabel: number[] = [];
  const untestedValue: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    if (i % ROWS_PER_STEP === 0) yield;
    const row = rows[i]!;
    const kind = table.kind[row]!;
    const place = placeOf[kind]!;
    if (place < 0) continue;
    const label = table.kinds[kind]!.label[place]!;
    const value = table.value[table.valueBegin[row]! + place]!;
    state[label] ??= new Uint8Array(table.labels[label]!.values.length);
    if (state[label][value] !== NEW) continue;
    state[label][value] = FAILED;
    untestedLabel.push(label);
    untestedValue.push(value);
  }

  const tests = new Tests([matcher]);
  const passes = (selector: Selector, value: string) =>
    selector.selects({ family: '', sampleName: '', labels: [[matcher.label, value]] });
  let absentPasses = false;
  yield* tests.run(1, (selector) => {
    absentPasses = passes(selector, '');
  });
  yield* tests.run(untestedValue.length, (selector, i) => {
    const label = untestedLabel[i]!;
    const value = untestedValue[i]!;
    if (passes(selector, table.labels[label]!.values[value]!)) state[label]![value] = PASSED;
  });

  return rows.filter((row) => {
    const kind = table.kind[row]!;
    const place = placeOf[kind]!;
    if (place < 0) return absentPasses;
    const value = table.value[table.valueBegin[row]! + place]!;
    return state[table.kinds[kind]!.label[place]!]![value] === PASSED;
  });
}

const NEW = 0;
const FAILED = 1;
const PASSED = 2;

/**
 * Where a label is among those of each kind: by its name, else by the name that the text format gives it; -1 if it is none
 * of them.
 */
function placesOf(table: SeriesTable, wanted: string): readonly number[] {
  const exact = table.labelByName.get(wanted) ?? -1;
  const isEscaped = table.labels.map(({ name }) => escapeLabelName(name, 'underscores') === wanted);
  return table.kinds.map(({ label }) => {
    const place = label.indexOf(exact);
    return place >= 0 ? place : label.findIndex((each) => isEscaped[each]);
  });
}

/** Runs the tests of some matchers, for as long as they may take. */
class Tests {
  readonly #selector: Selector;
  readonly #text: string;
  readonly #hasExpression: boolean;
  #milliseconds = ALL_MILLISECONDS;

  constructor(matchers: readonly Matcher[]) {
    // JSON has only escapes that a selector knows.
    const texts = matchers.map(
      ({ label, operator, value }) => `${JSON.stringify(label)}${operator}${JSON.stringify(value)}`,
    );
    this.#text = `{${texts.join(',')}}`;
    this.#hasExpression = matchers.some(({ operator }) => operator.endsWith('~'));
    this.#selector = new Selector(this.#text);
  }

  /** @throws UsageError when the time is over */
  *run(count: number, test: (selector: Selector, i: number) => void): Steps<void> {
    const selector = this.#selector;
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH);
      const batch = () => {
        for (let i = from; i < to; i++) test(selector, i);
      };
      if (this.#hasExpression) this.#limited(batch);
      else batch();
      yield;
    }
  }

  #limited(batch: () => void): void {
    const begin = performance.now();
    const limit = Math.max(1, Math.min(BATCH_MILLISECONDS, Math.round(this.#milliseconds)));
    withinMilliseconds(limit, `selector ${this.#text}`, batch);
    this.#milliseconds -= performance.now() - begin;
  }
}

/** Takes out rows that have the text neither in their name nor in a label's name or value; in any case. */
export function* searchRows(
  table: SeriesTable,
  search: string,
  selected: Uint8Array,
): Steps<Uint8Array> {
  const has = searchTest(search);
  const isKind = new Uint8Array(table.kinds.length);
  for (const [i, { kind }] of table.kinds.entries()) {
    isKind[i] = has(kind.sampleName) || kind.labelNames.some(has) ? 1 : 0;
  }
  const byLabel: Uint8Array[] = [];
  for (const { values } of table.labels) {
    const found = new Uint8Array(values.length);
    for (const [i, value] of values.entries()) {
      found[i] = has(value) ? 1 : 0;
      if (i % ROWS_PER_STEP === 0) yield;
    }
    byLabel.push(found);
  }
  const both = new Uint8Array(selected.length);
  for (let row = 0; row < both.length; row++) {
    if (row % ROWS_PER_STEP === 0) yield;
    if (!selected[row]) continue;
    const kind = table.kind[row]!;
    const { label } = table.kinds[kind]!;
    const begin = table.valueBegin[row]!;
    let found = isKind[kind] === 1;
    for (let i = 0; !found && i < label.length; i++) {
      found = byLabel[label[i]!]![table.value[begin + i]!] === 1;
    }
    if (found) both[row] = 1;
  }
  return both;
}

/** Whether a text has another in it, in any case. */
export function searchTest(search: string): (text: string) => boolean {
  const wanted = search.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}
