/** GET /api/v1/openapi.json: the OpenAPI 3.1 description of the API, made from its table. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { API_ROOT, type ApiEndpoint, SNAPSHOT_HEADER } from './api-endpoint.js';
import { COMPONENTS } from './components.js';
import { API_HEADERS } from './error.js';
import { type Parameters, readParameters } from './parameters.js';
import { ref, type Schema, STRING } from './schema.js';

export const OPENAPI: ApiEndpoint = {
  path: '/openapi.json',
  answers: 'The OpenAPI 3.1 description of all of this.',
  parameters: {},
  contentType: 'application/json',
  schema: { type: 'object', required: ['openapi', 'info', 'paths'] },
  example: '',
};

export function openApiRoute(
  server: FastifyInstance,
  document: object,
  onRequest: onRequestHookHandler,
): void {
  const body = `${JSON.stringify(document)}\n`;
  server.get(`${API_ROOT}${OPENAPI.path}`, { onRequest }, (request, reply) => {
    readParameters(OPENAPI.parameters, { path: request.params, query: request.query });
    return reply.headers(API_HEADERS).send(body);
  });
}

/** @param prefix of all paths, as returned by parseRoutePrefix */
export function openApiDocument(
  endpoints: readonly ApiEndpoint[],
  version: string,
  prefix: string,
): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'promfold',
      version,
      description:
        'What a running promfold knows of the directories that it serves. Members that are not known are left out; new ones may be added.',
    },
    servers: [{ url: prefix === '' ? '/' : prefix }],
    paths: Object.fromEntries(
      endpoints.map((endpoint) => [
        `${API_ROOT}${endpoint.path}`,
        { get: operation(endpoint, 'get'), head: operation(endpoint, 'head') },
      ]),
    ),
    components: {
      schemas: COMPONENTS,
      responses: {
        Error: {
          description: 'Why there is no answer.',
          content: { 'application/json': { schema: ref('Error') } },
        },
      },
    },
  };
}

function operation(
  { path, answers, parameters, contentType, schema }: ApiEndpoint,
  method: 'get' | 'head',
): object {
  const content = method === 'get' && { content: { [contentType]: { schema } } };
  return {
    operationId: `${method}${operationName(path)}`,
    summary: answers,
    parameters: describeParameters(parameters),
    responses: {
      200: { description: answers, ...(hasSnapshot(schema) && { headers: HEADERS }), ...content },
      default:
        method === 'get'
          ? { $ref: '#/components/responses/Error' }
          : { description: 'Why there is no answer.' },
    },
  };
}

const HEADERS = {
  [SNAPSHOT_HEADER]: { description: 'The `snapshot` of the answer.', schema: STRING },
};

function hasSnapshot({ properties }: Schema): boolean {
  return typeof properties === 'object' && 'snapshot' in properties!;
}

/** `/labels/{name}/values` is `LabelsNameValues`. */
function operationName(path: string): string {
  const words = path.replace(/\.json$/, '').split(/\W+/);
  return words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

function describeParameters(parameters: Parameters): readonly Schema[] {
  return Object.entries(parameters).map(
    ([name, { description, schema, isInPath, isRequired, isList }]) => ({
      name,
      in: isInPath ? 'path' : 'query',
      description,
      ...((isInPath || isRequired) && { required: true }),
      schema,
      ...(isList && { style: 'form', explode: true }),
    }),
  );
}
