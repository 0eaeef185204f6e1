/** A clock, a store and a scraper that are made up, for tests of what decides about ticks. */

import type { TickClock } from '../../src/live/tick-clock.js';
import type { AddedTick, RecordedTick, Recorder, RecorderOptions } from '../../src/native.js';
import type { SourceInstant } from '../../src/scrape/directory/source.js';
import type { SourceStatus } from '../../src/scrape/scraper.js';

/** Time passes when a test says so, and where work takes some. */
export class MadeUpClock implements TickClock {
  ms = 1_000;
  cpu = 0;
  #waiting: { readonly ms: number; readonly callback: () => void } | undefined;

  readonly nowMs = () => this.ms;
  readonly cpuSeconds = () => this.cpu;
  readonly after = (milliseconds: number, callback: () => void) => {
    const waiting = { ms: this.ms + milliseconds, callback };
    this.#waiting = waiting;
    return () => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    };
  };

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** When the next tick is. */
  get dueMs(): number {
    return this.#waiting!.ms;
  }

  /** The next tick, and all that it does. */
  async tick(): Promise<void> {
    const waiting = this.#waiting!;
    this.#waiting = undefined;
    this.ms = Math.max(this.ms, waiting.ms);
    waiting.callback();
    for (let i = 0; i < 200 && this.#waiting === undefined; i++) await Promise.resolve();
    // Where the work is real.
    while (this.#waiting === undefined) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Remembers what it was told. */
export class MadeUpStore implements Recorder {
  readonly ticks: RecordedTick[] = [];
  readonly options: RecorderOptions;
  maxBytes: number;
  isClosed = false;
  fails = false;
  /** How many of the last ticks it holds. */
  held = Number.POSITIVE_INFINITY;
  /** What a tick says it took. */
  cost = { cpuSeconds: 0, sealSeconds: 0, tickBytes: 100 };
  #segment = -1;

  constructor(options: RecorderOptions) {
    this.options = options;
    this.maxBytes = options.maxBytes;
  }

  async add(tick: RecordedTick): Promise<AddedTick> {
    if (this.fails) throw new Error('it does not fit');
    if (this.#segment === -1 || tick.beginsSegment) this.#segment++;
    this.ticks.push(tick);
    return {
      bytes: 100 * this.ticks.length,
      changedValues: 1,
      droppedSegments: this.ticks.length > this.held ? 1 : 0,
      fromSeconds: this.ticks.at(-Math.min(this.held, this.ticks.length))!.timeSeconds,
      segment: this.#segment,
      ...this.cost,
      ...(this.options.isDurable && { toAppend: Buffer.from(`${this.ticks.length}\n`) }),
    };
  }

  recording(): never {
    throw new Error('nothing is read');
  }

  setMaxBytes(bytes: number): void {
    this.maxBytes = bytes;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Sources whose structure changes when a test says so. */
export class MadeUpScraper {
  readonly names = new Set<string>(['one']);
  readonly structures = new Map<string, object>();
  readonly unreadable = new Set<string>();
  readonly clock: MadeUpClock;
  /** What an instant takes. */
  tookMs = 0;
  tookCpu = 0;
  asked: string[] = [];
  /** Others ask all the time. */
  isBusy = false;
  #others = 0;
  held = 0;
  clockSeconds = 1_000_000;

  constructor(clock: MadeUpClock) {
    this.clock = clock;
  }

  sources(): SourceStatus[] {
    return [...this.names].map((name) => ({
      name,
      path: `/run/${name}`,
      up: true,
      series: 1,
      entries: 1,
    }));
  }

  get requests(): number {
    if (this.isBusy) this.#others++;
    return this.asked.length + this.#others;
  }

  change(name: string): void {
    this.structures.set(name, {
      rows: { fileId: new Uint32Array([7]) },
      keyTexts: [],
      valueBytes: new Uint8Array([8]),
      fileNames: new Map(),
      retained: new Set(),
    });
  }

  async instant(name: string | undefined, withFacts: boolean): Promise<SourceInstant> {
    this.asked.push(withFacts ? `${name} with facts` : `${name}`);
    this.clock.ms += this.tookMs;
    this.clock.cpu += this.tookCpu;
    if (this.unreadable.has(name!)) throw new Error('no such directory');
    if (!this.structures.has(name!)) this.change(name!);
    this.held++;
    return {
      source: name,
      path: `/run/${name}`,
      takenAtSeconds: this.clockSeconds + this.clock.ms / 1000,
      columns: {},
      state: this.structures.get(name!),
      files: FILES,
      ...(withFacts && { facts: new Map([[7, { identity: '00:01:7' }]]) }),
      hold: () => {},
      release: () => {
        this.held--;
      },
    } as unknown as SourceInstant;
  }
}

const FILES = [
  {
    id: 7,
    path: '/run/one/counter_12.db',
    name: { type: 'counter', processId: '12' },
    fault: undefined,
  },
];
