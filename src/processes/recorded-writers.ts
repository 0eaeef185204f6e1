/**
 * What a recording says of a moment in addition to its values: which directory it is, and who wrote it. JSON, since
 * another promfold may read it. No command line and no environment is part of it.
 */
import type { Liveness, Writer } from './writer.js';

export interface RecordedMoment {
  /** The name of the directory, where there are several. */
  readonly source: string | undefined;
  readonly path: string;
  /** Seconds between two ticks, as it was meant at that time. */
  readonly intervalSeconds: number;
  readonly writers: readonly Writer[];
}

const LIVENESS: ReadonlySet<unknown> = new Set<Liveness>(['alive', 'dead', 'unknown', 'archive']);

export function encodeMoment(moment: RecordedMoment): Buffer {
  return Buffer.from(JSON.stringify(moment));
}

/** @returns undefined where it is none: nothing was known yet, or it is damaged */
export function decodeMoment(bytes: Uint8Array): RecordedMoment | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  let found: Partial<RecordedMoment> | null;
  try {
    found = JSON.parse(text) as Partial<RecordedMoment> | null;
  } catch {
    return undefined;
  }
  if (found === null || typeof found !== 'object') return undefined;
  const { source, path, intervalSeconds = 0, writers } = found;
  if (typeof path !== 'string' || !Array.isArray(writers)) return undefined;
  return { source, path, intervalSeconds, writers: writers.filter(isWriter).map(whole) };
}

function isWriter(found: unknown): found is Writer {
  const { processId, liveness } = (found ?? {}) as Partial<Writer>;
  return typeof processId === 'string' && LIVENESS.has(liveness);
}

/** JSON leaves out what is undefined. */
function whole(writer: Writer): Writer {
  const { pid, role, program, startSeconds } = writer;
  return { ...writer, pid, role, program, startSeconds };
}
