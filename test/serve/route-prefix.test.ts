import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRoutePrefix, withoutPrefix } from '../../src/serve/route-prefix.js';

describe('a route prefix', () => {
  const parsed: [text: string, prefix: string | undefined][] = [
    ['', ''],
    ['/', ''],
    ['/promfold', '/promfold'],
    ['/promfold/', '/promfold'],
    ['/a/b-c_d.e~f//', '/a/b-c_d.e~f'],
    ['promfold', undefined],
    ['/a b', undefined],
    ['/a//b', undefined],
    ['/a?b', undefined],
  ];
  for (const [text, prefix] of parsed) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(prefix)}`, () =>
      assert.equal(parseRoutePrefix(text), prefix));
  }

  const outside = '/-/outside';
  const rewritten: [url: string, rest: string][] = [
    ['/p', '/'],
    ['/p/', '/'],
    ['/p?x=1', '/?x=1'],
    ['/p/metrics?name[]=a', '/metrics?name[]=a'],
    ['/metrics', outside],
    ['/', outside],
    ['/promfold', outside],
    ['*', outside],
  ];
  for (const [url, rest] of rewritten) {
    it(`/p makes ${url} ${rest}`, () => assert.equal(withoutPrefix('/p')({ url }), rest));
  }

  it('that is empty changes nothing', () =>
    assert.equal(withoutPrefix('')({ url: '/metrics?x' }), '/metrics?x'));
});
