/** What each verdict needs, tick by tick, with a silence of 30 seconds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verdict } from '../../src/watchdog/verdict.js';
import { Watchdog } from '../../src/watchdog/watchdog.js';
import type { ProcessFacts, WatchedEngine, WatchTick } from '../../src/watchdog/watched.js';

/** Rows of the engine: progress, finished, running, waiting, for room, awake, arrivals. */
const ROW = { progress: 0, finished: 1, running: 2, waiting: 3, room: 4, awake: 5, arrivals: 6 };

const ENGINE: WatchedEngine = {
  key: 'e',
  engine: '0',
  modelName: 'm',
  front: 'f',
  process: Uint32Array.of(0),
  progress: Uint32Array.of(ROW.progress, ROW.finished),
  finished: Uint32Array.of(ROW.finished),
  running: Uint32Array.of(ROW.running),
  waiting: Uint32Array.of(ROW.waiting),
  waitingForRoom: Uint32Array.of(ROW.room),
  awake: Uint32Array.of(ROW.awake),
  paused: new Uint32Array(0),
  step: new Uint32Array(0),
  stepBound: new Float64Array(0),
  arrivals: Uint32Array.of(ROW.arrivals),
};

interface Second {
  /** Which processes count something; all by default. */
  readonly moves?: (index: number) => boolean;
  /** What the engine does in a second. */
  readonly engine?: (value: Float64Array, set: (row: number, to: number) => void) => void;
}

class Played {
  readonly watchdog = new Watchdog(30);
  readonly value = new Float64Array(7);
  readonly stamps = new Float64Array(7);
  now = 0;
  wall = 1_700_000_000;
  facts = new Map<string, ProcessFacts>();
  readonly #processes: number;
  readonly #hasEngine: boolean;
  #born = 0;
  #lives: string[] = [];

  constructor(processes: number, hasEngine = false) {
    this.#processes = processes;
    this.#hasEngine = hasEngine;
    for (let i = 0; i < processes; i++) this.begin(String(i));
    this.watch();
  }

  begin(processId: string): void {
    this.#lives.push(`${processId}.${this.#born++}`);
    this.facts.set(processId, { liveness: 'alive', startSeconds: this.wall });
  }

  watch(): void {
    this.watchdog.watch(
      {
        processes: this.#lives.map((life) => ({
          processId: life.split('.')[0]!,
          life,
          group: 'worker#0',
        })),
        latencies: [],
        engines: this.#hasEngine ? [ENGINE] : [],
      },
      this.now,
      this.wall,
    );
    this.watchdog.know(this.facts, this.now, this.wall);
  }

  know(processId: string, facts: Partial<ProcessFacts>): void {
    this.facts.set(processId, { ...this.facts.get(processId)!, ...facts });
    this.watchdog.know(this.facts, this.now, this.wall);
  }

  seconds(count: number, { moves = () => true, engine }: Second = {}, step = 1): void {
    for (let i = 0; i < count; i++) {
      this.now += step;
      this.wall += step;
      engine?.(this.value, (row, to) => this.set(row, to));
      this.tick(moves);
    }
  }

  set(row: number, to: number): void {
    this.value[row] = to;
    this.stamps[row] = this.wall;
  }

  tick(moves: (index: number) => boolean, more: Partial<WatchTick> = {}): void {
    const moved = this.#lives.map((_, index) => (moves(index) ? 3 : 0));
    this.watchdog.tick({
      nowSeconds: this.now,
      wallSeconds: this.wall,
      intervalSeconds: 1,
      value: this.value,
      timestampSeconds: this.stamps,
      moved,
      observed: moved.map((each) => each * 2),
      ...more,
    });
  }

  of(processId: string): Verdict {
    return this.watchdog.verdicts().find((each) => each.processId === processId)!;
  }

  engine(): Verdict {
    return this.watchdog.verdicts().find((each) => each.engine !== undefined)!;
  }

  get processes(): number {
    return this.#processes;
  }
}

const all = () => true;
const allBut = (silent: number) => (index: number) => index !== silent;

describe('a process', () => {
  it('is silent after the silence and a moment, and stalled after four times that', () => {
    const played = new Played(5);
    played.seconds(400);
    const sinceSeconds = played.wall;
    played.seconds(34, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'ok');
    played.seconds(2, { moves: allBut(2) });
    const { verdict, sinceSeconds: since, evidence } = played.of('2');
    assert.equal(verdict, 'silent');
    assert.equal(since, sinceSeconds);
    assert.match(
      evidence[0]!,
      /nothing for 36 s; 2\d\d were expected at its [\d.]+ a second; 4 of its 4 siblings go on; the odds/,
    );
    played.seconds(90, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'stalled');
    played.seconds(1);
    assert.equal(played.of('2').verdict, 'ok');
    assert.deepEqual(played.of('2').evidence, []);
  });

  it('is not judged where there are three, or where all are silent', () => {
    const few = new Played(3);
    few.seconds(400);
    few.seconds(300, { moves: allBut(2) });
    assert.equal(few.of('2').verdict, 'idle');
    const night = new Played(5);
    night.seconds(400);
    night.seconds(3600, { moves: () => false });
    assert.equal(night.of('2').verdict, 'idle');
    assert.match(night.of('2').evidence[0]!, /neither has any other/);
  });

  it('is not judged before there is enough past', () => {
    const played = new Played(5);
    played.seconds(120);
    played.seconds(100, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'unknown');
    assert.match(played.of('2').evidence[1]!, /not been watched for long enough/);
  });

  it('that never counted anything is idle: a parent has only zeros', () => {
    const played = new Played(6);
    played.seconds(900, { moves: allBut(0) });
    assert.equal(played.of('0').verdict, 'idle');
  });

  it('is unknown where it cannot be seen whether it runs', () => {
    const played = new Played(5);
    played.know('2', { liveness: 'unknown' });
    played.seconds(400);
    played.seconds(200, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'unknown');
  });

  it('that ended is not told of, unless its gauges count on', () => {
    const played = new Played(5);
    played.seconds(400);
    played.know('2', { liveness: 'dead', heldGauges: 0 });
    played.seconds(200, { moves: allBut(2) });
    assert.equal(played.of('2'), undefined);
    played.know('2', { liveness: 'dead', heldGauges: 2 });
    played.seconds(2, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'unknown');
    assert.match(played.of('2').evidence[0]!, /2 of its gauges still count/);
    assert.equal(played.watchdog.countProcesses().get('unknown'), 0);
  });

  it('may be shutting down where another one began, and no other ended', () => {
    const played = new Played(5);
    played.seconds(400);
    played.begin('9');
    played.watch();
    played.seconds(200, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'unknown');
    assert.match(played.of('2').evidence[1]!, /may be shutting down/);
    // Where one ended for the one that began, it is no replacement.
    const recycled = new Played(6);
    recycled.seconds(400);
    recycled.know('5', { liveness: 'dead' });
    recycled.begin('9');
    recycled.watch();
    recycled.seconds(60, { moves: (i) => i !== 2 && i !== 5 });
    assert.equal(recycled.of('2').verdict, 'silent');
  });

  it('that is stopped is named without siblings and without a past', () => {
    const played = new Played(1);
    played.seconds(5);
    played.seconds(20, { moves: () => false });
    played.know('0', { state: 'T' });
    played.seconds(17, { moves: () => false });
    assert.equal(played.of('0').verdict, 'silent');
    assert.match(played.of('0').evidence[1]!, /state T/);
    played.seconds(100, { moves: () => false });
    assert.equal(played.of('0').verdict, 'stalled');
  });

  it('is another one where its start is, or its files are', () => {
    const played = new Played(5);
    played.seconds(400);
    played.know('2', { startSeconds: played.wall });
    played.seconds(200, { moves: allBut(2) });
    assert.equal(played.of('2').verdict, 'idle');
  });

  it('whose count went back is unknown, and says which', () => {
    const played = new Played(5);
    played.seconds(10);
    played.now += 1;
    played.wall += 1;
    played.tick(all, { wentBack: [{ process: 2, series: 'a_total', from: 51, to: 3 }] });
    assert.equal(played.of('2').verdict, 'unknown');
    assert.match(played.of('2').evidence[0]!, /^a_total went back from 51 to 3/);
    played.seconds(700);
    assert.equal(played.of('2').verdict, 'ok');
  });

  it('is left out of a time in which ticks came late, or the clock was set', () => {
    const late = new Played(5);
    late.seconds(400);
    // Throttled: a tick in ten seconds.
    late.seconds(30, { moves: allBut(2) }, 10);
    assert.equal(late.of('2').verdict, 'ok');
    const set = new Played(5);
    set.seconds(400);
    for (let i = 0; i < 20; i++) {
      set.seconds(20, { moves: allBut(2) });
      set.wall -= 3600;
    }
    assert.equal(set.of('2').verdict, 'ok');
  });

  it('that was found silent stays so when a tick is late', () => {
    const played = new Played(5);
    played.seconds(400);
    played.seconds(40, { moves: allBut(2) });
    played.seconds(1, { moves: allBut(2) }, 60);
    assert.equal(played.of('2').verdict, 'silent');
  });
});

describe('an engine', () => {
  const arrive = (requests: number) => (value: Float64Array) => {
    value[ROW.arrivals]! += requests;
  };
  const works: NonNullable<Second['engine']> = (value, set) => {
    value[ROW.progress]! += 50;
    value[ROW.finished]! += 1;
    value[ROW.arrivals]! += 1;
    set(ROW.running, 4);
    set(ROW.waiting, 0);
    set(ROW.room, 0);
    set(ROW.awake, 1);
  };

  function working(seconds = 400): Played {
    const played = new Played(2, true);
    played.seconds(seconds, { engine: works });
    assert.equal(played.engine().verdict, 'ok');
    return played;
  }

  it('is silent, and then stalled, while requests wait and nothing is counted', () => {
    const played = working();
    played.set(ROW.waiting, 3);
    played.set(ROW.room, 3);
    played.seconds(29);
    assert.equal(played.engine().verdict, 'ok');
    played.seconds(2);
    assert.equal(played.engine().verdict, 'silent');
    played.seconds(90);
    const { verdict, evidence, modelName } = played.engine();
    assert.equal(verdict, 'stalled');
    assert.equal(modelName, 'm');
    assert.match(evidence.join(), /3 requests wait for it/);
    assert.match(evidence.join(), /gauges were not set for 2 min|gauges were not set for 1\d\d s/);
    assert.deepEqual(played.watchdog.enginesStalled(), [
      { engine: '0', modelName: 'm', isStalled: true },
    ]);
    played.seconds(1, { engine: works });
    assert.equal(played.engine().verdict, 'ok');
  });

  it('that says nothing runs is stalled only where requests arrive, and are not finished', () => {
    const quiet = working();
    quiet.set(ROW.running, 0);
    quiet.seconds(600);
    assert.equal(quiet.engine().verdict, 'idle');
    const wedged = working();
    wedged.set(ROW.running, 0);
    wedged.seconds(130, { engine: arrive(2) });
    assert.equal(wedged.engine().verdict, 'stalled');
    assert.match(wedged.engine().evidence.join(), /it says that none is running/);
  });

  it('is unknown where all requests were aborted: its gauges are stale', () => {
    const played = working();
    played.set(ROW.waiting, 2);
    played.set(ROW.room, 2);
    // All six end at once.
    played.seconds(1, { engine: arrive(6) });
    played.seconds(600);
    assert.equal(played.engine().verdict, 'unknown');
    assert.match(played.engine().evidence[0]!, /stale/);
    assert.deepEqual(played.watchdog.enginesStalled(), []);
  });

  it('with requests in its batch and none waiting is unknown: nothing says that they are still there', () => {
    const played = working();
    played.seconds(600);
    assert.equal(played.engine().verdict, 'unknown');
  });

  it('is not stalled while requests wait for a cache or an adapter, or while it sleeps', () => {
    const deferred = working();
    deferred.set(ROW.waiting, 3);
    deferred.seconds(600);
    assert.equal(deferred.engine().verdict, 'unknown');
    const asleep = working();
    asleep.set(ROW.waiting, 3);
    asleep.set(ROW.room, 3);
    asleep.set(ROW.awake, 0);
    asleep.seconds(600);
    assert.equal(asleep.engine().verdict, 'idle');
    // It has just woken up, and loads its weights.
    asleep.set(ROW.awake, 1);
    asleep.seconds(100);
    assert.equal(asleep.engine().verdict, 'unknown');
  });

  it('takes its time while its gauges are set: a long prefill in chunks', () => {
    const played = working();
    played.seconds(100, {
      engine: (_, set) => {
        set(ROW.running, 1);
        set(ROW.waiting, 3);
        set(ROW.room, 3);
      },
    });
    assert.equal(played.engine().verdict, 'ok');
  });

  it('that stood still as long before is not silent again so soon', () => {
    const played = working();
    const wait: Second = {
      engine: (_, set) => {
        if (played.value[ROW.waiting] === 0) {
          set(ROW.waiting, 3);
          set(ROW.room, 3);
        }
      },
    };
    played.seconds(60, wait);
    assert.equal(played.engine().verdict, 'silent');
    played.seconds(100, { engine: works });
    played.seconds(60, wait);
    assert.equal(played.engine().verdict, 'ok');
    played.seconds(35, wait);
    assert.equal(played.engine().verdict, 'silent');
  });

  it('is not judged before it has worked for a while', () => {
    const played = new Played(2, true);
    played.set(ROW.waiting, 3);
    played.set(ROW.room, 3);
    played.seconds(600);
    assert.equal(played.engine().verdict, 'unknown');
  });

  it('whose processes have all ended is not told of', () => {
    const played = working();
    played.set(ROW.waiting, 3);
    for (const processId of ['0', '1']) played.know(processId, { liveness: 'dead' });
    played.seconds(200);
    assert.equal(played.engine(), undefined);
  });
});
