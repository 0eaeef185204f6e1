/** `ls`, `check` and `top` as they are started by a user: exit codes, output when piped, JSON, wrong usage. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckView } from '../../src/inspect/findings/finding.js';
import type { FileView, ProcessesView } from '../../src/inspect/processes.js';
import type { TopView } from '../../src/inspect/top.js';
import { promfold } from '../support/cli.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN, MAIN, ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const PYTHON = `${ROOT}/.venv/bin/python`;

// One process of the real client that counts for ever.
const WORKER = `
import time
from prometheus_client import Counter, Gauge
requests = Counter('requests', 'help', ['path'])
busy = Gauge('busy', 'help', multiprocess_mode='livesum')
print('ready', flush=True)
while True:
    requests.labels('/a').inc(10)
    busy.set(3)
    time.sleep(0.01)
`;

let directory = '';
before(() => {
  directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_7.db'), [counter('a', 1)], { sizeBytes: 65_536 });
  writeMetricFile(join(directory, 'gauge_max_7.db'), [gauge('b_seconds', 1)]);
  writeMetricFile(join(directory, 'counter_12.db'), [counter('a', 2)]);
});

describe('ls', () => {
  it('has a row for each process and two lines in all', async () => {
    const { stdout, stderr, exitCode } = await promfold(['ls', directory]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^PROCESS +STATE +ENTRIES +USED +SIZE +DISK +AGE +FILES +KINDS\n/);
    assert.match(stdout, /\n7 +unknown \d+s +2 .* 2 {2}counter max\n12 +unknown/);
    assert.match(stdout, /\n2 processes \(2 unknown\): 3 entries, .* used of .* on disk\n/);
    assert.match(stdout, /\n3 files: 2 counter, 1 max; client 0\.18\+\n$/);
  });

  it('has a row for each file, sorted as asked', async () => {
    const { stdout } = await promfold(['ls', '--files', '--sort', 'used', directory]);
    const names = [...stdout.matchAll(/^(\S+\.db)/gm)].map(([, name]) => name);
    assert.deepEqual(names.sort(), ['counter_12.db', 'counter_7.db', 'gauge_max_7.db'].sort());
  });

  it('leaves out what is not asked for, but counts it', async () => {
    const { stdout } = await promfold(['ls', '--dead', directory]);
    assert.match(stdout, /^2 processes/);
  });

  it('prints one document of JSON', async () => {
    const { stdout } = await promfold(['ls', '--json', '--files', directory]);
    const view = JSON.parse(stdout) as ProcessesView & { files: unknown[] };
    assert.deepEqual(
      view.processes.map(({ processId }) => processId),
      ['7', '12'],
    );
    assert.equal(view.files.length, 3);
    assert.equal(view.total.entries, 3);
  });

  it('has no time for a file that cannot be looked at, where 1970 would be one', async () => {
    const linked = tempDirectory();
    symlinkSync('/no/such/file', join(linked, 'counter_9.db'));
    writeFileSync(join(linked, 'notes.db'), 'not opened');
    const { stdout } = await promfold(['ls', linked]);
    assert.match(stdout, /\n9 +unknown +0 .* - +1 \(1 unreadable\)/);
    const files = await promfold(['ls', '--files', linked]);
    assert.match(files.stdout, /\ncounter_9\.db(?: +-){5} +FILE_UNREADABLE/);
    assert.match(files.stdout, /\nnotes\.db(?: +-){5} +FILE_FOREIGN/);

    const { stdout: json } = await promfold(['ls', '--json', '--files', linked]);
    const view = JSON.parse(json) as ProcessesView & { files: FileView[] };
    assert.ok(!('lastSeenSeconds' in view.processes[0]!));
    assert.ok(view.files.every((file) => !('modifiedSeconds' in file)));

    const checked = await promfold(['check', '--json', linked]);
    const codes = (JSON.parse(checked.stdout) as CheckView).findings.map(({ code }) => code);
    assert.ok(codes.includes('UNREADABLE_FILE') && !codes.includes('BEFORE_BOOT'), codes.join(' '));

    const file = join(tempDirectory(), 'linked.tar.gz');
    await promfold(['snapshot', linked, '-o', file]);
    const taken = await promfold(['ls', '--files', file]);
    assert.equal(taken.stdout, files.stdout);
  });

  it('calls a process by the same word as its flag, with the time', async () => {
    const old = tempDirectory();
    writeMetricFile(join(old, 'counter_7.db'), [counter('a', 1)]);
    const threeDaysAgo = Date.now() / 1000 - 3 * 86_400;
    utimesSync(join(old, 'counter_7.db'), threeDaysAgo, threeDaysAgo);
    const all = [['ls'], ['ls', '--unknown'], ['cat'], ['explain', 'a_total']];
    for (const command of all) {
      const { stdout } = await promfold([...command, old]);
      assert.match(stdout, /\b7 +\(?unknown 3d\b/, command.join(' '));
      assert.doesNotMatch(stdout, /quiet/);
    }
  });

  it('counts files on a terminal of any width, and names their kinds where there is room', {
    skip: !existsSync('/usr/bin/script'),
  }, async () => {
    for (const [columns, row] of [
      [70, /\n7 .* 2\r\n/],
      [120, /\n7 .* 2 {2}counter max\r\n/],
    ] as const) {
      const command = `stty rows 24 cols ${columns}; '${process.execPath}' '${MAIN}' ls '${directory}'`;
      const { stdout } = await run('script', ['-qec', command, '/dev/null']);
      assert.match(stdout, row);
    }
  });

  it('reads an empty directory', async () => {
    const { stdout, exitCode } = await promfold(['ls', tempDirectory()]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^0 processes: 0 entries/);
  });
});

describe('check', () => {
  const cases: [name: string, exitCode: number, code: RegExp][] = [
    ['bad-klen-huge', 1, /^error DAMAGED_FILE/m],
    ['two-modes', 1, /^error MODE_CONFLICT/m],
    ['bucket-mismatch', 0, /^warning BUCKET_CONFLICT/m],
    ['web-v0.12.0', 0, /^info OLD_CLIENT/m],
  ];
  for (const [name, expected, code] of cases) {
    const files = `${GOLDEN}/${name}/files`;
    it(`${name}: exit ${expected}`, { skip: !existsSync(files) }, async () => {
      const { stdout, exitCode } = await promfold(['check', files]);
      assert.match(stdout, code);
      assert.equal(exitCode, expected);
    });
  }

  it('is coloured in a pipe only where it is asked to be', async () => {
    const files = `${GOLDEN}/bad-klen-huge/files`;
    const red = '\u001b[31merror\u001b[0m ';
    const cases: [args: string[], env: Record<string, string>, isColoured: boolean][] = [
      [[], {}, false],
      [['--color=always'], {}, true],
      [['--color', 'never'], { CLICOLOR_FORCE: '1' }, false],
      [[], { CLICOLOR_FORCE: '1' }, true],
      [[], { CLICOLOR_FORCE: '1', NO_COLOR: '1' }, false],
      [['--color=auto'], { NO_COLOR: '1' }, false],
    ];
    for (const [args, env, isColoured] of cases) {
      const { stdout } = await promfold(['check', ...args, files], { env });
      assert.equal(stdout.startsWith(red), isColoured, JSON.stringify([args, env]));
    }
    const json = await promfold(['check', '--json', '--color=always', files]);
    assert.ok(!json.stdout.includes('\u001b'));
    const wrong = await promfold(['check', '--color=sometimes', files]);
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.stderr, /--color: expected auto, always or never, got 'sometimes'/);
  });

  it('prints one document of JSON', async () => {
    const files = `${GOLDEN}/bad-klen-huge/files`;
    const { stdout, exitCode } = await promfold(['check', '--json', files]);
    const { count, findings } = JSON.parse(stdout) as CheckView;
    assert.equal(exitCode, 1);
    assert.equal(count.error, 1);
    assert.equal(findings[0]!.evidence[0]!.file?.endsWith('.db'), true);
  });
});

describe('wrong usage', () => {
  const wrong: [args: string[], line: RegExp][] = [
    [
      ['ls', '--sort', 'rate', '.'],
      /^promfold: --sort: expected state, id, .* or age, got 'rate'$/,
    ],
    [
      ['top', '--interval', '0', '.'],
      /^promfold: --interval: expected seconds, 0\.1 or more, got '0'$/,
    ],
    [
      ['top', '--count', 'x', '.'],
      /^promfold: --count: expected a whole number, 0 or more, got 'x'$/,
    ],
    [['check', '/nowhere/at/all'], /^promfold: \/nowhere\/at\/all: no such .*\[\w+\]$/],
    [
      ['ls'],
      /^promfold: expected DIR or \$PROMETHEUS_MULTIPROC_DIR, got neither; promfold discover lists those in use$/,
    ],
  ];
  for (const [args, line] of wrong) {
    it(args.join(' '), async () => {
      const { exitCode, stdout, stderr } = await promfold(args);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr.trimEnd(), line);
    });
  }
});

describe('with a living worker', { skip: !existsSync(PYTHON) }, () => {
  let live = '';
  const workers: ChildProcess[] = [];
  before(async () => {
    live = tempDirectory();
    for (let i = 0; i < 2; i++) {
      const worker = spawn(PYTHON, ['-c', WORKER], {
        env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: live },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      workers.push(worker);
      await once(worker.stdout!, 'data');
    }
    await sleep(100);
    workers[1]!.kill('SIGKILL');
    await once(workers[1]!, 'exit');
  });
  after(() => workers[0]?.kill('SIGKILL'));

  it('ls knows the living from the dead', async () => {
    const { stdout } = await promfold(['ls', live]);
    assert.match(stdout, new RegExp(`\\n${workers[0]!.pid} +alive +python`));
    assert.match(stdout, new RegExp(`\\n${workers[1]!.pid} +dead `));
  });

  it('check says what marking the dead would remove', async () => {
    const { stdout, exitCode } = await promfold(['check', live]);
    assert.match(stdout, /warning DEAD_LIVE_GAUGE .*\n +busy 6, 3 without them, mode livesum\n/);
    assert.equal(exitCode, 0);
  });

  it('top prints reports when piped', async () => {
    const { stdout, exitCode } = await promfold(['top', '--interval', '0.3', '--count', '2', live]);
    assert.equal(exitCode, 0);
    assert.equal(stdout.match(/^promfold top /gm)?.length, 2);
    assert.match(stdout, /\n *[1-9][\d,]* +1 +requests_total\{path="\/a"\}\n/);
    assert.match(stdout, /[1-9][\d,]* increments\/s, 0 observations\/s/);
    assert.ok(!stdout.includes('\u001b') && !stdout.includes('quit'));
  });

  it('top is coloured in a pipe where it is asked to be', async () => {
    const args = ['top', '--interval', '0.2', '--count', '1', '--color=always', live];
    const { stdout } = await promfold(args);
    assert.ok(stdout.includes('\n\u001b[1mPROCESS '));
  });

  it('top prints a document for each report', async () => {
    const { stdout } = await promfold(['top', '--json', '--interval', '0.3', '--count', '2', live]);
    const views = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TopView);
    assert.equal(views.length, 2);
    assert.ok(views[1]!.incrementsPerSecond > 0);
    assert.equal(views[1]!.processes[0]!.processId, String(workers[0]!.pid));
  });

  it('top compares a single metric file with itself', async () => {
    const path = join(tempDirectory(), 'counter_7.db');
    writeMetricFile(path, [counter('a', 1)]);
    const watched = promfold(['top', '--json', '--interval', '0.6', '--count', '1', path]);
    const timer = setInterval(() => writeMetricFile(path, [counter('a', Date.now())]), 100);
    const { stdout, exitCode, stderr } = await watched;
    clearInterval(timer);
    assert.equal(exitCode, 0, stderr);
    const view = JSON.parse(stdout) as TopView;
    assert.deepEqual([view.path, view.files, view.series.length], [path, 1, 1]);
    assert.ok(view.incrementsPerSecond > 0);
  });

  it('top goes on where the directory is made anew between two refreshes', async () => {
    const place = join(tempDirectory(), 'metrics');
    mkdirSync(place);
    writeMetricFile(join(place, 'counter_7.db'), [counter('a', 1)]);
    const watched = promfold(['top', '--json', '--interval', '1', '--count', '2', place]);
    await sleep(600);
    rmSync(place, { recursive: true });
    mkdirSync(place);
    writeMetricFile(join(place, 'counter_8.db'), [counter('b', 1)]);
    const { stdout, exitCode, stderr } = await watched;
    assert.equal(exitCode, 0, stderr);
    const views = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TopView);
    assert.deepEqual(
      views.map(({ processes }) => processes.map(({ processId }) => processId)),
      [['8'], ['8']],
    );
  });

  it('top says what is wrong with a directory as other commands do', async () => {
    for (const path of ['/no/such/directory', MAIN]) {
      const [own, other] = await Promise.all([promfold(['top', path]), promfold(['ls', path])]);
      assert.deepEqual([own.exitCode, own.stderr], [2, other.stderr]);
    }
  });

  it('top ends with a line when the directory goes', async () => {
    const gone = join(tempDirectory(), 'gone');
    mkdirSync(gone);
    cpSync(directory, gone, { recursive: true });
    const ended = promfold(['top', '--interval', '1', gone]);
    await sleep(700);
    rmSync(gone, { recursive: true });
    const { exitCode, stderr } = await ended;
    assert.equal(exitCode, 2);
    assert.match(stderr, /^promfold: .*gone: no such directory; .* \[DIRECTORY_UNREADABLE\]\n$/);
  });

  it('top gives the terminal back on q and on Ctrl-C', {
    skip: !existsSync('/usr/bin/script'),
  }, async () => {
    for (const key of ['q', '\u0003']) {
      // script gives it a terminal, and copies what it is typed.
      const command = `stty rows 24 cols 80; '${process.execPath}' '${MAIN}' top '${live}'; stty -a`;
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let screen = '';
      let typed = false;
      child.stdout.on('data', (chunk: Buffer) => {
        screen += chunk;
        if (typed || !screen.includes('sorted by rate')) return;
        typed = true;
        child.stdin.write(key);
      });
      const [exitCode] = await once(child, 'close');
      assert.equal(exitCode, 0, screen);
      const [before = '', afterwards] = screen.split('\u001b[?25h\u001b[?1049l');
      assert.ok(before.includes('\u001b[?1049h\u001b[?25l'), screen);
      assert.match(afterwards!, /[^-]icanon.* echo /s);
    }
  });
});
