/**
 * GET /api/v1/incidents: what was saved when writers ended, and the recording of each. Read one at a time: a recording takes as
 * much memory as it has bytes.
 */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { INCIDENT_REASONS } from '../../record/ends.js';
import { INCIDENT_STATES } from '../../record/incident.js';
import type { Incidents } from '../../record/incidents.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { API_HEADERS, ApiError } from './error.js';
import { inPath, readParameters } from './parameters.js';
import { RECORDING, sendRecording } from './recording.js';
import { COUNT, list, object, oneOf, SECONDS, STRING, text } from './schema.js';

export const INCIDENTS: ApiEndpoint = {
  path: '/incidents',
  answers:
    'Incidents: writers that ended, or stalled, when, what is known of why, and how large the recording of the 15 minutes before is. Newest first, also those of earlier runs in `--recorder.dir`.',
  parameters: {},
  contentType: 'application/json',
  schema: object({
    incidents: list(
      object(
        {
          id: STRING,
          timeSeconds: SECONDS,
          reason: oneOf(INCIDENT_REASONS),
          path: text('The directory.'),
          processes: list(
            object(
              {
                processId: STRING,
                pid: COUNT,
                state: oneOf(INCIDENT_STATES),
                startSeconds: SECONDS,
              },
              { role: STRING, program: STRING, lastSeenSeconds: SECONDS },
            ),
          ),
          bytes: COUNT,
        },
        { source: STRING, engine: STRING, modelName: STRING },
      ),
    ),
  }),
  example: '',
};

const PARAMETERS = { id: inPath('The `id` of an incident.') };

export const INCIDENT: ApiEndpoint = {
  path: '/incidents/{id}',
  answers: 'The recording of an incident, as one file for the commands that look back.',
  parameters: PARAMETERS,
  contentType: RECORDING.contentType,
  schema: RECORDING.schema,
  example: '',
};

/** @param incidents undefined where none is saved */
export function incidentRoutes(
  server: FastifyInstance,
  incidents: Incidents | undefined,
  onRequest: onRequestHookHandler,
): void {
  server.get(`${API_ROOT}${INCIDENTS.path}`, { onRequest }, async (request, reply) => {
    readParameters(INCIDENTS.parameters, { path: request.params, query: request.query });
    const listed = ((await incidents?.list()) ?? []).reverse();
    return reply.headers(API_HEADERS).send(`${JSON.stringify({ incidents: listed })}\n`);
  });

  let isReading = false;
  server.get(`${API_ROOT}/incidents/:id`, { onRequest }, async (request, reply) => {
    const given = { path: request.params, query: request.query };
    const { id } = readParameters(PARAMETERS, given);
    if (isReading) throw new ApiError(503, 'the recording of an incident is being read');
    isReading = true;
    try {
      const recording = await incidents?.read(id);
      if (recording === undefined) throw new ApiError(404, 'no such incident');
      return sendRecording(reply, `${id}.rec`, recording);
    } finally {
      isReading = false;
    }
  });
}
