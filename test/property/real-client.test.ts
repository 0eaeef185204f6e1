/**
 * Ring three, with the real client as writer and as judge: processes of prometheus_client 0.26.0 and
 * of Debian's 0.16.0 do random operations, fork, end and are killed in the middle; after each step
 * promfold's lines are those of MultiProcessCollector.merge over the sorted files.
 *
 * The judge of 0.16.0's files is 0.26.0 as well, over the same entries with 16-byte values.
 * PROMFOLD_TEST_SEED repeats the operations of a failure, though not the moment of a kill.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { JsonLines } from '../support/json-lines.js';
import { Oracle } from '../support/oracle.js';
import { currentPython, debianPython, type Part } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { Random, seed } from '../support/random.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';

const STEPS = 60;
const MAX_WORKERS = 8;
const first = seed();

const current = currentPython();
const debian = debianPython();

interface Answer {
  readonly pid?: number;
  /** Pid of a fork that is over. */
  readonly child?: number;
  readonly error?: string;
}

/** A process that forks workers of one client version. */
class Client {
  readonly #python: JsonLines;
  readonly isOld: boolean;
  readonly alive: number[] = [];
  /** Of all its workers and their forks ever: their files are in its layout. */
  readonly pids = new Set<number>();

  constructor(python: Part, directory: string, isOld: boolean) {
    this.isOld = isOld;
    this.#python = new JsonLines(python.path, [`${ROOT}/test/support/real_client.py`], {
      ...process.env,
      PROMETHEUS_MULTIPROC_DIR: directory,
    });
  }

  async ask(request: object): Promise<Answer> {
    const answer = await this.#python.ask<Answer>(request);
    assert.equal(answer.error, undefined);
    for (const pid of [answer.pid, answer.child]) if (pid !== undefined) this.pids.add(pid);
    return answer;
  }

  close(): Promise<void> {
    return this.#python.close();
  }
}

async function step(random: Random, client: Client): Promise<[told: string, operations: number]> {
  const roll = random.next();
  if (client.alive.length === 0 || (client.alive.length < MAX_WORKERS && roll < 0.15)) {
    const { pid } = await client.ask({ spawn: random.below(1 << 30) });
    client.alive.push(pid!);
    return [`spawn ${pid}`, 0];
  }
  const pid = random.pick(client.alive);
  const count = 1 + random.below(80);
  const operation = { pid, seed: random.below(1 << 30) };
  const gone = () => client.alive.splice(client.alive.indexOf(pid), 1);
  if (roll < 0.22) {
    gone();
    await client.ask({ pid, end: random.chance(0.5) });
    return [`end ${pid}`, 0];
  }
  if (roll < 0.3) {
    gone();
    await client.ask({ ...operation, act: count, kill: random.next() * 0.02 });
    return [`kill ${pid} after up to ${count}`, count];
  }
  if (roll < 0.42) {
    const kill = random.chance(0.5) ? random.next() * 0.01 : 0;
    await client.ask({ ...operation, fork: count, kill });
    return [`fork ${pid}, ${count} operations`, count];
  }
  await client.ask({ ...operation, act: count });
  return [`${count} operations of ${pid}`, count];
}

describe("the real client's directories", () => {
  const skip = current.skip || debian.skip;
  const oracle = skip ? undefined : new Oracle(current.path);
  after(() => oracle?.close());

  const writers: [title: string, clients: (directory: string) => Client[]][] = [
    ['0.26.0', (directory) => [new Client(current, directory, false)]],
    ['0.16.0', (directory) => [new Client(debian, directory, true)]],
    [
      'both, as in a rolling upgrade',
      (directory) => [new Client(current, directory, false), new Client(debian, directory, true)],
    ],
  ];
  for (const [index, [title, clientsOf]] of writers.entries()) {
    it(`written by ${title} read as the reference reads them, seed ${first + index}`, {
      skip,
    }, async () => {
      const random = new Random(first + index);
      const directory = tempDirectory();
      const scraper = new Scraper(directory);
      const clients = clientsOf(directory);
      const done: string[] = [];
      let operations = 0;
      try {
        for (let i = 0; i < STEPS; i += 1) {
          const [told, count] = await step(random, random.pick(clients));
          operations += count;
          done.push(told);
          const said = String(await scraper.scrape({ dialect: TEXT }));
          const meant = await oracle!.merge(directory, filesOfOldClients(directory, clients));
          const where = `seed ${first + index}, step ${i}: ${done.slice(-5).join('; ')}`;
          assertSameLines(said, meant, where);
          assert.deepEqual(faultsOf(said, false), [], where);
        }
        assert.ok(operations > 800, `${operations} operations`);
      } finally {
        await scraper.close();
        for (const client of clients) await client.close();
      }
    });
  }
});

function filesOfOldClients(directory: string, clients: readonly Client[]): string[] {
  const pids = new Set(clients.filter(({ isOld }) => isOld).flatMap(({ pids }) => [...pids]));
  return readdirSync(directory).filter((name) => pids.has(Number(/_(\d+)\.db$/.exec(name)?.[1])));
}
