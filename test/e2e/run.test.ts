/** `promfold run` as its users have it: real commands, signals, terminals and namespaces. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { currentPython, deployPython } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { childrenOf, Session, statOf, until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const python = currentPython();
const gunicorn = deployPython();
const asRoot = process.getuid?.() === 0 ? python.skip : 'needs root';
const ANY_PORT = '--web.listen-address=127.0.0.1:0';
const COUNTER = [python.path, `${ROOT}/test/support/signal_counter.py`];
const NO_DIRECTORY = '--dir=/proc/none';

// What a developer has set must not decide a test.
for (const name of Object.keys(process.env)) {
  if (/^PROM(FOLD|ETHEUS)_(?!PYTHON)/i.test(name)) delete process.env[name];
}

/** Most of the time is waiting. */
const CONCURRENCY = 3;

const sessions: Session[] = [];
after(() => {
  for (const session of sessions) session.kill();
});

function session(words: readonly string[], env: NodeJS.ProcessEnv = {}): Session {
  const [program, ...args] = words;
  const place = { TMPDIR: tempDirectory() };
  const running = new Session(program!, args, { env: { ...process.env, ...place, ...env } });
  sessions.push(running);
  return running;
}

const wrapped = (command: readonly string[], flags: readonly string[] = [ANY_PORT]) => [
  process.execPath,
  MAIN,
  'run',
  ...flags,
  '--',
  ...command,
];

function runSh(script: string, flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return promfold(['run', ANY_PORT, ...flags, '--', 'sh', '-c', script], { env });
}

function directoryOf(log: string): string {
  return / directory=(\S+)/.exec(log)![1]!;
}

async function listening(running: Session, on: 'stdout' | 'stderr' = 'stderr'): Promise<number> {
  const [, port] = await running.shows(/msg=listening address=127\.0\.0\.1:(\d+)/, on);
  return Number(port);
}

/** The pid of signal_counter.py, once it can count. */
async function ready(running: Session): Promise<number> {
  const [, pid] = await running.shows(/ready (\d+)/);
  return Number(pid);
}

/** What signal_counter.py has got so far. */
const got = (running: Session) =>
  [...running.stdout.matchAll(/got (SIG\w+)/g)].map(([, name]) => name);

/**
 * Every signal is handed on by the same way, in order: once the last one is there, all that went before it have
 * come, or never will.
 */
async function endBySigusr2(running: Session, pid = running.pid): Promise<void> {
  process.kill(pid, 'SIGUSR2');
  assert.equal((await running.end()).exitCode, 42);
}

function daemonOf(running: Session): number {
  const [pid] = childrenOf(running.pid).filter((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('main.js\0serve\0'),
  );
  assert.ok(pid, 'the daemon');
  return pid;
}

/** A port that is taken until it is let go. */
async function takePort(): Promise<{ port: number; letGo: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { port, letGo: () => new Promise((resolve) => server.close(() => resolve())) };
}

function page(port: number): Promise<string | undefined> {
  return fetch(`http://127.0.0.1:${port}/metrics`).then(
    (response) => response.text(),
    () => undefined,
  );
}

/** Waits until the page has a line. */
async function pageHas(port: number, line: string, isWanted = true): Promise<void> {
  let last: string | undefined;
  await until(
    async () => {
      last = await page(port);
      return last !== undefined && last.split('\n').includes(line) === isWanted;
    },
    () => `${isWanted ? '' : 'no '}${line} in ${last}`,
  );
}

const isRunning = (pid: number) => statOf(pid)?.isZombie === false;

describe('the directory of run', { concurrency: CONCURRENCY }, () => {
  const SHOW =
    'echo "$PROMETHEUS_MULTIPROC_DIR|$(printenv prometheus_multiproc_dir || echo unset)"; ls -la "$PROMETHEUS_MULTIPROC_DIR"';

  it('is there before the first line of the command, empty, 0700, and gone after the last', async () => {
    const place = tempDirectory();
    const env = {
      TMPDIR: place,
      PROMETHEUS_MULTIPROC_DIR: '/elsewhere',
      prometheus_multiproc_dir: '/elsewhere',
    };
    const { stdout, stderr, exitCode } = await runSh(SHOW, [], env);
    assert.equal(exitCode, 0);
    const [, directory, old] = /^(.*)\|(.*)\n/.exec(stdout)!;
    assert.ok(directory!.startsWith(`${place}/promfold-`));
    assert.equal(old, directory, 'where the old spelling is set it says the same');
    assert.match(stdout, /^drwx------ .* \.\n/m);
    assert.equal(stdout.trim().split('\n').length, 4, 'total, . and .. and nothing else');
    assert.equal(existsSync(directory!), false);
    assert.match(stderr, / insteadOf=\/elsewhere\n/);
  });

  it('stays with --keep, and its path is logged', async () => {
    const env = { TMPDIR: tempDirectory() };
    const script = 'touch "$PROMETHEUS_MULTIPROC_DIR/counter_1.db"';
    const { stderr } = await runSh(script, ['--keep'], env);
    const directory = directoryOf(stderr);
    assert.ok(existsSync(`${directory}/counter_1.db`));
    assert.match(stderr, new RegExp(`msg="directory kept" directory=${directory}\n`));
  });

  it('is the one of --dir, made where missing and never removed', async () => {
    const directory = join(tempDirectory(), 'a', 'b');
    for (const round of [1, 2]) {
      const { stdout } = await runSh(SHOW, ['--dir', directory]);
      assert.ok(stdout.startsWith(`${directory}|unset\n`), `round ${round}`);
      assert.ok(existsSync(directory));
    }
  });

  it('is none when none can be made: the command runs with what it had', async () => {
    const env = { PROMETHEUS_MULTIPROC_DIR: '/before' };
    const script = 'echo "$PROMETHEUS_MULTIPROC_DIR"; exit 5';
    const { stdout, stderr, exitCode } = await runSh(script, [NO_DIRECTORY], env);
    assert.equal(stdout, '/before\n');
    assert.equal(exitCode, 5);
    assert.match(stderr, /level=error msg="no directory: the command runs without metrics"/);
  });

  it('stays while a process that outlives the command writes to it', {
    skip: python.skip,
  }, async () => {
    const daemonise = `
import os, time
if os.fork():
    while not os.path.exists(os.environ['TMPDIR'] + '/done'): time.sleep(0.02)
    os._exit(9)
os.setsid()
from prometheus_client import Counter
Counter('outlives', 'help').inc()
for descriptor in (0, 1, 2): os.close(descriptor)
open(os.environ['TMPDIR'] + '/done', 'w').close()
time.sleep(60)`;
    const running = session(wrapped([python.path, '-c', daemonise]));
    assert.equal((await running.end()).exitCode, 9, running.stderr);
    const directory = directoryOf(running.stderr);
    const [, child] = /use it" directory=\S+ pids=(\d+)\n/.exec(running.stderr) ?? [];
    assert.ok(child, running.stderr);
    process.kill(Number(child), 'SIGKILL');
    assert.ok(existsSync(`${directory}/counter_${child}.db`));
  });
});

describe('the end of run', { concurrency: CONCURRENCY }, () => {
  const cases: [title: string, script: string, exitCode: number | null, signal: string | null][] = [
    [
      'is by SIGINT as that of the command, so that a shell ends its loop',
      'kill -INT $$',
      null,
      'SIGINT',
    ],
    ['leaves no core of ours: 128 and the number', 'kill -SEGV $$', 139, null],
  ];
  for (const [title, script, exitCode, signal] of cases) {
    it(title, async () => {
      const finished = await runSh(script, [], { TMPDIR: tempDirectory() });
      assert.deepEqual([finished.exitCode, finished.signal], [exitCode, signal], finished.stderr);
      assert.equal(existsSync(directoryOf(finished.stderr)), false);
    });
  }

  const file = join(tempDirectory(), 'file');
  writeFileSync(file, '', { mode: 0o644 });
  const unrunnable: [what: string, program: string, exitCode: number][] = [
    ['is not found', 'no-such-command', 127],
    ['may not be executed', file, 126],
    ['is below a file', `${file}/program`, 126],
  ];
  for (const [what, program, code] of unrunnable) {
    it(`is ${code} when the command ${what}, and the directory goes`, async () => {
      const { exitCode, stderr } = await promfold(['run', ANY_PORT, '--', program]);
      assert.equal(exitCode, code, stderr);
      assert.match(stderr, /level=error msg="the command cannot be run" program=/);
      assert.equal(existsSync(directoryOf(stderr)), false);
    });
  }

  it('comes at once with usage errors, before the command is started', async () => {
    const wrong: [args: string[], message: RegExp][] = [
      [[], /CMD is missing; see promfold run --help/],
      [['--', ''], /CMD: expected a command, got ''/],
      [['--nope', '--', 'echo'], /unknown option '--nope'/],
      [['--log.level', 'x', 'echo', '1'], /--log\.level: expected debug, info, warn or error/],
      [['--source=a=/x', 'echo', '1'], /unknown option '--source=a=\/x'/],
    ];
    await Promise.all(
      wrong.map(async ([args, message]) => {
        const { exitCode, stdout, stderr } = await promfold(['run', ...args]);
        assert.deepEqual([exitCode, stdout], [2, ''], args.join(' '));
        assert.match(stderr, message);
        assert.equal(stderr.trimEnd().split('\n').length, 1);
      }),
    );
  });

  it('leaves the flags of the command to the command', async () => {
    const words = ['--keep', '--web.listen-address=x', '--', '-h', '--version'];
    for (const dashes of [['--'], []]) {
      const { stdout } = await promfold(['run', NO_DIRECTORY, ...dashes, 'echo', ...words]);
      assert.equal(stdout, `${words.join(' ')}\n`);
    }
  });
});

describe('the daemon of run', { concurrency: CONCURRENCY }, () => {
  it('serves what processes like those of vLLM write, with nothing else set up, and no gauges of dead ones', {
    skip: python.skip,
  }, async () => {
    const { port, letGo } = await takePort();
    await letGo();
    const vllm = await VllmLike.start(python.path, {
      servers: 2,
      wrapper: wrapped([], [`--web.listen-address=127.0.0.1:${port}`]),
    });
    const tokens = 'vllm:prompt_tokens_total{engine="0",model_name="demo-7b"}';
    // Of mode all: mark_process_dead itself would keep it.
    const cacheOf = (pid: number, value: number) =>
      `vllm:kv_offload_cpu_cache_usage_perc{engine="0",model_name="demo-7b",pid="${pid}"} ${value}`;
    try {
      const [first, second] = (await vllm.facts()).servers;
      await vllm.serve(0, { requests: 2 });
      await vllm.serve(1, { requests: 1 });
      await pageHas(port, `${tokens} 300.0`);
      await pageHas(port, cacheOf(second!, 0.01));
      await vllm.kill(1);
      await pageHas(port, cacheOf(second!, 0.01), false);
      await pageHas(port, cacheOf(first!, 0.02));
      await pageHas(port, `${tokens} 300.0`);
      const third = await vllm.restart(1);
      await vllm.serve(1, { requests: 4 });
      await pageHas(port, `${tokens} 700.0`);
      await pageHas(port, cacheOf(third, 0.04));
    } finally {
      const { directory } = await vllm.facts();
      await vllm.stop();
      assert.equal(existsSync(directory!), false);
    }
    assert.equal(await page(port), undefined);
  });

  it('serves a lone API server, which keeps its metrics to itself without the variable', {
    skip: python.skip,
  }, async () => {
    const { port, letGo } = await takePort();
    await letGo();
    const vllm = await VllmLike.start(python.path, {
      servers: 1,
      wrapper: wrapped([], [`--web.listen-address=127.0.0.1:${port}`]),
    });
    try {
      await vllm.serve(0, { requests: 2 });
      await pageHas(port, 'vllm:prompt_tokens_total{engine="0",model_name="demo-7b"} 200.0');
    } finally {
      await vllm.stop();
    }
  });

  it('is told what to do about dead processes: hide-gauges, or what the flag, or else its environment variable says', async () => {
    const keep = { PROMFOLD_DEAD_PROCESSES: 'keep' };
    const cases: [flags: string[], env: NodeJS.ProcessEnv, action: string][] = [
      [[], {}, 'hide-gauges'],
      [[], keep, 'keep'],
      [['--dead-processes=hide-live'], keep, 'hide-live'],
    ];
    await Promise.all(
      cases.map(async ([flags, env, action]) => {
        const running = session(wrapped(COUNTER, [ANY_PORT, ...flags]), env);
        await ready(running);
        const words = readFileSync(`/proc/${daemonOf(running)}/cmdline`, 'utf8').split('\0');
        const said = words.filter((word) => word.startsWith('--dead-processes'));
        assert.equal(said.at(-1), `--dead-processes=${action}`);
        await endBySigusr2(running);
      }),
    );
  });

  it('serves the directory of run whatever else the environment names', async () => {
    const running = session(wrapped(COUNTER), { PROMFOLD_SOURCE: 'a=/x', PROMFOLD_DISCOVER: '1' });
    await pageHas(await listening(running), 'promfold_up 1.0');
    await endBySigusr2(running);
  });

  it('does not matter when its port is taken, and serves once it is free', async () => {
    const { port, letGo } = await takePort();
    const running = session(wrapped(COUNTER, [`--web.listen-address=127.0.0.1:${port}`]));
    await running.shows(/address already in use/, 'stderr');
    await running.shows(/the daemon ended; the command keeps running" exitCode=2 /, 'stderr');
    await ready(running);
    await letGo();
    await pageHas(port, 'promfold_up 1.0');
    await endBySigusr2(running);
    assert.deepEqual(got(running), ['SIGUSR2']);
  });

  it('is started anew when it is killed, while the command runs on', async () => {
    const running = session(wrapped(COUNTER));
    await listening(running);
    process.kill(daemonOf(running), 'SIGKILL');
    await running.shows(/msg=listening[\s\S]*signal=SIGKILL[\s\S]*msg=listening/, 'stderr');
    await endBySigusr2(running);
    assert.deepEqual(got(running), ['SIGUSR2']);
  });

  it('does not matter when it hangs: the command gets its signals, and its end is that of run', async () => {
    const running = session(wrapped(COUNTER));
    await ready(running);
    await listening(running);
    process.kill(daemonOf(running), 'SIGSTOP');
    await endBySigusr2(running);
  });

  it('ends with run, however that ends, and the command is nobody else to end', async () => {
    const running = session(wrapped(['sleep', '60']));
    await listening(running);
    const daemon = daemonOf(running);
    const [command] = childrenOf(running.pid).filter((pid) => pid !== daemon);
    process.kill(running.pid, 'SIGKILL');
    await until(
      () => !isRunning(daemon),
      () => 'the end of the daemon',
    );
    const isCommandRunning = isRunning(command!);
    process.kill(command!, 'SIGKILL');
    assert.ok(isCommandRunning);
  });

  it('takes nothing from the stdin, stdout and stderr of the command', {
    skip: python.skip,
  }, async () => {
    const look = `
import fcntl, os, sys
sys.stdout.write(sys.stdin.readline())
print([bool(fcntl.fcntl(f, fcntl.F_GETFL) & os.O_NONBLOCK) for f in (0, 1, 2)], flush=True)`;
    const running = session(wrapped([python.path, '-c', look]));
    // It and the daemon have logged by then.
    await listening(running);
    running.type('typed\n');
    await running.end();
    assert.equal(running.stdout, 'typed\n[False, False, False]\n');
    for (const line of running.stderr.trimEnd().split('\n'))
      assert.match(line, /^logger=promfold time=/);
  });

  it('does not matter when nobody takes its log: a full disk, a closed stderr, a pipe without a reader', async () => {
    const command = wrapped(['sh', '-c', 'sleep 1; exit 6']);
    const bash = async (script: string) => {
      const running = session(['bash', '-c', script, 'bash', ...command]);
      await running.end();
      return running.stdout;
    };
    const ends = await Promise.all([
      bash('"$@" 2>/dev/full; echo $?'),
      bash('"$@" 2>&-; echo $?'),
      bash('"$@" 2>&1 >/dev/null | true; echo $PIPESTATUS'),
    ]);
    assert.deepEqual(ends, ['6\n', '6\n', '6\n']);
  });
});

describe('a signal', { concurrency: CONCURRENCY }, () => {
  const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1'] as const;

  it('to run alone reaches the command once', async () => {
    const running = session(wrapped(COUNTER));
    await Promise.all([ready(running), listening(running)]);
    for (const signal of SIGNALS) {
      process.kill(running.pid, signal);
      await running.shows(new RegExp(`got ${signal}\n`));
    }
    await endBySigusr2(running);
    assert.deepEqual(got(running), [...SIGNALS, 'SIGUSR2']);
  });

  it('to the whole process group reaches the command once, each time; one that ignores it runs on', async () => {
    const running = session(wrapped(COUNTER));
    await Promise.all([ready(running), listening(running)]);
    for (const times of [1, 2]) {
      process.kill(-running.pid, 'SIGTERM');
      await running.shows(new RegExp(`(?:got SIGTERM\n.*){${times}}`, 's'));
    }
    await endBySigusr2(running);
    assert.deepEqual(got(running), ['SIGTERM', 'SIGTERM', 'SIGUSR2']);
  });

  it('reaches a command that has left the process group', async () => {
    const running = session(wrapped(['setsid', ...COUNTER]));
    await Promise.all([ready(running), listening(running)]);
    // Only run and the daemon get it.
    process.kill(-running.pid, 'SIGUSR1');
    await running.shows(/got SIGUSR1\n/);
    await endBySigusr2(running);
    assert.deepEqual(got(running), ['SIGUSR1', 'SIGUSR2']);
  });

  it('is handed on when there is no daemon to ask', async () => {
    const running = session(wrapped(COUNTER, [NO_DIRECTORY]));
    await ready(running);
    process.kill(running.pid, 'SIGINT');
    await running.shows(/got SIGINT\n/);
    await endBySigusr2(running);
    assert.deepEqual(got(running), ['SIGINT', 'SIGUSR2']);
  });

  it('that comes before the command does is not lost, nor is the directory left', async () => {
    const place = tempDirectory();
    const running = session(wrapped(['sleep', '60']), { TMPDIR: place });
    await running.shows(/directory created/, 'stderr');
    process.kill(running.pid, 'SIGTERM');
    assert.deepEqual(await running.end(), { exitCode: null, signal: 'SIGTERM' });
    assert.equal(existsSync(directoryOf(running.stderr)), false);
  });

  it('SIGHUP is ignored by the command under nohup, though Node forgets that it was', async () => {
    const running = session([
      'bash',
      '-c',
      'nohup "$@"',
      'bash',
      ...wrapped(['sh', '-c', 'echo ready $$; read line; exit 8']),
    ]);
    await ready(running);
    await listening(running);
    process.kill(-running.pid, 'SIGHUP');
    running.type('go on\n');
    assert.equal((await running.end()).exitCode, 8);
  });

  it('SIGTERM lets a server of forked workers end in order', { skip: gunicorn.skip }, async () => {
    const place = tempDirectory();
    writeFileSync(
      join(place, 'app.py'),
      `from prometheus_client import Counter
Counter('boots', 'Workers that began.').inc()
def api(environ, start_response): pass`,
    );
    const words = [
      '-m',
      'gunicorn',
      '-w',
      '3',
      '--chdir',
      place,
      '--bind',
      '127.0.0.1:0',
      'app:api',
    ];
    const running = session(wrapped([gunicorn.path, ...words]));
    await pageHas(await listening(running), 'boots_total 3.0');
    process.kill(running.pid, 'SIGTERM');
    assert.equal((await running.end()).exitCode, 0, running.stderr);
    assert.equal(running.stderr.split('Handling signal: term').length, 2, running.stderr);
    assert.equal(existsSync(directoryOf(running.stderr)), false);
  });
});

describe('on a terminal', { skip: python.skip, concurrency: CONCURRENCY }, () => {
  const terminal = (words: readonly string[]) =>
    session([python.path, `${ROOT}/test/support/terminal.py`, ...words]);
  const parentOf = (pid: number) => statOf(pid)!.parentPid;

  it('Ctrl-C reaches the command once, and a SIGINT to run alone as well', async () => {
    const running = terminal(wrapped(COUNTER));
    const runPid = parentOf(await ready(running));
    await listening(running, 'stdout');
    running.type('\x03');
    await running.shows(/got SIGINT/);
    process.kill(runPid, 'SIGINT');
    await running.shows(/got SIGINT.*got SIGINT/s);
    running.type('\x1c');
    await running.shows(/got SIGQUIT/);
    await endBySigusr2(running, runPid);
    assert.deepEqual(got(running), ['SIGINT', 'SIGINT', 'SIGQUIT', 'SIGUSR2']);
  });

  it('Ctrl-C counts once where the daemon is not there', async () => {
    const running = terminal(wrapped(COUNTER, [NO_DIRECTORY]));
    const runPid = parentOf(await ready(running));
    running.type('\x03');
    await running.shows(/got SIGINT/);
    await endBySigusr2(running, runPid);
    assert.deepEqual(got(running), ['SIGINT', 'SIGUSR2']);
  });

  it('Ctrl-C ends both, and the shell sees that it was one', async () => {
    const running = terminal([
      'bash',
      '--norc',
      '--noprofile',
      '-c',
      'for i in 1 2; do "$@"; echo "round $i"; done',
      'bash',
      ...wrapped(['sleep', '60']),
    ]);
    await listening(running, 'stdout');
    running.type('\x03');
    const { exitCode } = await running.end();
    assert.equal(exitCode, 130, running.stdout);
    assert.doesNotMatch(running.stdout, /round/);
    assert.equal(existsSync(directoryOf(running.stdout)), false);
  });

  it('Ctrl-Z stops it, the metrics can still be read, and fg goes on', async () => {
    const running = terminal(['bash', '--norc', '--noprofile', '-i']);
    running.type(`PS1='$ '; ${wrapped(COUNTER).join(' ')}\n`);
    const pid = await ready(running);
    const port = await listening(running, 'stdout');
    running.type('\x1a');
    await running.shows(/Stopped/);
    assert.match(readFileSync(`/proc/${pid}/stat`, 'utf8'), /\) [Tt] /);
    assert.match((await page(port))!, /^promfold_up 1\.0$/m);
    running.type('fg\n');
    await running.shows(/got SIGCONT/);
    running.type('\x03');
    await running.shows(/got SIGINT/);
    process.kill(parentOf(pid), 'SIGUSR2');
    await running.shows(/got SIGUSR2/);
    running.type('echo "then $?"\nexit\n');
    await running.shows(/then 42/);
    await running.end();
    assert.deepEqual(got(running), ['SIGCONT', 'SIGINT', 'SIGUSR2']);
  });
});

describe('as the first process of a PID namespace', {
  skip: asRoot,
  concurrency: CONCURRENCY,
}, () => {
  const wrapper = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

  it('hands on SIGTERM, and serves', async () => {
    const running = session([...wrapper, ...wrapped(COUNTER)]);
    await ready(running);
    await pageHas(await listening(running), 'promfold_up 1.0');
    const [first] = childrenOf(running.pid);
    process.kill(first!, 'SIGTERM');
    await running.shows(/got SIGTERM\n/);
    await endBySigusr2(running, first);
    assert.deepEqual(got(running), ['SIGTERM', 'SIGUSR2']);
  });

  it('tells by its exit code which signal ended the command, as none can end itself', async () => {
    const [program, ...args] = [...wrapper, ...wrapped(['sh', '-c', 'kill -TERM $$'])];
    const { exitCode, stderr } = await run(program!, args);
    assert.equal(exitCode, 143, stderr);
    assert.equal(existsSync(directoryOf(stderr)), false);
  });
});
