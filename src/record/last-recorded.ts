/**
 * What a folder of the recorder has last of a source: all files with their entries, of the newest segment that can be read.
 * Once for each source, when its directory is first read.
 */
import { join, resolve } from 'node:path';
import { KeyReader } from '../files/key-reader.js';
import { openFolder, type Recording, recordingFolder } from '../files/recording.js';
import { recordedName } from '../inspect/recorded-reading.js';
import { releaseColumns } from '../native.js';
import { decodeMoment } from '../processes/recorded-writers.js';
import type { LastRecorded, RecordedFile } from '../scrape/directory/restore-retained.js';
import { fileNameOf } from './recorder-folder.js';

/**
 * @param folder of --recorder.dir
 * @returns undefined where nothing of this directory was recorded
 */
export async function lastRecorded(
  folder: string,
  source: string | undefined,
  directory: string,
): Promise<LastRecorded | undefined> {
  const found = await recordingFolder(join(folder, fileNameOf(source)));
  for (const name of found?.names.toReversed() ?? []) {
    const recording = await openFolder({ ...found!, names: [name] });
    try {
      if (recording.times().length > 0) return await lastOf(recording, directory);
    } finally {
      recording.close();
    }
  }
  return undefined;
}

async function lastOf(recording: Recording, directory: string): Promise<LastRecorded | undefined> {
  const instant = await recording.at(Infinity);
  if (instant === undefined) return undefined;
  try {
    const { path } = decodeMoment(instant.blob) ?? {};
    // The folder may have been used for another one of that name.
    if (path === undefined || resolve(path) !== resolve(directory)) return undefined;
    const { timeSeconds, fileName, identity, entryEnd } = instant;
    const files = fileName.flatMap((name, i): RecordedFile[] => {
      const parsed = recordedName(name);
      if (parsed === undefined) return [];
      const [from, to] = [i === 0 ? 0 : entryEnd[i - 1]!, entryEnd[i]!];
      return [
        {
          name,
          fileName: parsed,
          identity: identity[i]!,
          keyId: instant.keyId.slice(from, to),
          value: instant.value.slice(from, to),
        },
      ];
    });
    return { timeSeconds, files, keys: keysOf(recording) };
  } finally {
    releaseColumns(instant);
  }
}

function keysOf(recording: Recording): string[] {
  const texts = new KeyReader(recording, Infinity);
  return Array.from({ length: recording.keyCount() }, (_, id) =>
    Buffer.from(texts.text(id)).toString('latin1'),
  );
}
