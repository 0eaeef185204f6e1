/** The page in a real Chromium: what it shows is what the API, /metrics and the commands say. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  chromiumMissing,
  openBrowser,
  openPage,
  TIMEOUT_MS,
  textOf,
  untilText,
} from '../support/browser.js';
import { Daemon, promfold } from '../support/cli.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { PageWorkers, signal } from '../support/page-workers.js';
import { currentPython } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { Session } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();
const skip = python.skip || chromiumMissing();

const VIEWS = ['overview', 'processes', 'metrics', 'files', 'compare'];

const rowOf = (page: Page, text: string) => page.locator('tbody tr', { hasText: text }).first();

async function json(url: string) {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect.
  return (await response.json()) as any;
}

describe('the page', { skip }, () => {
  const directory = skip ? '' : tempDirectory();
  let browser: Browser;
  let context: BrowserContext;
  let workers: PageWorkers;
  let daemon: Daemon;

  before(async () => {
    workers = await PageWorkers.start(python.path, directory, 6, 'hostile');
    daemon = await Daemon.serve(directory, [
      '--recorder.interval',
      '500ms',
      '--watchdog.silence',
      '2s',
    ]);
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  });
  after(async () => {
    await browser?.close();
    await daemon?.stop();
    await workers?.stop();
  });
  afterEach(async () => {
    for (const page of context.pages()) await page.close();
  });

  it('shows values that move, without an error and without a request elsewhere', async () => {
    const { page, watched } = await openPage(context, daemon.url);
    const rate = page.locator('.tile', { hasText: 'Increments' }).locator('.value');
    const first = await untilText(rate, (text) => /[1-9].*\/s/.test(text));
    await untilText(rate, (text) => text !== first && /[1-9].*\/s/.test(text));
    for (const view of VIEWS) {
      await page.goto(`${daemon.url}/#/${view}`);
      await page.locator('td').first().waitFor();
      await sleep(1_200);
    }
    assert.deepEqual(watched.problems, []);
  });

  it('has a strict policy, files that are kept for good, and at most 60 KB', async () => {
    const response = await fetch(`${daemon.url}/`);
    const policy = response.headers.get('Content-Security-Policy') ?? '';
    const wanted =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";
    assert.ok(policy.startsWith(wanted), policy);
    const html = await response.text();
    assert.doesNotMatch(html, /<style|style="|<script>|onload=/);
    const files = [...html.matchAll(/(?:src|href)="\.(\/page\/[^"]+)"/g)].map(([, path]) => path!);
    assert.equal(files.length, 2);
    let bytes = 0;
    for (const path of files) {
      const headers = { 'Accept-Encoding': 'gzip' };
      const file = await fetch(daemon.url + path, { headers });
      assert.equal(file.headers.get('Content-Encoding'), 'gzip');
      assert.match(file.headers.get('Cache-Control') ?? '', /immutable/);
      const tag = file.headers.get('ETag')!;
      bytes += readFileSync(`${ROOT}/dist/bundle${path}.gz`).length;
      assert.equal(Number(file.headers.get('Content-Length')) > 1000, true);
      const again = await fetch(daemon.url + path, { headers: { 'If-None-Match': tag } });
      assert.equal(again.status, 304);
    }
    assert.ok(bytes <= 60_000, `${bytes} bytes`);
  });

  it('is at a prefix, with a slash at the end and without', async () => {
    const prefixed = await Daemon.serve(directory, ['--web.route-prefix', '/deep/er']);
    try {
      for (const path of ['/deep/er/', '/deep/er']) {
        const { page, watched } = await openPage(
          context,
          `${prefixed.url}${path}`.replace(/\/$/, ''),
        );
        const total = page.locator('.tile', { hasText: 'Processes' }).locator('.value');
        await untilText(total, (text) => text === '6');
        assert.deepEqual(watched.problems, [], path);
      }
    } finally {
      await prefixed.stop();
    }
  });

  it('adds up the shares of a series to what /metrics had at that moment', async () => {
    const { page } = await openPage(context, daemon.url);
    const name = 'shop_tokens_total{model="small"}';
    await sleep(1_500);
    const { recorder } = await json(`${daemon.url}/api/v1/status`);
    const at = recorder.sources[0].toSeconds - 0.5;
    const selector = encodeURIComponent(name);
    await page.goto(`${daemon.url}/#/series/${selector}?at=${at}`);
    const shown = page.locator('.big');
    await untilText(shown, (text) => /\d/.test(text));
    const value = Number(await shown.getAttribute('title'));
    const table = page.getByRole('region', { name: 'Values in files' });
    await table.locator('td').first().waitFor();
    const answer = await json(`${daemon.url}/api/v1/explain?series=${selector}&at=${at}`);
    const shares = answer.series[0].shares.map((share: { value: number }) => share.value);
    assert.equal(
      value,
      shares.reduce((sum: number, share: number) => sum + share, 0),
    );
    assert.equal(await table.locator('tbody tr td:first-child a').count(), shares.length);
    const { stdout } = await promfold(['scrape', '--at', String(at), daemon.url]);
    assert.match(stdout, new RegExp(`^shop_tokens_total\\{model="small"\\} ${value}\\.0$`, 'm'));
  });

  it('shows a moment of the past as `explain --at` does', async () => {
    const name = 'shop_requests_total{path="/pay",status="200"}';
    await sleep(1_000);
    const { recorder } = await json(`${daemon.url}/api/v1/status`);
    const at = recorder.sources[0].fromSeconds + 1;
    const { page } = await openPage(
      context,
      daemon.url,
      `#/series/${encodeURIComponent(name)}?at=${at}`,
    );
    await untilText(page.locator('.big'), (text) => /\d/.test(text));
    const shown = Number(await page.locator('.big').getAttribute('title'));
    const args = ['explain', '--at', String(at), name, '--json', daemon.url];
    const { stdout } = await promfold(args);
    const { series, takenAtSeconds } = JSON.parse(stdout);
    assert.equal(shown, series[0].value);
    const answer = await json(
      `${daemon.url}/api/v1/explain?series=${encodeURIComponent(name)}&at=${at}`,
    );
    assert.equal(answer.takenAtSeconds, takenAtSeconds);
    assert.deepEqual(
      answer.series[0].shares.map(({ processId, value }: { processId: string; value: number }) => [
        processId,
        value,
      ]),
      series[0].shares.map(({ processId, value }: { processId: string; value: number }) => [
        processId,
        value,
      ]),
    );
    assert.match(await textOf(page.locator('.state')), /Recorded/);
  });

  it('asks less often for what takes long, and says of when it is', async () => {
    const { page } = await openPage(context, daemon.url);
    const asked: number[] = [];
    // 50 times as long is more than the test takes, and the numbers are old by then.
    await page.route('**/api/v1/diff?*', async (route) => {
      asked.push(performance.now());
      await sleep(1_000);
      await route.continue();
    });
    await page.goto(`${daemon.url}/#/compare`);
    const old = await untilText(page.locator('.asof'), (text) => / old: as of /.test(text), 40_000);
    assert.match(old, /^1\d s old/);
    assert.equal(asked.length, 2, 'the first answer to a question may take longer than others');
    assert.ok(asked[1]! - asked[0]! > 4_500);
  });

  it('keeps its lines when it is reloaded', async () => {
    const { page } = await openPage(context, daemon.url, '#/processes');
    const line = rowOf(page, String(workers.pids[1])).locator('svg path');
    const path = async () =>
      (await line.getAttribute('d', { timeout: 1_000 }).catch(() => '')) ?? '';
    const deadline = Date.now() + TIMEOUT_MS;
    while (!/L/.test(await path()) && Date.now() < deadline) await sleep(200);
    const points = (await path()).split('L').length;
    assert.ok(points > 1, 'no line was drawn');
    await page.reload();
    await page.locator('td').first().waitFor();
    await sleep(1_500);
    assert.ok((await path()).split('L').length >= points - 1, await path());
    // Of the heat map and the quantiles, too.
    await page.goto(
      `${daemon.url}/#/series/${encodeURIComponent('shop_request_seconds{path="/pay"}')}`,
    );
    await page.locator('.heat canvas').waitFor();
    await page.locator('.uplot canvas').first().waitFor();
  });

  it('keeps hostile labels text', async () => {
    const selector = encodeURIComponent('{__name__="shop_requests",path="/hostile"}');
    const { page, watched } = await openPage(context, daemon.url, `#/series/${selector}`);
    await page.locator('td', { hasText: '<script>document.title' }).waitFor();
    assert.notEqual(await page.title(), 'owned');
    const all = await textOf(page.locator('main'));
    assert.ok(all.includes('\\u202eevil'), 'what changes the direction is shown');
    assert.ok(!all.includes('\u202e'));
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(width <= 1280, `the page is ${width} wide`);
    const long = encodeURIComponent(`{status="${'x'.repeat(9000)}"}`);
    await page.goto(`${daemon.url}/#/series/${long}`);
    await untilText(page.locator('.big'), (text) => text === '7');
    await page.goto(`${daemon.url}/#/metrics?search=${'x'.repeat(100)}`);
    await untilText(page.locator('h2', { hasText: 'series' }).last(), (text) =>
      /^1 series/.test(text),
    );
    assert.deepEqual(watched.problems, []);
  });

  it('narrows what is counted by label, value and process, and keeps the families', async () => {
    const { page } = await openPage(context, daemon.url, '#/metrics');
    const families = page.getByRole('region', { name: 'Families' });
    await families.getByRole('button', { name: 'shop_requests', exact: true }).click();
    await untilText(page.locator('.chips'), (text) => text.includes('shop_requests'));
    const listed = await families.locator('tbody tr').count();
    await page
      .getByRole('region', { name: 'Labels' })
      .getByRole('button', { name: 'path' })
      .click();
    await page
      .getByRole('region', { name: 'Values of path' })
      .getByRole('button', { name: '/pay' })
      .click();
    await untilText(page.locator('.chips'), (text) => text.includes('path=/pay'));
    const title = page.locator('.panel h2', { hasText: /series$/ }).last();
    const answer = await json(
      `${daemon.url}/api/v1/series?match[]=${encodeURIComponent('{__name__="shop_requests",path="/pay"}')}`,
    );
    await untilText(title, (text) => text === `${answer.page.total} series`);
    assert.ok((await families.locator('tbody tr').count()) > 1 && listed > 3);
    assert.match(page.url(), /family=shop_requests/);
  });

  it('is used by keys alone', async () => {
    const { page } = await openPage(context, daemon.url, '#/processes');
    await page.locator('td a').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const chosen = await textOf(page.locator('tr.chosen td').first());
    await page.keyboard.press('Enter');
    await untilText(page.locator('h1'), (text) => text.includes(chosen));
    await page.keyboard.press('Escape');
    await untilText(page.locator('h1'), (text) => text === 'Processes');
    await page.keyboard.press('3');
    await untilText(page.locator('h1'), (text) => text === 'Metrics');
    await page.keyboard.press('/');
    await page.keyboard.type('pay');
    await page.waitForURL(/search=pay/);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('dialog[open]').count(), 0);
  });

  it('has nothing serious for axe, in light and dark', async () => {
    const axe = readFileSync(createRequire(`${ROOT}/`).resolve('axe-core/axe.min.js'), 'utf8');
    const histogram = encodeURIComponent('shop_request_seconds{path="/pay"}');
    const series = encodeURIComponent('shop_config_version');
    const routes = [
      ...VIEWS,
      `processes/${workers.pids[0]}`,
      `series/${histogram}`,
      `series/${series}`,
      `files/counter_${workers.pids[0]}.db`,
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      const own = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
      try {
        const page = await own.newPage();
        for (const route of routes) {
          await page.goto(`${daemon.url}/#/${route}`);
          await page.locator('h1').waitFor();
          await page.locator('.asof', { hasText: 'as of' }).first().waitFor();
          await sleep(300);
          // By the debugger, which is not subject to the policy of the page.
          const session = await own.newCDPSession(page);
          const evaluate = async (expression: string) => {
            const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
              expression,
              awaitPromise: true,
              returnByValue: true,
            });
            assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
            return result.value;
          };
          await evaluate(`${axe}; undefined`);
          const found = (await evaluate(
            `axe.run().then(({ violations }) => violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => id + ' ' + nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary).join(' | ')))`,
          )) as string[];
          assert.deepEqual(found, [], `${route} ${colorScheme}`);
          await session.detach();
        }
      } finally {
        await own.close();
      }
    }
  });

  it('updates eight windows by one stream, and follows a leader that is closed', async () => {
    const own = await browser.newContext();
    const streams = new Set<Page>();
    const pages: Page[] = [];
    for (let i = 0; i < 8; i++) {
      const page = await own.newPage();
      page.on('request', (request) => {
        if (request.url().includes('/api/v1/ticks')) streams.add(page);
      });
      await page.goto(`${daemon.url}/`);
      pages.push(page);
    }
    const timeOf = (page: Page) => page.locator('.asof').first();
    for (const page of pages) await untilText(timeOf(page), (text) => text.startsWith('as of'));
    const opened = async () => {
      const body = await (await fetch(`${daemon.url}/metrics`)).text();
      return Number(/^promfold_live_streams (\d+)/m.exec(body)?.[1]);
    };
    assert.equal(await opened(), 1);
    const scrapes: number[] = [];
    const first = await Promise.all(pages.map((page) => textOf(timeOf(page))));
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      await (await fetch(`${daemon.url}/metrics`)).text();
      scrapes.push(performance.now() - began);
      await sleep(100);
    }
    const second = await Promise.all(pages.map((page) => textOf(timeOf(page))));
    for (const [i, text] of second.entries()) assert.notEqual(text, first[i], `window ${i}`);
    scrapes.sort((a, b) => a - b);
    assert.ok(scrapes[10]! < 250, `a scrape takes ${scrapes[10]} ms`);
    const [leader] = streams;
    await leader!.close();
    const left = pages.filter((page) => page !== leader);
    const before = await textOf(timeOf(left[0]!));
    for (const page of left)
      await untilText(timeOf(page), (text) => text !== before && text.startsWith('as of'));
    assert.equal(await opened(), 1);
    await own.close();
  });

  it('shows that a worker was stopped, and why', async () => {
    const { page, watched } = await openPage(context, daemon.url, '#/processes');
    const pid = workers.pids[3]!;
    const row = rowOf(page, String(pid));
    await untilText(row, (text) => text.includes(String(pid)));
    signal(pid, 'SIGSTOP');
    try {
      await untilText(row, (text) => text.includes('stalled'), 60_000);
      await row.getByRole('link').first().click();
      await untilText(page.locator('.evidence'), (text) => text.includes('SIGSTOP'));
    } finally {
      signal(pid, 'SIGCONT');
    }
    await page.goto(`${daemon.url}/#/processes`);
    await untilText(row, (text) => /ok|alive|idle|slow/.test(text), 60_000);
    assert.deepEqual(watched.problems, []);
  });

  it('turns a killed worker dead within two seconds', async () => {
    const { page } = await openPage(context, daemon.url, '#/processes');
    const pid = workers.pids[2]!;
    const row = rowOf(page, String(pid));
    await untilText(row, (text) => /alive|ok|idle|silent|slow/.test(text));
    const began = performance.now();
    signal(pid, 'SIGKILL');
    await untilText(row, (text) => text.includes('dead'));
    const tookMs = performance.now() - began;
    assert.ok(tookMs < 2_000, `it took ${tookMs} ms`);
  });

  it('names a corrupt file under problems, with its path and the byte', async () => {
    const path = join(directory, 'counter_99.db');
    writeMetricFile(path, [counter('ok', 1)]);
    const bytes = readFileSync(path);
    // The length of the first key.
    bytes.writeInt32LE(1_879_048_192, 8);
    writeFileSync(path, bytes);
    const { page } = await openPage(context, daemon.url);
    const problem = page.locator('.problem', { hasText: 'counter_99.db' });
    await problem.waitFor({ timeout: 30_000 });
    assert.match(await textOf(problem), /byte 8/);
    await problem.getByRole('link').first().click();
    await page.locator('.hex mark').waitFor();
    const text = await textOf(page.locator('main'));
    assert.ok(text.includes(path) && /at byte 8/.test(text), text);
  });

  it('connects again to a daemon that was started anew, and says that numbers are old until then', async () => {
    const port = new URL(daemon.url).port;
    const { page } = await openPage(context, daemon.url);
    const time = page.locator('.asof').first();
    await untilText(time, (text) => text.startsWith('as of'));
    await daemon.stop();
    await untilText(page.locator('.state'), (text) => text.includes('Not live'));
    await untilText(time, (text) => /old/.test(text));
    daemon = await Daemon.serve(directory, ['--web.listen-address', `127.0.0.1:${port}`]);
    await untilText(page.locator('.state'), (text) => text.startsWith('Live'));
    await untilText(time, (text) => text.startsWith('as of'));
  });
});

describe('the page of a recording', { skip }, () => {
  it('shows what was recorded, at any of its moments, and compares two', async () => {
    const directory = tempDirectory();
    const recording = join(tempDirectory(), 'a.rec');
    const workers = await PageWorkers.start(python.path, directory, 3);
    const args = ['record', directory, '-o', recording, '--for', '6s', '--interval', '500ms'];
    const { stderr } = await promfold(args);
    await workers.stop();
    const session = new Session(process.execPath, [`${ROOT}/dist/src/main.js`, 'page', recording]);
    const browser = await openBrowser();
    try {
      const [, url = ''] = await session.shows(/(http:\/\/127\.0\.0\.1:\d+)\//);
      assert.notEqual(url, '', stderr);
      const context = await browser.newContext();
      const { page, watched } = await openPage(context, url);
      const total = page.locator('.tile', { hasText: 'Processes' }).locator('.value');
      await untilText(total, (text) => text === '3');
      assert.match(await textOf(page.locator('.state')), /Recording/);
      const { recording: span } = await json(`${url}/api/v1/status`);
      const at = span.fromSeconds + 2;
      const name = 'shop_tokens_total{model="small"}';
      await page.goto(`${url}/#/series/${encodeURIComponent(name)}?at=${at}`);
      await untilText(page.locator('.big'), (text) => /\d/.test(text));
      const shown = Number(await page.locator('.big').getAttribute('title'));
      const explained = await promfold(['explain', '--at', String(at), name, '--json', recording]);
      assert.equal(shown, JSON.parse(explained.stdout).series[0].value);
      await page.goto(`${url}/#/compare?at=${span.toSeconds}&vs=${at}`);
      const changed = page.locator('.tile', { hasText: 'Changed' }).locator('.value');
      const count = await untilText(changed, (text) => /^\d+$/.test(text));
      const diff = await promfold(['diff', '--since', String(at), '--json', recording]);
      assert.equal(Number(count), JSON.parse(diff.stdout).counts.changed);
      assert.deepEqual(watched.problems, []);
    } finally {
      await browser.close();
      session.child.kill('SIGTERM');
    }
  });
});
