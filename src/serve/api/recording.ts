/**
 * GET /api/v1/recording: what the flight recorder has of a directory, as one file. The commands that look back read it.
 * Saved one at a time: each takes as much memory as it has bytes.
 */
import type { FastifyInstance, FastifyReply, onRequestHookHandler } from 'fastify';
import type { RecordedKeys } from '../../inspect/recorded-keys.js';
import type { RecordedPast } from '../../inspect/recorded-reading.js';
import { Redactor } from '../../inspect/redact.js';
import type { FlightRecorder } from '../../record/flight-recorder.js';
import type { Scraper } from '../../scrape/scraper.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { ApiError } from './error.js';
import { duration, readParameters, SOURCE, texts } from './parameters.js';
import { chooseSource } from './readings.js';
import { STRING } from './schema.js';

/** More than is recorded in memory. */
const MAX_SECONDS = 7 * 86_400;

const MAX_REDACTED = 20;

const PARAMETERS = {
  source: SOURCE,
  last: duration('How far it reaches back.', MAX_SECONDS, '15m'),
  redact: texts(
    'Labels whose values are replaced by hashes with a random salt: equal values stay equal.',
    MAX_REDACTED,
  ),
};

export const RECORDING: ApiEndpoint = {
  path: '/recording',
  answers:
    'What the flight recorder has of a directory, as one file for the commands that look back; also of a source that is gone. 404 where nothing is recorded.',
  parameters: PARAMETERS,
  contentType: 'application/octet-stream',
  schema: { ...STRING, format: 'binary' },
  example: '?last=1m',
};

export function recordingRoute(
  server: FastifyInstance,
  scraper: Scraper,
  recorder: FlightRecorder | undefined,
  onRequest: onRequestHookHandler,
): void {
  let isSaving = false;
  server.get(`${API_ROOT}${RECORDING.path}`, { onRequest }, async (request, reply) => {
    const given = { path: request.params, query: request.query };
    const { source: wanted, last, redact } = readParameters(PARAMETERS, given);
    if (recorder === undefined) throw notRecorded();
    const source = recordedSource(scraper, recorder, wanted);
    if (isSaving) throw new ApiError(503, 'another recording is being saved');
    isSaving = true;
    try {
      const redactor = redact.length > 0 ? new Redactor(redact) : undefined;
      const parts = await recorder.save(source, Date.now() / 1000 - last, redactor);
      if (parts.length === 0) throw new ApiError(404, 'nothing is recorded of that time');
      if (redactor?.unused !== undefined) {
        throw new ApiError(
          400,
          `redact: expected a label that a series has, got '${redactor.unused}'`,
        );
      }
      return sendRecording(reply, 'promfold-recording.rec', Buffer.concat(parts));
    } finally {
      isSaving = false;
    }
  });
}

/**
 * The name of a source that is served, or of one that is gone and still recorded.
 *
 * @throws as chooseSource
 */
export function recordedSource(
  scraper: Pick<Scraper, 'sources'>,
  recorder: FlightRecorder | undefined,
  wanted: string | undefined,
): string | undefined {
  const isRecorded = recorder?.sources().some(({ name }) => name === wanted) ?? false;
  return isRecorded ? wanted : chooseSource(scraper.sources(), wanted).name;
}

/**
 * What is recorded of a source by now, to be closed.
 *
 * @param known as in RecordedPast
 * @throws ApiError 404 if nothing is
 */
export function pastOf(
  recorder: FlightRecorder | undefined,
  source: string | undefined,
  known: RecordedKeys | undefined,
): RecordedPast {
  if (recorder === undefined) throw notRecorded();
  const past = recorder.past(source, known);
  if (past === undefined) throw new ApiError(404, 'nothing is recorded yet');
  return past;
}

function notRecorded(): ApiError {
  return new ApiError(404, 'nothing is recorded: --recorder.size=0');
}

/** @param name of the file, without characters that a header cannot have */
export function sendRecording(reply: FastifyReply, name: string, bytes: Uint8Array): FastifyReply {
  return reply
    .headers({
      'Content-Type': RECORDING.contentType,
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'no-store',
    })
    .send(bytes);
}
