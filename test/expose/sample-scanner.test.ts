import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { numberOf, SampleScanner, unescaped } from '../../src/expose/sample-scanner.js';

function scan(line: string, scanner = new SampleScanner()) {
  const bytes = Buffer.from(`before\n${line}\nafter`);
  const fault = scanner.scan(bytes, 7, 7 + Buffer.byteLength(line));
  if (fault !== undefined) return fault;
  const rest = bytes.toString('utf8', scanner.restFrom, scanner.restTo);
  return [scanner.sampleName(), Object.fromEntries(scanner.labels()), scanner.value(), rest];
}

describe('a sample line', () => {
  const good: [title: string, line: string, expected: ReturnType<typeof scan>][] = [
    ['of a name and a value', 'up 1', ['up', {}, '1', '']],
    ['with colons in the name', 'a:b:c 1', ['a:b:c', {}, '1', '']],
    ['with labels', 'x{b="1",a="2"} 3', ['x', { a: '2', b: '1' }, '3', '']],
    ['without a label in its braces', 'x{} 3', ['x', {}, '3', '']],
    ['with a comma after the last label', 'x{a="1",} 3', ['x', { a: '1' }, '3', '']],
    [
      'with blanks wherever they may be',
      ' x { a = "1" , b= "2" }  3\t4 ',
      ['x', { a: '1', b: '2' }, '3', '4'],
    ],
    ['with a carriage return', 'x 1\r', ['x', {}, '1', '']],
    ['with the three escapes', 'x{a="\\\\ \\" \\n"} 1', ['x', { a: '\\ " \n' }, '1', '']],
    ['with a backslash that escapes nothing', 'x{a="\\d"} 1', ['x', { a: '\\d' }, '1', '']],
    [
      'with braces, commas and hashes in a value',
      'x{a="},{ # "} 1',
      ['x', { a: '},{ # ' }, '1', ''],
    ],
    ['with UTF-8 in a value', 'x{a="日本"} 1', ['x', { a: '日本' }, '1', '']],
    ['with its name in quotes', '{"a.b"} 1', ['a.b', {}, '1', '']],
    ['with its name in quotes, not first', '{x="1","a.b"} 1', ['a.b', { x: '1' }, '1', '']],
    ['with a label name in quotes', 'x{"a.b"="1"} 2', ['x', { 'a.b': '1' }, '2', '']],
    ['with escapes in a name', '{"a\\"b"} 2', ['a"b', {}, '2', '']],
    ['with a timestamp', 'x 1 1395066363000', ['x', {}, '1', '1395066363000']],
    ['with an exemplar', 'x{le="1"} 1 # {t="a b"} 2', ['x', { le: '1' }, '1', '# {t="a b"} 2']],
    ['of a number of any spelling', 'x -1.5e+09', ['x', {}, '-1.5e+09', '']],
    ['of a fraction alone', 'x .5', ['x', {}, '.5', '']],
    ['of a number that ends in a point', 'x 5.', ['x', {}, '5.', '']],
    ['of infinity', 'x +Inf', ['x', {}, '+Inf', '']],
    ['of infinity in full', 'x -infinity 7', ['x', {}, '-infinity', '7']],
    ['of no number', 'x nan', ['x', {}, 'nan', '']],
  ];
  for (const [title, line, expected] of good) {
    it(`${title} is read`, () => assert.deepEqual(scan(line), expected));
  }

  const bad: [title: string, line: string][] = [
    ['nothing', ''],
    ['a name alone', 'x'],
    ['a name and a blank', 'x '],
    ['a value alone', '1'],
    ['labels without a name', '{a="1"} 1'],
    ['a name that begins with a digit', '7up 1'],
    ['a name that is not legal', 'a.b 1'],
    ['two names', 'x{"a.b"} 1'],
    ['an open brace', 'x{a="1" 1'],
    ['an open quote', 'x{a="1} 1'],
    ['a quote that is escaped', 'x{a="1\\"} 1'],
    ['a label without a value', 'x{a} 1'],
    ['a label whose value is not quoted', 'x{a=1} 1'],
    ['labels without a comma between', 'x{a="1"b="2"} 1'],
    ['a comma alone', 'x{,} 1'],
    ['a value that touches the brace', 'x{a="1"}1'],
    ['a word', 'x one'],
    ['a number and more', 'x 1x'],
    ['a power without digits', 'x 1e'],
    ['a hexadecimal number', 'x 0x10'],
    ['digits in groups', 'x 1_000'],
    ['two signs', 'x --1'],
    ['a point alone', 'x .'],
    ['a longer word that begins like a number', 'x infinite'],
  ];
  for (const [title, line] of bad) {
    it(`is not ${title}`, () => assert.equal(scan(line), 'not a sample'));
  }

  it('has more labels than a scanner has room for at first', () => {
    const labels = Array.from({ length: 100 }, (_, i) => `l${String(i).padStart(3, '0')}="${i}"`);
    assert.equal(
      Object.keys((scan(`x{${labels.join(',')}} 1`) as [string, object])[1]).length,
      100,
    );
  });

  it('is refused beyond the limits, and taken at them', () => {
    const scanner = new SampleScanner({ labels: 2, nameBytes: 3 });
    assert.ok(Array.isArray(scan('abc{def="1","g.h"="2"} 1', scanner)));
    assert.equal(scan('abc{d="1",e="2",f="3"} 1', scanner), 'more than 2 labels');
    assert.equal(scan('abcd 1', scanner), 'a name of more than 3 bytes');
    assert.equal(scan('abc{defg="1"} 1', scanner), 'a name of more than 3 bytes');
    assert.equal(scan('{"abcd"} 1', scanner), 'a name of more than 3 bytes');
  });
});

describe('a prefix', () => {
  const cases: [title: string, line: string, isCanonical: boolean][] = [
    ['of a name', 'x 1', true],
    ['of sorted labels', 'x{a="1",b="2"} 1', true],
    ['with escapes', 'x{a="\\\\\\"\\n"} 1', true],
    ['of unsorted labels', 'x{b="1",a="2"} 1', false],
    ['with a label twice', 'x{a="1",a="2"} 1', false],
    ['with a blank', 'x{a="1", b="2"} 1', false],
    ['with a blank before the brace', 'x {a="1"} 1', false],
    ['after a blank', ' x 1', false],
    ['with empty braces', 'x{} 1', false],
    ['with a comma at the end', 'x{a="1",} 1', false],
    ['with an escape too many', 'x{a="\\d"} 1', false],
    ['with a quoted name', 'x{"a.b"="1"} 1', false],
    ["with one of Prometheus' own labels", 'x{__a="1"} 1', false],
  ];
  for (const [title, line, isCanonical] of cases) {
    it(`${title} is ${isCanonical ? '' : 'not '}as it is printed`, () => {
      const scanner = new SampleScanner();
      scan(line, scanner);
      assert.equal(scanner.isCanonical, isCanonical);
    });
  }
});

describe('a number', () => {
  it('is read as any exposition writes it', () => {
    const numbers = ['1', '-2.5e3', 'inf', '+Inf', '-infinity', 'NaN', 'x'].map(numberOf);
    assert.deepEqual(numbers, [1, -2500, Infinity, Infinity, -Infinity, NaN, NaN]);
  });
});

describe('unescaped', () => {
  it('knows three escapes', () => {
    assert.equal(unescaped('a\\\\b\\"c\\nd\\te'), 'a\\b"c\nd\\te');
  });
});
