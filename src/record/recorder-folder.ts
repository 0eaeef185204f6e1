/**
 * The folder of --recorder.dir: names, access and room. It is shared by the sources, and belongs to one promfold.
 *
 *   api-20261130T022000.000Z.rec     a segment of source `api` that began then; the one directory without a name is `recording`
 *   .api-20261130T022000.000Z.rec.tmp    a sealed segment before it takes the place of that
 *
 * Only files of such names are ever removed. Where something fails (no room, no permission, a file system that is read-only)
 * one line says so, recording goes on in memory, and the folder is tried again later.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import type { ScrapeLog } from '../log.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** A name never leads elsewhere, and others may not read label values. */
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND;
const MODE = 0o600;

const A_RECORDING = /^[^.].*-(\d{8}T\d{6}\.\d{3}Z(?:-\d+)?)\.rec$/;
const A_REMAINDER = /^\..*-\d{8}T\d{6}\.\d{3}Z(?:-\d+)?\.rec\.tmp$/;

/** Of a promfold that was killed while it wrote it. */
const REMAINDER_AGE_MS = 600_000;

/** After a failure. */
const RETRY_MS = 30_000;

/** Segments that begin in the same millisecond, after the clock was set back: more is a mistake. */
const MAX_SAME_NAME = 100;

export interface FolderOptions {
  readonly maxBytes: number;
  readonly log: ScrapeLog;
  readonly nowMs: () => number;
}

export interface RecordingFile {
  /** In the folder. */
  readonly name: string;
  readonly handle: FileHandle;
}

interface KnownFile {
  bytes: number;
  /** It is being written. */
  isOpen: boolean;
}

export class RecorderFolder {
  readonly #path: string;
  readonly #options: FolderOptions;
  readonly #files = new Map<string, KnownFile>();
  #read: Promise<void> | undefined;
  #isFailing = false;
  #retryMs = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(path: string, options: FolderOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Whether the last failure is long enough ago. */
  get mayBeTried(): boolean {
    return this.#options.nowMs() >= this.#retryMs;
  }

  nowMs(): number {
    return this.#options.nowMs();
  }

  /** Since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Of all files, as far as known. */
  get bytes(): number {
    let bytes = 0;
    for (const file of this.#files.values()) bytes += file.bytes;
    return bytes;
  }

  /** A new file for a segment. */
  async create(source: string | undefined, fromSeconds: number): Promise<RecordingFile> {
    await this.#prepare();
    const first = segmentName(source, fromSeconds);
    for (let i = 0; ; i++) {
      const name = i === 0 ? `${first}.rec` : `${first}-${i}.rec`;
      try {
        const handle = await open(join(this.#path, name), NEW_FILE, MODE);
        this.#files.set(name, { bytes: 0, isOpen: true });
        return { name, handle };
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || i === MAX_SAME_NAME) throw error;
      }
    }
  }

  /** An open file has so many bytes now. */
  async grew(name: string, bytes: number): Promise<void> {
    const file = this.#files.get(name);
    if (file !== undefined) file.bytes = bytes;
    await this.#makeRoom();
  }

  /** A file is not written any more. */
  closed(name: string): void {
    const file = this.#files.get(name);
    if (file !== undefined) file.isOpen = false;
  }

  /** Puts these bytes into the place of a file. */
  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.#prepare();
    await replaceFile(this.#path, name, bytes);
    this.#files.set(name, { bytes: bytes.length, isOpen: false });
    await this.#makeRoom();
  }

  failed(error: unknown): void {
    this.#failures++;
    this.#retryMs = this.#options.nowMs() + RETRY_MS;
    this.#read = undefined;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.log.warn('recording goes on in memory only: its folder cannot be written', {
      path: this.#path,
      cause: textOf(error),
      retrySeconds: RETRY_MS / 1000,
    });
  }

  succeeded(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#options.log.info('recording is written to its folder again', { path: this.#path });
  }

  #prepare(): Promise<void> {
    this.#read ??= this.#readFolder();
    return this.#read;
  }

  /** What earlier runs left counts, and goes first. */
  async #readFolder(): Promise<void> {
    await makeFolder(this.#path);
    for (const [name, { isOpen }] of this.#files) if (!isOpen) this.#files.delete(name);
    for (const name of await readdir(this.#path)) {
      const isRemainder = A_REMAINDER.test(name);
      if (!isRemainder && !A_RECORDING.test(name)) continue;
      const path = join(this.#path, name);
      const found = await lstat(path).catch(() => undefined);
      if (!found?.isFile()) continue;
      if (!isRemainder) {
        const isOpen = this.#files.get(name)?.isOpen ?? false;
        this.#files.set(name, { bytes: found.size, isOpen });
      } else if (Date.now() - found.mtimeMs > REMAINDER_AGE_MS) await unlink(path);
    }
    await this.#makeRoom();
  }

  async #makeRoom(): Promise<void> {
    let bytes = this.bytes;
    if (bytes <= this.#options.maxBytes) return;
    const oldestFirst = [...this.#files]
      .filter(([, { isOpen }]) => !isOpen)
      .sort(([a], [b]) => (timeOf(a) < timeOf(b) ? -1 : 1));
    for (const [name, file] of oldestFirst) {
      if (bytes <= this.#options.maxBytes) return;
      await unlink(join(this.#path, name)).catch(ignoreMissing);
      this.#files.delete(name);
      bytes -= file.bytes;
    }
  }
}

/** Only its owner may look into it. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

/** A reader sees what was there before, or all of these bytes. */
export async function replaceFile(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  await unlink(temporary).catch(ignoreMissing);
  try {
    const handle = await open(temporary, NEW_FILE, MODE);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** `api-20261130T022000.000Z`. Names of sources may have any character, but for blanks and commas. */
export function segmentName(source: string | undefined, fromSeconds: number): string {
  const time = new Date(fromSeconds * 1000).toISOString().replace(/[-:]/g, '');
  return `${fileNameOf(source)}-${time}`;
}

/** Of a source, in names of files. */
export function fileNameOf(source: string | undefined): string {
  const name = source === undefined ? 'recording' : encodeURIComponent(source);
  return name.replace(/^\./, '%2E').slice(0, MAX_NAME);
}

/** Characters; file names may have 255. */
const MAX_NAME = 200;

function timeOf(name: string): string {
  return A_RECORDING.exec(name)?.[1] ?? '';
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

export function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

/** In the words of the system: `no space left on device`. */
export function textOf(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known?.[1] ?? code ?? message;
}
