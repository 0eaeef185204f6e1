/**
 * A picker that reads /load gets what a person would compute by hand: three servers that each have the gauges of all engines, the
 * newest value in any of them, one engine idle for an hour, and a model whose server is dead.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { dialectFor } from '../../../src/expose/formats.js';
import { type Picked, pick } from '../../support/picker.js';
import { tempDirectory } from '../../support/temp.js';
import {
  type EngineState,
  LoadOf,
  vllmAdapters,
  vllmConfig,
  vllmGauges,
  writeGauges,
} from './made-up.js';

const NOW = Date.now() / 1000;
const SERVERS = [11, 12, 13];
const DEAD = 10;

/** By hand: all engines but the last one have 3 that wait and 4 that run in half of their cache; the last one is idle. */
const EXPECTED: readonly (readonly [engines: number, Picked])[] = [
  [1, { waiting: 0, running: 0, usage: 0.05, blockSize: 16, blocks: 1000, runningAdapters: 'a,b' }],
  [
    2,
    { waiting: 3, running: 4, usage: 0.275, blockSize: 16, blocks: 2000, runningAdapters: 'a,b' },
  ],
  [
    8,
    {
      waiting: 21,
      running: 28,
      usage: 0.44375,
      blockSize: 16,
      blocks: 8000,
      runningAdapters: 'a,b',
    },
  ],
];

const busy = (setSeconds: number): EngineState => ({
  waiting: 3,
  running: 4,
  usage: 0.5,
  setSeconds,
});
const idle = (setSeconds: number): EngineState => ({
  waiting: 0,
  running: 0,
  usage: 0.05,
  setSeconds,
});
const old = (setSeconds: number): EngineState => ({
  waiting: 70,
  running: 80,
  usage: 0.9,
  setSeconds,
});

/** Of an engine, what a server has: the newest server what is so now, another what was so before, the third nothing yet. */
function stateOf(engine: number, engines: number, server: number, newest: number): EngineState {
  const isIdle = engine === engines - 1;
  // An idle engine has set nothing for an hour.
  const seconds = isIdle ? NOW - 3600 : NOW - 0.2;
  if (server === newest) return isIdle ? idle(seconds) : busy(seconds);
  if (server === (newest + 1) % SERVERS.length) return old(seconds - 7200);
  return { waiting: 0, running: 0, usage: 0, setSeconds: 0 };
}

function writeServers(directory: string, engines: number, newest: number): void {
  for (const [server, pid] of SERVERS.entries()) {
    const states = Array.from({ length: engines }, (_, e) => stateOf(e, engines, server, newest));
    writeGauges(directory, pid, [
      ...vllmGauges('new-model', states),
      ...states.map((_, e) => vllmConfig(e, '1000')),
    ]);
    const isNewest = server === newest;
    writeGauges(
      directory,
      pid,
      [
        vllmAdapters('a', NOW - 60),
        vllmAdapters(isNewest ? 'a,b' : 'c', isNewest ? NOW - 1 : NOW - 30),
      ],
      'sum',
    );
  }
}

/** Whose gauges are the newest of all, and the first ones in the directory. */
function writeDead(directory: string, engines: number): void {
  writeGauges(directory, DEAD, [
    ...vllmGauges(
      'old-model',
      Array.from({ length: engines }, () => old(NOW)),
    ),
    ...Array.from({ length: engines }, (_, e) => vllmConfig(e, '77')),
  ]);
  writeGauges(directory, DEAD, [vllmAdapters('dead', NOW)], 'sum');
}

let load: LoadOf | undefined;
afterEach(() => load?.close());

describe('a picker', () => {
  for (const [engines, expected] of EXPECTED) {
    for (const newest of SERVERS.keys()) {
      it(`reads what is so of ${engines} engines, with the newest values in server ${newest}`, async () => {
        const directory = tempDirectory();
        writeDead(directory, engines);
        writeServers(directory, engines, newest);
        load = new LoadOf(directory);
        load.thread.liveness.set(String(DEAD), 'dead');
        const text = await load.text();
        const picked = pick(text);
        assert.deepEqual({ ...picked, usage: round(picked.usage) }, expected, text);
        assert.ok(Buffer.byteLength(text) <= 1024, `${Buffer.byteLength(text)} bytes`);
        assert.doesNotMatch(text, /old-model|dead/);

        // Of the page as it is, the first series is of the dead model.
        const page = await load.scraper.scrape({ dialect: dialectFor('text') });
        assert.equal(pick(page.toString()).waiting, 70);
      });
    }
  }

  it('reads of one engine what that engine says, and no more', async () => {
    const directory = tempDirectory();
    writeServers(directory, 8, 1);
    load = new LoadOf(directory);
    const text = await load.text('3');
    assert.deepEqual(pick(text), {
      waiting: 3,
      running: 4,
      usage: 0.5,
      blockSize: 16,
      blocks: 1000,
      runningAdapters: 'a,b',
    });
    assert.equal(pick(await load.text('7')).usage, 0.05);
  });
});

/** Sums of tenths are not exact. */
function round(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1e9) / 1e9;
}
