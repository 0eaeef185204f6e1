import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keysIn } from '../../src/cli/screen.js';
import { painter } from '../../src/cli/terminal.js';
import { textWidth } from '../../src/cli/text-width.js';
import { handleKey, type TopState, topLines } from '../../src/cli/top-screen.js';
import type { TopView } from '../../src/inspect/top.js';

const VIEW: TopView = {
  path: '/run/prom',
  takenAtSeconds: 0,
  windowSeconds: 2,
  incrementsPerSecond: 12.5,
  files: 3,
  entries: 4,
  usedBytes: 500,
  processes: Array.from({ length: 30 }, (_, i) => ({
    processId: String(i),
    liveness: 'alive',
    pid: i,
    role: i === 7 ? 'VLLM::APIServer_7' : undefined,
    program: 'python3.11',
    incrementsPerSecond: 30 - i,
    movingEntries: 1,
    entries: i,
    usedBytes: i,
  })),
  series: Array.from({ length: 40 }, (_, i) => ({
    series: `requests_total{path="/${i}",what="${'x'.repeat(80)}"}`,
    family: 'requests',
    incrementsPerSecond: 40 - i,
    processes: 1,
  })),
  problems: [
    { code: 'TWO_WRITERS', severity: 'error', title: 'two processes write one file', count: 2 },
  ],
};

const state = (rest: Partial<TopState> = {}): TopState => ({
  sort: 'rate',
  filter: '',
  typing: undefined,
  from: 0,
  ...rest,
});

const drawn = (of: TopState, width = 80, rows = 24) =>
  topLines(VIEW, of, { width, rows, paint: painter(false), hasKeys: true });

describe('topLines', () => {
  for (const [width, rows] of [
    [80, 24],
    [40, 12],
    [200, 60],
  ] as const) {
    it(`fits ${width} columns and ${rows} rows`, () => {
      const lines = drawn(state(), width, rows);
      assert.ok(lines.length <= rows, `${lines.length} lines`);
      if (width >= 80) for (const line of lines) assert.ok(textWidth(line) <= width, line);
    });
  }

  it('has head, problems, processes, series and keys', () => {
    const text = drawn(state()).join('\n');
    assert.match(text, /^promfold top .* \/run\/prom\n30 processes \(30 alive\), 3 files/);
    assert.match(text, /error TWO_WRITERS: two processes write one file \(2\)/);
    assert.match(text, /PROCESS {2}STATE {2}INCR\/S {2}MOVING {2}ENTRIES {2}USED {2}WHO/);
    assert.match(text, /q quit {2}s sort {2}\/ filter {2}↑↓ scroll {3}sorted by rate$/);
  });

  it('filters processes by who they are, and series by name and labels', () => {
    assert.match(drawn(state({ filter: 'APIserver' })).join('\n'), /\n7 +alive/);
    const series = drawn(state({ filter: 'path="/33"' })).filter((line) =>
      line.includes('requests_total'),
    );
    assert.equal(series.length, 1);
  });

  it('scrolls no further than to the end', () => {
    const of = state({ from: 1000 });
    assert.match(drawn(of).at(-2)!, /path="\/39"/);
    assert.ok(of.from < 40);
  });
});

describe('keys', () => {
  const press = (of: TopState, ...keys: string[]) =>
    keys.map((key) => handleKey(of, key, 24)).at(-1);

  it('leave with q and Ctrl-C, also while typing with Ctrl-C only', () => {
    assert.equal(press(state(), 'q'), true);
    assert.equal(press(state(), 'ctrl-c'), true);
    assert.equal(press(state({ typing: '' }), 'q'), false);
    assert.equal(press(state({ typing: '' }), 'ctrl-c'), true);
  });
  it('go through the sorts', () => {
    const of = state();
    press(of, 's', 's');
    assert.equal(of.sort, 'entries');
    press(of, 'left', 'left', 'left');
    assert.equal(of.sort, 'used');
  });
  it('type a filter, mend it and take it back', () => {
    const of = state();
    press(of, '/', 'a', 'b', 'backspace', 'q', 'enter');
    assert.deepEqual([of.filter, of.typing], ['aq', undefined]);
    press(of, '/', 'x', 'escape');
    assert.equal(of.filter, 'aq');
    press(of, 'escape');
    assert.equal(of.filter, '');
  });
  it('are told apart in what a terminal sends', () => {
    assert.deepEqual(
      [...keysIn('a\u001b[A\u001bOB\u001b[5~\u007f\r\u0003é\u001b[15~\u0001\u001b')],
      ['a', 'up', 'down', 'page-up', 'backspace', 'enter', 'ctrl-c', 'é', 'escape'],
    );
  });
});
