/** /load over HTTP: its forms, its limits, and the servers that have nothing else. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildLoadServer, buildServer } from '../../src/serve/server.js';
import { LoadOf, vllmConfig, vllmGauges, writeGauges } from '../live/load/made-up.js';
import { pick } from '../support/picker.js';
import { tempDirectory } from '../support/temp.js';

const NOW = Date.now() / 1000;
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

let load: LoadOf | undefined;
let server: FastifyInstance | undefined;
afterEach(async () => {
  await server?.close();
  await load?.close();
  server = undefined;
  load = undefined;
});

const log = {
  debug() {},
  warn() {},
  error: (text: string, fields: object) => assert.fail(`${text} ${JSON.stringify(fields)}`),
};

function engines(count = 2): string {
  const directory = tempDirectory();
  const states = Array.from({ length: count }, (_, i) => ({
    waiting: i,
    running: 2 * i,
    usage: i / 10,
    setSeconds: NOW,
  }));
  writeGauges(directory, 1, [
    ...vllmGauges('m', states),
    ...states.map((_, e) => vllmConfig(e, '10')),
  ]);
  return directory;
}

function serve(
  directory: ConstructorParameters<typeof LoadOf>[0],
  options: { readonly max?: number; readonly routePrefix?: string } = {},
): FastifyInstance {
  const { max = 40, ...others } = options;
  load = new LoadOf(directory);
  server = buildServer(load.scraper, {
    telemetryPath: '/metrics',
    limit: new RequestLimit(max),
    version: '1.2.3',
    loads: load.loads,
    log,
    ...others,
  });
  return server;
}

describe('GET /load', () => {
  it('is text to one who says nothing of what is accepted, as pickers do, and is not kept', async () => {
    const { statusCode, headers, body } = await serve(engines(3)).inject('/load');
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], TEXT);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers.vary, 'Accept');
    assert.equal(pick(body).waiting, 3);
  });

  it('is JSON to one who prefers it, with the same numbers', async () => {
    const { headers, body } = await serve(engines(3)).inject({
      path: '/load',
      headers: { accept: 'application/json' },
    });
    assert.equal(headers['content-type'], JSON_TYPE);
    const { takenAtSeconds, models } = JSON.parse(body);
    assert.ok(Math.abs(takenAtSeconds - Date.now() / 1000) < 30);
    const [{ ageSeconds, cacheUsage, ...model }] = models;
    assert.ok(ageSeconds >= 0 && ageSeconds < 60);
    assert.equal(cacheUsage.toFixed(3), '0.100');
    assert.deepEqual(model, {
      modelName: 'm',
      engines: ['0', '1', '2'],
      waiting: 3,
      running: 6,
      tokensPerBlock: 16,
      blocks: 30,
      families: {
        'vllm:num_requests_waiting': 3,
        'vllm:num_requests_running': 6,
        'vllm:kv_cache_usage_perc': cacheUsage,
      },
    });
  });

  const accepted: [accept: string, type: string][] = [
    ['*/*', TEXT],
    ['text/plain', TEXT],
    ['text/plain;q=0.5, application/json', JSON_TYPE],
    ['application/json;q=0.1, text/plain', TEXT],
    ['application/json;q=0', TEXT],
    ['application/*', JSON_TYPE],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*', TEXT],
  ];
  for (const [accept, type] of accepted) {
    it(`answers '${accept}' with ${type}`, async () => {
      const answer = await serve(engines()).inject({ path: '/load', headers: { accept } });
      assert.equal(answer.headers['content-type'], type);
    });
  }

  it('has a path for each engine, and answers 404 for one that there is not', async () => {
    const at = serve(engines(3));
    assert.equal(pick((await at.inject('/load/engine/2')).body).waiting, 2);
    const { statusCode, body } = await at.inject('/load/engine/3');
    assert.equal(statusCode, 404);
    assert.equal(body, "no engine is called '3'; known: 0, 1, 2\n");
  });

  it('answers 503 with the reason where no engine writes', async () => {
    const { statusCode, body } = await serve(tempDirectory()).inject('/load');
    assert.equal(statusCode, 503);
    assert.match(body, /no family of vLLM, SGLang or TensorRT-LLM/);
  });

  it('answers HEAD, and 405 to what is neither that nor GET', async () => {
    const at = serve(engines());
    for (const url of ['/load', '/load/engine/0']) {
      const head = await at.inject({ method: 'HEAD', url });
      assert.deepEqual([head.statusCode, head.body], [200, '']);
      assert.equal((await at.inject({ method: 'POST', url })).statusCode, 405);
    }
    assert.equal((await at.inject({ method: 'POST', url: '/load/other' })).statusCode, 404);
  });

  it('counts as a request of the telemetry path, where these are limited', async () => {
    const at = serve(engines(), { max: 1 });
    const answers = await Promise.all([at.inject('/load'), at.inject('/load'), at.inject('/load')]);
    const statuses = answers.map(({ statusCode }) => statusCode).sort();
    assert.deepEqual(statuses, [200, 503, 503]);
    assert.deepEqual([load!.loads.requests, load!.loads.refused], [3, 2]);
    assert.equal((await at.inject('/load')).statusCode, 200);
  });

  it('is below the route prefix, with the other paths', async () => {
    const at = serve(engines(), { routePrefix: '/promfold' });
    assert.equal((await at.inject('/load')).statusCode, 404);
    assert.equal((await at.inject('/promfold/load')).statusCode, 200);
  });

  it('takes a source by name, and answers 404 for one that there is not', async () => {
    const at = serve([
      { name: 'a', directory: engines(2) },
      { name: 'b', directory: engines(3) },
    ]);
    assert.equal(pick((await at.inject('/load')).body).waiting, 4);
    assert.equal(pick((await at.inject('/load?source=b')).body).waiting, 3);
    assert.equal((await at.inject('/load?source=c')).statusCode, 404);
    const { statusCode, body } = await at.inject('/load?source=a&source=b');
    assert.deepEqual([statusCode, body], [400, 'expected one source, got 2\n']);
  });
});

describe('the server of --web.load-address', () => {
  it('tells of its engine on the same path, and has nothing but that and the probes', async () => {
    load = new LoadOf(engines(3));
    server = buildLoadServer(load.scraper, {
      limit: new RequestLimit(40),
      loads: load.loads,
      engine: '2',
      log,
    });
    assert.equal(pick((await server.inject('/load')).body).waiting, 2);
    assert.equal((await server.inject('/-/healthy')).statusCode, 200);
    for (const path of ['/', '/metrics', '/load/engine/0', '/api/v1/status', '/-/engines']) {
      assert.equal((await server.inject(path)).statusCode, 404, path);
    }
  });

  it('tells of all engines, and of each, where none is named', async () => {
    load = new LoadOf(engines(3));
    server = buildLoadServer(load.scraper, {
      limit: new RequestLimit(40),
      loads: load.loads,
      log,
    });
    assert.equal(pick((await server.inject('/load')).body).waiting, 3);
    assert.equal(pick((await server.inject('/load/engine/1')).body).waiting, 1);
  });
});
