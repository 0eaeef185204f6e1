/**
 * One daemon and 8 real Python workers that write without a pause, are killed and replaced: no
 * scrape fails, no counter goes back.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Daemon } from '../support/cli.js';
import { Monotone } from '../support/monotone.js';
import { currentPython } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

/** At least this long, and this many scrapes; eight writers leave little of two cores. */
const SECONDS = 8;
const SCRAPES = 60;
const python = currentPython();

describe('a daemon with eight busy workers', () => {
  it('never fails and never goes back', { skip: python.skip }, async () => {
    const directory = tempDirectory();
    const workers = start(python.path, [`${ROOT}/test/support/busy_workers.py`, '8'], {
      env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
    });
    let started = '';
    workers.stdout!.on('data', (chunk: Buffer) => {
      started += chunk;
    });
    const daemon = await Daemon.serve(directory);
    try {
      const own = new Monotone();
      let scrapes = 0;
      let requests = 0;
      const deadline = Date.now() + SECONDS * 1000;
      while (Date.now() < deadline || scrapes < SCRAPES) {
        const { status, body } = await daemon.get('/metrics');
        assert.equal(status, 200, body);
        assert.deepEqual(own.dips(body), [], `scrape ${scrapes}`);
        scrapes += 1;
        const total = /^busy_requests_total\{path="\/0"\} (\S+)$/m.exec(body)?.[1];
        requests = Number(total ?? 0);
      }
      assert.ok(own.series > 50, `${own.series} series`);
      assert.ok(requests > 1000, `${requests} requests were counted`);
      assert.ok(started.trim().split('\n').length > 12, 'workers came and went');
    } finally {
      assert.equal(await daemon.stop(), 0);
      workers.stdin!.end();
      await once(workers, 'exit');
    }
  });
});
