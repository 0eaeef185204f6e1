/** On which addresses of the built daemon debug surfaces are served, and for whom. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { hashSync } from 'bcryptjs';
import type { Status } from '../../src/serve/api/status.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { MAIN } from '../support/paths.js';
import { run } from '../support/process.js';
import { Session } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

let session: Session | undefined;
afterEach(() => {
  session?.kill();
  session = undefined;
});

const directory = tempDirectory();
writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 3), counter('more', 1)]);

/** @returns the ports it listens on, in the order of the log */
async function serve(...flags: string[]): Promise<number[]> {
  session = new Session(process.execPath, [MAIN, 'serve', ...flags, directory]);
  const wanted = flags.filter((flag) => /address=/.test(flag)).length;
  const lines = () => [...session!.stderr.matchAll(/msg=listening address=\S+:(\d+) /g)];
  await session.shows(
    new RegExp(`(?:msg=listening[^]*){${wanted}}`.replace('[^]', '[\\s\\S]')),
    'stderr',
  );
  return lines().map(([, port]) => Number(port));
}

const status = async (port: number, ...args: string[]) =>
  (
    await run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      ...args,
      `http://127.0.0.1:${port}/api/v1/status`,
    ])
  ).stdout;

describe('debug surfaces', () => {
  it('are served on loopback, for hosts of ours', async () => {
    const [port = 0] = await serve('--web.listen-address=127.0.0.1:0');
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/status`);
    assert.match(response.headers.get('content-type')!, /^application\/json/);
    const { version, uptimeSeconds, startedSeconds, sources } = (await response.json()) as Status;
    assert.match(version, /^\d/);
    assert.ok(
      Number(uptimeSeconds) > 0 &&
        Math.abs(Number(startedSeconds) + Number(uptimeSeconds) - Date.now() / 1000) < 5,
    );
    assert.deepEqual(sources, [{ path: directory, up: true, series: 2, entries: 2 }]);
    assert.equal(await status(port, '-H', 'Host: evil.example'), '421');
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    assert.match(page, /href="\.\/api\/v1\/status"/);
  });

  it('are not served on all interfaces, where --web.debug-address serves them', async () => {
    const [port = 0, debug = 0] = await serve(
      '--web.listen-address=0.0.0.0:0',
      '--web.debug-address=127.0.0.1:0',
    );
    assert.equal(await status(port), '404');
    assert.equal(await status(debug), '200');
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    assert.doesNotMatch(page, /api\/v1/);
    for (const each of [port, debug])
      assert.equal((await fetch(`http://127.0.0.1:${each}/metrics`)).status, 200);
  });

  it('are served everywhere under --web.enable-debug', async () => {
    const [port = 0] = await serve('--web.listen-address=0.0.0.0:0', '--web.enable-debug');
    assert.equal(await status(port), '200');
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal);
    if (outside !== undefined) {
      assert.equal((await fetch(`http://${outside.address}:${port}/api/v1/status`)).status, 200);
    }
  });

  it('ask for a user where the web configuration has some', async () => {
    const config = join(tempDirectory(), 'web.yml');
    writeFileSync(config, `basic_auth_users:\n  alice: ${hashSync('secret', 5)}\n`);
    const [port = 0] = await serve(
      '--web.listen-address=127.0.0.1:0',
      `--web.config.file=${config}`,
    );
    assert.equal(await status(port), '401');
    assert.equal(await status(port, '-u', 'alice:secret'), '200');
  });
});
