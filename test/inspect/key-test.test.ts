import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isUnusable } from '../../src/format/key.js';
import { KeyTable } from '../../src/inspect/key-table.js';
import { keyTest, selectedKeys } from '../../src/inspect/key-test.js';
import { Selector } from '../../src/inspect/selector.js';
import { indexOf } from '../../src/inspect/series-index.js';
import { makeReading } from './make-reading.js';

describe('a test of keys', () => {
  it('reads each key once, and none that cannot pass', () => {
    const table = new KeyTable();
    for (const text of ['["a", "a", {}, "h"]', '[', '["b", "b", {}, "h"]']) {
      table.add(Buffer.from(text));
    }
    const read: number[] = [];
    const keys = {
      size: table.size,
      read: (id: number) => {
        read.push(id);
        return table.read(id);
      },
    };
    const isGood = keyTest(
      keys,
      (key) => !isUnusable(key),
      (id) => id !== 2,
    );
    assert.deepEqual([0, 1, 2, 1, 0].map(isGood), [true, false, false, false, true]);
    assert.deepEqual(read, [0, 1]);
  });

  it('selects the same keys where names are known', () => {
    const reading = makeReading({
      'counter_1.db': {
        entries: [
          { name: 'jobs' },
          { name: 'jobs', labels: { kind: 'a' } },
          { name: 'runs', labels: { kind: 'a' } },
          { name: 'broken', rawKey: '[' },
        ],
      },
    });
    const { structure } = indexOf(reading);
    for (const text of ['jobs_total', '{kind="a"}', 'jobs_total{kind="a"}', '{__name__!="jobs"}']) {
      const selector = new Selector(text);
      const ids = [0, 1, 2, 3];
      const wanted = ids.map(selectedKeys(reading, selector));
      assert.deepEqual(ids.map(selectedKeys({ ...reading, structure }, selector)), wanted, text);
    }
  });
});
