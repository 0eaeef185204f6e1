/** The built daemon says who is stuck: real workers of gunicorn, one stopped and one slow; and engines by the files they write. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Incident } from '../../src/record/incident.js';
import type { Verdict } from '../../src/watchdog/verdict.js';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { freePort } from '../support/free-port.js';
import {
  double,
  entryBytes,
  keyOf,
  overwrite,
  type TestEntry,
  writeMetricFile,
} from '../support/metric-file.js';
import { deployPython, prometheus } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { childrenOf, Session, until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const gunicorn = deployPython();
const server = prometheus();

const verdictsOf = async (daemon: Daemon): Promise<Verdict[]> =>
  (JSON.parse((await daemon.get('/api/v1/verdicts')).body) as { verdicts: Verdict[] }).verdicts;

async function untilVerdict(
  daemon: Daemon,
  is: (verdict: Verdict) => boolean,
  what: string,
): Promise<Verdict> {
  let last: Verdict[] = [];
  return until(
    async () => {
      last = await verdictsOf(daemon);
      return last.find(is);
    },
    () => `${what}: ${JSON.stringify(last)}`,
  );
}

/** Requests from several clients, each of which opens a connection for each. */
class Clients {
  #isStopped = false;
  readonly #done: Promise<unknown>;

  constructor(port: number, count: number, pauseMs: number) {
    this.#done = Promise.all(
      Array.from({ length: count }, async () => {
        while (!this.#isStopped) {
          await request(port);
          await sleep(pauseMs);
        }
      }),
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}

/** Gives up after a second, as on a worker that is stopped. */
function request(port: number): Promise<void> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false });
    const sent = get({ port, host: '127.0.0.1', path: '/', agent, timeout: 1_000 }, (response) => {
      response.resume().on('close', resolve);
    });
    sent.on('timeout', () => sent.destroy()).on('error', () => resolve());
  });
}

/** Waits as the shipped rules do, but for a second. */
function quickRules(): string {
  const path = join(tempDirectory(), 'alerts.yml');
  const rules = readFileSync(`${ROOT}/scripts/deploy/prometheus/promfold-alerts.yml`, 'utf8');
  writeFileSync(path, rules.replace(/^( +for:) \w+$/gm, '$1 1s'));
  return path;
}

const skip = gunicorn.skip || server.skip;

describe('is it stuck', { concurrency: true }, () => {
  const sessions: Session[] = [];
  after(() => {
    for (const session of sessions) session.kill();
  });

  it('a worker of gunicorn that is stopped, and one that is slow', { skip }, async () => {
    const directory = tempDirectory();
    const slow = join(tempDirectory(), 'slow');
    writeFileSync(slow, '');
    const port = await freePort();
    // gunicorn itself would kill a worker that is stopped.
    const words = ['-w', '6', '--timeout', '600', '-b', `127.0.0.1:${port}`, 'busy_app:app'];
    const session = new Session(gunicorn.path, ['-m', 'gunicorn', ...words], {
      cwd: `${ROOT}/test/support`,
      env: {
        ...process.env,
        PROMETHEUS_MULTIPROC_DIR: directory,
        SLOW: slow,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    sessions.push(session);
    const clients = new Clients(port, 14, 20);
    const daemon = await Daemon.serve(directory, [
      '--watchdog.silence=3s',
      '--recorder.incidents=stalled',
    ]);
    const scraped = await PrometheusServer.scrape(server.path, new URL(daemon.url).host, {}, [
      quickRules(),
    ]);
    try {
      // Half a minute of past, and then some.
      await until(
        async () => {
          const verdicts = await verdictsOf(daemon);
          return verdicts.length === 6 && verdicts.every(({ verdict }) => verdict === 'ok');
        },
        () => `six that are ok: ${daemon.log}`,
      );
      await sleep(36_000);
      assert.deepEqual(
        (await verdictsOf(daemon)).filter(({ verdict }) => verdict !== 'ok'),
        [],
      );
      const [stopped, slowed] = childrenOf(session.pid).map(String) as [string, string];
      process.kill(Number(stopped), 'SIGSTOP');
      writeFileSync(slow, slowed);

      const stall = await untilVerdict(
        daemon,
        ({ processId, verdict }) => processId === stopped && verdict === 'stalled',
        'the stopped one',
      );
      assert.match(stall.evidence[0]!, /5 of its 5 siblings go on; the odds of that are 1 in 10\^/);
      assert.match(stall.evidence[1]!, /state T/);
      const slowness = await untilVerdict(
        daemon,
        ({ processId, verdict }) => processId === slowed && verdict === 'slow',
        'the slow one',
      );
      assert.match(
        slowness.evidence[0]!,
        /^shop_request_seconds\{path="\/"\}: a mean of 0\.0\d+ over its last/,
      );
      const others = (await verdictsOf(daemon)).filter(
        ({ processId }) => processId !== stopped && processId !== slowed,
      );
      assert.deepEqual([...new Set(others.map(({ verdict }) => verdict))], ['ok']);

      const page = valuesOf((await daemon.get('/metrics')).body);
      assert.equal(page.get('promfold_processes{verdict="stalled"}'), 1);
      assert.equal(page.get('promfold_processes{verdict="slow"}'), 1);
      assert.equal(page.get('promfold_processes{verdict="ok"}'), 4);
      const alerts = await scraped.query(
        'ALERTS{alertname="PromfoldProcessStalled",alertstate="firing"}',
      );
      assert.equal(alerts.length, 1);

      const top = await promfold(['top', '--count', '1', daemon.url]);
      assert.match(top.stdout, new RegExp(`^${stopped} .* stalled `, 'm'));
      assert.match(top.stdout, new RegExp(`^${slowed} .* slow `, 'm'));
      // A recording has the past, too: it says the same without a daemon.
      const recording = join(tempDirectory(), 'prom.rec');
      const saved = await fetch(`${daemon.url}/api/v1/recording?last=15m`);
      writeFileSync(recording, Buffer.from(await saved.arrayBuffer()));
      for (const of of [daemon.url, recording]) {
        const check = await promfold(['check', '--json', '--watchdog.silence=3s', of]);
        assert.equal(check.exitCode, 1, check.stderr);
        const { findings } = JSON.parse(check.stdout) as {
          findings: { code: string; evidence: { processId: string }[] }[];
        };
        const named = (code: string) =>
          findings.find((each) => each.code === code)?.evidence.map(({ processId }) => processId);
        assert.deepEqual([of, named('PROCESS_STALLED')], [of, [stopped]]);
        assert.deepEqual([of, named('PROCESS_SLOW')], [of, [slowed]]);
      }
      const [incident] = (
        JSON.parse((await daemon.get('/api/v1/incidents')).body) as { incidents: Incident[] }
      ).incidents;
      assert.equal(incident?.reason, 'stalled');
      assert.equal(incident.processes[0]!.processId, stopped);
      assert.equal(incident.processes[0]!.state, 'stalled');

      process.kill(Number(stopped), 'SIGCONT');
      writeFileSync(slow, '');
      await untilVerdict(
        daemon,
        ({ processId, verdict }) => processId === stopped && verdict === 'ok',
        'the one that goes on',
      );
      await until(
        async () =>
          (
            await scraped.query('count(ALERTS{alertname="PromfoldProcessStalled"}) or vector(0)')
          )[0]!.value[1] === '0',
        () => 'the end of the alert',
      );
      // Once each.
      const lines = daemon.log.split('\n').filter((line) => line.includes(`process=${stopped}`));
      const told = lines.map((line) => /verdict=(\w+)/.exec(line)?.[1]);
      assert.deepEqual(told, ['silent', 'stalled', 'ok']);
    } finally {
      await clients.stop();
      await scraped.stop();
      await daemon.stop();
    }
  });

  it('engines: one that is frozen while requests wait, one that goes on', async () => {
    const directory = tempDirectory();
    const engines = ['0', '1'].map((engine) => new Engine(directory, engine));
    let frozen = -1;
    const timer = setInterval(() => {
      for (const [i, engine] of engines.entries()) if (i !== frozen) engine.step();
    }, 200);
    const daemon = await Daemon.serve(directory, [
      '--watchdog.silence=2s',
      '--web.enable-engine-probe',
      '--load.fail-stalled',
    ]);
    try {
      await sleep(33_000);
      assert.equal((await daemon.get('/-/engines')).status, 200);
      assert.equal((await daemon.get('/load')).status, 200);
      const before = valuesOf((await daemon.get('/metrics')).body);
      const stalledOf = (engine: string) =>
        `promfold_engine_stalled{engine="${engine}",model_name="m"}`;
      assert.equal(before.get(stalledOf('1')), 0);
      frozen = 1;
      engines[1]!.wait(3);
      const { evidence } = await untilVerdict(
        daemon,
        ({ engine, verdict }) => engine === '1' && verdict === 'stalled',
        'the frozen engine',
      );
      assert.match(evidence.join('; '), /no token and no request .*; 3 requests wait for it/);
      const probe = await daemon.get('/-/engines');
      assert.equal(probe.status, 503);
      assert.match(probe.body, /engine 1 of m/);
      const load = await daemon.get('/load');
      assert.deepEqual(
        [load.status, load.body],
        [503, 'stalled: engine 1 of m [--load.fail-stalled]\n'],
      );
      assert.equal((await daemon.get('/load/engine/0')).status, 200);
      assert.equal((await daemon.get('/-/engines?when=all')).status, 200);
      assert.equal((await daemon.get('/-/engines?when=none')).status, 400);
      const page = valuesOf((await daemon.get('/metrics')).body);
      assert.equal(page.get(stalledOf('0')), 0);
      assert.equal(page.get(stalledOf('1')), 1);
      const check = await promfold(['check', daemon.url]);
      assert.match(check.stdout, /error ENGINE_STALLED[\s\S]*engine 1 of m: no token/);
      frozen = -1;
      await untilVerdict(
        daemon,
        ({ engine, verdict }) => engine === '1' && verdict === 'ok',
        'the engine that goes on',
      );
      assert.equal((await daemon.get('/-/engines')).status, 200);
      assert.equal((await daemon.get('/load')).status, 200);
    } finally {
      clearInterval(timer);
      await daemon.stop();
    }
  });

  it('says nothing where it is off, and refuses a probe of nothing', async () => {
    const directory = tempDirectory();
    const daemon = await Daemon.serve(directory, ['--watchdog.silence=0']);
    try {
      assert.equal((await daemon.get('/api/v1/verdicts')).body, '{"verdicts":[]}\n');
      assert.doesNotMatch((await daemon.get('/metrics')).body, /promfold_processes/);
      assert.equal((await daemon.get('/-/engines')).status, 404);
    } finally {
      await daemon.stop();
    }
    const refused = [
      ['--watchdog.silence=0', /--web\.enable-engine-probe: expected --watchdog\.silence above 0/],
      ['--watchdog.profile=none', /engine-probe: expected a --watchdog\.profile with engines/],
    ] as const;
    for (const [without, message] of refused) {
      const { exitCode, stderr } = await promfold([
        'serve',
        without,
        '--web.enable-engine-probe',
        directory,
      ]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    }
  });
});

/** What an API server writes of one engine. */
class Engine {
  readonly #gauges: string;
  readonly #counters: string;
  readonly #placeOf = new Map<string, number>();
  readonly #value = new Map<string, number>();

  constructor(directory: string, engine: string) {
    const labels = { engine, model_name: 'm' };
    this.#gauges = join(directory, `gauge_mostrecent_${70 + Number(engine)}.db`);
    this.#counters = join(directory, `counter_${70 + Number(engine)}.db`);
    const entryOf = (name: string, isCounter: boolean): TestEntry => ({
      family: name,
      sampleName: isCounter ? `${name}_total` : name,
      labels,
      value: 0,
    });
    this.#write(
      this.#gauges,
      ['vllm:num_requests_running', 'vllm:num_requests_waiting'].map((name) =>
        entryOf(name, false),
      ),
    );
    this.#write(
      this.#counters,
      ['vllm:generation_tokens', 'vllm:request_success'].map((name) => entryOf(name, true)),
    );
  }

  step(): void {
    this.#add('vllm:generation_tokens', 20);
    this.#add('vllm:request_success', 1);
    this.#set('vllm:num_requests_running', 4);
    this.#set('vllm:num_requests_waiting', 0);
  }

  /** The last that it says. */
  wait(requests: number): void {
    this.#set('vllm:num_requests_waiting', requests);
  }

  #write(path: string, entries: readonly TestEntry[]): void {
    let at = 8;
    for (const entry of entries) {
      const { length } = entryBytes(16, keyOf('dict4-16', entry), 0);
      this.#placeOf.set(entry.family, at + length - 16);
      at += length;
    }
    writeMetricFile(path, entries, { sizeBytes: 4096 });
  }

  #add(family: string, amount: number): void {
    const value = (this.#value.get(family) ?? 0) + amount;
    this.#value.set(family, value);
    overwrite(this.#counters, this.#placeOf.get(family)!, double(value));
  }

  #set(family: string, value: number): void {
    const bytes = Buffer.concat([double(value), double(Date.now() / 1000)]);
    overwrite(this.#gauges, this.#placeOf.get(family)!, bytes);
  }
}
