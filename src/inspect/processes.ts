/**
 * The view of `ls`: processes and their files, and totals of the directory.
 *
 * Plain data from one Reading, in the shape of `ls --json`.
 */
import { HELP_OF_OLD_KEYS, isUnusable } from '../format/key.js';
import { isByEarlierProcess } from '../processes/earlier-process.js';
import type { Liveness, ProcessLiveness, Writer } from '../processes/writer.js';
import type { ReadFile, Reading } from './reading.js';

/** Which client wrote a file, as far as its format shows. `src/reference.md` A7. */
export type ClientAge = '0.18+' | '0.16-0.17' | '0.4-0.15' | 'before 0.4' | 'before 0.16';

export interface FileView {
  readonly name: string;
  readonly processId: string | undefined;
  /** `counter`, `gauge`; undefined for a file no client writes. */
  readonly type: string | undefined;
  readonly mode: string | undefined;
  /** Undefined while there is no entry. */
  readonly client: ClientAge | undefined;
  readonly entries: number;
  readonly usedBytes: number;
  readonly sizeBytes: number;
  readonly diskBytes: number;
  /** Undefined if unknown, as for a dangling link. */
  readonly modifiedSeconds: number | undefined;
  /**
   * From an earlier process with the same id: a timestamp is older than the process, or the process does not use the
   * file.
   */
  readonly previousLife: boolean;
  readonly fault:
    | { readonly code: string; readonly found: string; readonly offset: number | undefined }
    | undefined;
}

export interface ProcessView {
  readonly processId: string;
  readonly liveness: Liveness;
  readonly pid: number | undefined;
  readonly role: string | undefined;
  readonly program: string | undefined;
  readonly startSeconds: number | undefined;
  /**
   * Latest sign of writing: a modification time or a timestamp. Writes to a mapping leave no trace, so it is a lower
   * bound. Undefined if stat failed for all of its files.
   */
  readonly lastSeenSeconds: number | undefined;
  /** Oldest modification of its files. */
  readonly firstSeenSeconds: number | undefined;
  readonly previousLife: boolean;
  /** How many files of each kind: `counter`, `gauge livesum`. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly clients: readonly ClientAge[];
  readonly files: number;
  /** Files that are left out. */
  readonly damagedFiles: number;
  /** Those of them that could not be read, and may be undamaged. */
  readonly unreadableFiles: number;
  readonly entries: number;
  readonly usedBytes: number;
  readonly sizeBytes: number;
  readonly diskBytes: number;
}

export interface ProcessesTotal {
  readonly processes: Readonly<Record<ProcessLiveness, number>>;
  /** Archives of dead processes (promfold compact); absent where there is none. */
  readonly archives?: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly clients: readonly ClientAge[];
  readonly files: number;
  /** Files of a name no client writes; counted in no process. */
  readonly foreignFiles: number;
  /** Files that are left out. */
  readonly damagedFiles: number;
  /** Those of them that could not be read, and may be undamaged. */
  readonly unreadableFiles: number;
  readonly entries: number;
  readonly usedBytes: number;
  readonly sizeBytes: number;
  readonly diskBytes: number;
}

export interface ProcessesView {
  readonly path: string;
  readonly takenAtSeconds: number;
  readonly processes: readonly ProcessView[];
  readonly total: ProcessesTotal;
}

export function viewFiles(reading: Reading): FileView[] {
  return reading.files.map((file) => viewFile(file, writerOf(reading, file)));
}

export function viewProcesses(reading: Reading): ProcessesView {
  const byProcess = new Map<string, { file: ReadFile; view: FileView }[]>();
  const all: FileView[] = [];
  for (const file of reading.files) {
    const view = viewFile(file, writerOf(reading, file));
    all.push(view);
    if (view.processId === undefined) continue;
    const own = byProcess.get(view.processId);
    if (own === undefined) byProcess.set(view.processId, [{ file, view }]);
    else own.push({ file, view });
  }
  const lastSeen = lastSeenByProcess(reading);
  const processes = [...byProcess].map(([processId, own]): ProcessView => {
    const writer = reading.writers.get(processId);
    const { foreignFiles: _, ...sums } = sumOf(own.map(({ view }) => view));
    return {
      processId,
      liveness: writer?.liveness ?? 'unknown',
      pid: writer?.pid,
      role: writer?.role,
      program: writer?.program,
      startSeconds: writer?.startSeconds,
      lastSeenSeconds: lastSeen.get(processId),
      firstSeenSeconds: oldest(own.map(({ file }) => file.modifiedSeconds)),
      previousLife: own.some(({ view }) => view.previousLife),
      ...sums,
    };
  });
  const count: Record<Liveness, number> = { alive: 0, dead: 0, unknown: 0, archive: 0 };
  for (const { liveness } of processes) count[liveness]++;
  const { archive: archives, ...ofProcesses } = count;
  return {
    path: reading.path,
    takenAtSeconds: reading.takenAtSeconds,
    processes,
    total: { processes: ofProcesses, ...(archives > 0 && { archives }), ...sumOf(all) },
  };
}

/** `counter`, `gauge livesum`; a file no client writes is `foreign`. */
function kindOf({ type, mode }: Pick<FileView, 'type' | 'mode'>): string {
  if (type === undefined) return 'foreign';
  return mode === undefined ? type : `${type} ${mode}`;
}

/**
 * Up to 0.15 only counters and gauges show the version: before 0.4 their metric and sample had the same name. The
 * parsed keys of histograms and summaries are alike.
 */
export function clientOf({ valueBytes, entries, fileName }: ReadFile): ClientAge | undefined {
  if (valueBytes === 0) return undefined;
  if (valueBytes === 16) return '0.18+';
  let hasKey = false;
  for (const { key } of entries) {
    if (isUnusable(key)) continue;
    hasKey = true;
    if (key.keepsRawName || key.totalRemoved) return 'before 0.4';
    if (key.help !== HELP_OF_OLD_KEYS) return '0.16-0.17';
  }
  if (!hasKey) return undefined;
  return fileName?.type === 'counter' || fileName?.type === 'gauge' ? '0.4-0.15' : 'before 0.16';
}

/** The clients of several files, sorted; a less exact one is left out. */
export function distinctClients(clients: Iterable<ClientAge>): ClientAge[] {
  const all = new Set(clients);
  if (all.has('before 0.4') || all.has('0.4-0.15')) all.delete('before 0.16');
  return [...all].sort();
}

function writerOf(reading: Reading, { fileName }: ReadFile): Writer | undefined {
  return fileName === undefined ? undefined : reading.writers.get(fileName.processId);
}

function viewFile(file: ReadFile, writer: Writer | undefined): FileView {
  const { fileName, fault } = file;
  return {
    name: file.name,
    processId: fileName?.processId,
    type: fileName?.type,
    mode: fileName?.mode,
    client: clientOf(file),
    entries: file.entries.length,
    usedBytes: usedBytesOf(file),
    sizeBytes: file.sizeBytes,
    diskBytes: file.diskBytes,
    modifiedSeconds: file.modifiedSeconds,
    previousLife: writer !== undefined && hasEarlierProcess(file, writer),
    fault: fault && { code: fault.code, found: fault.found, offset: fault.offset },
  };
}

/** As the header says; 0 if it cannot be right, as in a file that is not a metric file. */
export function usedBytesOf({ usedBytes, sizeBytes }: ReadFile): number {
  return usedBytes >= 0 && usedBytes <= sizeBytes ? usedBytes : 0;
}

export function hasEarlierProcess(file: ReadFile, writer: Writer): boolean {
  if (writer.abandoned?.includes(file.identity)) return true;
  if (writer.liveness !== 'alive') return false;
  return file.entries.timestampSeconds.some((seconds) => isByEarlierProcess(seconds, writer));
}

/** The latest sign that each process wrote; none if stat failed for its files. */
export function lastSeenByProcess({ files, takenAtSeconds }: Reading): Map<string, number> {
  const lastSeen = new Map<string, number>();
  for (const file of files) {
    const sign = lastSignOf(file);
    if (file.fileName === undefined || sign === undefined) continue;
    const { processId } = file.fileName;
    const last = Math.max(sign, lastSeen.get(processId) ?? 0);
    lastSeen.set(processId, Math.min(takenAtSeconds, last));
  }
  return lastSeen;
}

/** The latest sign that a file was written. */
function lastSignOf({
  modifiedSeconds,
  entries,
  valueBytes,
  fileName,
}: ReadFile): number | undefined {
  let last = modifiedSeconds ?? 0;
  // Only these gauges store a time.
  if (valueBytes === 16 && fileName?.mode?.includes('mostrecent')) {
    for (const seconds of entries.timestampSeconds) if (seconds > last) last = seconds;
  }
  return last > 0 ? last : undefined;
}

function oldest(times: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const time of times) {
    if (time !== undefined && (first === undefined || time < first)) first = time;
  }
  return first;
}

function sumOf(files: readonly FileView[]): Omit<ProcessesTotal, 'processes'> {
  const kinds: Record<string, number> = {};
  const clients = new Set<ClientAge>();
  const sum = {
    files: files.length,
    foreignFiles: 0,
    damagedFiles: 0,
    unreadableFiles: 0,
    entries: 0,
    usedBytes: 0,
    sizeBytes: 0,
    diskBytes: 0,
  };
  for (const file of files) {
    const kind = kindOf(file);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (file.client !== undefined) clients.add(file.client);
    if (file.type === undefined) sum.foreignFiles++;
    else if (file.fault !== undefined) sum.damagedFiles++;
    if (file.type !== undefined && file.fault?.code === 'FILE_UNREADABLE') sum.unreadableFiles++;
    sum.entries += file.entries;
    sum.usedBytes += file.usedBytes;
    sum.sizeBytes += file.sizeBytes;
    sum.diskBytes += file.diskBytes;
  }
  return { kinds, clients: distinctClients(clients), ...sum };
}

interface Sizes {
  readonly sizeBytes: number;
  readonly diskBytes: number;
}

/** Of a moment that was recorded: what files took on disk is not known. */
export function withoutSizes<T extends Sizes>(view: T): Omit<T, keyof Sizes> {
  const { sizeBytes: _, diskBytes: __, ...rest } = view;
  return rest;
}
