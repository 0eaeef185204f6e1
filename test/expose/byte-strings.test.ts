import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteStrings } from '../../src/expose/byte-strings.js';
import { Random, seed } from '../support/random.js';

const textOf = (strings: ByteStrings, number: number) =>
  strings.bytesOf(number).toString('utf8', strings.from(number), strings.to(number));

describe('byte strings', () => {
  it('are numbered as they come, each once', () => {
    const strings = new ByteStrings();
    const add = (text: string) => strings.add(Buffer.from(text), 0, Buffer.byteLength(text));
    assert.deepEqual(['a', 'bb', 'a', '', 'bb', 'c', ''].map(add), [0, 1, 0, 2, 1, 3, 2]);
    assert.equal(strings.count, 4);
    assert.deepEqual(
      [0, 1, 2, 3].map((number) => textOf(strings, number)),
      ['a', 'bb', '', 'c'],
    );
  });

  it('are kept in place when they are in the home buffer, and copied otherwise', () => {
    const home = Buffer.from('one two');
    const strings = new ByteStrings(home);
    const other = Buffer.from('two three');
    assert.equal(strings.add(home, 4, 7), 0);
    assert.equal(strings.add(other, 0, 3), 0);
    assert.equal(strings.add(other, 4, 9), 1);
    assert.equal(strings.bytesOf(0), home);
    other.fill('x');
    assert.equal(textOf(strings, 1), 'three');
  });

  it('are found, and distinguished from their prefixes', () => {
    const strings = new ByteStrings();
    strings.add(Buffer.from('abcdef'), 0, 6);
    const has = (text: string) => strings.has(Buffer.from(text), 0, text.length);
    assert.ok(has('abcdef'));
    assert.ok(!has('abcde'));
    assert.ok(!has('abcdefg'));
    assert.ok(strings.isAt(0, Buffer.from('xabcdef'), 1, 7));
    assert.ok(!strings.isAt(0, Buffer.from('xabcdef'), 0, 6));
  });

  it('are the same as in a Map, also when there are many', () => {
    const random = new Random(seed());
    const strings = new ByteStrings();
    const numbers = new Map<string, number>();
    for (let i = 0; i < 50_000; i++) {
      const text = `series_${random.below(20_000)}{a="${random.below(3)}"}`;
      const expected = numbers.get(text) ?? numbers.size;
      numbers.set(text, expected);
      assert.equal(strings.add(Buffer.from(text), 0, text.length), expected, `${random.seed}`);
    }
    for (const [text, number] of numbers) assert.equal(textOf(strings, number), text);
  });
});
