import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isUnusable } from '../../src/format/key.js';
import { KeyTable } from '../../src/inspect/key-table.js';

const keyOf = (family: string, text = '') =>
  Buffer.from(JSON.stringify([family, `${family}_total`, { text }, 'help']));

describe('the keys of a reading', () => {
  it('have one id for each text', () => {
    const keys = new KeyTable();
    const ids = ['a', 'b', 'a'].map((family) => keys.add(keyOf(family)));
    assert.deepEqual([ids, keys.size], [[0, 1, 0], 2]);
  });

  it('are identified by bytes, not by what they mean', () => {
    const keys = new KeyTable();
    const broken = [0xc3, 0xe4].map((byte) => Buffer.concat([Buffer.from('["a'), Buffer.of(byte)]));
    assert.deepEqual(
      broken.map((bytes) => keys.add(bytes)),
      [0, 1],
    );
    assert.ok(isUnusable(keys.read(0)));
  });

  it('are text in UTF-8 again when they are read', () => {
    const keys = new KeyTable();
    const key = keys.read(keys.add(keyOf('a', 'häß 日本 🚀')));
    assert.ok(!isUnusable(key));
    assert.deepEqual(key.labels, [['text', 'häß 日本 🚀']]);
  });

  it('are read anew after others took the room', () => {
    const keys = new KeyTable();
    // More than is kept.
    const text = 'x'.repeat(2 ** 20);
    const ids = Array.from({ length: 40 }, (_, i) => keys.add(keyOf(`k${i}`, text)));
    for (const turn of [ids, ids]) {
      for (const [i, id] of turn.entries()) {
        const key = keys.read(id);
        assert.ok(!isUnusable(key) && key.family === `k${i}`);
      }
    }
  });
});
