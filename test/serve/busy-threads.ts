/**
 * Keeps every thread of libuv's pool busy, so that a scrape hangs for as long as a test wants: opening
 * a FIFO waits for its other end.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDirectory } from '../support/temp.js';

const THREADS = Number(process.env.UV_THREADPOOL_SIZE ?? 4);

/** @returns lets go of the threads */
export function busyThreads(): () => Promise<void> {
  const fifo = join(tempDirectory(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const waiting: Promise<FileHandle>[] = Array.from({ length: THREADS }, () => open(fifo, 'r'));
  return async () => {
    // Open for both, it waits for nobody and is the end the others wait for.
    const end = openSync(fifo, 'r+');
    for (const handle of await Promise.all(waiting)) await handle.close();
    closeSync(end);
  };
}
