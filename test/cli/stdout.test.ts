import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { writeOutput } from '../../src/cli/stdout.js';
import { UsageError } from '../../src/errors.js';

/** Accepts this many writes, then fails with the code. */
class Limited extends Writable {
  readonly chunks: Buffer[] = [];
  readonly #most: number;
  readonly #code: string;

  constructor(most = Number.POSITIVE_INFINITY, code = 'EPIPE') {
    super();
    this.#most = most;
    this.#code = code;
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    if (this.chunks.length >= this.#most) {
      done(Object.assign(new Error('no'), { code: this.#code, errno: -28 }));
    } else {
      this.chunks.push(chunk);
      done();
    }
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

describe('writeOutput', () => {
  it('writes a text, bytes and pieces whole', async () => {
    const bytes = Buffer.alloc(40_000_000, 'ab');
    const pieces = Array.from({ length: 100_000 }, (_, i) => `${i},`);
    for (const output of ['text é', bytes, pieces]) {
      const stream = new Limited();
      assert.equal(await writeOutput(stream, output), true);
      const expected = Array.isArray(output) ? output.join('') : output.toString();
      assert.ok(stream.text === expected);
    }
  });

  it('gathers short pieces, and leaves long ones as they are', async () => {
    const stream = new Limited();
    const long = 'x'.repeat(1_000_000);
    await writeOutput(stream, ['a', 'b', long, 'c', ...Array<string>(100_000).fill('d')]);
    assert.deepEqual(
      stream.chunks.map((chunk) => chunk.length),
      [2, 1_000_000, 65_536, 100_001 - 65_536],
    );
  });

  it('makes no piece before those that precede it are written', async () => {
    let made = 0;
    function* pieces() {
      for (;;) {
        made++;
        yield 'x'.repeat(65_536);
      }
    }
    const stream = new Limited(3);
    assert.equal(await writeOutput(stream, pieces()), false);
    assert.equal(made, 4);
    // It stays so.
    assert.equal(await writeOutput(stream, 'more'), false);
  });

  it('says what the system said where it cannot be written', async () => {
    await assert.rejects(
      writeOutput(new Limited(0, 'ENOSPC'), 'text'),
      (error) => error instanceof UsageError && /^stdout: no space left/.test(error.message),
    );
  });
});
