import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError, parseYaml, type YamlNode } from '../../src/config/yaml-node.js';

const refused = (text: string, read: (root: YamlNode) => unknown, message: string | RegExp) =>
  assert.throws(
    () => read(parseYaml(text, 'a.yml')),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError, String(error));
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );

describe('a YAML value', () => {
  const root = parseYaml(
    'a: {b: yes, c: 1, d: "1", e: [x, y], f: 2h, g: , h: &n one, i: *n}\n',
    'a.yml',
  );
  const of = (key: string) => root.mapping().get('a')!.mapping().get(key)!;

  it('is read as what is asked for', () => {
    assert.equal(of('b').boolean(), true);
    assert.equal(of('c').integer(), 1);
    assert.deepEqual(
      of('e')
        .list()
        .map((node) => node.text()),
      ['x', 'y'],
    );
    assert.equal(of('f').text(), '2h');
  });

  it('is text as it was written, whatever it looks like', () => {
    assert.deepEqual(
      ['b', 'c', 'd'].map((key) => of(key).text()),
      ['yes', '1', '1'],
    );
  });

  it('may be empty, or stand for another one', () => {
    assert.equal(of('g').isEmpty, true);
    assert.equal(of('g').text(), '');
    assert.equal(of('g').mapping().size, 0);
    assert.deepEqual(of('g').list(), []);
    assert.equal(of('i').text(), 'one');
  });

  it('of another kind is refused, with its place', () => {
    refused(
      'a:\n  b: 3\n',
      (root) => root.mapping().get('a')!.text(),
      'a.yml:2:3: expected text for a, got a mapping',
    );
    refused(
      'a:\n  b: 3\n',
      (root) => root.mapping().get('a')!.mapping().get('b')!.list(),
      "a.yml:2:6: expected a list for a.b, got '3'",
    );
    refused(
      'a: [1]\n',
      (root) => root.mapping().get('a')!.mapping(),
      'a.yml:1:4: expected a mapping for a, got a list',
    );
    refused(
      'a: maybe\n',
      (root) => root.mapping().get('a')!.boolean(),
      "a.yml:1:4: expected true or false for a, got 'maybe'",
    );
    refused(
      'a: 1.5\n',
      (root) => root.mapping().get('a')!.integer(),
      "a.yml:1:4: expected a whole number for a, got '1.5'",
    );
    refused(
      'a:\n',
      (root) => root.mapping().get('a')!.integer(),
      'a.yml:1:3: expected a whole number for a, got nothing',
    );
    refused(
      'just text\n',
      (root) => root.mapping(),
      "a.yml:1:1: expected a mapping, got 'just text'",
    );
  });

  it('of a key that is not known is refused, with the keys there are', () => {
    refused(
      'x:\n  y: 1\n  z: 2\n',
      (root) => root.mapping(['x']).get('x')!.mapping(['y']),
      "a.yml:3:3: unknown key 'z' in x; known: y",
    );
  });

  it('is refused where the file is not YAML, or has a key twice', () => {
    refused('a: [1, 2\n', (root) => root, /^a\.yml:\d+:\d+: /);
    refused('a: 1\nb: 2\na: 3\n', (root) => root, /^a\.yml:3:1: Map keys must be unique$/);
    refused('a: *nobody\n', (root) => root.mapping(), 'a.yml:1:4: nothing is called &nobody');
  });

  it('of an empty file is an empty mapping', () => {
    for (const text of ['', '# nothing\n', '---\n'])
      assert.equal(parseYaml(text, 'a').mapping().size, 0);
  });
});
