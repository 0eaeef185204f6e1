import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { mountOf, parseMounts } from '../../src/files/mounts.js';
import { parseBootSeconds } from '../../src/processes/boot.js';
import { isByEarlierProcess } from '../../src/processes/earlier-process.js';
import { writableMappings } from '../../src/processes/maps.js';
import { directoriesIn, variableOf } from '../../src/processes/metric-processes.js';
import { Proc, parseStat } from '../../src/processes/proc.js';
import { roleOf } from '../../src/processes/role.js';
import { tempDirectory } from '../support/temp.js';

describe('roleOf', () => {
  const cases: [title: string, commandLine: string, role: string | undefined][] = [
    ['vLLM', 'VLLM::APIServer_0\0\0\0', 'VLLM::APIServer_0'],
    ['SGLang', 'sglang::scheduler_TP0', 'sglang::scheduler_TP0'],
    ['gunicorn and its application', 'gunicorn: worker [app:api]\0', 'gunicorn: worker [app:api]'],
    ['uWSGI', 'uWSGI worker 2', 'uWSGI worker 2'],
    [
      'celery, without the command line after its name',
      '[celeryd: celery@host:ForkPoolWorker-1] (-A app worker --broker=redis://:secret@r)',
      '[celeryd: celery@host:ForkPoolWorker-1]',
    ],
    ['a title in a later argument is none', 'python3\0VLLM::APIServer_0', undefined],
    ['a server script that Python runs', '/v/bin/python3\0/v/bin/gunicorn\0-w\x004\0', 'gunicorn'],
    ['a script of the application', 'python3.13t\0/srv/app.py\0--api-key=secret\0', 'app.py'],
    ['a module, and none of its arguments', 'python3\0-m\0app\0--api-key=secret\0', 'app'],
    ['a module with dots', 'python3\0-m\0dynamo.vllm\0--model\0x\0', 'dynamo.vllm'],
    ['a module after other options', 'python3\0-u\0-W\0ignore\0-Xdev\0-Im\0uvicorn\0', 'uvicorn'],
    ['a module in the same argument', 'pypy3\0-OOmcelery\0-A\0shop\0', 'celery'],
    ['a long option with a value', 'python\0--check-hash-based-pycs\0never\0x.py\0', 'x.py'],
    [
      'a package that is run by its __main__',
      'python3\0/lib/uvicorn/__main__.py\0a:b\0',
      'uvicorn',
    ],
    ['a package that is run as a directory', 'python3\0/lib/uvicorn/\0a:b\0', 'uvicorn'],
    ['code, which may hold secrets', "python3\0-c\0token='secret'\0", undefined],
    ['a program from stdin', 'python3\0-\0secret\0', undefined],
    ['an argument that is not a name', 'python3\0pass word; secret\0', undefined],
    ['a name that is too long', `python3\0${'x'.repeat(65)}\0`, undefined],
    ['Python without a program', 'python3\0', undefined],
    ['another program', 'node\0/srv/server.js\0', undefined],
    ['a title followed by a secret', 'ray::Serve --api-key=secret', 'ray::Serve'],
    ['a title of no known shape', 'app: --api-key=secret', undefined],
    ['nothing', '', undefined],
  ];
  for (const [title, commandLine, role] of cases) {
    it(title, () => assert.equal(roleOf(commandLine), role));
  }
});

describe('the role of a process', () => {
  const SPAWNED = 'python3\0-c\0from multiprocessing.spawn import spawn_main; spawn_main()\0';
  /** /proc of processes by pid: parent and command line. */
  const procOf = (processes: Readonly<Record<number, readonly [number, string]>>) => {
    const directory = tempDirectory();
    for (const [pid, [parent, commandLine]] of Object.entries(processes)) {
      mkdirSync(join(directory, pid));
      writeFileSync(join(directory, pid, 'cmdline'), commandLine);
      writeFileSync(
        join(directory, pid, 'stat'),
        `${pid} (python3) S ${parent} 1 1 0 -1 0 1 0 0 0 1 1 0 0 20 0 1 0 12345 1 1`,
      );
    }
    return new Proc(directory);
  };

  it('is that of the parent, for a child of multiprocessing', async () => {
    const proc = procOf({
      10: [1, 'python3\0/usr/bin/uvicorn\0--workers\x004\0app:api\0'],
      11: [10, SPAWNED],
      12: [11, SPAWNED],
    });
    assert.equal(await proc.role(11), 'uvicorn');
    assert.equal(await proc.role(12), 'uvicorn');
  });

  const unknown: [title: string, processes: Parameters<typeof procOf>[0]][] = [
    ['its parent is init', { 11: [1, SPAWNED] }],
    ['its parent is gone', { 11: [10, SPAWNED] }],
    ['parents go in a circle', { 10: [11, SPAWNED], 11: [10, SPAWNED] }],
    ['it runs other code', { 10: [1, 'python3\0app.py\0'], 11: [10, 'python3\0-c\0pass\0'] }],
  ];
  for (const [title, processes] of unknown) {
    it(`is unknown where ${title}`, async () => {
      assert.equal(await procOf(processes).role(11), undefined);
    });
  }
});

describe('writableMappings', () => {
  it('finds shared writable ones only, whatever the names hold', () => {
    const maps = [
      '7f00-7f10 rw-s 00000000 fd:00 1234                     /run/prom/counter_7.db',
      '7f10-7f20 r--s 00000000 fd:00 1235                     /run/prom/counter_8.db',
      '7f20-7f30 rw-p 00000000 fd:00 1236                     /run/prom/counter_9.db',
      '7f30-7f40 r--s 00000000 fd:00 1237                     /run/ rw-s /x.db',
      '7f40-7f50 rw-s 00000000 103:02 99                      /run/a b.db (deleted)',
      '7f50-7f60 rw-s 00000000 00:05 0                        /dev/zero',
      '',
    ].join('\n');
    assert.deepEqual(
      [...writableMappings(maps)],
      [
        { identity: 'fd:00:1234', path: '/run/prom/counter_7.db' },
        { identity: '103:02:99', path: '/run/a b.db (deleted)' },
      ],
    );
    assert.deepEqual([...writableMappings('')], []);
  });

  it('gives the path that a file has since a compaction', () => {
    const line = (path: string) => `7f00-7f10 rw-s 00000000 fd:00 12       ${path}\n`;
    const cases: [kernel: string, path: string][] = [
      ['/run/.prom.promfold-18ecca8533e550d3/counter_7.db', '/run/prom/counter_7.db'],
      [
        '/run/.prom.promfold-18ecca8533e550d3-done/gauge_all_7.db (deleted)',
        '/run/prom/gauge_all_7.db',
      ],
      ['/run/.a b.promfold-18ecca8533e550d3-undone/counter_7.db', '/run/a b/counter_7.db'],
      ['/run/.prom.promfold-18/counter_7.db', '/run/.prom.promfold-18/counter_7.db'],
    ];
    for (const [kernel, path] of cases) {
      assert.deepEqual([...writableMappings(line(kernel))], [{ identity: 'fd:00:12', path }]);
    }
  });

  it('gives the directories of metric files', () => {
    const line = (path: string) => `7f00-7f10 rw-s 00000000 fd:00 12       ${path}\n`;
    const maps =
      line('/b/counter_1.db') + line('/a/gauge_max_1.db (deleted)') + line('/c/state.db');
    assert.deepEqual(directoriesIn(maps), ['/a', '/b']);
  });
});

describe('parseStat', () => {
  const stat = (name: string, state = 'S') =>
    `42 (${name}) ${state} 7 40 39 34816 41 4194560 1 0 0 0 1 1 0 0 20 0 1 0 12345 1 1`;
  it('reads parent, groups and start', () => {
    assert.deepEqual(parseStat(stat('python3')), {
      parentPid: 7,
      processGroup: 40,
      foregroundGroup: 41,
      isKernelThread: false,
      isZombie: false,
      startAfterBoot: 123.45,
    });
  });
  it('reads past a name with brackets and blanks', () => {
    assert.equal(parseStat(stat('a) S 1 (b'))!.parentPid, 7);
  });
  it('knows the dead', () => assert.equal(parseStat(stat('x', 'Z'))!.isZombie, true));
  it('gives nothing for what is not a stat line', () =>
    assert.equal(parseStat('nonsense'), undefined));
});

describe('isByEarlierProcess', () => {
  const alive = { liveness: 'alive', startSeconds: 1000 } as const;
  const cases: [
    title: string,
    timestamp: number,
    writer: Parameters<typeof isByEarlierProcess>[1],
    expected: boolean,
  ][] = [
    ['written before the process began', 990, alive, true],
    ['written in the second it began', 999, alive, false],
    ['written since', 1001, alive, false],
    ['never stamped', 0, alive, false],
    ['of a dead process', 990, { liveness: 'dead', startSeconds: undefined }, false],
    ['of a process whose start is not known', 990, { ...alive, startSeconds: undefined }, false],
  ];
  for (const [title, timestamp, writer, expected] of cases) {
    it(title, () => assert.equal(isByEarlierProcess(timestamp, writer), expected));
  }
});

describe('mountOf', () => {
  const mounts = parseMounts(
    [
      '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
      '2 1 0:20 / /run rw shared:1 - tmpfs tmpfs rw,size=1k',
      '3 1 0:21 / /my\\040dir rw - nfs4 host:/x rw',
      '4 1 0:22 / /run rw - overlay overlay rw',
      '5 1 0:23 / /proc rw - proc proc rw,hidepid=2',
      '',
    ].join('\n'),
  );
  const cases: [path: string, type: string][] = [
    ['/var', 'ext4'],
    ['/runner', 'ext4'],
    ['/run/prom', 'overlay'],
    ['/my dir', 'nfs4'],
    ['/proc/1', 'proc'],
  ];
  for (const [path, type] of cases) {
    it(`${path} is on ${type}`, () => assert.equal(mountOf(path, mounts)?.type, type));
  }
  it('keeps the options of the file system', () =>
    assert.equal(mountOf('/proc', mounts)?.options, 'rw,hidepid=2'));
});

describe('small readers', () => {
  it('boot', () => {
    assert.equal(parseBootSeconds('cpu 1 2\nbtime 1795490976\nprocesses 3\n'), 1795490976);
    assert.equal(parseBootSeconds('cpu 1 2\n'), undefined);
  });
  it('one variable of an environment', () => {
    const environ = 'A=1\0XPROMETHEUS_MULTIPROC_DIR=/x\0PROMETHEUS_MULTIPROC_DIR=/run/prom\0B=\0';
    assert.equal(variableOf('PROMETHEUS_MULTIPROC_DIR', environ), '/run/prom');
    assert.equal(variableOf('B', environ), '');
    assert.equal(variableOf('C', environ), undefined);
  });
});
