import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keysIn } from '../../src/cli/screen.js';
import { painter } from '../../src/cli/terminal.js';
import { textWidth } from '../../src/cli/text-width.js';
import { handleKey, newTopState, type TopState, topLines } from '../../src/cli/top-screen.js';
import type { TopView } from '../../src/inspect/top.js';

const VIEW: TopView = {
  path: '/run/prom',
  takenAtSeconds: 0,
  windowSeconds: 2,
  incrementsPerSecond: 12.5,
  observationsPerSecond: 3,
  files: 3,
  entries: 4,
  usedBytes: 500,
  processes: Array.from({ length: 30 }, (_, i) => ({
    processId: String(i),
    liveness: i === 9 ? 'unknown' : 'alive',
    lastSeenSeconds: -120,
    pid: i,
    role: i === 7 ? 'VLLM::APIServer_7' : undefined,
    program: 'python3.11',
    incrementsPerSecond: 30 - i,
    observationsPerSecond: 0,
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
  gauges: Array.from({ length: 20 }, (_, i) => ({
    series: `queue_depth{queue="${i}"}`,
    family: 'queue_depth',
    mode: 'livesum',
    value: 1_234_567 + i,
    ...(i > 0 && { change: i % 2 === 0 ? i : -i }),
    processes: 2,
  })),
  problems: [
    { code: 'TWO_WRITERS', severity: 'error', title: 'two processes write one file', count: 2 },
  ],
};

const state = (rest: Partial<TopState> = {}): TopState => ({ ...newTopState('rate', ''), ...rest });

const drawn = (of: TopState, width = 80, rows = 24, view = VIEW) =>
  topLines(view, of, { width, rows, paint: painter(false), hasKeys: true });

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
    assert.match(
      text,
      /^promfold top .* \/run\/prom\n30 processes \(29 alive\), 3 files, 4 entries, 500 B\n12\.5 increments\/s, 3\.00 observations\/s\n/,
    );
    assert.match(text, /error TWO_WRITERS: two processes write one file \(2\)/);
    assert.match(text, /PROCESS +STATE +ROLE +INCR\/S +OBS\/S +MOVING +ENTRIES +USED/);
    assert.match(text, /RATE\/S +PROCESSES +SERIES/);
    assert.match(text, /VALUE +CHANGE +PROCESSES +GAUGE/);
    assert.match(text, /q quit {2}s sort {2}\/ filter {2}↑↓ scroll {2}\? keys {3}sorted by rate$/);
  });

  it('filters processes by who they are, and series by name and labels', () => {
    assert.match(drawn(state({ filter: 'APIserver' })).join('\n'), /\n7 +alive/);
    const series = drawn(state({ filter: 'path="/33"' })).filter((line) =>
      line.includes('requests_total'),
    );
    assert.equal(series.length, 1);
  });

  it('has value and change of gauges, and filters them too', () => {
    const lines = drawn(state({ filter: 'queue="' }), 100, 80);
    const rows = lines.filter((line) => line.includes('queue_depth')).map((line) => line.trim());
    assert.deepEqual(rows.slice(0, 3), [
      '1,234,567     new          2  queue_depth{queue="0"}',
      '1,234,568      -1          2  queue_depth{queue="1"}',
      '1,234,569      +2          2  queue_depth{queue="2"}',
    ]);
    assert.equal(rows.length, 20);
    assert.ok(lines.every((line) => !line.includes('requests_total')));
  });

  it('says when nothing moves, and has no table of gauges then', () => {
    const text = drawn(state(), 80, 24, { ...VIEW, series: [], gauges: [] }).join('\n');
    assert.match(text, /SERIES\nnothing moves\n/);
    assert.doesNotMatch(text, /GAUGE/);
  });

  it('has the time of an unknown process', () => {
    assert.match(drawn(state({ sort: 'id' }), 80, 60).join('\n'), /\n9 +unknown 2m +python3\.11 /);
  });

  it('scrolls no further than to the end, series and gauges', () => {
    const of = state({ from: { series: 1000, gauges: 1000 } });
    const lines = drawn(of);
    assert.match(lines.at(-2)!, /queue="19"/);
    assert.ok(lines.some((line) => line.includes('path="/39"')));
    assert.ok(of.from.series < 40 && of.from.gauges < 20);
  });

  it('shows its keys in place of the tables', () => {
    const text = drawn(state({ showsKeys: true })).join('\n');
    for (const key of ['q, Ctrl-C', '/', 'tab', '?']) assert.ok(text.includes(`\n${key} `), key);
    assert.doesNotMatch(text, /SERIES/);
  });

  it('lets no text that was typed move the cursor', () => {
    for (const of of [state({ typing: 'a\u202eb' }), state({ filter: 'a\u202eb' })]) {
      assert.match(drawn(of).at(-1)!, /a\\u202eb/);
    }
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
  it('type a filter, correct it and clear it', () => {
    const of = state();
    press(of, '/', 'a', 'b', 'backspace', 'q', 'enter');
    assert.deepEqual([of.filter, of.typing], ['aq', undefined]);
    press(of, '/', 'x', 'escape');
    assert.equal(of.filter, 'aq');
    press(of, 'escape');
    assert.equal(of.filter, '');
  });
  it('show the keys with ?, until the next one', () => {
    const of = state();
    assert.equal(press(of, '?'), false);
    assert.equal(of.showsKeys, true);
    assert.equal(press(of, 'q'), false);
    assert.equal(of.showsKeys, false);
    assert.equal(press(of, '?', 'ctrl-c'), true);
  });
  it('scroll series, and after tab gauges', () => {
    const of = state();
    press(of, 'down', 'down', 'up', 'tab', 'page-down');
    assert.deepEqual(of.from, { series: 1, gauges: 12 });
    press(of, 'tab', 'up', 'up');
    assert.deepEqual(of.from, { series: 0, gauges: 12 });
  });
  it('are recognised in what a terminal sends', () => {
    assert.deepEqual(
      [...keysIn('a\u001b[A\u001bOB\u001b[5~\u007f\r\t\u0003é\u001b[15~\u0001\u001b')],
      ['a', 'up', 'down', 'page-up', 'backspace', 'enter', 'tab', 'ctrl-c', 'é', 'escape'],
    );
  });
});
