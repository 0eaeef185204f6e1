/**
 * What an endpoint of the API is. Its routes, its rows on the landing page and in the manual, the check of its parameters
 * and the OpenAPI document are all made from this.
 */
import type { Moment } from '../../inspect/moment.js';
import type { RecordedPast } from '../../inspect/recorded-reading.js';
import type { Limits } from '../../plan/budget.js';
import type { Steps } from '../../steps.js';
import { INSTANT, type Parameters, type Values } from './parameters.js';
import type { Instant } from './readings.js';
import { object, ref, type Schema, text, withMembers } from './schema.js';

/** All paths are below it. */
export const API_ROOT = '/api/v1';

/** On every answer that is of an instant. */
export const SNAPSHOT_HEADER = 'Promfold-Snapshot';

export interface ApiEndpoint {
  /** Below API_ROOT; `{name}` is a parameter. */
  readonly path: string;
  /** What it answers, as Markdown, for the manual and the landing page. */
  readonly answers: string;
  readonly parameters: Parameters;
  readonly contentType: string;
  /** Of the answer. */
  readonly schema: Schema;
  /** A query that has an answer on most directories. */
  readonly example: string;
}

/** What a view gives. */
export interface Viewed {
  /** The answer but for `snapshot` and `page`. */
  readonly body: object;
  /** Where the answer has one page of a list: how many elements the whole has. */
  readonly total?: number;
}

/** What views need in addition to an instant. */
export interface ViewContext {
  /** Of the daemon. */
  readonly limits: Limits;
  /**
   * What is recorded of a source by now, to be closed.
   *
   * @throws ApiError 404 if nothing is
   */
  readonly past: (source: string | undefined) => RecordedPast;
  /** As Readings.at. */
  readonly at: (source: string | undefined, moment: Moment) => Promise<Instant>;
}

/** An endpoint whose answer is a view of one instant. */
export interface ViewEndpoint extends ApiEndpoint {
  readonly view: (
    instant: Instant,
    values: never,
    context: ViewContext,
  ) => Steps<Viewed> | Promise<Viewed>;
}

/** Checks that a view takes the parameters that are described. */
export function viewEndpoint<P extends Parameters>(
  endpoint: Omit<ViewEndpoint, 'parameters' | 'contentType' | 'view'> & {
    readonly parameters: P;
    readonly view: (
      instant: Instant,
      values: Values<P>,
      context: ViewContext,
    ) => Steps<Viewed> | Promise<Viewed>;
  },
): ViewEndpoint {
  const parameters = { ...endpoint.parameters, ...INSTANT };
  const isPaged = Object.hasOwn(parameters, 'offset');
  const schema = withMembers(
    object({}, { snapshot: SNAPSHOT, source: text('Its name, where it has one.') }),
    endpoint.schema,
    object(isPaged ? { page: ref('Page') } : {}),
  );
  return { ...endpoint, parameters, schema, contentType: 'application/json' };
}

const SNAPSHOT = text('Names the instant of this answer, for other views of it; absent with `at`.');
