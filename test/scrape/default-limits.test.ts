import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  appendLimits,
  defaultLimits,
  defaultRecorderBytes,
  limitsFor,
  recordBytes,
} from '../../src/scrape/default-limits.js';

const MIB = 2 ** 20;

describe('default limits', () => {
  it('let 60,000 series be served in a container of 192 MiB', () => {
    const limits = limitsFor(192 * MIB, 100 * MIB);
    assert.ok(limits.series >= 60_000, `${limits.series} series`);
    assert.ok(limits.series <= 80_000, `${limits.series} series`);
    assert.ok(limits['page-bytes'] >= 16 * MIB);
  });

  it('let a million series be served on a machine of 4 GiB, and not ten', () => {
    const { series } = limitsFor(4096 * MIB, 2048 * MIB);
    assert.ok(series >= 1_000_000 && series < 10_000_000, `${series} series`);
  });

  it('follow the heap where that is smaller', () => {
    assert.ok(limitsFor(65_536 * MIB, 200 * MIB).series <= 600_000);
  });

  it('keep a page within 512 MiB, whatever memory there is', () => {
    assert.equal(limitsFor(1024 * 1024 * MIB, 4096 * MIB)['page-bytes'], 512 * MIB);
  });

  it('are not zero where there is hardly any memory', () => {
    for (const amount of Object.values(limitsFor(0, 50 * MIB)))
      assert.ok(amount >= 500, `${amount}`);
  });

  it('give one of several sources half of all', () => {
    const { source, all } = defaultLimits(true);
    assert.equal(source.series, Math.floor(all.series / 2));
    assert.equal(defaultLimits(false).source.series, all.series);
  });
});

describe('the memory of the flight recorder', () => {
  const cases: [title: string, memory: number, expected: number][] = [
    ['is 32 MiB on a machine', 4096 * MIB, 32 * MIB],
    ['is a tenth in a container', 200 * MIB, 20 * MIB],
  ];
  for (const [title, memory, expected] of cases) {
    it(title, () => assert.equal(defaultRecorderBytes(memory), expected));
  }

  it('is a quarter of the memory for record, 1 GiB at most', () => {
    assert.equal(recordBytes(400 * MIB), 100 * MIB);
    assert.equal(recordBytes(64 * 1024 * MIB), 1024 * MIB);
  });
});

describe('limits of the pages of other endpoints', () => {
  const cases: [
    title: string,
    endpoints: number,
    memory: number,
    pageBytes: number,
    heap: number,
  ][] = [
    ['are the largest there are on a machine', 1, 4096 * MIB, 32 * MIB, 256],
    ['leave room in a container of 192 MiB', 1, 192 * MIB, 6 * MIB, 32],
    ['are shared by endpoints', 3, 672 * MIB, 12 * MIB, 48],
    ['are not zero where there is hardly any memory', 1, 0, MIB, 32],
  ];
  for (const [title, endpoints, memory, pageBytes, heapMegabytes] of cases) {
    it(title, () => {
      assert.deepEqual(appendLimits(endpoints, memory), { pageBytes, heapMegabytes });
    });
  }
});
