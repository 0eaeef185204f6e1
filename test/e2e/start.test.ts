/** scripts/start: the demo serves every type and mode, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAMILY } from '../../scripts/demo/families.js';
import { faultsOf } from '../support/exposition.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { ROOT } from '../support/paths.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const START = `${ROOT}/scripts/start`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

describe('scripts/start without a directory', () => {
  for (const [title, signal, toGroup] of [
    ['Ctrl-C', 'SIGINT', true],
    ['SIGTERM to the whole process group', 'SIGTERM', true],
    ['SIGTERM to itself', 'SIGTERM', false],
  ] as const) {
    it(`serves a demo until ${title}`, async (t) => {
      const child = start(START, ['--web.listen-address', '127.0.0.1:0'], {
        cwd: tmpdir(),
        detached: true,
      });
      const exited = once(child, 'exit');
      let output = '';
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk;
        });
      }
      // Whatever goes wrong, nothing of the group outlives the test.
      t.after(() => killGroup(child.pid!));
      for (let i = 0; i < 600 && !/curl http/.test(output); i += 1) await sleep(100);
      const url = /curl (http:\S+)/.exec(output)?.[1];
      const directory = /write (\S+)/.exec(output)?.[1];
      assert.ok(url !== undefined && directory !== undefined, output);

      const body = await (await fetch(url)).text();
      assert.deepEqual(faultsOf(body, false), []);
      for (const { name, type } of Object.values(FAMILY)) {
        const printed = type === 'counter' ? `${name}_total` : name;
        assert.match(body, new RegExp(`^# TYPE ${printed} ${type}$`, 'm'));
        assert.match(body, new RegExp(`^${name}[_a-z]*(\\{.*\\})? `, 'm'));
      }
      const pids = new Set(
        readdirSync(directory).map((name) => Number(/_(\d+)\.db$/.exec(name)?.[1])),
      );
      assert.ok(pids.size >= 3, 'separate processes');
      for (const pid of pids) assert.ok(isRunning(pid));

      process.kill(toGroup ? -child.pid! : child.pid!, signal);
      const [exitCode] = await exited;
      assert.equal(exitCode, 0, output);
      assert.doesNotMatch(output, /ended with/);
      assert.equal(existsSync(directory), false);
      for (const pid of pids) assert.equal(isRunning(pid), false, `worker ${pid} is left`);
    });
  }

  it('says so when the port is busy, and leaves nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('promfold-demo-'));
    const child = start(START, ['--web.listen-address', `127.0.0.1:${port}`]);
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk;
      });
    }
    const [exitCode] = await once(child, 'exit');
    server.close();
    assert.notEqual(exitCode, 0);
    assert.match(output, new RegExp(`${port}.*(in use|EADDRINUSE)|(in use|EADDRINUSE).*${port}`));
    assert.doesNotMatch(output, /^\s+at /m);
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('promfold-demo-'));
    assert.deepEqual(after, before);
  });
});

describe('scripts/start with a directory', () => {
  it('serves it, named from where the command is given', async (t) => {
    const parent = tempDirectory();
    mkdirSync(join(parent, 'prom'));
    writeFileSync(join(parent, 'prom/counter_1.db'), fileBytes('dict4-16', [counter('jobs', 3)]));
    const child = start(START, ['prom', '--web.listen-address', '127.0.0.1:0'], {
      cwd: parent,
      detached: true,
    });
    t.after(() => killGroup(child.pid!));
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk;
      });
    }
    for (let i = 0; i < 600 && !/listening/.test(output); i += 1) await sleep(100);
    const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(body, /^jobs_total 3\.0$/m);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });
});
