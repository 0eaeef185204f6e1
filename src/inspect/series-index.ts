/**
 * The families and series that a scrape of a reading would have, by the same plan, but with the value of each
 * process; and what the files say of each family.
 *
 * src/plan/ decides to which series an entry belongs, and by which operation it joins; plan/join.ts joins the values.
 * What is independent of the values is a SeriesStructure; this binds one to the files of a reading.
 */
import { Memo } from '../memo.js';
import type { Joinable, Joinables } from '../plan/join.js';
import type { Layout } from '../plan/layout.js';
import type { Series } from '../plan/series.js';
import type { ReadEntry } from './entry-columns.js';
import type { List } from './list.js';
import { isPlanned, planReading } from './plan-reading.js';
import type { ReadFile, Reading } from './reading.js';
import type { IndexedFamily, Place, Places, SeriesStructure } from './series-structure.js';

/** One entry's part in a series. */
export interface Contribution {
  readonly file: ReadFile;
  readonly entry: ReadEntry;
}

/** What an index needs of a reading. */
export type Indexable = Pick<
  Reading,
  'files' | 'keys' | 'structure' | 'planned' | 'printedValue' | 'fileFacts'
>;

const indexes = new Memo<object, SeriesIndex>();

/** The index of a reading, made when it is first asked for. */
export function indexOf(reading: Indexable): SeriesIndex {
  return indexes.get(reading, () => new SeriesIndex(reading));
}

/** Damaged files are left out, as in a scrape. */
export class SeriesIndex {
  readonly structure: SeriesStructure;
  /** As in Reading. */
  readonly printedValue: Reading['printedValue'];
  readonly #reading: Indexable;
  #files: readonly ReadFile[] | undefined;
  #contributions: Contributions | undefined;

  /** @param reading its structure is planned if it has none */
  constructor(reading: Indexable) {
    this.#reading = reading;
    this.printedValue = reading.printedValue;
    // A served directory has files and structure from one plan.
    if (reading.fileFacts === undefined) this.#files = this.#findFiles();
    this.structure = reading.structure ?? planReading(this.files, reading.keys);
  }

  /** By rank. Many views need none of them: a daemon makes them when they are first asked for. */
  get files(): readonly ReadFile[] {
    this.#files ??= this.#findFiles();
    return this.#files;
  }

  #findFiles(): readonly ReadFile[] {
    const { structure, planned, files } = this.#reading;
    const found = planned ?? files.filter(isPlanned);
    if (structure !== undefined && found.length !== structure.parts.fileNames.length) {
      throw new Error('the structure of a reading is that of other files');
    }
    return found;
  }

  get layout(): Layout {
    return this.structure.parts.layout;
  }

  /** What the files disagree about, by family. */
  get conflicts(): ReadonlyMap<string, string> {
    return this.structure.parts.conflicts;
  }

  /** Mode of the last gauge file that has the family, by family; none for one that no gauge file has. */
  get modes(): ReadonlyMap<string, string> {
    return this.structure.modes;
  }

  /** First seen first. */
  get families(): readonly IndexedFamily[] {
    return this.structure.families;
  }

  /** The entries that go into each of these slots. */
  contributions(slots: Iterable<number>): Contributions {
    return new Contributions(this.files, this.structure.placesOf(slots));
  }

  /** The entries of a series, in the order in which they are merged. */
  partsOf({ slot }: Series): Parts {
    this.#contributions ??= new Contributions(this.files, this.structure.places);
    return this.#contributions.of(slot);
  }

  contributionAt({ rank, entry }: Place): Contribution {
    const file = this.files[rank]!;
    return { file, entry: file.entries.at(entry)! };
  }
}

/** The entries of some slots, read on demand. */
export class Contributions {
  readonly #files: readonly ReadFile[];
  readonly #places: Places;

  constructor(files: readonly ReadFile[], places: Places) {
    this.#files = files;
    this.#places = places;
  }

  /** Files in name order; none for a slot that was not selected. */
  of(slot: number): Parts {
    const { from, to } = this.#places.of(slot);
    return new Parts(this.#files, this.#places, from, to);
  }
}

/** The entries of one series. Values are read from columns: no object is made of an entry that is not asked for. */
export class Parts implements List<Contribution>, Joinables {
  readonly #files: readonly ReadFile[];
  readonly #places: Places;
  readonly #from: number;
  readonly length: number;

  constructor(files: readonly ReadFile[], places: Places, from: number, to: number) {
    this.#files = files;
    this.#places = places;
    this.#from = from;
    this.length = to - from;
  }

  /** The rank of its file. REQUIRES, as for all of these: 0 <= i < length. */
  rankAt(i: number): number {
    return this.#places.rank[this.#from + i]!;
  }

  fileAt(i: number): ReadFile {
    return this.#files[this.rankAt(i)]!;
  }

  entryAt(i: number): ReadEntry {
    return this.fileAt(i).entries.at(this.#indexAt(i))!;
  }

  valueAt(i: number): number {
    return this.fileAt(i).entries.value[this.#indexAt(i)]!;
  }

  timestampAt(i: number): number {
    return this.fileAt(i).entries.timestampSeconds[this.#indexAt(i)] ?? 0;
  }

  valueOffsetAt(i: number): number {
    return this.fileAt(i).entries.valueOffset[this.#indexAt(i)]!;
  }

  at(i: number): Contribution | undefined {
    if (i < 0 || i >= this.length) return undefined;
    return { file: this.fileAt(i), entry: this.entryAt(i) };
  }

  *[Symbol.iterator](): IterableIterator<Contribution> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }

  values(): number[] {
    const values: number[] = [];
    for (let i = 0; i < this.length; i++) values.push(this.valueAt(i));
    return values;
  }

  /** Those of some files. */
  ofFiles(isWanted: (rank: number) => boolean): Joinable[] {
    const wanted: Joinable[] = [];
    for (let i = 0; i < this.length; i++) {
      if (!isWanted(this.rankAt(i))) continue;
      wanted.push({ value: this.valueAt(i), timestampSeconds: this.timestampAt(i) });
    }
    return wanted;
  }

  #indexAt(i: number): number {
    return this.#places.entry[this.#from + i]!;
  }
}
