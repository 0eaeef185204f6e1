/** The description of the API: that it is OpenAPI 3.1, and that it describes what there is. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { API, VIEWS } from '../../../src/serve/api/table.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

describe('GET /api/v1/openapi.json', () => {
  const served = new Served(tempDirectory());
  after(() => served.close());

  it('is OpenAPI 3.1, by its schema', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...(await served.document()) });
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, '3.1');
  });

  it('has every endpoint, and each has a route', async () => {
    const { paths } = await served.document();
    assert.deepEqual(
      Object.keys(paths),
      API.map(({ path }) => `/api/v1${path}`),
    );
    for (const { path } of VIEWS) {
      const url = `/api/v1${path.replace(/\{(\w+)\}/g, ':$1')}`;
      for (const method of ['GET', 'HEAD'] as const) {
        assert.ok(served.server.hasRoute({ method, url }), `${method} ${url}`);
      }
    }
  });

  it('has names of operations of its own', async () => {
    const { paths } = await served.document();
    const ids = Object.values(paths).flatMap(({ get, head }) => [
      get.operationId,
      head.operationId,
    ]);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('describes each parameter of each path', async () => {
    const { paths } = await served.document();
    for (const [path, { get }] of Object.entries(paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = get.parameters.filter((each) => each.in === 'path');
      assert.deepEqual(
        described.map(({ name }) => name),
        named,
        path,
      );
    }
  });

  it('refers to schemas that there are, and to all of them', async () => {
    const document = await served.document();
    const text = JSON.stringify(document);
    const used = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, to]) => to!));
    assert.deepEqual([...used].sort(), Object.keys(document.components.schemas).sort());
  });
});
