import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Key, parseKey } from '../../src/format/key.js';
import { selectsKey } from '../../src/plan/selection.js';

const key = (family: string, sample: string) =>
  parseKey(Buffer.from(JSON.stringify([family, sample, {}, 'help']))) as Key;

const tokens = key('vllm:tokens', 'vllm:tokens_total');
const seconds = key('vllm:seconds', 'vllm:seconds_bucket');

describe('a prefix', () => {
  const cases: [title: string, include: string[], exclude: string[], Key, boolean][] = [
    ['that is not given selects all', [], [], tokens, true],
    ['selects what begins with it', ['vllm:'], [], tokens, true],
    ['leaves out what does not', ['lmcache:'], [], tokens, false],
    ['of several is enough', ['lmcache:', 'vllm:t'], [], tokens, true],
    ['excludes what begins with it', [], ['vllm:'], tokens, false],
    ['excluded wins over one included', ['vllm:'], ['vllm:tok'], tokens, false],
    ['may be a whole name with its _total', ['vllm:tokens_total'], [], tokens, true],
    ['may end inside _total', [], ['vllm:tokens_'], tokens, false],
    ["does not meet a histogram's samples", ['vllm:seconds_bucket'], [], seconds, false],
    ['that only samples have excludes nothing', [], ['vllm:seconds_bucket'], seconds, true],
    ['is case-sensitive', ['VLLM:'], [], tokens, false],
  ];
  for (const [title, include, exclude, of, expected] of cases) {
    it(title, () => assert.equal(selectsKey({ include, exclude }, of), expected));
  }
});
