/**
 * A reading of a served directory, from the columns of a scrape: no file is read, and no key that the plan has read. Its
 * series are those of /metrics at that moment, held and retained files among them.
 */
import { basename } from 'node:path';
import type { ListedFile } from '../files/metric-files.js';
import type { FileName } from '../format/filename.js';
import { type EntryColumns, FileEntries, NO_ENTRIES } from '../inspect/entry-columns.js';
import { knownTime } from '../inspect/read-file.js';
import type { ReadFile, Reading } from '../inspect/reading.js';
import { bootSeconds } from '../processes/boot.js';
import type { Writer } from '../processes/writer.js';
import type { FactsOfFile } from '../scrape/directory/file-facts.js';
import { printedValues } from '../scrape/directory/printed-values.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import { structureOf } from './structure.js';

/**
 * @param facts of the files, by id, about the same time
 * @param writers by process id
 */
export function liveReading(
  { path, takenAtSeconds, columns, state, files }: SourceInstant,
  facts: ReadonlyMap<number, FactsOfFile>,
  writers: ReadonlyMap<string, Writer>,
): Reading {
  const structure = structureOf(state);
  const { keys } = structure.parts;
  const joined = {
    keyId: state.rows.keyId,
    value: columns.value,
    timestampSeconds: columns.timestampSeconds,
    valueOffset: state.valueOffset,
  };
  const entriesOf = new Map<number, EntryColumns>();
  let from = 0;
  for (const [rank, to] of columns.entryEnd.entries()) {
    const hasTimes = columns.timestampSeconds.length > 0;
    const range = {
      from,
      to,
      timesFrom: hasTimes ? from : 0,
      timesTo: hasTimes ? to : 0,
      valueBytes: state.valueBytes[rank]!,
    };
    entriesOf.set(columns.fileId[rank]!, new FileEntries(keys, joined, range));
    from = to;
  }
  const read = new Map<number, ReadFile>();
  for (const file of files) {
    read.set(file.id, readFile(file, entriesOf.get(file.id) ?? NO_ENTRIES, facts.get(file.id)));
  }
  const planned = Array.from(columns.fileId, (id) => {
    return read.get(id) ?? retainedFile(state.fileNames.get(id)!, path, entriesOf.get(id)!);
  });
  return {
    path,
    takenAtSeconds,
    files: [...read.values()],
    planned,
    keys,
    writers,
    bootSeconds: bootSeconds(),
    structure,
    printedValue: printedValues(columns),
  };
}

function readFile(
  { path, name, fault }: ListedFile,
  entries: EntryColumns,
  known: FactsOfFile | undefined,
): ReadFile {
  // Of a file whose name no client writes nothing is said, as where it is not opened.
  const facts = name === undefined ? undefined : known;
  const { modifiedSeconds = 0, changedSeconds = 0 } = facts ?? {};
  return {
    path,
    name: basename(path),
    fileName: name,
    entries,
    fault,
    valueBytes: facts?.valueBytes ?? 0,
    usedBytes: facts?.usedBytes ?? -1,
    sizeBytes: facts?.sizeBytes ?? 0,
    diskBytes: facts?.diskBytes ?? 0,
    modifiedSeconds: knownTime(modifiedSeconds),
    changedSeconds: knownTime(changedSeconds),
    identity: facts?.identity ?? '',
  };
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
    valueBytes: 0,
    usedBytes: -1,
    sizeBytes: 0,
    diskBytes: 0,
    modifiedSeconds: undefined,
    changedSeconds: undefined,
    identity: '',
  };
}
