/** --source and --source-label of the built program. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Daemon, promfold } from '../support/cli.js';
import { faultsOf } from '../support/exposition.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { promtool } from '../support/parts.js';
import { metricLint } from '../support/promtool.js';
import { tempDirectory } from '../support/temp.js';

function directoryOf(labels: Record<string, string> = {}): string {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('hits', 1, labels)]);
  return directory;
}

describe('serve --source', () => {
  const tool = promtool();

  it('serves several directories, and one alone', { skip: tool.skip }, async () => {
    const gone = directoryOf();
    const daemon = await Daemon.serve(undefined, [
      `--source=api=${directoryOf()}`,
      `--source=worker=${gone}`,
      '--source-label=app',
    ]);
    try {
      const whole = await daemon.get('/metrics');
      assert.equal(whole.status, 200);
      assert.match(whole.body, /^hits_total\{app="api"\} 1\.0\nhits_total\{app="worker"\} 1\.0$/m);
      assert.match(whole.body, /^promfold_entries\{app="worker"\} 1\.0$/m);
      assert.deepEqual(faultsOf(whole.body, false), []);
      const { parses, output } = await metricLint(tool.path, whole.body);
      assert.ok(parses, output);

      const one = await daemon.get('/metrics?source=worker');
      assert.equal(
        one.body,
        '# HELP hits_total help\n# TYPE hits_total counter\nhits_total{app="worker"} 1.0\n',
      );
      const none = await daemon.get('/metrics?source=x');
      assert.equal(none.status, 404);
      assert.equal(none.body, "no source is called 'x'; known: api, worker\n");
      assert.equal((await daemon.get('/metrics?source=api&source=worker')).status, 400);

      renameSync(gone, `${gone}-gone`);
      const left = await daemon.get('/metrics');
      assert.equal(left.status, 200);
      assert.match(left.body, /^promfold_up\{app="worker"\} 0\.0$/m);
      assert.equal((await daemon.get('/metrics?source=worker')).status, 503);
      assert.equal((await daemon.get('/-/ready')).status, 200);
      renameSync(`${gone}-gone`, gone);
    } finally {
      assert.equal(await daemon.stop(), 0);
    }
  });

  it('does not start where a family has the label', async () => {
    const directory = directoryOf({ promfold_source: 'x' });
    await assert.rejects(async () => {
      const daemon = await Daemon.serve(undefined, [`--source=a=${directory}`]);
      // It may listen a moment before it has read the directory.
      for (let i = 0; i < 200 && !/LABEL|source-label/.test(daemon.log); i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const exitCode = await daemon.stop();
      throw new Error(`serve ended with ${exitCode}: ${daemon.log}`);
    }, /ended with 2: .*--source-label: expected a label that no family has, got 'promfold_source': .*hits has a label/s);
  });
});

describe('scrape --source', () => {
  it('prints what can be read, and exits 2 where one cannot', async () => {
    const there = `--source=a=${directoryOf()}`;
    const whole = await promfold(['scrape', there, `--source=b=${directoryOf()}`]);
    assert.equal(whole.exitCode, 0, whole.stderr);
    assert.match(whole.stdout, /"a"\} 1\.0\n.*"b"\} 1\.0\n$/);

    const part = await promfold(['scrape', there, '--source=b=/nowhere/at/all']);
    assert.equal(part.exitCode, 2);
    assert.match(part.stdout, /"a"\} 1\.0\n$/);
    assert.match(part.stderr, /\/nowhere\/at\/all: .*\[DIRECTORY_UNREADABLE\]/);

    const none = await promfold(['scrape', '--source=b=/nowhere/at/all']);
    assert.equal(none.exitCode, 2);
    assert.equal(none.stdout, '');
  });

  it('takes its sources from the environment, past the variable of the application', async () => {
    const [a, b] = [directoryOf(), directoryOf()];
    const env = { PROMFOLD_SOURCE: `a=${a}, b=${b}`, PROMETHEUS_MULTIPROC_DIR: '/nowhere' };
    const { stdout, exitCode, stderr } = await promfold(['scrape'], { env });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /"a"\} 1\.0\n.*"b"\} 1\.0\n$/);
  });

  const refused: [title: string, args: string[], message: RegExp][] = [
    [
      'DIR next to it',
      ['/run/prom', '--source=a=/x'],
      /expected DIR or --source, got both; give \/run\/prom a name/,
    ],
    [
      'a name twice',
      ['--source=a=/x', '--source=a=/y'],
      /--source: expected each name once, got 'a=\/y'/,
    ],
    ['no directory', ['--source=a'], /--source: expected NAME=DIR/],
    [
      'a label that is added anyway',
      ['--source=a=/x', '--label=promfold_source=y'],
      /--label: expected a label other than that of the sources/,
    ],
    ['le as its label', ['--source=a=/x', '--source-label=le'], /--source-label: expected a name/],
  ];
  for (const [title, args, message] of refused) {
    it(`refuses ${title}`, async () => {
      const { exitCode, stderr } = await promfold(['scrape', ...args]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });
  }

  it('refuses a label that a family has, by name, and prints nothing', async () => {
    const directory = directoryOf({ promfold_source: 'x' });
    const { exitCode, stdout, stderr } = await promfold(['scrape', `--source=a=${directory}`]);
    assert.equal(exitCode, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /--source-label: .* hits has a label promfold_source of its own/);
  });
});
