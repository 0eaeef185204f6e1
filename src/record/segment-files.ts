/**
 * The segments of one source on disk. Each tick is appended to the file of its segment in one write, so that a kill loses one
 * tick at most. When the segment is sealed, the sealed bytes take the place of the file.
 *
 * The writes happen one after the other, behind the ticks. A file that a write failed for is not appended to any more: the
 * next segment begins a new one, and what is missing in the file comes when its segment is sealed.
 */
import type { AddedTick } from '../native.js';
import type { RecorderFolder, RecordingFile } from './recorder-folder.js';

/** A file system that does not answer: a write is under way for so long, or so much waits for it. */
const SLOWEST_MS = 20_000;
const MAX_WAITING_BYTES = 8 * 2 ** 20;

interface OpenSegment {
  readonly number: number;
  readonly fromSeconds: number;
  /** Absent where it could not be created. */
  readonly file: RecordingFile | undefined;
  bytes: number;
  isBroken: boolean;
}

export class SegmentFiles {
  readonly #folder: RecorderFolder;
  readonly #source: string | undefined;
  #open: OpenSegment | undefined;
  #writing: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;
  /** When the write that is under way began. */
  #beganMs = 0;
  /** A new segment was asked for, and no tick has begun it yet. */
  #isBroken = false;

  constructor(folder: RecorderFolder, source: string | undefined) {
    this.#folder = folder;
    this.#source = source;
  }

  /** The next tick should begin a segment, and with it a file: that of this segment is not whole. */
  get wantsSegment(): boolean {
    return this.#isBroken && this.#waiting === 0 && this.#folder.mayBeTried;
  }

  /** Returns at once. */
  write({ segment, toAppend, sealed }: AddedTick, atSeconds: number): void {
    if (this.#isStuck) {
      if (this.#isBroken) return;
      this.#isBroken = true;
      if (this.#open !== undefined) this.#open.isBroken = true;
      this.#folder.failed(new Error('it does not answer'));
      return;
    }
    const bytes = (toAppend?.length ?? 0) + (sealed?.bytes.length ?? 0);
    if (this.#waiting === 0) this.#beganMs = this.#folder.nowMs();
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.#writing = this.#writing
      .then(async () => {
        if (this.#open?.number !== segment) await this.#begin(segment, atSeconds, sealed?.bytes);
        if (toAppend !== undefined) await this.#append(toAppend);
      })
      .finally(() => {
        this.#waiting--;
        this.#waitingBytes -= bytes;
        this.#beganMs = this.#folder.nowMs();
      });
  }

  get #isStuck(): boolean {
    if (this.#waiting === 0) return false;
    const isSlow = this.#folder.nowMs() - this.#beganMs > SLOWEST_MS;
    return isSlow || this.#waitingBytes > MAX_WAITING_BYTES;
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#finish(undefined);
  }

  async #begin(number: number, fromSeconds: number, sealed: Uint8Array | undefined): Promise<void> {
    await this.#finish(sealed);
    let file: OpenSegment['file'];
    if (this.#folder.mayBeTried) {
      try {
        file = await this.#folder.create(this.#source, fromSeconds);
      } catch (error) {
        this.#folder.failed(error);
      }
    }
    this.#isBroken = file === undefined;
    this.#open = { number, fromSeconds, file, bytes: 0, isBroken: this.#isBroken };
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const open = this.#open!;
    if (open.file === undefined || open.isBroken) return;
    const { name, handle } = open.file;
    try {
      const { bytesWritten } = await handle.write(bytes);
      // The rest fails for the reason that it was not written for.
      if (bytesWritten < bytes.length) await handle.writeFile(bytes.subarray(bytesWritten));
      open.bytes += bytes.length;
      // What goes to a file without a name is lost.
      if ((await handle.stat()).nlink === 0) throw new Error('its file was removed');
      await this.#folder.grew(name, open.bytes);
      this.#folder.succeeded();
    } catch (error) {
      open.isBroken = true;
      this.#isBroken = true;
      this.#folder.failed(error);
      // Half a tick is found to be damaged, and costs nothing; but so it takes no room.
      await handle.truncate(open.bytes).catch(() => {});
    }
  }

  /** @param sealed what takes the place of the file; undefined where it is left as it is */
  async #finish(sealed: Uint8Array | undefined): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (open.file !== undefined) await this.#close(open.file);
    if (sealed === undefined || !this.#folder.mayBeTried) return;
    try {
      await this.#folder.replace(open.file?.name ?? (await this.#newName(open)), sealed);
    } catch (error) {
      this.#folder.failed(error);
    }
  }

  /** Of a segment whose file could not be created in time. */
  async #newName({ fromSeconds }: OpenSegment): Promise<string> {
    const file = await this.#folder.create(this.#source, fromSeconds);
    await this.#close(file);
    return file.name;
  }

  async #close({ name, handle }: RecordingFile): Promise<void> {
    await handle.close().catch(() => {});
    this.#folder.closed(name);
  }
}
