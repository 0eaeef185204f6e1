/**
 * promfold only ever reads, and says nothing of processes that could be a secret: command lines and
 * environments of writers, and what they write elsewhere.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { onFileSystem } from '../faults/file-system.js';
import { Daemon, promfold } from '../support/cli.js';
import { currentPython } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const NOBODY = 65_534;
const python = currentPython();
const ARGUMENT = 'argument-sk-5e9f1c';
const VARIABLE = 'variable-sk-77aa02';
const isRoot = process.getuid!() === 0;

async function startWorker(directory: string) {
  // Called as vLLM's API server is, so that it has a role.
  const script = `${ROOT}/test/support/one_of_each.py`;
  const child = start(python.path, [script, `--api-key=${ARGUMENT}`], {
    env: {
      ...process.env,
      PROMETHEUS_MULTIPROC_DIR: directory,
      HF_TOKEN: VARIABLE,
      VLLM_API_KEY: VARIABLE,
    },
  });
  await once(child.stdout!, 'data');
  return child;
}

describe('secrets of a writer', { skip: python.skip }, () => {
  let directory: string;
  let worker: Awaited<ReturnType<typeof startWorker>>;

  before(async () => {
    directory = tempDirectory();
    worker = await startWorker(directory);
  });

  after(async () => {
    const ended = once(worker, 'exit');
    worker.kill('SIGKILL');
    await ended;
  });

  const assertSecret = (text: string, where: string) => {
    for (const secret of [ARGUMENT, VARIABLE]) assert.ok(!text.includes(secret), where);
  };

  it('would be there to be seen', async () => {
    const cmdline = readFileSync(`/proc/${worker.pid}/cmdline`, 'utf8');
    assert.ok(cmdline.includes(ARGUMENT));
    assert.ok(readFileSync(`/proc/${worker.pid}/environ`, 'utf8').includes(VARIABLE));
    // Asked for, and by the terminal only.
    const asked = await promfold(['ls', directory, '--command']);
    assert.ok(asked.stdout.includes(ARGUMENT), asked.stdout);
    assert.ok(!asked.stdout.includes(VARIABLE));
  });

  for (const flags of [
    ['--log.level=debug', '--dead-processes=hide-gauges'],
    ['--log.level=debug', '--discover'],
  ]) {
    it(`are nowhere over HTTP nor in the log of serve ${flags.at(-1)}`, async () => {
      const discovers = flags.includes('--discover');
      const daemon = await Daemon.serve(discovers ? undefined : directory, flags);
      try {
        let served = '';
        for (let i = 0; i < 100 && !served.includes('jobs_total'); i += 1) {
          served = (await daemon.get('/metrics')).body;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.match(served, /^jobs_total/m);
        assertSecret(served, '/metrics');
        for (const path of ['/', '/-/ready', '/-/healthy', '/metrics?source=nothing', '/nothing']) {
          const { headers, body } = await daemon.get(path);
          assertSecret(body + JSON.stringify([...headers]), path);
        }
      } finally {
        await daemon.stop();
      }
      assertSecret(daemon.log, 'log');
    });
  }

  it('are nowhere in what the commands print as JSON, or as text without --command', async () => {
    const commands: string[][] = [
      ['ls', directory, '--command'],
      ['ls', directory, '--files'],
      ['cat', directory],
      ['explain', 'jobs_total', directory],
      ['explain', 'g_sum', directory],
      ['check', directory],
      ['top', directory, '--count=1', '--interval=1'],
      ['discover'],
    ];
    for (const command of commands) {
      const json = await promfold([...command, '--json']);
      assert.ok(json.exitCode === 0 || json.exitCode === 1, `${command} ${json.stderr}`);
      assertSecret(json.stdout + json.stderr, `${command} --json`);
      if (command.includes('--command')) continue;
      const text = await promfold(command);
      assertSecret(text.stdout + text.stderr, command.join(' '));
    }
  });

  it('are nowhere in a snapshot', async () => {
    const file = join(tempDirectory(), 'snapshot.tar.gz');
    assert.equal((await promfold(['snapshot', directory, '-o', file])).exitCode, 0);
    const bytes = gunzipSync(readFileSync(file)).toString('latin1');
    assert.match(bytes, /facts\.json/);
    assert.ok(bytes.includes(String(worker.pid)));
    assertSecret(bytes, 'snapshot');
  });
});

describe('another user, on a read-only mount', { skip: python.skip || !isRoot }, () => {
  it('can do everything there is, and takes no block of the tmpfs', async () => {
    await onFileSystem('tmpfs', async (writable) => {
      const worker = await startWorker(writable);
      try {
        writeFileSync(join(writable, 'counter_damaged.db'), 'no metric file');
        await onFileSystem(
          'read-only',
          async (directory) => {
            const blocks = () =>
              Object.fromEntries(
                readdirSync(writable).map((name) => [name, statSync(join(writable, name)).blocks]),
              );
            const before = blocks();
            assert.ok(Object.keys(before).length > 5);
            const asNobody = (...args: string[]) =>
              run(process.execPath, [MAIN, ...args], { uid: NOBODY, gid: NOBODY, cwd: '/' });
            const cases: [args: string[], exitCode: number][] = [
              [['scrape', directory], 0],
              [['scrape', directory, '--format=openmetrics'], 0],
              [['ls', directory], 0],
              [['ls', directory, '--files', '--json'], 0],
              [['cat', directory], 1],
              [['explain', 'jobs_total', directory], 0],
              [['explain', 'jobs_total', directory, '--window=1s'], 0],
              [['check', directory], 1],
              [['top', directory, '--count=2', '--interval=1'], 0],
              [['diff', directory, directory], 0],
              [['snapshot', directory, '-o', '-'], 0],
            ];
            for (const [args, expected] of cases) {
              const { exitCode, stdout, stderr } = await asNobody(...args);
              assert.equal(exitCode, expected, `${args}: ${stderr}`);
              assert.ok(stdout.length > 0 || args[0] === 'diff', args.join(' '));
            }
            const daemon = await Daemon.serve(directory, [], { uid: NOBODY });
            for (let i = 0; i < 5; i += 1) {
              assert.match((await daemon.get('/metrics')).body, /^jobs_total/m);
            }
            assert.equal(await daemon.stop(), 0);
            assert.doesNotMatch(daemon.log, /running as root/);
            assert.deepEqual(blocks(), before);
          },
          writable,
        );
      } finally {
        const ended = once(worker, 'exit');
        worker.kill('SIGKILL');
        await ended;
      }
    });
  });
});

describe('running as root', { skip: !isRoot }, () => {
  it('is warned about', async () => {
    const daemon = await Daemon.serve(tempDirectory());
    await daemon.stop();
    assert.match(daemon.log, /level=warn msg="running as root/);
  });
});

describe('every answer', () => {
  it('is not guessed about, and a page may load nothing and be framed by nobody', async () => {
    const daemon = await Daemon.serve(tempDirectory());
    try {
      for (const path of ['/', '/metrics', '/-/healthy', '/-/ready', '/nothing', '/%zz']) {
        const { headers } = await daemon.get(path);
        assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
        assert.equal(headers.get('access-control-allow-origin'), null, path);
        assert.equal(headers.get('set-cookie'), null, path);
        if (!headers.get('content-type')?.startsWith('text/html')) continue;
        assert.equal(headers.get('x-frame-options'), 'DENY', path);
        const policy = headers.get('content-security-policy') ?? '';
        assert.match(policy, /default-src 'none'/, path);
        assert.match(policy, /frame-ancestors 'none'/, path);
        assert.doesNotMatch(policy, /unsafe/, path);
      }
    } finally {
      await daemon.stop();
    }
  });

  it('comes from loopback alone unless told otherwise', async () => {
    const { stdout } = await promfold(['serve', '--help']);
    assert.match(stdout, /127\.0\.0\.1:19925/);
  });
});

describe('the addon', () => {
  const addon = `${ROOT}/native/build/Release/promfold.node`;
  const readelf = async (...args: string[]) =>
    (await run('readelf', ['-W', ...args, addon])).stdout;

  it('is built hardened', async () => {
    assert.ok(existsSync(addon));
    assert.match(await readelf('-d'), /\bBIND_NOW\b|Flags: NOW/);
    const segments = await readelf('-l');
    assert.match(segments, /\bGNU_RELRO\b/);
    // The stack may not be run, and nothing is both written and run.
    assert.match(segments, /GNU_STACK.* RW +0x/);
    assert.doesNotMatch(segments, /LOAD.* RWE /);
    const symbols = await readelf('--dyn-syms');
    assert.match(symbols, /\b__stack_chk_fail\b/);
    assert.match(symbols, /\b__\w+_chk\b(?<!__stack_chk)/);
    assert.doesNotMatch(await readelf('-d'), /\b(RPATH|RUNPATH|TEXTREL)\b/);
  });
});
