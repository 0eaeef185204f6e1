/** Pages from elsewhere as large as they may be, and larger: each is read, or refused, in bounded time and memory. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAGE_BUDGET } from '../../src/expose/external-page.js';
import { readPage } from '../support/external-page.js';

describe('a page at the edge', () => {
  const { samples, families } = PAGE_BUDGET;
  const seconds = (work: () => unknown) => {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1e6;
  };
  const refuses = (page: string, fault: RegExp) => {
    const text = Buffer.from(page);
    let heap = process.memoryUsage().heapUsed;
    const taken = seconds(() => assert.throws(() => readPage(text), { message: fault }));
    heap = process.memoryUsage().heapUsed - heap;
    assert.ok(taken < 5, `${taken} s`);
    assert.ok(heap < 64e6, `${heap} bytes of heap`);
  };
  const takes = (page: string) => {
    const text = Buffer.from(page);
    const taken = seconds(() => readPage(text));
    assert.ok(taken < 5, `${taken} s`);
  };
  const many = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('');

  it('has one line of 32 MB', () => refuses(`a{b="${'x'.repeat(32e6)}"} 1\n`, /longer than/));
  it('has 100,000 labels in a line', () => {
    refuses(
      `a{${many(100_000, (i) => `l${i}="",`)}} 1\n`,
      /^line 1: (more than 1000 labels|longer)/,
    );
  });
  it('has a name of 1 MiB', () => refuses(`${'n'.repeat(2 ** 20)} 1\n`, /longer than|a name of/));
  it('has half a million families', () =>
    refuses(
      many(5e5, (i) => `n${i} 1\n`),
      /more than 10000/,
    ));
  it('has as many families as it may', () => takes(many(families, (i) => `n${i} 1\n`)));
  it('has as many series in one family as it may', () =>
    takes(many(samples, (i) => `n{a="${i}"} 1\n`)));
  it('has one series too many', () =>
    refuses(
      many(samples + 1, (i) => `n{a="${i}"} 1\n`),
      /more than 500000 samples/,
    ));
  it('has as many series out of order as it may', () =>
    takes(
      `# TYPE n histogram\n${many(samples, (i) => `n_bucket{b="${samples - i}",a="${i % 7}",le="${i % 9}"} 1\n`)}`,
    ));
  it('has the labels of each series backwards', () =>
    takes(many(3_000, (i) => `n{a${i}="",${many(900, (j) => `l${999 - j}="",`)}} 1\n`)));
  it('has blank lines only', () => takes('\n'.repeat(32e6)));
  it('has comments only', () => takes('# no\n'.repeat(6e6)));
  it('has one HELP again and again', () => takes('# HELP x text\n'.repeat(2e6)));
});
