/** --discover: directories of real processes that come and go, and of made-up users that want all there is. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiscoveredDirectory, Discovery } from '../../src/processes/discover.js';
import { DiscoveredSources } from '../../src/scrape/discovered-sources.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { Daemon, promfold } from '../support/cli.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const python = currentPython();
const asRoot = process.getuid?.() === 0 ? python.skip : 'needs root';

const ending: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function vllmLike(options: Parameters<typeof VllmLike.start>[1] = {}): Promise<VllmLike> {
  const vllm = await VllmLike.start(python.path, options);
  ending.push(() => vllm.stop());
  return vllm;
}

async function discovering(options: { graceMs?: number; except?: string[] } = {}) {
  const { graceMs = 60_000, except = [] } = options;
  const log: string[] = [];
  const record = (message: string, fields: Record<string, unknown>) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const scraper = new Scraper([]);
  const sources = new DiscoveredSources(scraper, {
    except,
    log: { warn: record, info: record },
    intervalMs: 50,
    graceMs,
  });
  ending.push(async () => {
    await sources.close();
    await scraper.close();
  });
  await sources.start();
  /** Other tests have directories, too: only the names asked for are looked at. */
  const has = (name: string) => scraper.sourceNames().includes(name);
  const until = async (wanted: boolean, name: string) => {
    for (let i = 0; i < 400 && has(name) !== wanted; i++) await sleep(50);
    assert.equal(has(name), wanted, `${name}: ${log.join('\n')}`);
  };
  const page = async (source?: string) => String(await scraper.scrape({ dialect: TEXT, source }));
  return { scraper, log, has, until, page };
}

describe('discovered sources', { skip: python.skip }, () => {
  it('come with a process, and have the name of its directory', async () => {
    const { until, page } = await discovering();
    const vllm = await vllmLike();
    const directory = (await vllm.facts()).directory!;
    await vllm.serve(0, { requests: 3 });
    await until(true, directory);
    const text = await page(directory);
    assert.ok(text.includes(`promfold_source="${directory}"`), text);
    assert.match(text, /^vllm:generation_tokens_total\{.*\} 60\.0$/m);
    assert.deepEqual(faultsOf(await page(), false), []);
  });

  it('stay when their processes crash, and go when nobody uses them for a while', async () => {
    const { until, page, has, log } = await discovering({ graceMs: 3_000 });
    // Nobody removes it after a crash.
    const vllm = await vllmLike({ environment: { TMPDIR: tempDirectory() } });
    const directory = (await vllm.facts()).directory!;
    await vllm.serve(0, { requests: 3 });
    await until(true, directory);
    await vllm.crash();
    await sleep(500);
    assert.ok(has(directory));
    assert.match(await page(directory), /^vllm:generation_tokens_total\{.*\} 60\.0$/m);
    await until(false, directory);
    assert.ok(
      log.some((line) => line.startsWith('source left') && line.includes('no process uses it')),
      log.join('\n'),
    );
  });

  it('go at once with their directory', async () => {
    const { until, log } = await discovering();
    const vllm = await vllmLike();
    const directory = (await vllm.facts()).directory!;
    await until(true, directory);
    ending.pop();
    await vllm.stop();
    await until(false, directory);
    assert.ok(
      log.some((line) => line.includes('the directory is gone')),
      log.join('\n'),
    );
  });

  it('are not those that are sources anyway', async () => {
    const vllm = await vllmLike();
    const directory = (await vllm.facts()).directory!;
    const { has } = await discovering({ except: [directory] });
    await sleep(300);
    assert.equal(has(directory), false);
  });

  it('in another mount namespace are distinguished, and survive the process that they are reached through', {
    skip: asRoot,
  }, async () => {
    // The same path is another directory here.
    const place = tempDirectory();
    const wrapper = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"'];
    const { until, page } = await discovering();
    const vllm = await vllmLike({ wrapper: [...wrapper, place], environment: { TMPDIR: place } });
    const directory = (await vllm.facts()).directory!;
    await vllm.serve(1, { requests: 3 });
    await until(true, directory);
    await vllm.kill(0);
    for (let i = 0; i < 100; i++) {
      const text = await page(directory).catch(() => '');
      if (/^vllm:generation_tokens_total\{.*\} 60\.0$/m.test(text)) return;
      await sleep(100);
    }
    assert.fail(await page(directory));
  });
});

describe('the sources of several users', () => {
  const [EVE, ANN, BOB, CAT] = [1001, 1002, 1003, 1004];

  /** A host of which each user has directories; `scan` scans it once. */
  async function host({ graceMs = 60_000, except = [] as string[] } = {}) {
    const root = tempDirectory();
    const log: { message: string; fields: Record<string, unknown> }[] = [];
    const record = (message: string, fields: Record<string, unknown>) =>
      void log.push({ message, fields });
    const found = new Map<string, DiscoveredDirectory>();
    const facts: { -readonly [K in keyof Discovery]?: Discovery[K] } = {};
    const scraper = new Scraper([], { retainRemoved: true });
    const sources = new DiscoveredSources(scraper, {
      except: except.map((name) => join(root, name)),
      log: { warn: record, info: record },
      intervalMs: 1e6,
      graceMs,
      discover: async () => ({
        directories: [...found.values()],
        unread: [],
        crowded: [],
        isPartial: false,
        ...facts,
      }),
    });
    ending.push(async () => {
      await sources.close();
      await scraper.close();
    });
    const use = (name: string, ...uids: number[]) => {
      const path = join(root, name);
      mkdirSync(path, { recursive: true });
      const { dev, ino } = statSync(path);
      found.set(name, {
        path,
        insidePath: path,
        identity: `${dev}:${ino}`,
        uid: 0,
        gid: 0,
        mode: 0o700,
        metricFiles: 1,
        error: undefined,
        users: uids.map((uid, pid) => ({
          pid,
          uid,
          role: undefined,
          program: 'python3',
          writes: true,
          removedFiles: 0,
        })),
        setLateBy: [],
      });
    };
    return {
      root,
      scraper,
      log,
      found,
      facts,
      use,
      useMany(prefix: string, count: number, uid: number) {
        for (let i = 0; i < count; i++) use(`${prefix}${i}`, uid);
      },
      leave: (name: string) => found.delete(name),
      remove(name: string) {
        found.delete(name);
        rmSync(join(root, name), { recursive: true });
      },
      scan: () => sources.start(),
      /** Names of those served that begin so. */
      served: (prefix: string) =>
        scraper
          .sourceNames()
          .filter((name) => name.startsWith(join(root, prefix)))
          .map((name) => name.slice(root.length + 1)),
      said: (message: string) => log.filter((line) => line.message === message),
    };
  }

  it('are half of all for one with 101 directories, and 20 for each other one that comes later', async () => {
    const { useMany, scan, served, said } = await host();
    useMany('eve', 101, EVE);
    await scan();
    assert.equal(served('eve').length, 50);
    useMany('ann', 10, ANN);
    useMany('bob', 30, BOB);
    useMany('cat', 25, CAT);
    await scan();
    assert.deepEqual(
      ['eve', 'ann', 'bob', 'cat'].map((user) => served(user).length),
      [50, 10, 20, 20],
    );
    assert.deepEqual(
      said('more directories than are served').map(({ fields }) => fields),
      [
        { uid: EVE, max: 100, maxOfUser: 20, leftOut: 51 },
        { uid: BOB, max: 100, maxOfUser: 20, leftOut: 10 },
        { uid: CAT, max: 100, maxOfUser: 20, leftOut: 5 },
      ],
    );
  });

  it('are shared out in turn where all come at once, whatever their names', async () => {
    const { useMany, scan, served } = await host();
    useMany('a-eve', 101, EVE);
    useMany('z-ann', 30, ANN);
    await scan();
    assert.deepEqual([served('a-eve').length, served('z-ann').length], [25, 25]);
  });

  it('stay when there are 100 and more come', async () => {
    const { useMany, scan, served, said } = await host();
    for (const [i, user] of ['a', 'b', 'c', 'd', 'e'].entries()) useMany(user, 20, 2000 + i);
    await scan();
    const before = served('');
    assert.equal(before.length, 100);
    useMany('eve', 5, EVE);
    await scan();
    assert.deepEqual(served(''), before);
    assert.equal(said('more directories than are served').length, 1);
  });

  it('stay while another user makes and removes directories without end', async () => {
    const { useMany, remove, scan, served, said } = await host();
    useMany('ann', 20, ANN);
    await scan();
    for (let round = 0; round < 5; round++) {
      useMany(`eve${round}-`, 101, EVE);
      await scan();
      assert.equal(served('eve').length, 30);
      for (let i = 0; i < 101; i++) remove(`eve${round}-${i}`);
    }
    useMany('bob', 20, BOB);
    await scan();
    assert.deepEqual(
      [served('ann').length, served('bob').length, served('eve').length],
      [20, 20, 0],
    );
    assert.equal(said('more directories than are served').length, 1);
  });

  it('make room for new ones of the same user when nobody uses them, and only then', async () => {
    const { useMany, use, leave, scan, served, said } = await host();
    useMany('ann', 50, ANN);
    await scan();
    use('ann-new', ANN);
    await scan();
    assert.deepEqual(served('ann-new'), []);
    // They are kept for a while, as the last values of a server that died.
    leave('ann7');
    leave('ann8');
    use('bob', BOB);
    await scan();
    assert.deepEqual([served('ann-new').length, served('bob').length], [1, 1]);
    assert.equal(served('ann').length, 50);
    const why = 'no process uses it, and its user has a new one';
    assert.equal(said('source left').filter(({ fields }) => fields.why === why).length, 1);
  });

  it('keep their place against a user who only names them', async () => {
    const { useMany, use, scan, served } = await host();
    useMany('eve', 101, EVE);
    use('ann', EVE, ANN);
    await scan();
    assert.deepEqual(served('ann'), ['ann']);
  });

  it('are not those of a process that ended before it could be said whose it was', async () => {
    const { use, found, scan, served } = await host();
    use('nobody');
    await scan();
    assert.deepEqual(served('nobody'), []);
    found.clear();
    use('nobody', ANN);
    await scan();
    assert.deepEqual(served('nobody'), ['nobody']);
  });

  it('are warned about once while a warning lasts, and again when it comes back', async () => {
    const { use, found, facts, scan, said } = await host();
    use('ann', ANN);
    const unreadable = { ...found.get('ann')!, error: 'EACCES' };
    const message = 'discovered directory cannot be read';
    for (const [isUnreadable, lines] of [
      [true, 1],
      [true, 1],
      [false, 1],
      [true, 2],
    ] as const) {
      found.clear();
      if (isUnreadable) found.set('ann', unreadable);
      facts.unread = [{ uid: EVE, processes: lines }];
      facts.crowded = [EVE];
      await scan();
      assert.equal(said(message).length, lines);
    }
    assert.deepEqual(
      said('processes that cannot be read').map(({ fields }) => fields),
      [{ uid: EVE, processes: 1 }],
    );
    assert.deepEqual(
      said('a user uses more directories than are read').map(({ fields }) => fields),
      [{ uid: EVE, max: 200 }],
    );
  });

  describe('of a directory that is compacted', () => {
    /** Two processes, and what one that was removed had counted: 3 + 4 + 5. */
    async function compacted(options: Parameters<typeof host>[0] = {}) {
      const on = await host(options);
      const { root, use, scan, scraper } = on;
      use('ann', ANN);
      const directory = join(root, 'ann');
      const file = (pid: number) => join(directory, `counter_${pid}.db`);
      for (const pid of [3, 4, 5]) writeMetricFile(file(pid), [counter('jobs', pid)]);
      await scan();
      const jobs = async () => {
        const page = String(await scraper.scrape({ dialect: TEXT }));
        return /^jobs_total\{.*\} (.*)$/m.exec(page)?.[1];
      };
      return { ...on, directory, file, jobs };
    }

    for (const [title, isSeenFirst] of [
      ['by the scan that finds it', true],
      ['where it is exchanged during a scan', false],
      ['without a process that uses it', undefined],
    ] as const) {
      it(`stay the same, ${title}`, async () => {
        const { directory, file, jobs, use, leave, scan, log, served } = await compacted();
        assert.equal(await jobs(), '12.0');
        rmSync(file(5));
        assert.equal(await jobs(), '12.0');
        await compactAsIf(directory);
        if (isSeenFirst) use('ann', ANN);
        else if (isSeenFirst === undefined) leave('ann');
        await scan();
        assert.equal(await jobs(), '12.0');
        if (isSeenFirst !== undefined) use('ann', ANN);
        await scan();
        assert.equal(await jobs(), '12.0');
        assert.deepEqual(served(''), ['ann']);
        assert.deepEqual(
          log.map(({ message }) => message),
          ['source found'],
        );
      });
    }

    it('are others where it was made anew', async () => {
      const { directory, file, jobs, use, scan, said } = await compacted();
      // So that it has another inode.
      renameSync(directory, `${directory}-old`);
      use('ann', ANN);
      writeMetricFile(file(7), [counter('jobs', 7)]);
      await scan();
      assert.equal(await jobs(), '7.0');
      assert.equal(said('source left').length, 1);
    });

    it('are others where another user made it', {
      skip: process.getuid?.() === 0 ? false : 'needs root',
    }, async () => {
      const { directory, file, jobs, use, scan, said } = await compacted();
      renameSync(directory, `${directory}-old`);
      use('ann', EVE);
      writeMetricFile(file(7), [counter('jobs', 7)]);
      await compactAsIf(directory);
      chownSync(directory, EVE, EVE);
      use('ann', EVE);
      await scan();
      assert.equal(await jobs(), '7.0');
      assert.equal(said('source left').length, 1);
    });

    it('are not made of one that is a source anyway, and was exchanged during a scan', async () => {
      const { root, use, scan, served } = await host({ except: ['own'] });
      use('own', ANN);
      const directory = join(root, 'own');
      writeMetricFile(join(directory, 'counter_7.db'), [counter('jobs', 7)]);
      await compactAsIf(directory);
      await scan();
      assert.deepEqual(served('own'), []);
    });
  });
});

describe('serve --discover', { skip: python.skip }, () => {
  it('serves a server that runs, and a source of its own', async () => {
    const vllm = await vllmLike();
    const directory = (await vllm.facts()).directory!;
    const daemon = await Daemon.serve(undefined, ['--discover', `--source=own=${tempDirectory()}`]);
    ending.push(() => daemon.stop());
    let body = '';
    for (let i = 0; i < 200 && !body.includes(directory); i++) {
      ({ body } = await daemon.get('/metrics'));
      await sleep(50);
    }
    assert.ok(body.includes(`promfold_up{promfold_source="${directory}"} 1.0`), body);
    assert.match(body, /^promfold_up\{promfold_source="own"\} 1\.0$/m);
    assert.equal(await daemon.stop(), 0);
  });

  it('refuses DIR', async () => {
    const { exitCode, stderr } = await promfold(['serve', '/run/prom', '--discover']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /expected DIR or --discover, got both/);
  });
});
