import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { logfmt } from '../../src/cli/logfmt.js';

describe('logfmt', () => {
  const cases: [title: string, fields: Record<string, unknown>, line: string][] = [
    [
      'begins with time, level and msg',
      { level: 'info', time: 'T', port: 1, msg: 'up' },
      'time=T level=info msg=up port=1',
    ],
    ['quotes a blank', { msg: 'two words' }, 'msg="two words"'],
    ['quotes an empty text', { msg: '' }, 'msg=""'],
    ['quotes an equals sign', { a: 'b=c' }, 'a="b=c"'],
    ['escapes a quote', { a: 'say "x"' }, 'a="say \\"x\\""'],
    ['leaves a lone backslash', { a: 'C:\\x' }, 'a=C:\\x'],
    ['escapes a backslash in quotes', { a: 'C:\\x y' }, 'a="C:\\\\x y"'],
    ['keeps a newline from starting a line', { a: 'one\ntwo' }, 'a="one\\ntwo"'],
    ['keeps an escape sequence from reaching the terminal', { a: '\x1b[2J' }, 'a="\\u001b[2J"'],
    ['escapes what turns text around', { a: 'a\u202eb' }, 'a="a\\u202eb"'],
    ['prints other languages as they are', { a: 'größe' }, 'a=größe'],
    ['prints numbers and booleans bare', { a: 1.5, b: true, c: null }, 'a=1.5 b=true c=null'],
    ['prints an object as JSON', { a: { b: [1] } }, 'a="{\\"b\\":[1]}"'],
    ['makes a name one word', { 'a b=': 1 }, 'a_b_=1'],
  ];
  for (const [title, fields, line] of cases) it(title, () => assert.equal(logfmt(fields), line));
});
