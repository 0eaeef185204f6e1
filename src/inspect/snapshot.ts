/**
 * A snapshot: a copy of a directory for a bug report, which gives the same results on another machine and later.
 *
 *   facts.json            when and where it was taken; of each process what is not secret; of each file
 *                         what its bytes do not say
 *   files/counter_7.db    the bytes that count: up to the last entry; a good file in its own right
 *
 * Of a damaged file everything up to its last byte that is not zero is kept. Each file is read once, so it
 * is what a scrape could have seen; files are read one after the other, as by a scrape. No file is opened here: a
 * file that a scrape does not open, such as a link to a file of another user, is not packed either.
 *
 * It contains no command lines and no environment, but label values and help texts.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type ErrorCode, MetricFileError } from '../errors.js';
import { type FileBytes, listMetricFiles, readBytes, readFiles } from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import { bootSeconds } from '../processes/boot.js';
import type { Liveness, Writer } from '../processes/writer.js';
import { VERDICTS, type Verdict } from '../watchdog/verdict.js';
import { KeyTable } from './key-table.js';
import { knownTime, pathOf, toReadFile, unrecognisedFile, writersOf } from './read-file.js';
import type { ReadFile, Reading } from './reading.js';
import type { Redactor } from './redact.js';
import { MAX_NAME_BYTES, readTar, type TarMember, writeTar } from './tar.js';

/** The version of facts.json. A reader refuses later ones. */
const VERSION = 1;

const FACTS = 'facts.json';

/** A snapshot is read into memory; this is the limit of Node's buffers. */
const MAX_BYTES = 2 ** 31 - 1;

/** Zeros after the kept bytes of a damaged file that are restored; at most what native/core reads. */
const MAX_DAMAGED_BYTES = 16 * 2 ** 20;

interface FileFacts {
  readonly name: string;
  /** Name in the archive; null if the file was not read. */
  readonly member: string | null;
  readonly sizeBytes: number;
  readonly diskBytes: number;
  /** 0 if unknown. */
  readonly modifiedSeconds: number;
  readonly changedSeconds: number;
  readonly identity: string;
  readonly fault: { code: ErrorCode; found: string; offset: number | null } | null;
}

interface WriterFacts {
  readonly processId: string;
  readonly liveness: Liveness;
  readonly pid: number | null;
  readonly role: string | null;
  readonly program: string | null;
  readonly startSeconds: number | null;
  readonly pidNamespace?: string;
  readonly otherPids?: readonly number[];
  readonly abandoned?: readonly string[];
}

interface Facts {
  readonly snapshot: number;
  /** Version of the promfold that took it. */
  readonly promfold: string;
  readonly path: string;
  readonly takenAtSeconds: number;
  readonly bootSeconds: number | null;
  readonly writers: readonly WriterFacts[];
  readonly files: readonly FileFacts[];
  /** Of the watchdog of a daemon; absent where none took it. */
  readonly verdicts?: readonly Verdict[];
}

export interface Snapshot {
  /** A tar.gz. */
  readonly archive: Buffer;
  readonly files: number;
  /** Files that a scrape leaves out. */
  readonly damaged: number;
  /** Those of them that could not be read, and may be undamaged. */
  readonly unreadable: number;
  /** Of the files that are in it. */
  readonly usedBytes: number;
}

export interface SnapshotOptions {
  readonly redactor?: Redactor | undefined;
  /** What the watchdog says now, where there is one. */
  readonly verdicts?: readonly Verdict[] | undefined;
}

/**
 * Takes a snapshot.
 *
 * @param version of promfold
 * @param options redactor: hides label values; then files that are damaged are not packed
 * @throws MetricFileError DIRECTORY_UNREADABLE
 */
export async function takeSnapshot(
  directory: string,
  version: string,
  { redactor, verdicts }: SnapshotOptions = {},
): Promise<Snapshot> {
  const takenAtSeconds = Date.now() / 1000;
  const listed = await listMetricFiles(directory);
  const files: FileFacts[] = [];
  const kept: TarMember[] = [];
  const read: ReadFile[] = [];
  for (const [i, { name, fileName }] of listed.entries()) {
    if (fileName !== undefined) continue;
    read[i] = unrecognisedFile(directory, name);
    files[i] = factsOf(read[i]!, null);
  }
  const keys = new KeyTable();
  await readFiles(keys.reader, directory, listed, true, (i, inspected, row) => {
    const { name } = listed[i]!;
    const path = pathOf(directory, name);
    const file = toReadFile(path, listed[i]!, inspected, row, takenAtSeconds, keys);
    // The bytes around damage may be anything.
    const isPacked = hasBytes(file) && (redactor === undefined || file.fault === undefined);
    const member = isPacked ? memberName(name, i) : null;
    read[i] = file;
    files[i] = factsOf(file, member);
    if (member === null) return;
    const found = inspected.excerpt[row] ?? new Uint8Array(0);
    const bytes = redactor === undefined ? found : redacted(redactor, file, found);
    kept[i] = { name: member, bytes };
    // Hashes may be longer than what they stand for.
    if (bytes.length > file.sizeBytes) files[i] = { ...files[i]!, sizeBytes: bytes.length };
  });
  redactor?.refuseUnused();
  const facts: Facts = {
    snapshot: VERSION,
    promfold: version,
    path: directory,
    takenAtSeconds,
    bootSeconds: bootSeconds() ?? null,
    writers: [...(await writersOf(read)).values()].map(writerFacts),
    files,
    ...(verdicts !== undefined && { verdicts }),
  };
  const first = { name: FACTS, bytes: Buffer.from(`${JSON.stringify(facts, undefined, 1)}\n`) };
  const members = [first, ...kept.filter((member) => member !== undefined)];
  const bytes = members.reduce((sum, member) => sum + member.bytes.length, 0);
  return {
    archive: await promisify(gzip)(writeTar(members, takenAtSeconds)),
    files: files.length,
    damaged: files.filter(({ fault }) => fault !== null).length,
    unreadable: files.filter(({ fault }) => fault?.code === 'FILE_UNREADABLE').length,
    usedBytes: bytes - first.bytes.length,
  };
}

/** What was read of the file does not say how long its values are. */
function redacted(
  redactor: Redactor,
  { sizeBytes, fileName }: ReadFile,
  bytes: Uint8Array,
): Uint8Array {
  const { valueBytes } = readBytes(new KeyTable().reader, [{ bytes, sizeBytes, fileName }]);
  return redactor.file(bytes, valueBytes[0]!);
}

/** Faults of files that were read. A file with any other fault was not opened, and is not packed. */
const FAULTS_OF_READ_FILES: ReadonlySet<ErrorCode> = new Set(['FILE_CORRUPT', 'FILE_EMPTY']);

function hasBytes({ fault, sizeBytes }: ReadFile): boolean {
  return sizeBytes > 0 && (fault === undefined || FAULTS_OF_READ_FILES.has(fault.code));
}

/** A process id can be any text: names that do not fit are replaced by numbers. */
function memberName(name: string, index: number): string {
  const member = `files/${name}`;
  return Buffer.byteLength(member) <= MAX_NAME_BYTES ? member : `files/${index}.db`;
}

function factsOf(file: ReadFile, member: string | null): FileFacts {
  const { name, sizeBytes, diskBytes, modifiedSeconds, changedSeconds, identity, fault } = file;
  return {
    name,
    member,
    sizeBytes,
    diskBytes,
    modifiedSeconds: modifiedSeconds ?? 0,
    changedSeconds: changedSeconds ?? 0,
    identity,
    fault: fault ? { code: fault.code, found: fault.found, offset: fault.offset ?? null } : null,
  };
}

/** Field by field: a new field of a process must not get into bug reports by itself. */
function writerFacts(writer: Writer): WriterFacts {
  const { processId, liveness, pid, role, program, startSeconds, pidNamespace } = writer;
  const { otherPids, abandoned } = writer;
  return {
    processId,
    liveness,
    pid: pid ?? null,
    role: role ?? null,
    program: program ?? null,
    startSeconds: startSeconds ?? null,
    ...(pidNamespace && { pidNamespace }),
    ...(otherPids && { otherPids }),
    ...(abandoned && { abandoned }),
  };
}

/** @throws MetricFileError FILE_UNREADABLE */
export async function readSnapshot(path: string, packed: Buffer): Promise<Reading> {
  const refuse = (found: string) => new MetricFileError('FILE_UNREADABLE', path, found);
  let members: Map<string, Uint8Array>;
  let facts: Facts;
  try {
    const archive = await promisify(gunzip)(packed, { maxOutputLength: MAX_BYTES });
    members = new Map(readTar(archive).map(({ name, bytes }) => [name, bytes]));
    facts = JSON.parse(Buffer.from(members.get(FACTS) ?? []).toString()) as Facts;
  } catch (error) {
    throw refuse(`not a snapshot of promfold: ${(error as Error).message}`);
  }
  if (facts?.snapshot !== VERSION) throw refuse(`a snapshot of version ${facts?.snapshot}`);
  if (!isSound(facts)) throw refuse(`not a snapshot of promfold: ${FACTS} has another shape`);

  const keys = new KeyTable();
  return {
    path,
    takenAtSeconds: facts.takenAtSeconds,
    files: readMembers(facts, members, keys),
    keys,
    writers: new Map(facts.writers.map((writer) => [writer.processId, toWriter(writer)])),
    bootSeconds: facts.bootSeconds ?? undefined,
    ...(facts.verdicts !== undefined && { verdicts: facts.verdicts }),
  };
}

/** Checks what reading relies on: a snapshot is untrusted input. */
function isSound({ takenAtSeconds, path, files, writers, verdicts }: Partial<Facts>): boolean {
  return (
    areVerdicts(verdicts) &&
    typeof takenAtSeconds === 'number' &&
    typeof path === 'string' &&
    Array.isArray(writers) &&
    writers.every((writer) => typeof writer?.processId === 'string') &&
    Array.isArray(files) &&
    files.every(
      (file) =>
        typeof file?.name === 'string' &&
        Number.isSafeInteger(file.sizeBytes) &&
        file.sizeBytes >= 0,
    )
  );
}

function areVerdicts(found: unknown): boolean {
  if (found === undefined) return true;
  return Array.isArray(found) && found.every(isVerdict);
}

function isVerdict(found: unknown): boolean {
  const { verdict, processId, engine, modelName, sinceSeconds, evidence } = (found ??
    {}) as Partial<Verdict>;
  return (
    VERDICTS.includes(verdict!) &&
    [processId, engine, modelName].every((name) => ['string', 'undefined'].includes(typeof name)) &&
    typeof sinceSeconds === 'number' &&
    Array.isArray(evidence) &&
    evidence.every((text) => typeof text === 'string')
  );
}

function readMembers(
  { path: directory, takenAtSeconds, files }: Facts,
  members: ReadonlyMap<string, Uint8Array>,
  keys: KeyTable,
): ReadFile[] {
  const read: ReadFile[] = [];
  let some: (Pick<FileBytes, 'bytes' | 'fileName'> & { readonly at: number })[] = [];
  let length = 0;
  const readSome = () => {
    const inspected = {
      ...readBytes(
        keys.reader,
        some.map(({ at, bytes, fileName }) => {
          return { bytes, sizeBytes: files[at]!.sizeBytes, fileName };
        }),
      ),
      changedSeconds: Float64Array.from(some, ({ at }) => files[at]!.changedSeconds),
    };
    for (const [row, { at, fileName }] of some.entries()) {
      const { name } = files[at]!;
      const named = { name, fileName };
      const path = pathOf(directory, name);
      const file = toReadFile(path, named, inspected, row, takenAtSeconds, keys);
      read[at] = { ...file, ...statusOf(files[at]!) };
    }
    some = [];
    length = 0;
  };
  for (const [at, facts] of files.entries()) {
    const kept = facts.member === null ? undefined : members.get(facts.member);
    if (kept === undefined) {
      read[at] = { ...unreadFile(directory, facts), ...statusOf(facts) };
      continue;
    }
    // An empty file in its creation grace period has no fault.
    const isWhole = facts.fault === null && kept.length > 0;
    const bytes = isWhole ? kept : withZeros(kept, facts.sizeBytes);
    some.push({ at, bytes, fileName: parseFileName(facts.name) });
    length += bytes.length;
    if (length >= MAX_DAMAGED_BYTES) readSome();
  }
  readSome();
  return read;
}

function statusOf({ sizeBytes, diskBytes, modifiedSeconds, changedSeconds, identity }: FileFacts) {
  return {
    sizeBytes,
    diskBytes,
    modifiedSeconds: knownTime(modifiedSeconds),
    changedSeconds: knownTime(changedSeconds),
    identity,
  };
}

/** A file of which no byte was kept. */
function unreadFile(directory: string, { name, fault }: FileFacts): ReadFile {
  const file = unrecognisedFile(directory, name);
  return {
    ...file,
    fileName: parseFileName(name),
    fault: fault
      ? new MetricFileError(fault.code, file.path, fault.found, {
          offset: fault.offset ?? undefined,
        })
      : undefined,
  };
}

/** A damaged file with its original length, on which the end of a walk depends. */
function withZeros(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const whole = Buffer.alloc(Math.max(bytes.length, Math.min(sizeBytes, MAX_DAMAGED_BYTES)));
  whole.set(bytes);
  return whole;
}

function toWriter(facts: WriterFacts): Writer {
  const { pid, role, program, startSeconds } = facts;
  return {
    ...facts,
    pid: pid ?? undefined,
    role: role ?? undefined,
    program: program ?? undefined,
    startSeconds: startSeconds ?? undefined,
  };
}
