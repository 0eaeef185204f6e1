/**
 * GET /api/v1/snapshot: a snapshot of a directory, as taken by `promfold snapshot`; commands with the URL of a daemon
 * read it. Taken on a thread, one at a time; concurrent requests for the same directory share one.
 */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { SNAPSHOT_PATH } from '../../inspect/remote.js';
import type { SourcesWatch } from '../../live/watch/sources-watch.js';
import type { Scraper } from '../../scrape/scraper.js';
import type { Verdict } from '../../watchdog/verdict.js';
import { WorkerThread } from '../../worker-thread.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { ApiError } from './error.js';
import { readParameters, SOURCE } from './parameters.js';
import { chooseSource } from './readings.js';
import { STRING } from './schema.js';
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
  take(
    directory: string,
    version: string,
    verdicts?: readonly Verdict[],
  ): Promise<Uint8Array> | undefined {
    if (this.#taking !== undefined) {
      return this.#directory === directory ? this.#taking : undefined;
    }
    this.#directory = directory;
    this.#taking = this.#take({ directory, version, ...(verdicts && { verdicts }) }).finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #take(question: SnapshotQuestion): Promise<Uint8Array> {
    try {
      return (await this.#thread.ask(question, TIMEOUT_MILLISECONDS)) as Uint8Array;
    } finally {
      // Its memory is as large as the directory was.
      this.#thread.end();
    }
  }
}

const PARAMETERS = { source: SOURCE };

export const SNAPSHOT: ApiEndpoint = {
  path: `/${SNAPSHOT_PATH}`.slice(API_ROOT.length),
  answers:
    'A snapshot (tar.gz), as taken by `promfold snapshot`; `source` selects one of several directories.',
  parameters: PARAMETERS,
  contentType: 'application/gzip',
  schema: { ...STRING, format: 'binary' },
  example: '',
};

export function snapshotRoute(
  server: FastifyInstance,
  scraper: Scraper,
  snapshots: Snapshots,
  { version, watch }: { readonly version: string; readonly watch: SourcesWatch | undefined },
  onRequest: onRequestHookHandler,
): void {
  server.get(`${API_ROOT}${SNAPSHOT.path}`, { onRequest }, async (request, reply) => {
    const given = { path: request.params, query: request.query };
    const { source } = readParameters(PARAMETERS, given);
    const { path, name } = chooseSource(scraper.sources(), source);
    const taking = snapshots.take(path, version, watch?.verdictsOf(name));
    if (taking === undefined) {
      throw new ApiError(503, 'a snapshot of another source is being taken');
    }
    let archive: Uint8Array;
    try {
      archive = await taking;
    } catch (error) {
      throw new ApiError(500, (error as Error).message);
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
