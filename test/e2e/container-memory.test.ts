/**
 * In a container of 192 MiB, the limit of the manifests in scripts/deploy: what fits is served with room to
 * spare, and what does not is left out; the kernel kills nobody.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Daemon } from '../support/cli.js';
import { ControlGroup } from '../support/control-group.js';
import { valuesOf } from '../support/exposition.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { PageServer } from '../support/page-server.js';
import { tempDirectory } from '../support/temp.js';

const MEMORY_BYTES = 192 * 2 ** 20;

const seriesFile = (family: string, series: number): Buffer =>
  fileBytes(
    'dict4-16',
    Array.from({ length: series }, (_, i) =>
      counter(family, 1, { method: 'GET', route: `/items/${i}`, status: '200' }),
    ),
  );

describe('in a container of 192 MiB', () => {
  it('60,000 series are served, 120,000 more are left out, and nobody is killed', async () => {
    const directory = tempDirectory();
    const group = new ControlGroup('memory', MEMORY_BYTES);
    try {
      writeFileSync(join(directory, 'counter_1.db'), seriesFile('served', 60_000));
      const daemon = await Daemon.serve(directory, [], { wrapper: group.wrapper });
      try {
        for (const series of [0, 120_000, 120_000]) {
          if (series > 0)
            writeFileSync(join(directory, 'counter_2.db'), seriesFile('more', series));
          for (const encoding of ['identity', 'gzip']) {
            const { status, body } = await daemon.get('/metrics', { 'accept-encoding': encoding });
            assert.equal(status, 200, daemon.log);
            const values = valuesOf(body);
            let served = 0;
            for (const name of values.keys()) if (name.startsWith('served_total{')) served++;
            assert.equal(served, 60_000);
            assert.equal(/^promfold_over_budget_files\{/m.test(body), series > 0);
          }
        }
        assert.equal(group.failures, 0);
        assert.match(daemon.log, /code=BUDGET_EXCEEDED/);
      } finally {
        assert.equal(await daemon.stop(), 0, daemon.log);
      }
    } finally {
      group.remove();
    }
  });

  it('the page of another endpoint is served with 60,000 series, a larger one is left out, and nobody is killed', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'counter_1.db'), seriesFile('served', 60_000));
    const line = (i: number) => `appended_bytes{path="/items/${i}",other="x"} ${i}\n`;
    const page = Array.from({ length: 120_000 }, (_, i) => line(i)).join('');
    const fitting = page.slice(0, page.lastIndexOf('\n', 6 * 2 ** 20) + 1);
    const server = await PageServer.start(fitting);
    const group = new ControlGroup('memory', MEMORY_BYTES);
    try {
      const daemon = await Daemon.serve(directory, [`--append-url=${server.url.href}`], {
        wrapper: group.wrapper,
      });
      try {
        for (const [shown, up] of [
          [fitting, '1.0'],
          [fitting.replaceAll('"x"', '"y"'), '1.0'],
          [page + page, '0.0'],
          [fitting, '1.0'],
        ] as const) {
          server.show(shown);
          // On a busy machine one scrape may be too slow for it.
          let body = '';
          for (let i = 0; i < 10; i++) {
            ({ body } = await daemon.get('/metrics'));
            if (body.includes(`promfold_append_up{url="${server.url.href}"} ${up}`)) break;
          }
          assert.ok(
            body.includes(`promfold_append_up{url="${server.url.href}"} ${up}`),
            daemon.log,
          );
          assert.equal(body.match(/^served_total\{/gm)!.length, 60_000);
          const appended = body.match(/^appended_bytes\{/gm)?.length ?? 0;
          assert.equal(appended, up === '1.0' ? fitting.split('\n').length - 1 : 0);
        }
        assert.match(daemon.log, /more than 6291456 bytes/);
        assert.equal(group.failures, 0);
      } finally {
        assert.equal(await daemon.stop(), 0, daemon.log);
      }
    } finally {
      server.stop();
      group.remove();
    }
  });
});
