/**
 * The npm package as people get it, installed into a prefix: what is in it, and the program with all its parts. And what
 * is said where it cannot be run or built: one line with the cure. test/package/ has the other formats, and bare systems.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makePackage } from '../support/packages.js';
import { GOLDEN, ROOT } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const PLATFORM = `linux-${process.arch}`;
const NO_COMPILER = { ...process.env, CXX: 'no-such-g++' };

/** The installed package. */
let installed = '';
let program = '';

before(async () => {
  const tarball = await makePackage('npm', ['--arch', process.arch]);
  const prefix = tempDirectory();
  const args = ['install', '-g', '--offline', '--prefix', prefix, tarball];
  const { exitCode, stderr } = await run('npm', args);
  assert.equal(exitCode, 0, stderr);
  installed = join(prefix, 'lib/node_modules/promfold');
  program = join(prefix, 'bin/promfold');
});

describe('the package', () => {
  it('has the program, its maps, the addon and what that is built of, and nothing else', () => {
    const names = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    for (const name of [
      'dist/bundle/promfold.js',
      'dist/bundle/main.js.map',
      'dist/bundle/proc-worker.js',
      'dist/bundle/endpoint-worker.js',
      `native/prebuilds/${PLATFORM}/promfold.node`,
      'native/headers/node_api.h',
    ]) {
      assert.ok(names.includes(name), name);
    }
    const odd = names.filter((name) =>
      /\.ts$|tsbuildinfo|node_modules|^scripts|^native\/(?:build|test|fuzz|bench|portable)(?:\/|$)/.test(
        name,
      ),
    );
    assert.deepEqual(odd, []);
  });

  it('has the license of each package in it', () => {
    const text = readFileSync(join(installed, 'dist/bundle/LICENSES.txt'), 'utf8');
    const [, ...parts] = text.split(/^-{80}$/m);
    const titles = parts.map((part) => part.trim().split('\n', 1)[0]!);
    for (const name of [
      'chokidar',
      'commander',
      'fastify',
      'pino',
      'prom-client',
      'node-addon-api',
    ]) {
      assert.ok(
        titles.some((title) => title.startsWith(`${name} `)),
        name,
      );
    }
    for (const part of parts) assert.match(part, /copyright|licen[cs]e/i);
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    const { exitCode, stdout } = await run(program, ['--version']);
    assert.equal(exitCode, 0);
    assert.match(stdout, new RegExp(`^promfold ${version} \\(node v.*\\)\n$`));
  });

  it('scrapes and checks a directory', async () => {
    const files = `${GOLDEN}/colons/files`;
    const scraped = await run(program, ['scrape', files]);
    assert.equal(scraped.stdout, readFileSync(`${GOLDEN}/colons/expected.prom`, 'utf8'));
    const checked = await run(program, ['check', files]);
    assert.ok(checked.exitCode === 0 || checked.exitCode === 1, checked.stderr);
    assert.notEqual(checked.stdout, '');
  });

  it('prints a topic of the manual', async () => {
    const { exitCode, stdout } = await run(program, ['help', 'flags']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /--web\.listen-address/);
  });

  it('serves, with its threads for processes and for endpoints', async (t) => {
    const endpoint = createServer((_, reply) => {
      reply.setHeader('Content-Type', 'text/plain; version=0.0.4');
      reply.end('elsewhere 7\n');
    });
    endpoint.listen(0, '127.0.0.1');
    t.after(() => endpoint.close());
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    const daemon = start(program, [
      'serve',
      '--web.listen-address=127.0.0.1:0',
      '--dead-processes=hide-live',
      `--append-url=http://127.0.0.1:${port}/metrics`,
      `${GOLDEN}/colons/files`,
    ]);
    t.after(() => daemon.kill('SIGKILL'));
    const url = await addressIn(daemon);
    const body = await (await fetch(`${url}/metrics`)).text();
    assert.match(body, /^promfold_up 1/m);
    assert.match(body, /^promfold_dead_processes \d/m);
    assert.match(body, /^elsewhere 7/m);
    assert.match(await (await fetch(url)).text(), /promfold/);
    daemon.kill('SIGTERM');
    assert.deepEqual(await once(daemon, 'exit'), [0, null]);
  });

  it('runs a command, with a daemon beside it', async (t) => {
    const flags = ['--web.listen-address=127.0.0.1:0', '--', 'sleep', '60'];
    const child = start(program, ['run', ...flags]);
    t.after(() => child.kill('SIGKILL'));
    const url = await addressIn(child);
    assert.equal((await fetch(`${url}/metrics`)).status, 200);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  it('names lines of the sources where it breaks', async () => {
    const preload = join(tempDirectory(), 'break.cjs');
    writeFileSync(preload, "process.getuid = () => { throw new Error('broken'); };");
    const { exitCode, stderr } = await run(process.execPath, [
      '-r',
      preload,
      program,
      'serve',
      '--web.listen-address=127.0.0.1:0',
      `${GOLDEN}/colons/files`,
    ]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^Error: broken\n/m);
    assert.match(stderr, /at .*\/src\/cli\/serve\.ts:\d+:\d+/);
  });
});

/** Waits until it says where it listens. */
async function addressIn(child: ReturnType<typeof start>): Promise<string> {
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk;
  });
  for (let i = 0; i < 400; i += 1) {
    const address = /listening.*(127\.0\.0\.1:[1-9]\d*)/.exec(log)?.[1];
    if (address !== undefined) return `http://${address}`;
    assert.equal(child.exitCode, null, log);
    await sleep(50);
  }
  throw new Error(`it does not listen: ${log}`);
}

describe('promfold that cannot run', () => {
  const wrong: [title: string, preload: string, line: RegExp][] = [
    [
      'an old Node',
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });",
      /^promfold: expected Node 20\.19\.0 or later, got 18\.20\.8 \(.*\); install it from .*\n$/,
    ],
    [
      'another system',
      "Object.defineProperty(process, 'platform', { value: 'darwin' });",
      /^promfold: expected Linux, got darwin; run it in a Linux container .*\n$/,
    ],
  ];
  for (const [title, code, line] of wrong) {
    it(`says so in one line with the cure: ${title}`, async () => {
      const preload = join(tempDirectory(), 'preload.cjs');
      writeFileSync(preload, code);
      for (const args of [['--version'], ['scrape', '/']]) {
        const { exitCode, stdout, stderr } = await run(process.execPath, [
          '-r',
          preload,
          program,
          ...args,
        ]);
        assert.deepEqual([exitCode, stdout], [2, '']);
        assert.match(stderr, line);
      }
    });
  }

  it('is not prepared in a clone by an old Node, with the same line', async () => {
    const preload = join(tempDirectory(), 'preload.cjs');
    writeFileSync(preload, wrong[0]![1]);
    const check = `${ROOT}/native/require-node.cjs`;
    const { exitCode, stderr } = await run(process.execPath, ['-r', preload, check]);
    assert.equal(exitCode, 1);
    assert.match(stderr, wrong[0]![2]);
    assert.equal((await run(process.execPath, [check])).exitCode, 0);
  });

  /** With the addon of the installed package set aside. */
  async function withAddon(content: string | undefined, test: () => Promise<void>) {
    const addon = join(installed, `native/prebuilds/${PLATFORM}/promfold.node`);
    renameSync(addon, `${addon}.aside`);
    try {
      if (content !== undefined) writeFileSync(addon, content);
      await test();
    } finally {
      renameSync(`${addon}.aside`, addon);
    }
  }

  /** How the addon is built from the package itself. */
  const builder = () => join(installed, 'native/build-addon.js');

  for (const [title, content, found] of [
    ['a missing addon', undefined, `for ${PLATFORM} is missing`],
    ['an addon of another system', 'MZ', 'cannot be loaded \\(.*\\)'],
  ] as const) {
    it(`says so in one line with the cure: ${title}`, async () => {
      await withAddon(content, async () => {
        const { exitCode, stdout, stderr } = await run(program, ['scrape', '/']);
        assert.deepEqual([exitCode, stdout], [2, '']);
        const line = `^promfold: the native addon ${found}; install g\\+\\+ and build it: node ${builder()}\\n$`;
        assert.match(stderr, new RegExp(line));
      });
    });
  }

  it('says so in one line with the cure: musl', async () => {
    const preload = join(tempDirectory(), 'musl.cjs');
    writeFileSync(preload, 'process.report.getReport = () => ({ header: {} });');
    await withAddon('MZ', async () => {
      const args = ['-r', preload, program, 'scrape', '/'];
      const { exitCode, stderr } = await run(process.execPath, args);
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /^promfold: the native addon in this package is for glibc, and this system has musl, .*; install g\+\+ and build it: node .*\n$/,
      );
    });
  });

  it('cannot be built without a compiler, with one line', async () => {
    const { exitCode, stderr } = await run(process.execPath, [builder()], { env: NO_COMPILER });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^promfold: there is no no-such-g\+\+ to build the addon with: install one .*\n$/,
    );
  });

  it('is built from the package by g++ alone', async () => {
    const own = join(tempDirectory(), 'promfold');
    cpSync(installed, own, { recursive: true });
    rmSync(join(own, 'native/prebuilds'), { recursive: true });
    const bin = tempDirectory();
    for (const name of ['g++', 'as', 'ld']) {
      symlinkSync((await run('which', [name])).stdout.trim(), join(bin, name));
    }
    const { exitCode, stderr } = await run(process.execPath, [join(own, 'native/build-addon.js')], {
      env: { PATH: bin },
    });
    assert.equal(exitCode, 0, stderr);
    const scraped = await run(join(own, 'dist/bundle/promfold.js'), [
      'scrape',
      `${GOLDEN}/colons/files`,
    ]);
    assert.equal(scraped.exitCode, 0, scraped.stderr);
  });
});
