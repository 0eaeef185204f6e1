/**
 * A reading of a served directory, from the columns of a scrape: no file is read, and no key that the plan has read. Its
 * series are those of /metrics at that moment, held and retained files among them.
 */
import { basename } from 'node:path';
import type { MetricFileError } from '../errors.js';
import type { EntryValues } from '../files/column-changes.js';
import type { ListedFile } from '../files/metric-files.js';
import type { FileName } from '../format/filename.js';
import {
  type EntryColumns,
  FileEntries,
  type JoinedColumns,
  type Keys,
  NO_ENTRIES,
} from '../inspect/entry-columns.js';
import { knownTime, NOT_OPENED } from '../inspect/read-file.js';
import type { ReadFile, Reading } from '../inspect/reading.js';
import { bootSeconds } from '../processes/boot.js';
import type { Writer } from '../processes/writer.js';
import type { FactsOfFile } from '../scrape/directory/file-facts.js';
import type { PlanState } from '../scrape/directory/plan-state.js';
import { printedValues } from '../scrape/directory/printed-values.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Verdict } from '../watchdog/verdict.js';
import { rankOf, structureOf } from './structure.js';

/**
 * Its files are made when they are first looked at: most views look at columns alone.
 *
 * @param facts of the files, by id, about the same time
 * @param writers by process id
 * @param verdicts of the watchdog, where there is one
 */
export function liveReading(
  { path, origin, takenAtSeconds, columns, state, files: listed }: SourceInstant,
  facts: ReadonlyMap<number, FactsOfFile>,
  writers: ReadonlyMap<string, Writer>,
  verdicts?: readonly Verdict[],
): Reading {
  const structure = structureOf(state);
  const { keys } = structure.parts;
  const entries = new EntriesOfFiles(keys, state, columns);
  const files = once(() => listed.map((file) => new LiveFile(file, facts.get(file.id), entries)));
  const planned = once(() => {
    const known = new Map(listed.map(({ id }, i) => [id, files()[i]!]));
    return Array.from(columns.fileId, (id, rank) => {
      return known.get(id) ?? retainedFile(state.fileNames.get(id)!, path, entries.at(rank));
    });
  });
  return {
    path,
    takenAtSeconds,
    get files() {
      return files();
    },
    get planned() {
      return planned();
    },
    keys,
    writers,
    bootSeconds: bootSeconds(),
    ...(verdicts !== undefined && { verdicts }),
    structure,
    printedValue: printedValues(columns),
    values: { ...withoutRetained(columns, state.retained), origin },
    fileFacts: facts,
  };
}

/** Made with the first call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Retained files are the last ones. */
function withoutRetained(
  { fileId, generation, entryEnd, value }: SourceInstant['columns'],
  retained: PlanState['retained'],
): EntryValues {
  let files = fileId.length;
  while (files > 0 && retained.has(fileId[files - 1]!)) files--;
  return {
    fileId: fileId.subarray(0, files),
    generation: generation.subarray(0, files),
    entryEnd: entryEnd.subarray(0, files),
    value: value.subarray(0, files === 0 ? 0 : entryEnd[files - 1]!),
  };
}

/** The entries of the files of an instant, by rank. */
class EntriesOfFiles {
  readonly #keys: Keys;
  readonly #state: PlanState;
  readonly #columns: SourceInstant['columns'];
  readonly #joined: JoinedColumns;
  readonly #rankOf: ReadonlyMap<number, number>;

  constructor(keys: Keys, state: PlanState, columns: SourceInstant['columns']) {
    this.#keys = keys;
    this.#state = state;
    this.#columns = columns;
    this.#joined = {
      keyId: state.rows.keyId,
      value: columns.value,
      timestampSeconds: columns.timestampSeconds,
      valueOffset: state.valueOffset,
    };
    this.#rankOf = rankOf(state);
  }

  /** Of a file that is not in the plan, none. */
  of(id: number): EntryColumns {
    const rank = this.#rankOf.get(id);
    return rank === undefined ? NO_ENTRIES : this.at(rank);
  }

  at(rank: number): EntryColumns {
    const { entryEnd, timestampSeconds } = this.#columns;
    const from = rank === 0 ? 0 : entryEnd[rank - 1]!;
    const to = entryEnd[rank]!;
    const hasTimes = timestampSeconds.length > 0;
    return new FileEntries(this.#keys, this.#joined, {
      from,
      to,
      timesFrom: hasTimes ? from : 0,
      timesTo: hasTimes ? to : 0,
      valueBytes: this.#state.valueBytes[rank]!,
    });
  }
}

/** A file of an instant: there are ten thousand at each, and few are looked at closely. */
class LiveFile implements ReadFile {
  readonly #listed: ListedFile;
  readonly #facts: FactsOfFile | undefined;
  readonly #ofFiles: EntriesOfFiles;
  #entries: EntryColumns | undefined;

  constructor(listed: ListedFile, facts: FactsOfFile | undefined, ofFiles: EntriesOfFiles) {
    this.#listed = listed;
    // Of a file whose name no client writes nothing is said, as where it is not opened.
    this.#facts = listed.name === undefined ? undefined : facts;
    this.#ofFiles = ofFiles;
  }

  get path(): string {
    return this.#listed.path;
  }

  get name(): string {
    return basename(this.#listed.path);
  }

  get fileName(): FileName | undefined {
    return this.#listed.name;
  }

  get entries(): EntryColumns {
    this.#entries ??= this.#ofFiles.of(this.#listed.id);
    return this.#entries;
  }

  get fault(): MetricFileError | undefined {
    return this.#listed.fault;
  }

  get valueBytes(): number {
    return this.#facts?.valueBytes ?? 0;
  }

  get usedBytes(): number {
    return this.#facts?.usedBytes ?? -1;
  }

  get sizeBytes(): number {
    return this.#facts?.sizeBytes ?? 0;
  }

  get diskBytes(): number {
    return this.#facts?.diskBytes ?? 0;
  }

  get modifiedSeconds(): number | undefined {
    return knownTime(this.#facts?.modifiedSeconds ?? 0);
  }

  get changedSeconds(): number | undefined {
    return knownTime(this.#facts?.changedSeconds ?? 0);
  }

  get identity(): string {
    return this.#facts?.identity ?? '';
  }
}

/** It is on no disk: it has the values of removed files. */
function retainedFile(fileName: FileName, path: string, entries: EntryColumns): ReadFile {
  const name = `removed ${fileName.type} files`;
  return {
    path: `${path}/${name}`,
    name,
    fileName,
    entries,
    fault: undefined,
    ...NOT_OPENED,
  };
}
