/** The page where something is amiss: a server that is gone for a while or has another clock, sources that come and go. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromiumMissing, openBrowser, openPage, textOf, untilText } from '../support/browser.js';
import { Daemon, promfold } from '../support/cli.js';
import {
  counter,
  double,
  fileBytes,
  gauge,
  overwrite,
  type TestEntry,
  writeMetricFile,
} from '../support/metric-file.js';
import { ROOT } from '../support/paths.js';
import { Session } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const skip = chromiumMissing();

/** The id of no process that runs. */
const PROCESS = 4_100_001;

/** @returns a directory with a file of each process, with one counter in it */
function directoryOf(processes: number): string {
  const directory = tempDirectory();
  for (let i = 0; i < processes; i++) {
    writeMetricFile(join(directory, `counter_${PROCESS + i}.db`), [counter('work', 1)]);
  }
  return directory;
}

/** A proxy that adds some seconds to the times of instants. */
class ShiftedClock {
  seconds = 0;
  readonly #server: Server;
  readonly url: string;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async before(target: string): Promise<ShiftedClock> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const clock = new ShiftedClock(server, `http://127.0.0.1:${port}`);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      clock.#answer(target + request.url, response).catch(() => response.destroy());
    });
    return clock;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const abort = new AbortController();
    response.on('close', () => abort.abort());
    const answer = await fetch(url, { signal: abort.signal });
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type')! });
    const isStream = url.includes('/ticks');
    const parts = isStream ? answer.body! : [Buffer.from(await answer.arrayBuffer())];
    for await (const part of parts) {
      const text = Buffer.from(part).toString();
      response.write(
        text.replace(
          /("takenAtSeconds":)([\d.]+)/g,
          (_, name, time) => name + (Number(time) + this.seconds),
        ),
      );
    }
    response.end();
  }
}

describe('the page in trouble', { skip }, () => {
  let browser: Browser;
  let context: BrowserContext;

  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.close());
  afterEach(() => context?.close());

  const newContext = async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    return context;
  };

  it('asks again for a moment of the past that it was not given', async () => {
    const recording = join(tempDirectory(), 'a.rec');
    const args = ['record', directoryOf(1), '-o', recording, '--for', '2s', '--interval', '500ms'];
    const { stderr } = await promfold(args);
    const serve = (port: string) =>
      new Session(process.execPath, [
        `${ROOT}/dist/src/main.js`,
        'page',
        '--port',
        port,
        recording,
      ]);
    let server = serve('0');
    try {
      const [, url = ''] = await server.shows(/(http:\/\/127\.0\.0\.1:\d+)\//);
      assert.notEqual(url, '', stderr);
      const { page } = await openPage(await newContext(), url, '#/processes');
      await page.locator('td a').first().waitFor();
      server.child.kill('SIGTERM');
      await server.end();
      await page.getByRole('link', { name: 'Files' }).click();
      const banner = page.locator('.banner', { hasText: 'promfold does not answer' });
      await banner.waitFor();
      server = serve(new URL(url).port);
      await page.locator('td', { hasText: `counter_${PROCESS}.db` }).waitFor();
      assert.equal(await banner.count(), 0);
    } finally {
      server.kill();
    }
  });

  it('shows the last recorded moment at the end of the time line, which goes on to now', async () => {
    const daemon = await Daemon.serve(directoryOf(1), ['--recorder.interval', '4s']);
    try {
      const { page } = await openPage(await newContext(), daemon.url, '#/processes');
      const recordedTo = async () => {
        const answer = await fetch(`${daemon.url}/api/v1/status`);
        const status = (await answer.json()) as {
          recorder: { sources: { fromSeconds: number; toSeconds: number }[] };
        };
        const [source] = status.recorder.sources;
        return source !== undefined && source.fromSeconds < source.toSeconds ? source.toSeconds : 0;
      };
      const isRecorded = async () => {
        const ago = Date.now() / 1000 - (await recordedTo());
        return ago > 2 && ago < 2.5;
      };
      const strip = page.getByRole('slider');
      while (!(await isRecorded())) await sleep(50);
      // It knows what was recorded when it was opened.
      await page.reload();
      await strip.waitFor();
      const box = (await strip.boundingBox())!;
      await page.locator('.state', { hasText: 'Live' }).waitFor();
      await page.mouse.click(box.x + box.width - 1, box.y + 10);
      await untilText(page.locator('.state'), (text) => text.startsWith('Recorded'));
      await page.locator('.asof', { hasText: 'as of' }).waitFor();
      await page.locator('td a').first().waitFor();
      assert.equal(await page.locator('.banner').count(), 0);
      await page.keyboard.press('Home');
      await page.locator('td a').first().waitFor();
      assert.equal(await page.locator('.banner').count(), 0, await textOf(page.locator('main')));
    } finally {
      await daemon.stop();
    }
  });

  it('shows one source after the other, also where the second cannot be read', async () => {
    const sources = ['--source', `a=${directoryOf(2)}`, '--source', `b=${directoryOf(3)}`];
    const daemon = await Daemon.serve(undefined, [
      ...sources,
      '--source',
      `none=${join(tempDirectory(), 'none')}`,
    ]);
    try {
      const { page, watched } = await openPage(await newContext(), daemon.url);
      const processes = page.locator('.tile', { hasText: 'Processes' }).locator('.value');
      await untilText(processes, (text) => text === '2');
      const { hash } = new URL(page.url());
      const asked: string[] = [];
      page.on('response', async (response) => {
        if (response.status() !== 200) asked.push(`${response.status()} ${response.url()}`);
      });
      const choice = page.getByRole('combobox', { name: 'Source' });
      await choice.selectOption('b');
      await untilText(processes, (text) => text === '3');
      await choice.selectOption('a');
      await untilText(processes, (text) => text === '2');
      assert.deepEqual(asked, [], 'no view is asked for by a snapshot of the other source');
      assert.deepEqual(watched.problems, []);
      assert.match(hash, /source=a/, 'a link is of this source where another one is the first');
      await choice.selectOption('none');
      await page.locator('.banner', { hasText: 'The directory cannot be read' }).waitFor();
      await sleep(1_500);
      assert.equal(await page.locator('.banner').count(), 1);
      // What is of another source is not shown as if it were of this one.
      assert.equal(await textOf(processes), '–');
    } finally {
      await daemon.stop();
    }
  });

  it('says that a source is gone, and has what was recorded of it', async () => {
    const directory = directoryOf(2);
    const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
    const application = new Session('sleep', ['1000'], { env });
    const daemon = await Daemon.serve(undefined, ['--discover', '--recorder.interval', '500ms']);
    try {
      const hash = `#/processes?source=${encodeURIComponent(directory)}`;
      const { page } = await openPage(await newContext(), daemon.url, hash);
      await page.locator('td a').first().waitFor();
      const left = await page.context().newPage();
      await left.goto(`${daemon.url}/#/processes?source=never`);
      await left.locator('.banner', { hasText: 'never is not served.' }).waitFor();
      await left.getByRole('link', { name: 'Show what is' }).click();
      await left.locator('.asof', { hasText: 'as of' }).waitFor();
      // Two moments at least.
      await sleep(1_500);
      application.kill();
      rmSync(directory, { recursive: true });
      const banner = page.locator('.banner', { hasText: 'is not served any more' });
      await banner.waitFor();
      assert.match(await textOf(banner), /recorded of it is on the line above/);
      assert.match(await textOf(page.locator('.state')), /not served/);
      // Others may be discovered on the machine that runs the test.
      await left.route('**/api/v1/status', async (route) => {
        const response = await route.fetch();
        const status = (await response.json()) as { recorder: { sources: { path: string }[] } };
        const sources = status.recorder.sources.filter(({ path }) => path === directory);
        const recorder = { ...status.recorder, sources };
        await route.fulfill({ response, json: { ...status, sources: [], recorder } });
      });
      await left.goto(`${daemon.url}/#/processes`);
      await left.reload();
      await left.getByRole('slider').click();
      await untilText(left.locator('.state'), (text) => text.startsWith('Recorded'));
      await left.locator('td a').first().waitFor();
      assert.equal(await left.locator('.banner').count(), 0);
    } finally {
      application.kill();
      await daemon.stop();
    }
  });

  // The browser may be on another machine.
  for (const [title, seconds] of [
    ['behind', 60],
    ['ahead of', -60],
  ] as const) {
    it(`tells ages where the clock of the server is ${title} that of the browser`, async () => {
      const daemon = await Daemon.serve(directoryOf(1), ['--recorder.interval', '500ms']);
      let isStopped = false;
      try {
        await newContext();
        await context.addInitScript(
          `const now = Date.now; Date.now = () => now() + ${seconds * 1000};`,
        );
        const { page } = await openPage(context, daemon.url, '#/processes');
        const time = page.locator('.asof').first();
        await untilText(time, (text) => text.startsWith('as of'));
        await sleep(2_500);
        assert.match(await textOf(time), /^as of/);
        const at = Math.floor(Date.now() / 1000) - 1;
        await page.goto(`${daemon.url}/#/processes?at=${at}`);
        await page.reload();
        const ago = await untilText(page.locator('.state'), (text) => text.endsWith(' ago'));
        assert.ok(Number(/(\d+) s ago/.exec(ago)?.[1]) < 30, ago);
        await page.goto(`${daemon.url}/#/processes`);
        await untilText(time, (text) => text.startsWith('as of'));
        // From now on there are no more ticks.
        process.kill(daemon.pid, 'SIGSTOP');
        isStopped = true;
        await untilText(time, (text) => text.includes(' old'));
        const shown = await textOf(time);
        assert.ok(Number(/^(\d+) s old/.exec(shown)?.[1]) < 30, shown);
      } finally {
        if (isStopped) process.kill(daemon.pid, 'SIGCONT');
        await daemon.stop();
      }
    });
  }

  it('goes on where the clock of the server is set back', async () => {
    const daemon = await Daemon.serve(directoryOf(1));
    const clock = await ShiftedClock.before(daemon.url);
    try {
      const { page } = await openPage(await newContext(), clock.url, '#/processes');
      const time = page.locator('.asof').first();
      await untilText(time, (text) => text.startsWith('as of'));
      clock.seconds = -3_600;
      // What was asked before has been answered.
      await sleep(2_500);
      const first = await textOf(time);
      await untilText(time, (text) => text.startsWith('as of') && text !== first);
    } finally {
      await clock.close();
      await daemon.stop();
    }
  });

  it('tells all windows why there are no numbers, also where the reason is another one', async () => {
    const directory = directoryOf(1);
    const daemon = await Daemon.serve(directory);
    try {
      await newContext();
      const states = [];
      for (let i = 0; i < 2; i++) {
        const { page } = await openPage(context, daemon.url);
        states.push(page.locator('.state'));
        await untilText(states[i]!, (text) => text.startsWith('Live'));
      }
      rmSync(directory, { recursive: true });
      for (const state of states) await untilText(state, (text) => text.includes(directory));
      await daemon.stop();
      for (const state of states) await untilText(state, (text) => text.includes('not answer'));
    } finally {
      await daemon.stop();
    }
  });

  it('says where it counts a part of the processes', async () => {
    const daemon = await Daemon.serve(directoryOf(1_001));
    try {
      const { page } = await openPage(await newContext(), daemon.url);
      const text = /These are the 1,000 seen last, of 1,001/;
      await untilText(page.locator('.states'), (shown) => text.test(shown));
    } finally {
      await daemon.stop();
    }
  });

  it('says that a stream is silent, and opens another one', async () => {
    const daemon = await Daemon.serve(directoryOf(1));
    try {
      const { page } = await openPage(await newContext(), daemon.url);
      const state = page.locator('.state');
      await untilText(state, (text) => text.startsWith('Live'));
      process.kill(daemon.pid, 'SIGSTOP');
      // As of a dead connection, no error is heard of it.
      await untilText(state, (text) => text.includes('nothing came from promfold'), 30_000);
      process.kill(daemon.pid, 'SIGCONT');
      await untilText(state, (text) => text.startsWith('Live'));
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
      await daemon.stop();
    }
  });
});

describe('commands and queries that the page has to copy', { skip }, () => {
  const directory = directoryOf(1);
  const name = 'job_count';
  const bucket = (le: string, value: number): TestEntry => ({
    family: name,
    sampleName: `${name}_bucket`,
    labels: { le },
    value,
  });
  let browser: Browser;
  const copied = async (url: string, hash: string) => {
    const context = await browser.newContext();
    try {
      const { page } = await openPage(context, url, hash);
      await page.locator('.copy code').first().waitFor();
      return await page.locator('.copy code').allInnerTexts();
    } finally {
      await context.close();
    }
  };

  before(async () => {
    const sum = { family: name, sampleName: `${name}_sum`, labels: {}, value: 1.5 };
    const entries = [sum, bucket('1.0', 2), bucket('+Inf', 1)];
    writeMetricFile(join(directory, `histogram_${PROCESS}.db`), entries);
    browser = await openBrowser();
  });
  after(() => browser?.close());

  it('has a quantile of a histogram, whatever its name ends in, and a rate of a series of it', async () => {
    const daemon = await Daemon.serve(directory);
    try {
      const [whole] = await copied(daemon.url, `#/series/${name}`);
      assert.equal(whole, 'histogram_quantile(0.9, sum by (le) (rate(job_count_bucket{}[5m])))');
      const [one] = await copied(daemon.url, `#/series/${name}_count`);
      assert.equal(one, 'rate(job_count_count[5m])');
    } finally {
      await daemon.stop();
    }
  });

  it('has a command that answers, of a moment of a recording, too', async () => {
    const recording = join(tempDirectory(), 'a.rec');
    await promfold(['record', directory, '-o', recording, '--for', '2s', '--interval', '500ms']);
    const server = new Session(process.execPath, [`${ROOT}/dist/src/main.js`, 'page', recording]);
    try {
      const [, url = ''] = await server.shows(/(http:\/\/127\.0\.0\.1:\d+)\//);
      const { recording: span } = (await (await fetch(`${url}/api/v1/status`)).json()) as {
        recording: { toSeconds: number };
      };
      const at = Math.floor(span.toSeconds * 10) / 10;
      const [, command] = await copied(url, `#/series/work_total?at=${at}`);
      assert.equal(command, `promfold explain --at ${at} work_total ${recording}`);
      const { exitCode, stdout } = await promfold(command!.split(' ').slice(1));
      assert.equal(exitCode, 0);
      assert.match(stdout, /^work_total = 1/);
    } finally {
      server.kill();
    }
  });
});

describe('a long table of the page', { skip }, () => {
  const series = Array.from({ length: 400 }, (_, i) => counter('work', 1, { i: String(i) }));
  const directory = directoryOf(400);
  /** The time of each is when its process was seen last. */
  const seen = Array.from({ length: 40 }, (_, i) =>
    join(directory, `gauge_mostrecent_${PROCESS + 200 + i}.db`),
  );
  const setOffset = fileBytes('dict4-16', [gauge('seen', 1)]).length - 8;
  let browser: Browser;
  let page: Page;
  let daemon: Daemon;

  before(async () => {
    for (let i = 0; i < 2; i++) {
      writeMetricFile(join(directory, `counter_${PROCESS + i}.db`), series);
    }
    for (const path of seen) writeMetricFile(path, [gauge('seen', 1, 1)]);
    daemon = await Daemon.serve(directory, ['--recorder.interval', '500ms']);
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    ({ page } = await openPage(context, daemon.url));
  });
  after(async () => {
    await browser?.close();
    await daemon?.stop();
  });

  /** By what they show; the first is 0. */
  const row = (index: number) => page.locator(`tr[aria-rowindex="${index + 2}"]`);
  const scrollTo = (label: string, index: number) =>
    page.getByRole('region', { name: label, exact: true }).evaluate(
      (region, top) => {
        (region as unknown as { scrollTop: number }).scrollTop = top;
      },
      32 * (index - 3),
    );

  it('has lines of the rows in sight', async () => {
    const moving = 250;
    const path = join(directory, `counter_${PROCESS + moving}.db`);
    const valueOffset = fileBytes('dict4-16', [counter('work', 1)]).length - 16;
    let value = 1;
    const timer = setInterval(() => overwrite(path, valueOffset, double(++value)), 200);
    try {
      await page.goto(`${daemon.url}/#/processes?sort=processId`);
      await page.locator('td a').first().waitFor();
      await scrollTo('Processes', moving);
      await untilText(row(moving), (text) => text.includes(String(PROCESS + moving)));
      const heights = async (index: number) => {
        const line = row(index).locator('svg path');
        const text = (await line.getAttribute('d', { timeout: 1_000 }).catch(() => '')) ?? '';
        return new Set([...text.matchAll(/ ([\d.]+)/g)].map(([, height]) => height));
      };
      const deadline = Date.now() + 60_000;
      while (!(await heights(moving)).has('2.0') && Date.now() < deadline) await sleep(200);
      assert.ok((await heights(moving)).has('2.0'), 'its line moves');
      assert.deepEqual(
        [...(await heights(moving + 1))],
        ['21.0'],
        'one that rests has a line, too',
      );
    } finally {
      clearInterval(timer);
    }
  });

  it('asks for its lines in peace where the order of its rows moves', async () => {
    await page.goto(`${daemon.url}/#/processes?sort=-lastSeenSeconds`);
    await page.locator('td a').first().waitFor();
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().includes('/activity?') && request.url().includes('process')) asked++;
    });
    const first = await textOf(row(0));
    for (const path of seen) {
      overwrite(path, setOffset, double(Date.now() / 1000));
      await sleep(200);
    }
    assert.notEqual(await textOf(row(0)), first, 'the order moves');
    assert.ok(asked > 0 && asked <= 4, `asked ${asked} times within 8 s`);
  });

  it('shows the rows in sight of another list of the same length', async () => {
    await page.goto(`${daemon.url}/#/metrics?process=${PROCESS}`);
    await page
      .getByRole('region', { name: 'Series', exact: true })
      .locator('td a')
      .first()
      .waitFor();
    await scrollTo('Series', 300);
    await untilText(row(300), (text) => text.includes('work_total'));
    await page.goto(`${daemon.url}/#/metrics?process=${PROCESS + 1}`);
    await untilText(page.locator('.chips'), (text) => text.includes(String(PROCESS + 1)));
    await sleep(1_500);
    assert.match(await textOf(row(300)), /work_total/);
    assert.equal(await page.locator('table.earlier').count(), 0);
  });
});
