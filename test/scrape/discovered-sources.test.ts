/** --discover: directories of real processes that come and go. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DiscoveredSources } from '../../src/scrape/discovered-sources.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { Daemon, promfold } from '../support/cli.js';
import { TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { currentPython } from '../support/paths.js';
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
  it('come with a process, and are called as its directory', async () => {
    const { until, page } = await discovering();
    const vllm = await vllmLike();
    const directory = (await vllm.facts()).directory!;
    await vllm.serve(0, { requests: 3 });
    await until(true, directory);
    const one = await page(directory);
    assert.ok(one.includes(`promfold_source="${directory}"`), one);
    assert.match(one, /^vllm:generation_tokens_total\{.*\} 60\.0$/m);
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

  it('in another mount namespace are told apart, and survive the process they are reached by', {
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

describe('serve --discover', { skip: python.skip }, () => {
  it('serves a server that runs, beside a source of its own', async () => {
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
