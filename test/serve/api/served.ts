/** A server with its API on a directory, without a socket. Each answer is compared with the OpenAPI document. */
import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { ApiCounts } from '../../../src/live/api-counts.js';
import { Instants } from '../../../src/live/instants.js';
import { SourcesWatch } from '../../../src/live/watch/sources-watch.js';
import { UNLIMITED } from '../../../src/plan/budget.js';
import { ProcThread } from '../../../src/processes/proc-thread.js';
import { FlightRecorder } from '../../../src/record/flight-recorder.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { type DebugSurfaces, debugSurfaces } from '../../../src/serve/api/debug-surfaces.js';
import { RequestLimit } from '../../../src/serve/request-limit.js';
import { buildServer, type ServerOptions } from '../../../src/serve/server.js';

type Json = Readonly<Record<string, unknown>>;

/** An operation of the document, as far as the tests read it. */
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, { readonly get: Operation; readonly head: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

export interface Answered {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly payload: string;
  // biome-ignore lint/suspicious/noExplicitAny: the schema was checked.
  readonly json: any;
}

export class Served {
  readonly scraper: Scraper;
  readonly server: FastifyInstance;
  readonly surfaces: DebugSurfaces;
  /** It is not started. */
  readonly recorder: FlightRecorder | undefined;
  /** It is not started either. */
  readonly watch: SourcesWatch | undefined;
  readonly #procThread = new ProcThread();
  readonly #log: string[] = [];
  #document: OpenApi | undefined;
  readonly #validators = new Map<string, ValidateFunction>();

  /**
   * @param directory one, or several that have names
   * @param options `intervalSeconds` where there is a recorder, `silenceSeconds` where there is a watchdog
   */
  constructor(
    directory: ConstructorParameters<typeof Scraper>[0],
    options: Partial<ServerOptions> & {
      readonly intervalSeconds?: number;
      readonly silenceSeconds?: number;
    } = {},
  ) {
    this.scraper = new Scraper(directory, {});
    const counts = new ApiCounts();
    const { intervalSeconds, silenceSeconds } = options;
    if (silenceSeconds !== undefined) {
      this.watch = new SourcesWatch(this.scraper, {
        silenceSeconds,
        profile: 'all',
        procThread: this.#procThread,
        log: { info() {}, warn: (text) => this.#log.push(text) },
      });
    }
    if (intervalSeconds !== undefined) {
      this.recorder = new FlightRecorder(this.scraper, {
        intervalSeconds,
        share: 1,
        maxBytes: 2 ** 24,
        procThread: this.#procThread,
        incidents: 'unexplained',
        log: {
          info() {},
          warn: (text) => {
            // A test may cause one.
            if (text !== 'incident') this.#log.push(text);
          },
        },
      });
    }
    this.surfaces = debugSurfaces(
      this.scraper,
      new Instants(this.scraper, this.#procThread, {
        ...(this.watch && { verdictsOf: (source) => this.watch!.verdictsOf(source) }),
      }),
      {
        limits: UNLIMITED,
        counts,
        recorder: this.recorder,
        watch: this.watch,
      },
    );
    this.server = buildServer(this.scraper, {
      telemetryPath: '/metrics',
      limit: new RequestLimit(40),
      version: '1.2.3',
      debug: this.surfaces,
      ...options,
      log: {
        debug() {},
        warn() {},
        error: (text, { error }) => this.#log.push(`${text} ${error}`),
      },
    });
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.surfaces.close();
    await this.recorder?.close();
    await this.watch?.close();
    await this.scraper.close();
    await this.#procThread.close();
    assert.deepEqual(this.#log, [], 'a bug was logged');
  }

  async document(): Promise<OpenApi> {
    const { body } = await this.server.inject('/api/v1/openapi.json');
    this.#document ??= JSON.parse(body) as OpenApi;
    return this.#document;
  }

  /** Below /api/v1. The answer must be as it is described. */
  async get(url: string, options: Omit<InjectOptions, 'url'> = {}): Promise<Answered> {
    const { statusCode, headers, payload } = await this.server.inject({
      url: `/api/v1${url}`,
      ...options,
    });
    assert.match(String(headers['content-type']), /^application\/json/, payload);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['access-control-allow-origin'], undefined);
    const json = JSON.parse(payload);
    const validate = await this.#validatorFor(url, statusCode);
    const isValid: boolean = validate(json);
    assert.ok(isValid, `${url}: ${JSON.stringify(validate.errors?.[0])}\n${payload.slice(0, 500)}`);
    if (statusCode === 200 && 'snapshot' in json) {
      assert.equal(headers['promfold-snapshot'], json.snapshot);
    }
    return { statusCode, headers, payload, json };
  }

  /** As get(), for an answer that is 200. */
  async ok(url: string): Promise<Answered['json']> {
    const { statusCode, json, payload } = await this.get(url);
    assert.equal(statusCode, 200, `${url}: ${payload.slice(0, 500)}`);
    return json;
  }

  /** @returns the message */
  async refused(url: string, status: number): Promise<string> {
    const { statusCode, json, payload } = await this.get(url);
    assert.equal(statusCode, status, payload);
    return json.error.message;
  }

  /** All pages, from the URL of the first. */
  async *pages(url: string): AsyncGenerator<Answered['json']> {
    for (let next: string | undefined = url; next !== undefined; ) {
      const page = await this.ok(next);
      yield page;
      next =
        page.page.next === undefined
          ? undefined
          : new URL(page.page.next, `http://h/api/v1${next}`).href.slice('http://h/api/v1'.length);
    }
  }

  async #validatorFor(url: string, status: number): Promise<ValidateFunction> {
    const document = await this.document();
    const [path = ''] = url.split('?');
    const template = status === 200 ? templateOf(document, `/api/v1${path}`) : undefined;
    const key = template ?? 'error';
    let validate = this.#validators.get(key);
    if (validate === undefined) {
      const ajv = new Ajv2020({ allErrors: false, strict: false });
      // Readers must take members that are new; here one that is not described is a mistake.
      ajv.addSchema(closed({ $id: 'openapi', components: document.components }) as object);
      const schema =
        template === undefined
          ? { $ref: 'openapi#/components/schemas/Error' }
          : document.paths[template]!.get.responses['200']!.content!['application/json']!.schema;
      validate = ajv.compile(closed(absolute(schema)) as object);
      this.#validators.set(key, validate);
    }
    return validate;
  }
}

/** The described path that matches one. */
function templateOf({ paths }: OpenApi, path: string): string {
  const found = Object.keys(paths).find((template) =>
    new RegExp(`^${template.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  assert.ok(found, `${path} is not described`);
  return found;
}

function absolute(schema: unknown): unknown {
  return mapped(schema, (object) =>
    typeof object.$ref === 'string' && object.$ref.startsWith('#')
      ? { ...object, $ref: `openapi${object.$ref}` }
      : object,
  );
}

/** Objects with the members that are described, and no other. */
function closed(schema: unknown): unknown {
  return mapped(schema, (object) =>
    object.type === 'object' && 'properties' in object
      ? { additionalProperties: false, ...object }
      : object,
  );
}

function mapped(value: unknown, change: (object: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, mapped(member, change)]);
  return change(Object.fromEntries(members) as Json);
}
