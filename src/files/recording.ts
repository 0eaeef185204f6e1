/**
 * Opens recordings: one file, or a folder of them as `--recorder.dir` has. The addon reads what they say
 * (native/core/recording/).
 */
import { basename, dirname, join } from 'node:path';
import { boundedIo } from '../bounded-io.js';
import { MetricFileError } from '../errors.js';
import { openRecording, type Recording } from '../native.js';
import { openRegularFile } from './file-reading.js';

export type {
  KeyTexts,
  RecordedHistory,
  RecordedIncreases,
  RecordedInstant,
  Recording,
} from '../native.js';
export { openRecording };

/** The beginning of each segment, and so of each file. native/core/recording/segment_format.h. */
const MAGIC = Buffer.from('\x89promfr\n', 'latin1');

/** `api-20261130T022000.000Z.rec`: the source, and when the segment begins. record/recorder-folder.ts. */
const A_SEGMENT = /^([^.].*)-(\d{8}T\d{6}\.\d{3}Z(?:-\d+)?)\.rec$/;

/** @param first bytes of a file */
export function isRecording(first: Uint8Array): boolean {
  return MAGIC.equals(first.subarray(0, MAGIC.length));
}

/** Segments in a folder of the recorder. */
export interface RecordingFolder {
  readonly directory: string;
  /** As the names of the files have them. */
  readonly sources: readonly string[];
  readonly names: readonly string[];
}

/**
 * A folder of the recorder, which has recordings and no metric files; or FOLDER/SOURCE, the recordings of one source there.
 *
 * @returns undefined if it is neither
 */
export async function recordingFolder(path: string): Promise<RecordingFolder | undefined> {
  const whole = await segmentsIn(path);
  if (whole !== undefined) return whole;
  const of = await segmentsIn(dirname(path));
  const source = basename(path);
  if (of === undefined || !of.sources.includes(source)) return undefined;
  const names = of.names.filter((name) => sourceOf(name) === source);
  return { ...of, sources: [source], names };
}

async function segmentsIn(directory: string): Promise<RecordingFolder | undefined> {
  const all = await boundedIo.readNames(directory).catch(() => []);
  const names = all.filter((name) => A_SEGMENT.test(name));
  if (names.length === 0 || all.some((name) => name.endsWith('.db'))) return undefined;
  names.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  return { directory, names, sources: [...new Set(names.map(sourceOf))].sort() };
}

/** Reads segments. One that is removed meanwhile, as the recorder does with the oldest, is left out. */
export async function openFolder({ directory, names }: RecordingFolder): Promise<Recording> {
  const files: Uint8Array[] = [];
  for (const name of names) {
    const bytes = await readWhole(join(directory, name));
    if (bytes !== undefined) files.push(bytes);
  }
  return openRecording(files);
}

function sourceOf(name: string): string {
  return A_SEGMENT.exec(name)![1]!;
}

function timeOf(name: string): string {
  return A_SEGMENT.exec(name)![2]!;
}

/** Undefined if it is not there, or no file. */
async function readWhole(path: string): Promise<Buffer | undefined> {
  const handle = await openRegularFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new MetricFileError('FILE_UNREADABLE', path, error.message, { cause: error });
  });
  if (handle === undefined) return undefined;
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
