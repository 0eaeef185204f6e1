import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Selector } from '../../src/inspect/selector.js';

const series = (sampleName: string, labels: Record<string, string> = {}, family = sampleName) => ({
  family,
  sampleName,
  labels: Object.entries(labels),
});

describe('a selector', () => {
  const cases: [
    title: string,
    selector: string,
    of: ReturnType<typeof series>,
    selects: boolean,
  ][] = [
    ['a name', 'up', series('up', { a: 'b' }), true],
    ['another name', 'up', series('down'), false],
    [
      'the name of the family',
      'http_requests',
      series('http_requests_total', {}, 'http_requests'),
      true,
    ],
    ['equality', 'up{a="b"}', series('up', { a: 'b' }), true],
    ['equality that fails', 'up{a="b"}', series('up', { a: 'c' }), false],
    ['a label that is not there as empty', 'up{a=""}', series('up'), true],
    ['inequality', 'up{a!="b"}', series('up', { a: 'c' }), true],
    ['inequality of a missing label', 'up{a!="b"}', series('up'), true],
    ['a pattern', 'up{a=~"b.*"}', series('up', { a: 'bcd' }), true],
    ['anchored patterns', 'up{a=~"b"}', series('up', { a: 'abc' }), false],
    [
      'a pattern with alternatives, anchored as a whole',
      'up{a=~"b|c"}',
      series('up', { a: 'cd' }),
      false,
    ],
    ['a negative pattern', 'up{a!~"b.*"}', series('up', { a: 'xb' }), true],
    ['__name__ by pattern', '{__name__=~"vllm:.*"}', series('vllm:x'), true],
    ['__name__ by a negative pattern', '{__name__!~"vllm:.*"}', series('vllm:x'), false],
    ['a quoted name', '{"http.requests",a="b"}', series('http.requests', { a: 'b' }), true],
    ['a quoted label name', 'up{"a.b"="c"}', series('up', { 'a.b': 'c' }), true],
    ['a name as the text format spells it', 'http_requests', series('http.requests'), true],
    ['a label as the text format spells it', 'up{a_b="c"}', series('up', { 'a.b': 'c' }), true],
    ['a line of /metrics', 'up{a="b"} 1.5e+06', series('up', { a: 'b' }), true],
    ['a line without labels', 'up 12.0', series('up'), true],
    ['a line with a timestamp', 'up{a="b"} NaN 1700000000', series('up', { a: 'b' }), true],
    ['single quotes and blanks', " up { a = 'b' , } ", series('up', { a: 'b' }), true],
    ['escapes', 'up{a="\\"\\n\\\\"}', series('up', { a: '"\n\\' }), true],
    ['raw strings', 'up{a=~`\\d+`}', series('up', { a: '12' }), true],
    ['a dot that matches a newline', 'up{a=~"x.y"}', series('up', { a: 'x\ny' }), true],
    ['several matchers, all of them', 'up{a="b",c="d"}', series('up', { a: 'b', c: 'e' }), false],
  ];
  for (const [title, selector, of, selects] of cases) {
    it(`knows ${title}`, () => assert.equal(new Selector(selector).selects(of), selects));
  }

  const refused: [title: string, selector: string, message: RegExp][] = [
    ['nothing', '', /expected a metric name or '\{', got the end at character 1/],
    ['no matcher at all', '{}', /expected at least one matcher/],
    ['an open brace', 'up{a="b"', /expected ',' or '\}', got the end at character 9/],
    ['an open string', 'up{a="b', /expected the closing "/],
    ['a value without quotes', 'up{a=b}', /expected a quoted value, got 'b' at character 6/],
    ['a label without an operator', 'up{a}', /expected =, !=, =~ or !~, got '\}' at character 5/],
    ['two names', 'up{"down"}', /the name is given already/],
    ['what follows it', 'up{a="b"} x', /expected the end, got 'x' at character 11/],
    ['an operator in an open brace', 'up{a!="b"', /expected ',' or '\}', got the end/],
    ['a name with a dot', 'a.b', /expected the end, got '\.' at character 2/],
    ['a broken pattern', 'up{a=~"("}', /regular expression '\('/],
    ["RE2's own syntax", 'up{a=~"(?i)x"}', /has \(\?i, which promfold does not support/],
  ];
  for (const [title, selector, message] of refused) {
    it(`refuses ${title}, saying where`, () => {
      assert.throws(() => new Selector(selector), { name: 'UsageError', message });
    });
  }

  const expressions: [expression: string, inner: string][] = [
    ['up[5m]', 'up'],
    ['rate(x[5m])', 'x'],
    [
      'sum by (path) (rate(http_requests_total{code=~"5.."}[5m]))',
      'http_requests_total{code=~"5.."}',
    ],
    ['histogram_quantile(0.99, sum(h_bucket) by (le))', 'h_bucket'],
    ['up{a="b"} + down', 'up{a="b"}'],
    ['up == 1', 'up'],
    ['up offset 5m', 'up'],
    ['up @ 1700000000', 'up'],
    ['(up)', 'up'],
    ['up and on (job) down', 'up'],
  ];
  for (const [expression, inner] of expressions) {
    it(`refuses the expression ${expression}, and finds the selector in it`, () => {
      const message = `selector ${expression}: expected a selector, not an expression; try ${inner}`;
      assert.throws(() => new Selector(expression), { name: 'UsageError', message });
      new Selector(inner);
    });
  }
});
