import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  COUNTS_OF_KIND,
  LINES_OF_KIND,
  LINES_OF_SUBJECT,
  LimitedLog,
} from '../../src/cli/limited-log.js';
import type { LogLevel } from '../../src/cli/log-choices.js';

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** A log whose minutes pass when the test says so. */
class Setup {
  readonly lines: Line[] = [];
  readonly log: LimitedLog;
  #pending: (() => void)[] = [];

  constructor() {
    const write =
      (level: LogLevel) =>
      (message: string, fields: Record<string, unknown> = {}) =>
        void this.lines.push({ level, message, fields });
    this.log = new LimitedLog(
      { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      (callback, milliseconds) => {
        assert.equal(milliseconds, 60_000);
        this.#pending.push(callback);
        return () => {
          this.#pending = this.#pending.filter((other) => other !== callback);
        };
      },
    );
  }

  /** Windows that are open. */
  get open(): number {
    return this.#pending.length;
  }

  /** The lines that the end of the minute writes. */
  minute(): Line[] {
    const before = this.lines.length;
    for (const callback of this.#pending.splice(0)) callback();
    return this.lines.slice(before);
  }

  /** A file that becomes bad and good again. */
  flap(path: string, times: number): void {
    for (let i = 0; i < times; i += 1) {
      const about = `${path} cut`;
      this.log.warn('cut', { code: 'FILE_CORRUPT', path, byte: i }, about);
      this.log.info('problem is over', { code: 'FILE_CORRUPT', path }, about);
    }
  }
}

describe('a line', () => {
  it('that is the first of its kind is written as it is, at once', () => {
    const { log, lines } = new Setup();
    log.error('request failed', { request: 'GET /' });
    log.warn('cut', { code: 'FILE_CORRUPT', path: '/a' });
    assert.deepEqual(lines, [
      { level: 'error', message: 'request failed', fields: { request: 'GET /' } },
      { level: 'warn', message: 'cut', fields: { code: 'FILE_CORRUPT', path: '/a' } },
    ]);
  });

  it('that stays within the limits is not counted when the minute ends', () => {
    const setup = new Setup();
    setup.flap('/a', 2);
    assert.deepEqual(setup.minute(), []);
    assert.equal(setup.open, 0, 'nothing is kept of it');
  });

  it('of level debug is not limited', () => {
    const { log, lines } = new Setup();
    for (let i = 0; i < 1000; i += 1) log.debug('request', { i });
    assert.equal(lines.length, 1000);
  });
});

describe('a problem that comes and goes', () => {
  it('is written a few times, then counted once a minute', () => {
    const setup = new Setup();
    setup.flap('/a', 5_500);
    assert.equal(setup.lines.length, LINES_OF_SUBJECT);
    const count = {
      level: 'warn',
      message: 'changed 11000 times in the last minute',
      fields: { code: 'FILE_CORRUPT', path: '/a', last: 'problem is over' },
    };
    assert.deepEqual(setup.minute(), [count]);
    for (let minutes = 0; minutes < 3; minutes += 1) {
      const before: number = setup.lines.length;
      setup.flap('/a', 5_500);
      assert.equal(setup.lines.length, before, 'the count alone, as long as it goes on');
      assert.deepEqual(setup.minute(), [count]);
    }
  });

  it('is written at once again after a quiet minute', () => {
    const setup = new Setup();
    setup.flap('/a', 100);
    assert.equal(setup.minute().length, 1);
    assert.deepEqual(setup.minute(), []);
    assert.equal(setup.open, 0);
    const before = setup.lines.length;
    setup.flap('/a', 1);
    assert.equal(setup.lines.length, before + 2);
  });

  it('hides no other problem, of the same file or of another', () => {
    const setup = new Setup();
    setup.flap('/a', 5_000);
    setup.minute();
    setup.flap('/a', 5_000);
    const before = setup.lines.length;
    setup.log.warn('key', { code: 'FILE_CORRUPT', path: '/a' }, '/a key');
    setup.log.warn('cut', { code: 'FILE_CORRUPT', path: '/b' }, '/b cut');
    setup.log.warn('cut', { code: 'FILE_EMPTY', path: '/a' }, '/a cut');
    assert.equal(setup.lines.length, before + 3);
  });
});

describe('many problems of one code', () => {
  it('share a budget, and what is beyond it is one number', () => {
    const setup = new Setup();
    for (let i = 0; i < 2_500; i += 1) {
      setup.log.warn('unrecognised', { code: 'FILE_FOREIGN', path: `/${i}` });
    }
    assert.equal(setup.lines.length, LINES_OF_KIND);
    setup.log.warn('cut', { code: 'FILE_CORRUPT', path: '/a' });
    assert.equal(setup.lines.length, LINES_OF_KIND + 1, 'of another code: a budget of its own');
    assert.deepEqual(setup.minute(), [
      {
        level: 'warn',
        message: 'lines left out in the last minute',
        fields: { code: 'FILE_FOREIGN', count: 2_500 - LINES_OF_KIND },
      },
    ]);
  });

  it('that all come and go end in a few counts a minute', () => {
    const setup = new Setup();
    const all = () => {
      for (let i = 0; i < 1_000; i += 1) setup.flap(`/${i}`, 20);
    };
    all();
    for (let minutes = 0; minutes < 10; minutes += 1) {
      const counts = setup.minute();
      assert.equal(counts.length, COUNTS_OF_KIND + 1);
      const before = setup.lines.length;
      all();
      const written = setup.lines.length - before;
      assert.ok(written <= LINES_OF_KIND, `${written} lines`);
    }
  });
});

describe('other lines', () => {
  it('are limited by message and by the path, directory or source they name', () => {
    const setup = new Setup();
    for (let i = 0; i < 40; i += 1) {
      setup.log.error('request failed', { request: `GET /${i}` });
      setup.log.info('source found', { source: `s${i % 2}` });
    }
    assert.equal(setup.lines.length, 3 * LINES_OF_SUBJECT);
    const counts = setup.minute();
    assert.deepEqual(
      counts.map(({ level, message, fields }) => [level, message, fields]),
      [
        ['error', 'repeated 40 times in the last minute', { line: 'request failed' }],
        ['info', 'repeated 20 times in the last minute', { line: 'source found', source: 's0' }],
        ['info', 'repeated 20 times in the last minute', { line: 'source found', source: 's1' }],
      ],
    );
  });

  it('can be taken from the log alone', () => {
    const { log, lines } = new Setup();
    const { warn } = log;
    warn('no directory');
    assert.equal(lines.length, 1);
  });
});

describe('the end', () => {
  it('writes the counts there are, and leaves no timer', () => {
    const setup = new Setup();
    setup.flap('/a', 100);
    const before = setup.lines.length;
    setup.log.flush();
    assert.deepEqual(
      setup.lines.slice(before).map(({ message }) => message),
      ['changed 200 times in the last minute'],
    );
    assert.equal(setup.open, 0);
  });
});
