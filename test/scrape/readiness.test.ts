/** Whether promfold is ready, asked while nothing answers: a source whose refresh does not settle. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { afterEach, describe, it, mock } from 'node:test';
import { Source } from '../../src/scrape/directory/source.js';
import { Scraper, TooManyScrapesError } from '../../src/scrape/scraper.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { TEXT } from '../support/dialect.js';
import { GOLDEN } from '../support/paths.js';
import { tempDirectory } from '../support/temp.js';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  mock.restoreAll();
  for (const close of closing.splice(0).reverse()) await close();
});

/** Every source hangs until `release` is called. */
function hang(): { readonly release: () => void } {
  const update = Source.prototype.update;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  mock.method(
    Source.prototype,
    'update',
    async function (this: Source, ...args: Parameters<typeof update>) {
      await released;
      return update.apply(this, args);
    },
  );
  // Whatever a test leaves waiting ends with it.
  closing.push(async () => release());
  return { release };
}

function setUp() {
  const directory = tempDirectory();
  cpSync(`${GOLDEN}/colons/files`, directory, { recursive: true });
  const clock = { ms: 0 };
  const scraper = new Scraper(directory, { nowMs: () => clock.ms });
  closing.push(() => scraper.close());
  const server = buildServer(scraper, {
    telemetryPath: '/metrics',
    limit: new RequestLimit(0),
    version: '1.2.3',
    log: {
      debug() {},
      warn() {},
      error: (message, fields) => assert.fail(`${message} ${fields.error}`),
    },
  });
  closing.push(() => server.close());
  const get = async (path: string) => {
    const started = performance.now();
    const { statusCode, body } = await server.inject(path);
    return { status: statusCode, body, ms: performance.now() - started };
  };
  return { directory, clock, scraper, get };
}

/** The time it says is that of the scrape, a few seconds more or less. */
const SINCE = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

describe('/-/ready', () => {
  it('answers within a second and a bit while the first reading of the directory hangs, and at once from then on', async () => {
    const { directory, clock, scraper, get } = setUp();
    const { release } = hang();
    const first = await get('/-/ready');
    assert.equal(first.status, 503);
    assert.match(
      first.body,
      new RegExp(
        `^promfold is not ready: waiting for a run that began at ${SINCE} and reads ${directory}\n$`,
      ),
    );
    assert.ok(first.ms > 900 && first.ms < 2_500, `${first.ms} ms`);
    clock.ms += 1_000;
    for (let i = 0; i < 20; i += 1) {
      const next = await get('/-/ready');
      assert.equal(next.status, 503);
      assert.ok(next.ms < 500, `${next.ms} ms`);
    }
    release();
    await scraper.prepare();
    assert.equal((await get('/-/ready')).status, 200);
  });

  it('is 503 while scrapes are asked for and none is answered, and 200 when one was', async () => {
    const { directory, clock, scraper, get } = setUp();
    await scraper.scrape({ dialect: TEXT });
    assert.equal((await get('/-/ready')).status, 200);

    const { release } = hang();
    const answer = scraper.scrape({ dialect: TEXT });
    clock.ms += 9_000;
    assert.equal((await get('/-/ready')).status, 200, 'a scrape may take a while');
    clock.ms += 1_000;
    const text = `a scrape that was asked for at ${SINCE} and reads ${directory}\n$`;
    const { status, body, ms } = await get('/-/ready');
    assert.equal(status, 503);
    assert.match(body, new RegExp(`^promfold is not ready: waiting for ${text}`));
    assert.ok(ms < 500, `${ms} ms`);
    const healthy = await get('/-/healthy');
    assert.equal(healthy.status, 200, 'a restart would hang as well');
    assert.match(healthy.body, new RegExp(`^promfold is healthy\\. It waits for ${text}`));

    release();
    await answer;
    assert.equal((await get('/-/ready')).status, 200);
    assert.equal((await get('/-/healthy')).body, 'promfold is healthy.\n');
  });

  it('is 503 while scrapes wait for a run that nobody asked for', async () => {
    const { clock, scraper, get } = setUp();
    await scraper.scrape({ dialect: TEXT });
    const { release } = hang();
    const prepared = scraper.prepare();
    await new Promise(setImmediate);
    clock.ms += 60_000;
    assert.equal((await get('/-/ready')).status, 200, 'nobody waits');
    const answer = scraper.scrape({ dialect: TEXT });
    clock.ms += 10_000;
    assert.equal((await get('/-/ready')).status, 503);
    release();
    await Promise.all([prepared, answer]);
    assert.equal((await get('/-/ready')).status, 200);
  });
});

describe('a run that hangs', () => {
  it('is waited for by a bounded number of scrapes', async () => {
    const { scraper, get } = setUp();
    const { release } = hang();
    // The run has begun, and takes no more.
    const first = scraper.scrape({ dialect: TEXT });
    await new Promise(setImmediate);
    const answers = Array.from({ length: 1_000 }, () => scraper.scrape({ dialect: TEXT }));
    const oldest = assert.rejects(answers.shift()!, TooManyScrapesError);
    const asked = get('/metrics');
    await oldest;
    release();
    assert.equal((await asked).status, 200);
    await Promise.all([first, ...answers]);
  });

  it('has an answer of its own when too many scrapes wait for it', async () => {
    const { scraper, get } = setUp();
    const { release } = hang();
    const first = scraper.scrape({ dialect: TEXT });
    await new Promise(setImmediate);
    const asked = get('/metrics');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answers = Array.from({ length: 1_000 }, () => scraper.scrape({ dialect: TEXT }));
    const { status, body } = await asked;
    assert.equal(status, 503);
    assert.equal(body, '1000 scrapes wait for one that hangs\n');
    release();
    await Promise.all([first, ...answers]);
  });
});
