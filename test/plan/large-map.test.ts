import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LargeMap } from '../../src/plan/large-map.js';

describe('a large map', () => {
  it('finds what was added, and nothing else', () => {
    const map = new LargeMap<number>();
    map.add('a', 0);
    assert.equal(map.get('a'), 0);
    assert.equal(map.get('b'), undefined);
  });

  // One Map holds 65,536 of them.
  it('holds more than one of its parts', () => {
    const map = new LargeMap<number>();
    const size = 200_000;
    for (let i = 0; i < size; i++) map.add(`key ${i}`, i);
    for (const i of [0, 65_535, 65_536, 131_072, size - 1]) assert.equal(map.get(`key ${i}`), i);
    assert.equal([...map.values()].length, size);
    map.delete('key 65536');
    assert.equal(map.get('key 65536'), undefined);
    map.add('key 65536', -1);
    assert.equal(map.get('key 65536'), -1);
  });
});
