/** GET /api/v1/status: what this daemon is, what it serves, and since when. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { FlightRecorder } from '../../record/flight-recorder.js';
import type { Coverage } from '../../record/source-recorder.js';
import type { LastScrape, Scraper, SourceStatus } from '../../scrape/scraper.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { API_HEADERS } from './error.js';
import { readParameters } from './parameters.js';
import { BOOLEAN, COUNT, FINITE, list, object, SECONDS, STRING } from './schema.js';

export interface Status {
  readonly version: string;
  readonly startedSeconds: number;
  readonly uptimeSeconds: number;
  readonly sources: readonly SourceStatus[];
  /** Absent before the first. */
  readonly lastScrape?: LastScrape;
  /** Absent where nothing is recorded. */
  readonly recorder?: RecorderStatus;
  /** Of `promfold page`: when its recording begins and ends. */
  readonly recording?: { readonly fromSeconds: number; readonly toSeconds: number };
}

export interface RecorderStatus {
  /** Longer than asked where ticks would take more than their share. */
  readonly intervalSeconds: number;
  /** Of memory. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Since the start. */
  readonly ticks: number;
  readonly ticksLeftOut: number;
  /** Of files; absent where nothing is recorded on disk. */
  readonly diskBytes?: number;
  /** What is recorded, also of sources that are gone. */
  readonly sources: readonly ({ readonly name?: string; readonly path: string } & Coverage)[];
}

export const STATUS: ApiEndpoint = {
  path: '/status',
  answers:
    'Version, start, for each directory, whether it can be read and how much it contains, and what is recorded.',
  parameters: {},
  contentType: 'application/json',
  schema: object(
    {
      version: STRING,
      startedSeconds: SECONDS,
      uptimeSeconds: FINITE,
      sources: list(
        object(
          { path: STRING, up: BOOLEAN, series: COUNT, entries: COUNT },
          { name: STRING, error: STRING },
        ),
      ),
    },
    {
      lastScrape: {
        ...object({ timeSeconds: SECONDS, seconds: FINITE }),
        description: 'When /metrics was answered last, and how long that took.',
      },
      recording: {
        ...object({ fromSeconds: SECONDS, toSeconds: SECONDS }),
        description: 'Of `promfold page`: what is served is this recording.',
      },
      recorder: object(
        {
          intervalSeconds: FINITE,
          bytes: COUNT,
          maxBytes: COUNT,
          ticks: COUNT,
          ticksLeftOut: COUNT,
          sources: list(
            object(
              { path: STRING, fromSeconds: SECONDS, toSeconds: SECONDS, bytes: COUNT },
              { name: STRING },
            ),
          ),
        },
        { diskBytes: COUNT },
      ),
    },
  ),
  example: '',
};

export function statusRoute(
  server: FastifyInstance,
  scraper: Scraper,
  {
    version,
    recorder,
  }: { readonly version: string; readonly recorder: FlightRecorder | undefined },
  onRequest: onRequestHookHandler,
): void {
  server.get(`${API_ROOT}${STATUS.path}`, { onRequest }, (request, reply) => {
    readParameters(STATUS.parameters, { path: request.params, query: request.query });
    const uptimeSeconds = process.uptime();
    const status: Status = {
      version,
      startedSeconds: Date.now() / 1000 - uptimeSeconds,
      uptimeSeconds,
      sources: scraper.sources(),
      ...(scraper.lastScrape !== undefined && { lastScrape: scraper.lastScrape }),
      ...(recorder !== undefined && { recorder: recorderStatus(recorder) }),
    };
    return reply.headers(API_HEADERS).send(`${JSON.stringify(status)}\n`);
  });
}

function recorderStatus(recorder: FlightRecorder): RecorderStatus {
  const { intervalSeconds, bytes, maxBytes, ticks, ticksLeftOut, diskBytes } = recorder;
  return {
    intervalSeconds,
    bytes,
    maxBytes,
    ticks,
    ticksLeftOut,
    ...(diskBytes !== undefined && { diskBytes }),
    sources: recorder.sources().map(({ coverage, ...source }) => ({ ...source, ...coverage })),
  };
}
