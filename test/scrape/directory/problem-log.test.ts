import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MetricFileError } from '../../../src/errors.js';
import { ProblemLog } from '../../../src/scrape/directory/problem-log.js';

interface Line {
  readonly message: string;
  readonly code: unknown;
  readonly path: unknown;
  readonly count?: unknown;
  readonly about: string | undefined;
}

function setUp() {
  const lines: Line[] = [];
  const record = (message: string, fields: Record<string, unknown>, about?: string) => {
    const { code, path, count } = fields;
    lines.push({ message, code, path, ...(count !== undefined && { count }), about });
  };
  return { lines, log: new ProblemLog({ warn: record, info: record }) };
}

const corrupt = (path: string, offset: number) =>
  new MetricFileError('FILE_CORRUPT', path, `key length ${offset * 2} runs past used`, { offset });

const unrecognised = (count: number) =>
  Array.from({ length: count }, (_, i) => new MetricFileError('FILE_FOREIGN', `/${i}.db`, 'found'));

describe('a problem', () => {
  it('is logged when it appears and when it is over, and not between', () => {
    const { lines, log } = setUp();
    for (let i = 0; i < 3; i += 1) log.report([corrupt('/a', 4)]);
    log.report([]);
    log.report([]);
    assert.deepEqual(
      lines.map(({ message, code, path }) => [message, code, path]),
      [
        ['key length 8 runs past used', 'FILE_CORRUPT', '/a'],
        ['problem is over', 'FILE_CORRUPT', '/a'],
      ],
    );
  });

  it('is about the same when only numbers in it change, and when it is over', () => {
    const { lines, log } = setUp();
    log.report([corrupt('/a', 4)]);
    log.report([corrupt('/a', 4096)]);
    log.report([]);
    assert.ok(lines.length >= 3);
    assert.equal(new Set(lines.map(({ about }) => about)).size, 1);
  });

  it('is about something else when it is of another file, or found otherwise', () => {
    const { lines, log } = setUp();
    log.report([
      corrupt('/a', 4),
      corrupt('/b', 4),
      new MetricFileError('FILE_CORRUPT', '/a', 'used is negative'),
    ]);
    assert.equal(new Set(lines.map(({ about }) => about)).size, 3);
  });
});

describe('many problems at once', () => {
  it('are listed up to a limit of each code, and the rest is a number', () => {
    const { lines, log } = setUp();
    log.report([...unrecognised(51), ...unrecognised(50).map(({ path }) => corrupt(path, 4))]);
    const of = (code: string) => lines.filter((line) => line.code === code);
    assert.equal(of('FILE_CORRUPT').length, 50);
    assert.equal(of('FILE_FOREIGN').length, 51);
    assert.deepEqual(of('FILE_FOREIGN').at(-1), {
      message: 'more problems of this kind',
      code: 'FILE_FOREIGN',
      path: undefined,
      count: 1,
      about: undefined,
    });
  });

  it('are over in the same way', () => {
    const { lines, log } = setUp();
    log.report(unrecognised(1_000));
    lines.length = 0;
    log.report([]);
    assert.equal(lines.length, 51);
    assert.equal(lines.at(-1)!.message, 'more problems of this kind are over');
    assert.equal(lines.at(-1)!.count, 950);
  });
});
