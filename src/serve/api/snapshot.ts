/**
 * GET /api/v1/snapshot: a snapshot of a directory, as taken by `promfold snapshot`; commands with the URL of a daemon
 * read it. Taken on a thread, one at a time; concurrent requests for the same directory share one.
 */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { UnknownSourceError } from '../../scrape/scrape-run.js';
import type { Scraper } from '../../scrape/scraper.js';
import { WorkerThread } from '../../worker-thread.js';
import { SNAPSHOT } from '../endpoint.js';
import { replyApiError } from './error.js';
import type { SnapshotQuestion } from './snapshot-worker.js';

/** Longer than any that was measured. */
const TIMEOUT_MILLISECONDS = 110_000;

/** Heap of JavaScript objects; the packed bytes are outside of it. */
const HEAP_MEGABYTES = 256;

export class Snapshots {
  readonly #thread = new WorkerThread<SnapshotQuestion>(
    new URL('./snapshot-worker.js', import.meta.url),
    {
      name: 'promfold snapshot',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
    },
  );
  #directory: string | undefined;
  #taking: Promise<Uint8Array> | undefined;

  /** @returns undefined while a snapshot of another directory is being taken */
  take(directory: string, version: string): Promise<Uint8Array> | undefined {
    if (this.#taking !== undefined) {
      return this.#directory === directory ? this.#taking : undefined;
    }
    this.#directory = directory;
    this.#taking = this.#take(directory, version).finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #take(directory: string, version: string): Promise<Uint8Array> {
    try {
      const question = { directory, version };
      return (await this.#thread.ask(question, TIMEOUT_MILLISECONDS)) as Uint8Array;
    } finally {
      // Its memory is as large as the directory was.
      this.#thread.end();
    }
  }
}

export function snapshotRoute(
  server: FastifyInstance,
  scraper: Scraper,
  snapshots: Snapshots,
  version: string,
  onRequest: onRequestHookHandler,
): void {
  server.get(SNAPSHOT.path, { onRequest }, async (request, reply) => {
    const { source: wanted } = request.query as { source?: string | string[] };
    const sources = scraper.sources();
    const names = sources.flatMap(({ name }) => name ?? []);
    if (wanted === undefined && sources.length > 1) {
      const known = names.join(', ');
      return replyApiError(reply, 'bad_request', `?source= must name one of: ${known}`);
    }
    const source = wanted === undefined ? sources[0] : sources.find(({ name }) => name === wanted);
    if (source === undefined) {
      return replyApiError(
        reply,
        'not_found',
        new UnknownSourceError(String(wanted), names).message,
      );
    }
    const taking = snapshots.take(source.path, version);
    if (taking === undefined) {
      return replyApiError(reply, 'unavailable', 'a snapshot of another source is being taken');
    }
    let archive: Uint8Array;
    try {
      archive = await taking;
    } catch (error) {
      return replyApiError(reply, 'failed', (error as Error).message);
    }
    return reply
      .headers({
        'Content-Type': 'application/gzip',
        'Content-Disposition': 'attachment; filename="promfold-snapshot.tar.gz"',
        'Cache-Control': 'no-store',
      })
      .send(Buffer.from(archive.buffer, archive.byteOffset, archive.length));
  });
}
