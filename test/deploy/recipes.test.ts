/**
 * The recipes of the manual whose programs are at hand: uvicorn's workers, and the container that `kubectl debug` puts
 * next to a running engine, made here of the same namespaces. gunicorn is in compose.test.ts.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sectionOf } from '../../src/manual/markdown.js';
import { readTopic } from '../../src/manual/topics.js';
import { Daemon } from '../support/cli.js';
import { currentPython, deployPython } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { VLLM_LIKE, VllmLike } from '../support/vllm-like.js';

/** The last line of a recipe that starts with the word: its flags. */
function flagsOf(recipe: string, command: RegExp): string[] {
  const [, flags] = command.exec(sectionOf(readTopic('recipes').text, recipe)!)!;
  return flags!.split(' ').filter((flag) => flag !== '');
}

describe('the recipe for uvicorn', () => {
  const { path: python, skip } = deployPython();

  it('counts over its workers, also those that were killed', { skip }, async () => {
    const directory = tempDirectory();
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    const uvicorn = start(
      join(dirname(python), 'uvicorn'),
      ['app:asgi', '--workers', '2', '--port', String(port), '--log-level', 'warning'],
      {
        cwd: `${ROOT}/scripts/deploy/compose/app`,
        env: {
          ...process.env,
          PROMETHEUS_MULTIPROC_DIR: directory,
          PYTHONDONTWRITEBYTECODE: '1',
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    const ended = once(uvicorn, 'exit');
    const flags = flagsOf('uvicorn', /^promfold serve (.*)$/m);
    const daemon = await Daemon.serve(directory, flags);
    /** Each on a connection of its own, so that both workers get some. */
    const ask = async (count: number) => {
      for (const deadline = Date.now() + 30_000; count > 0; ) {
        try {
          const answer = await fetch(`http://127.0.0.1:${port}/`, {
            headers: { connection: 'close' },
          });
          assert.equal(await answer.text(), 'ok\n');
          count -= 1;
        } catch (cause) {
          // It does not listen yet, or the worker that was to answer is the one that died.
          if (Date.now() > deadline) throw new Error('uvicorn does not answer', { cause });
          await sleep(50);
        }
      }
    };
    const counted = async () =>
      Number(
        /^shop_requests_total\{server="uvicorn"\} (\S+)$/m.exec(
          (await daemon.get('/metrics')).body,
        )?.[1],
      );
    try {
      await ask(20);
      assert.equal(await counted(), 20);
      const writers = () =>
        readdirSync(directory).flatMap((name) => /^histogram_(\d+)/.exec(name)?.[1] ?? []);
      const victim = writers()[0]!;
      process.kill(Number(victim), 'SIGKILL');
      // uvicorn makes another one.
      for (const deadline = Date.now() + 30_000; writers().length < 3; await sleep(100)) {
        assert.ok(Date.now() < deadline, `no new worker: ${readdirSync(directory)}`);
      }
      await ask(5);
      assert.ok((await counted()) >= 25);
      for (const deadline = Date.now() + 20_000; ; await sleep(250)) {
        if (/^promfold_dead_processes 1/m.test((await daemon.get('/metrics')).body)) break;
        assert.ok(Date.now() < deadline, 'the dead worker is not seen');
      }
    } finally {
      await daemon.stop();
      uvicorn.kill('SIGTERM');
      await ended;
    }
  });
});

describe('the recipe without redeploying', () => {
  const python = currentPython();
  const skip = process.getuid?.() === 0 ? python.skip : 'needs root';

  it('reads the directory that an engine has made for itself, from a container in its PID namespace', {
    skip,
  }, async () => {
    // The engine: its own PIDs and mounts, a /tmp that nobody else sees.
    const place = tempDirectory();
    const vllm = await VllmLike.start(python.path, {
      wrapper: [
        ...['unshare', '--pid', '--fork', '--mount', '--mount-proc'],
        ...['sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', place],
      ],
      environment: { TMPDIR: place },
    });
    try {
      await vllm.serve(0, { requests: 3 });
      const { directory, launcher } = await vllm.facts();
      assert.equal(launcher, 1);
      // As kubectl debug --target: its PIDs, other mounts.
      const inside = (...args: string[]) =>
        run('nsenter', [
          `--target=${firstProcess()}`,
          '--pid',
          ...['unshare', '--mount', 'sh', '-c', 'mount -t proc proc /proc && exec "$@"', '-'],
          ...[process.execPath, MAIN, ...args],
        ]);
      const found = await inside('discover', '--json');
      assert.equal(found.exitCode, 0, found.stderr);
      assert.ok(found.stdout.includes(directory!), found.stdout);
      const listed = await inside('ls', `/proc/1/root${directory}`);
      assert.equal(listed.exitCode, 0, listed.stderr);
      assert.match(listed.stdout, /alive {2}VLLM::APIServer_0/);
      const scraped = await inside('scrape', `/proc/1/root${directory}`);
      assert.match(scraped.stdout, /^vllm:prompt_tokens_total\{.*\} 300\.0$/m);
    } finally {
      await vllm.stop();
    }
  });
});

/** Of the engine's PID namespace, as this one calls it. */
function firstProcess(): string {
  const own = readlinkSync('/proc/self/ns/pid');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const isFirst = /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      const isEngine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(VLLM_LIKE);
      if (isFirst && isEngine && readlinkSync(`/proc/${pid}/ns/pid`) !== own) return pid;
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error('no first process of another PID namespace');
}
