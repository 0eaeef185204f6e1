/**
 * Which series of an external page are added to an existing family: those of label sets that it does not have.
 *
 * A label set is added or left out as a whole. The buckets, sum and count of one histogram come from one place, or they
 * would not add up; and a `_created` belongs to the counter of its label set.
 *
 * Both sides add labels: promfold for `--label` and sources, NVIDIA Dynamo to every series that it passes on (`worker_id`
 * and five more). The same series twice would double every sum. So labels that promfold added are not compared, and a
 * label set that has all labels of an existing one, and more, counts as the same.
 *
 * Where names must be escaped, two label sets may be printed the same (`a.b` and `a_b`). The external one is then left
 * out, in every dialect.
 */
import type { Labels } from '../format/key.js';
import { ByteStrings } from './byte-strings.js';
import { ESCAPINGS } from './dialect.js';
import type { ExternalFamily, ExternalPage } from './external-page.js';
import { MAX_ODD_SERIES } from './external-print.js';
import { innerLabelBytes, type LabelPair, labelPairs, writeLabelSet } from './label-set.js';
import { SampleScanner } from './sample-scanner.js';
import { seriesLines } from './series-line.js';

/** A label that promfold adds. Undefined stands for any value. */
export type AddedLabel = readonly [name: string, value: string | undefined];

/** Series that are left out, by reason. */
export interface LeftOut {
  /** Those of label sets that exist already. */
  duplicate: number;
  /** Those of label sets that would be printed like an existing one, or that cannot be compared. */
  nameConflict: number;
}

/** Sets of label names in one family; every label set of the page is compared with each. Healthy families have one or two. */
const MAX_SCHEMAS = 64;

const NEWLINE = 0x0a;
const COMMA = 0x2c;

/**
 * @param existing label sets as labelSetText() has them, a newline after each
 * @param added labels of the existing sets that are not compared
 * @param isLeftOut by index into `order` of the page; set to 1 where a series is left out
 */
export function leaveOutExisting(
  page: ExternalPage,
  family: ExternalFamily,
  existing: readonly Buffer[],
  added: readonly AddedLabel[],
  isLeftOut: Uint8Array,
): LeftOut {
  const known = new KnownSets(added);
  for (const text of existing) for (const set of linesOf(text)) known.add(set);
  const hasOddName = family.hasOddName || existing.some(hasQuotedName);
  const isTooMany = hasOddName && known.count + family.to - family.from > MAX_ODD_SERIES;
  const isComparable = known.schemaCount <= MAX_SCHEMAS && !isTooMany;
  const forms = hasOddName && isComparable ? new PrintedForms(existing) : undefined;

  const leftOut: LeftOut = { duplicate: 0, nameConflict: 0 };
  for (const { place, set } of labelSetsOf(page, family)) {
    if (!isComparable) leftOut.nameConflict++;
    else if (known.isIn(set)) leftOut.duplicate++;
    else if (forms?.has(set)) leftOut.nameConflict++;
    else continue;
    isLeftOut[place] = 1;
  }
  return leftOut;
}

/** The label sets of a family as text, a newline after each. */
export function labelSetLines(page: ExternalPage, family: ExternalFamily): Buffer {
  const sets = new ByteStrings();
  let bytes = 0;
  for (const { set } of labelSetsOf(page, family)) {
    const known = sets.count;
    sets.add(set, 0, set.length);
    if (sets.count > known) bytes += set.length + 1;
  }
  const lines = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (let i = 0; i < sets.count; i++) {
    at += sets.bytesOf(i).copy(lines, at, sets.from(i), sets.to(i));
    lines[at++] = NEWLINE;
  }
  return lines;
}

/** @returns indexes into `order` of the page, each with its label set, whose bytes are valid until the next one */
function* labelSetsOf(
  page: ExternalPage,
  family: ExternalFamily,
): IterableIterator<{ place: number; set: Buffer }> {
  const { order, prefixes } = page;
  const innerName = innerLabelBytes(family.type, family.name);
  let scratch = Buffer.allocUnsafeSlow(1_024);
  for (let place = family.from; place < family.to; place++) {
    const row = order[place]!;
    const [from, to] = [prefixes.from(row), prefixes.to(row)];
    if (scratch.length < to - from) scratch = Buffer.allocUnsafeSlow(2 * (to - from));
    const length = writeLabelSet(prefixes.bytesOf(row), from, to, innerName, scratch);
    yield { place, set: scratch.subarray(0, length) };
  }
}

function* linesOf(text: Buffer): IterableIterator<Buffer> {
  for (let from = 0; from < text.length; ) {
    const to = text.indexOf(NEWLINE, from);
    yield text.subarray(from, to);
    from = to + 1;
  }
}

/** The existing label sets, by the label names that each has. */
class KnownSets {
  readonly #added: ReadonlyMap<string, string | undefined>;
  readonly #sets = new ByteStrings();
  /** By the names, each followed by a comma. */
  readonly #schemas = new Map<string, readonly Buffer[]>();
  #scratch = Buffer.allocUnsafeSlow(1_024);

  constructor(added: readonly AddedLabel[]) {
    this.#added = new Map(
      added.map(([name, value]) => [
        Buffer.from(name).toString('latin1'),
        value === undefined ? undefined : Buffer.from(value).toString('latin1'),
      ]),
    );
  }

  get count(): number {
    return this.#sets.count;
  }

  get schemaCount(): number {
    return this.#schemas.size;
  }

  add(set: Buffer): void {
    let key = '';
    const compared = labelPairs(set).filter((pair) => {
      const name = set.toString('latin1', pair.from, pair.nameTo);
      const isCompared = !this.#isAdded(name, set.toString('latin1', pair.nameTo + 2, pair.to - 1));
      if (isCompared) key += `${name},`;
      return isCompared;
    });
    if (!this.#schemas.has(key)) {
      if (this.#schemas.size > MAX_SCHEMAS) return;
      this.#schemas.set(
        key,
        compared.map(({ from, nameTo }) => Buffer.from(set.subarray(from, nameTo))),
      );
    }
    const length = this.#write(set, compared);
    this.#sets.add(this.#scratch, 0, length);
  }

  /** Whether one of them is equal to this set, or a part of it. */
  isIn(set: Buffer): boolean {
    const pairs = labelPairs(set);
    for (const names of this.#schemas.values()) {
      const shared = namedPairs(set, pairs, names);
      if (shared === undefined) continue;
      const length = this.#write(set, shared);
      if (this.#sets.has(this.#scratch, 0, length)) return true;
    }
    return false;
  }

  #isAdded(name: string, value: string): boolean {
    if (!this.#added.has(name)) return false;
    const addedValue = this.#added.get(name);
    return addedValue === undefined || addedValue === value;
  }

  #write(set: Buffer, pairs: readonly LabelPair[]): number {
    if (this.#scratch.length < set.length) this.#scratch = Buffer.allocUnsafeSlow(2 * set.length);
    let written = 0;
    for (const { from, to } of pairs) {
      if (written > 0) this.#scratch[written++] = COMMA;
      written += set.copy(this.#scratch, written, from, to);
    }
    return written;
  }
}

/** The pairs of these names; undefined where one is missing. Both are sorted. */
function namedPairs(
  set: Buffer,
  pairs: readonly LabelPair[],
  names: readonly Buffer[],
): LabelPair[] | undefined {
  const named: LabelPair[] = [];
  for (const pair of pairs) {
    const name = names[named.length];
    if (name === undefined) break;
    if (set.compare(name, 0, name.length, pair.from, pair.nameTo) === 0) named.push(pair);
  }
  return named.length === names.length ? named : undefined;
}

/** May also be true where there is none: an escaped quote in a value gives the same bytes. */
function hasQuotedName(lines: Buffer): boolean {
  return lines[0] === 0x22 || lines.includes('\n"') || lines.includes('","');
}

/** How label sets are printed where names are escaped. */
class PrintedForms {
  readonly #scanner = new SampleScanner();
  readonly #forms = ESCAPINGS.filter((escaping) => escaping !== 'allow-utf-8').map((escaping) => ({
    line: seriesLines(escaping, false),
    known: new Set<string>(),
  }));

  constructor(existing: readonly Buffer[]) {
    for (const text of existing) {
      for (const set of linesOf(text)) {
        const labels = this.#labels(set);
        for (const { line, known } of this.#forms) known.add(line({ sampleName: 'x', labels }));
      }
    }
  }

  has(set: Buffer): boolean {
    const labels = this.#labels(set);
    return this.#forms.some(({ line, known }) => known.has(line({ sampleName: 'x', labels })));
  }

  #labels(set: Buffer): Labels {
    const prefix = Buffer.concat([Buffer.from('x{'), set, Buffer.from('}')]);
    this.#scanner.scanPrefix(prefix, 0, prefix.length);
    return this.#scanner.labels();
  }
}
