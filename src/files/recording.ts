/**
 * Opens recordings: one file, or a folder of them as `--recorder.dir` has. The addon reads what they say
 * (native/core/recording/).
 */
import { boundedIo } from '../bounded-io.js';
import { openRecording, type Recording } from '../native.js';
import { openRegularFile } from './file-reading.js';

export type { RecordedHistory, RecordedInstant, Recording } from '../native.js';
export { openRecording };

/** The beginning of each segment, and so of each file. native/core/recording/segment_format.h. */
const MAGIC = Buffer.from('\x89promfr\n', 'latin1');

/** Files with segments. In a folder of the recorder their names sort by age. */
const SUFFIX = '.recording';

/** @param first bytes of a file */
export function isRecording(first: Uint8Array): boolean {
  return MAGIC.equals(first.subarray(0, MAGIC.length));
}

/** Whether a directory is a folder of the recorder: it has recordings and no metric files. */
export async function isRecordingFolder(directory: string): Promise<boolean> {
  const names = await boundedIo.readNames(directory).catch(() => []);
  return names.some(isSegmentName) && !names.some((name) => name.endsWith('.db'));
}

/** Reads all recordings of a folder. One that is removed meanwhile, as the recorder does with the oldest, is left out. */
export async function openFolder(directory: string): Promise<Recording> {
  const names = (await boundedIo.readNames(directory)).filter(isSegmentName).sort();
  const files: Uint8Array[] = [];
  for (const name of names) {
    const bytes = await readWhole(Buffer.from(`${directory}/`).toString('latin1') + name);
    if (bytes !== undefined && isRecording(bytes)) files.push(bytes);
  }
  return openRecording(files);
}

function isSegmentName(name: string): boolean {
  return name.endsWith(SUFFIX) && !name.startsWith('.');
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  const handle = await openRegularFile(Buffer.from(path, 'latin1').toString()).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (handle === undefined) return undefined;
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
