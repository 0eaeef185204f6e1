/** Every value of every tick, to the bit, against copies of the columns that the recorder was given. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MetricFileWriter } from '../../scripts/demo/metric-file-writer.js';
import { Selector } from '../../src/inspect/selector.js';
import { openRecording } from '../../src/native.js';
import { FlightRecorder } from '../../src/record/flight-recorder.js';
import type { SourceInstant } from '../../src/scrape/directory/source.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { MadeUpClock } from '../record/made-up.js';
import { mapped } from '../support/mapped.js';
import { counter, gauge } from '../support/metric-file.js';
import { Random } from '../support/random.js';
import { type Bits, bitsOf, keysOf, readFolder, textsOf } from '../support/recording.js';
import { tempDirectory } from '../support/temp.js';

/** As the recorder is given an instant, with all that it needs to be understood later. */
function bitsOfInstant({ state, files, columns }: SourceInstant): Bits {
  const names = new Map(files.map(({ id, path }) => [id, basename(path)]));
  const fileName = Array.from(
    columns.fileId,
    (id) => names.get(id) ?? `removed ${state.fileNames.get(id)!.type} files`,
  );
  const keys = state.keyTexts.flatMap(textsOf);
  return bitsOf({ ...columns, keyId: state.rows.keyId }, fileName, keys);
}

class Directory {
  readonly path = tempDirectory();
  readonly #next: () => number;
  readonly #writers = new Map<string, { writer: MetricFileWriter; offsets: number[] }>();

  constructor(seed: number) {
    const random = new Random(seed);
    this.#next = () => random.next();
  }

  /** Some values change, keys appear, files come, go, and are replaced. */
  step(): void {
    const pid = 1 + Math.floor(this.#next() * 4);
    const kind = this.#next() < 0.5 ? 'counter' : 'gauge_mostrecent';
    const name = `${kind}_${pid}.db`;
    if (this.#next() < 0.1) this.#remove(name);
    const { writer, offsets } = this.#writers.get(name) ?? this.#open(name);
    if (offsets.length === 0 || this.#next() < 0.2) {
      const labels = { n: `${offsets.length}`, text: 'x'.repeat(Math.floor(this.#next() * 300)) };
      const entry = kind === 'counter' ? counter('jobs', 0, labels) : gauge('depth', 0, 0, labels);
      offsets.push(writer.createEntry({ ...entry, help: 'help' }));
    }
    for (const offset of offsets) {
      if (this.#next() < 0.5) continue;
      const seconds = kind === 'counter' ? 0 : 1.7e9 + this.#next() * 1000;
      writer.set(offset, this.#value(), seconds);
    }
  }

  close(): void {
    for (const { writer } of this.#writers.values()) writer.close();
  }

  #open(name: string) {
    const opened = { writer: new MetricFileWriter(join(this.path, name), mapped), offsets: [] };
    this.#writers.set(name, opened);
    return opened as { writer: MetricFileWriter; offsets: number[] };
  }

  #remove(name: string): void {
    this.#writers.get(name)?.writer.close();
    this.#writers.delete(name);
    rmSync(join(this.path, name), { force: true });
  }

  #value(): number {
    const odd = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 5e-324, 2 ** 53];
    const kind = this.#next();
    if (kind < 0.1) return odd[Math.floor(this.#next() * odd.length)]!;
    return kind < 0.6 ? Math.floor(this.#next() * 1000) : this.#next() * 1000;
  }
}

describe('recorded values', () => {
  for (const [title, retainRemoved, seed, excluded] of [
    ['are those of each tick, to the bit, in memory and on disk', false, 1, undefined],
    ['are, too, where removed files are retained', true, 2, undefined],
    ['are but for series that are left out', false, 3, ['{n=~"[1-4]"}', 'depth{n="6"}']],
  ] as const) {
    it(title, async () => {
      const directory = new Directory(seed);
      const scraper = new Scraper(directory.path, { retainRemoved });
      const isLeftOut = (key: string) =>
        excluded !== undefined && /"n": "[1-4]"|"depth".*"n": "6"/.test(key);
      const told = new Map<number, Bits>();
      const clock = new MadeUpClock();
      const folder = join(tempDirectory(), 'recorded');
      const log: string[] = [];
      const line = (message: string, fields: object) =>
        log.push(`${message} ${JSON.stringify(fields)}`);
      const recorder = new FlightRecorder(
        {
          sources: () => scraper.sources(),
          requests: 0,
          async instant(source, withFacts) {
            const instant = await scraper.instant(source, withFacts);
            const bits = [...bitsOfInstant(instant)].filter(([key]) => !isLeftOut(key));
            told.set(instant.takenAtSeconds, new Map(bits));
            return instant;
          },
        },
        {
          intervalSeconds: 0.01,
          maxBytes: 2 ** 24,
          exclude: excluded?.map((text) => new Selector(text)) ?? [],
          folder: { path: folder, maxBytes: 2 ** 24 },
          procThread: { writers: async () => new Map(), forget: async () => {} },
          log: { info: line, warn: line },
          clock,
        },
      );
      recorder.start();
      for (let i = 0; i < 200; i++) {
        directory.step();
        await clock.tick();
        // Two ticks are not of the same millisecond.
        await sleep(2);
      }
      await recorder.stop();
      const saved = await recorder.save(undefined, 0);
      await recorder.close();
      await scraper.close();
      directory.close();
      assert.deepEqual(log, []);
      assert.ok(told.size >= 200);

      for (const [recording, ticks] of [
        [await openRecording(saved), 200],
        [await openRecording([Buffer.concat(saved)]), 200],
        // On disk there is one of the end.
        [await readFolder(folder), 201],
      ] as const) {
        const keys = keysOf(recording);
        assert.ok(!keys.some(isLeftOut), 'the text of a key that is left out');
        const times = recording.times();
        assert.equal(times.length, ticks);
        for (const time of times) {
          const at = (await recording.at(time))!;
          assert.equal(at.timeSeconds, time);
          assert.deepEqual(bitsOf(at, at.fileName, keys), told.get(time));
        }
        recording.close();
      }
    });
  }

  it('can be had of the last minutes alone', async () => {
    const directory = new Directory(3);
    const scraper = new Scraper(directory.path);
    const clock = new MadeUpClock();
    const recorder = new FlightRecorder(scraper, {
      intervalSeconds: 0.01,
      maxBytes: 2 ** 24,
      procThread: { writers: async () => new Map(), forget: async () => {} },
      log: { info() {}, warn() {} },
      clock,
    });
    recorder.start();
    for (let i = 0; i < 20; i++) {
      directory.step();
      await clock.tick();
      await sleep(2);
    }
    await recorder.stop();
    const all = await openRecording(await recorder.save(undefined, 0));
    const from = all.times()[10]!;
    const last = await openRecording(await recorder.save(undefined, from));
    assert.deepEqual(last.times(), all.times().subarray(10));
    assert.deepEqual(await recorder.save(undefined, from + 3600), []);
    assert.deepEqual(await recorder.save('another', 0), []);
    await recorder.close();
    await scraper.close();
    directory.close();
  });
});
