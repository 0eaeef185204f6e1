/**
 * Which rows of a table are selected, by selectors or by a text. Equal to Selector.selects for each series, but every
 * name and every label value is tested once, and each batch of tests is limited in time: the API takes selectors from
 * others, and a regular expression may need forever.
 */
import { escapeLabelName } from '../../expose/escaping.js';
import type { Steps } from '../../steps.js';
import { type Matcher, Selector } from '../selector.js';
import type { SeriesTable } from './series-table.js';
import { withinMilliseconds } from './time-limit.js';

/** Texts that are tested together: microseconds, but for a regular expression that does not end. */
const BATCH = 4096;

const BATCH_MILLISECONDS = 100;

/** Rows between two steps. */
const ROWS_PER_STEP = 4096;

/** @returns 1 for each row that any of them selects */
export function* selectRows(table: SeriesTable, selectors: readonly Selector[]): Steps<Uint8Array> {
  const selected = new Uint8Array(table.series.length);
  for (const selector of selectors) yield* addSelected(table, selector, selected);
  return selected;
}

function* addSelected(
  table: SeriesTable,
  { matchers }: Selector,
  selected: Uint8Array,
): Steps<void> {
  const isKind = yield* kindsNamed(
    table,
    matchers.filter(({ label }) => label === '__name__'),
  );
  const tests: LabelTest[] = [];
  for (const matcher of matchers) {
    if (matcher.label !== '__name__') tests.push(yield* testOf(table, matcher));
  }
  // Where the label of each test is among those of a kind; -1 where it has none.
  const placesOf = table.kinds.map(({ label }) => tests.map(({ find }) => find(label)));
  for (let row = 0; row < selected.length; row++) {
    if (row % ROWS_PER_STEP === 0) yield;
    const kind = table.kind[row]!;
    if (selected[row] || !isKind[kind]) continue;
    const places = placesOf[kind]!;
    const begin = table.valueBegin[row]!;
    let matches = true;
    for (let i = 0; matches && i < tests.length; i++) {
      const place = places[i]!;
      const { absent, byValue } = tests[i]!;
      matches =
        place < 0
          ? absent
          : byValue.get(table.kinds[kind]!.label[place]!)![table.value[begin + place]!] === 1;
    }
    if (matches) selected[row] = 1;
  }
}

function* kindsNamed(table: SeriesTable, matchers: readonly Matcher[]): Steps<Uint8Array> {
  const { kinds } = table;
  if (matchers.length === 0) return new Uint8Array(kinds.length).fill(1);
  const selector = selectorOf(matchers);
  return yield* inBatches(kinds.length, selectorText(matchers), (i) => {
    const { family, kind } = kinds[i]!;
    return selector.selects({ family: family.name, sampleName: kind.sampleName, labels: [] });
  });
}

interface LabelTest {
  /** For a series without the label. */
  readonly absent: boolean;
  /** By label, then by value: 1 for one that matches. */
  readonly byValue: ReadonlyMap<number, Uint8Array>;
  /** The place of the label among these; -1 if it is none of them. */
  readonly find: (labels: readonly number[]) => number;
}

function* testOf(table: SeriesTable, matcher: Matcher): Steps<LabelTest> {
  const { label: wanted } = matcher;
  const selector = selectorOf([matcher]);
  const text = selectorText([matcher]);
  const test = (value: string) =>
    selector.selects({ family: '', sampleName: '', labels: [[wanted, value]] });
  const exact = table.labelByName.get(wanted);
  const byValue = new Map<number, Uint8Array>();
  for (const [label, { name, values }] of table.labels.entries()) {
    if (label !== exact && escapeLabelName(name, 'underscores') !== wanted) continue;
    byValue.set(label, yield* inBatches(values.length, text, (i) => test(values[i]!)));
  }
  const [absent] = yield* inBatches(1, text, () => test(''));
  return {
    absent: absent === 1,
    byValue,
    find: (labels) => {
      const place = exact === undefined ? -1 : labels.indexOf(exact);
      return place >= 0 ? place : labels.findIndex((label) => byValue.has(label));
    },
  };
}

function* inBatches(
  count: number,
  what: string,
  test: (index: number) => boolean,
): Steps<Uint8Array> {
  const passed = new Uint8Array(count);
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(count, from + BATCH);
    withinMilliseconds(BATCH_MILLISECONDS, `selector ${what}`, () => {
      for (let i = from; i < to; i++) passed[i] = test(i) ? 1 : 0;
    });
    yield;
  }
  return passed;
}

function selectorOf(matchers: readonly Matcher[]): Selector {
  return new Selector(selectorText(matchers));
}

/** JSON has only escapes that a selector knows. */
function selectorText(matchers: readonly Matcher[]): string {
  const texts = matchers.map(
    ({ label, operator, value }) => `${JSON.stringify(label)}${operator}${JSON.stringify(value)}`,
  );
  return `{${texts.join(',')}}`;
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
