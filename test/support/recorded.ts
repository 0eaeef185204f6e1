/**
 * Recordings made by the addon's recorder from metric files: each tick has what a reading of the directory has, in the way
 * the daemon stores it.
 */
import type { KeyTable } from '../../src/inspect/key-table.js';
import { readDirectory } from '../../src/inspect/read-directory.js';
import type { ReadFile, Reading } from '../../src/inspect/reading.js';
import type { RecordedKeys } from '../../src/inspect/recorded-keys.js';
import { RecordedPast } from '../../src/inspect/recorded-reading.js';
import { Recorder } from '../../src/native.js';
import { encodeMoment } from '../../src/processes/recorded-writers.js';
import type { Writer } from '../../src/processes/writer.js';

export interface DirectoryRecorderOptions {
  readonly segmentSeconds?: number;
  readonly maxBytes?: number;
}

export class DirectoryRecorder {
  readonly #directory: string;
  readonly #recorder: Recorder;
  /** By name and identity: ids of files stay the same. */
  readonly #ids = new Map<string, number>();
  /** By key text. */
  readonly #keys = new Map<string, number>();
  readonly #texts: Buffer[] = [];
  readonly #appended: Buffer[] = [];

  constructor(
    directory: string,
    { segmentSeconds = 300, maxBytes = 256 * 2 ** 20 }: DirectoryRecorderOptions = {},
  ) {
    this.#directory = directory;
    this.#recorder = new Recorder({ maxBytes, segmentSeconds, isDurable: true });
  }

  /**
   * @param writers instead of those that are found
   * @param instead one file in place of all
   * @returns the reading that was recorded
   */
  async tick(
    timeSeconds: number,
    writers: readonly Writer[] = [],
    instead?: (files: readonly ReadFile[]) => ReadFile,
  ): Promise<Reading> {
    const reading = await readDirectory(this.#directory);
    const found = reading.files.filter(({ fileName, entries }) => fileName && entries.length > 0);
    const files = instead === undefined ? found : [instead(found)];
    const count = files.reduce((sum, { entries }) => sum + entries.length, 0);
    const fileId = Uint32Array.from(files, ({ name, identity }) => this.#id(`${name} ${identity}`));
    const columns = {
      keyId: new Uint32Array(count),
      value: new Float64Array(count),
      timestampSeconds: new Float64Array(count),
    };
    const entryEnd = new Uint32Array(files.length);
    let at = 0;
    for (const [i, { entries }] of files.entries()) {
      for (const { keyId, value, timestampSeconds } of entries) {
        columns.keyId[at] = this.#key(reading.keys as KeyTable, keyId);
        columns.value[at] = value;
        columns.timestampSeconds[at] = timestampSeconds;
        at++;
      }
      entryEnd[i] = at;
    }
    const runs = { fileId, generation: new Uint32Array(files.length), entryEnd };
    const { toAppend } = await this.#recorder.add({
      timeSeconds,
      columns: { ...runs, value: columns.value, timestampSeconds: columns.timestampSeconds },
      structure: {
        rows: { ...runs, keyId: columns.keyId },
        keyTexts: [this.#keyTexts()],
        fileName: files.map(({ name }) => name),
        identity: files.map(({ identity }) => identity),
        valueBytes: Uint8Array.from(files, ({ valueBytes }) => valueBytes),
      },
      blob: encodeMoment({
        source: undefined,
        path: this.#directory,
        intervalSeconds: 1,
        writers: writers.length > 0 ? writers : [...reading.writers.values()],
      }),
    });
    if (toAppend !== undefined) this.#appended.push(Buffer.from(toAppend));
    return { ...reading, takenAtSeconds: timeSeconds };
  }

  /** All ticks as they were appended: what a file has before its segments are sealed. */
  get appended(): Buffer {
    return Buffer.concat(this.#appended);
  }

  /** All that was recorded, as one file of sealed segments. */
  async bytes(): Promise<Buffer> {
    const recording = this.#recorder.recording();
    const saved: Uint8Array[] = [];
    for (const i of recording.segments().keys()) saved.push(await recording.save(i));
    recording.close();
    return Buffer.concat(saved);
  }

  /** What is recorded by now, as a daemon has it; to be closed. */
  past(known?: RecordedKeys): RecordedPast {
    const recording = this.#recorder.recording();
    return new RecordedPast(this.#directory, recording, { isWhole: false, known });
  }

  close(): void {
    this.#recorder.close();
  }

  #id(file: string): number {
    let id = this.#ids.get(file);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(file, id);
    }
    return id;
  }

  /** A reading numbers its own keys: the same text has one id in all ticks. */
  #key(keys: KeyTable, ofReading: number): number {
    const text = Buffer.from(keys.reader.keyTexts(ofReading, 1, 2 ** 20).text);
    const known = text.toString('latin1');
    let id = this.#keys.get(known);
    if (id === undefined) {
      id = this.#texts.push(text) - 1;
      this.#keys.set(known, id);
    }
    return id;
  }

  #keyTexts() {
    let end = 0;
    return {
      text: Buffer.concat(this.#texts),
      end: Uint32Array.from(this.#texts, ({ length }) => {
        end += length;
        return end;
      }),
    };
  }
}
