/** What the system runs out of: room, inodes, descriptors, watches, mappings. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promfold } from '../support/cli.js';
import { counter, fileBytes, overwrite } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import type { Fault } from './fault.js';
import { type FileSystem, onFileSystem } from './file-system.js';
import { DaemonPlace, Place, REST, VICTIM, victimBytes, WHOLE, writeRest } from './place.js';

/** A worker of the real client that makes label sets until it dies of the full file system. */
const FILLER = `
import prometheus_client
c = prometheus_client.Counter('filled', 'help', ['n'])
for i in range(1000000): c.labels('x' * 200 + str(i)).inc()
`;

/** Workers write until there is no room; promfold serves on, and what they could count stays. */
function fullFileSystem(type: FileSystem) {
  return () =>
    onFileSystem(type, async (root) => {
      writeRest(root);
      await DaemonPlace.use(root, async (place) => {
        assert.deepEqual(await place.scrape(), REST);
        const python = currentPython().path;
        const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: root };
        const filling = run(python, ['-c', FILLER], { env });
        let ended = false;
        void filling.then(() => {
          ended = true;
        });
        while (!ended) {
          assert.deepEqual(await place.scrape(), REST);
          await sleep(20);
        }
        const { signal, exitCode } = await filling;
        // SIGBUS from a store into a hole, or OSError where even the file could not grow.
        assert.ok(signal === 'SIGBUS' || exitCode === 1, `${signal} ${exitCode}`);
        assert.deepEqual(await place.scrape(), REST);
        assert.ok(place.own('directory_free_bytes')! < 65_536);
        const filled = [...place.values].filter(([name]) => name.startsWith('filled_total'));
        assert.ok(filled.length > 100, `${filled.length} series`);
        // What the store did not get to keeps 0.
        assert.ok(filled.filter(([, value]) => value === 1).length >= filled.length - 1);

        const { stdout } = await promfold(['check', root]);
        assert.match(stdout, /DISK_FULL/);

        // More workers that find no room: what they leave costs nothing.
        await run(python, ['-c', FILLER], { env });
        assert.deepEqual(await place.scrape(), REST);

        const own = (name: string) => /^counter_\d{3,}\.db$/.test(name);
        for (const name of readdirSync(root).filter(own)) rmSync(join(root, name));
        // What promfold has mapped of them takes room until the next scrape.
        const after = new DaemonPlace(root, place.daemon);
        assert.deepEqual(await after.scrape(), REST);
        writeFileSync(join(root, VICTIM), victimBytes());
        assert.deepEqual(await after.scrape(), WHOLE);
      });
    });
}

/** A scrape over a connection that is there already. */
async function scrapeOver(socket: Socket): Promise<{ status: number; body: string }> {
  socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
  let text = '';
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [string];
    text += chunk;
    const [head, body] = text.split('\r\n\r\n', 2) as [string, string | undefined];
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (body === undefined || Buffer.byteLength(body) < length) continue;
    return { status: Number(head.split(' ')[1]), body };
  }
}

export const SYSTEM_FAULTS: readonly Fault[] = [
  {
    fault: 'a file with more series, entries or families than a limit leaves room for',
    served: 'everything else; of a file that grows, what it had',
    seen: 'BUDGET_EXCEEDED; `promfold_over_budget_files`',
    cure: 'fewer values of labels, more memory, or `--limit`',
    test: {
      file: 'test/scrape/limits.test.ts',
      title: 'a file is left out whole, and the one before it is served',
    },
  },
  {
    fault: 'a tmpfs that is full while workers write',
    served: 'everything that was stored; the kernel kills the workers (SIGBUS)',
    seen: '`promfold_directory_free_bytes`; `check`: DISK_FULL',
    cure: 'remove files of dead processes, or give it more room',
    test: fullFileSystem('small-tmpfs'),
  },
  {
    fault: 'a disk that is full while workers write (ENOSPC)',
    served: 'everything that was stored',
    seen: '`promfold_directory_free_bytes`; `check`: DISK_FULL',
    cure: 'remove files of dead processes, or give it more room',
    test: fullFileSystem('small-ext4'),
  },
  {
    fault: 'no inode left',
    served: 'everything; workers cannot make files',
    seen: '`promfold_directory_free_inodes` 0',
    cure: 'remove files of dead processes',
    test: () =>
      onFileSystem('few-inodes', async (root) => {
        writeRest(root);
        await DaemonPlace.use(root, async (place) => {
          assert.deepEqual(await place.scrape(), REST);
          const free = statfsSync(root).ffree;
          for (let i = 0; i < free; i += 1) writeFileSync(join(root, `counter_9${i}.db`), '');
          assert.throws(() => writeFileSync(join(root, VICTIM), ''), { code: 'ENOSPC' });
          assert.deepEqual(await place.scrape(), REST);
          assert.equal(place.own('directory_free_inodes'), 0);
          for (let i = 0; i < free; i += 1) rmSync(join(root, `counter_9${i}.db`));
          writeFileSync(join(root, VICTIM), victimBytes());
          assert.deepEqual(await place.scrape(), WHOLE);
        });
      }),
  },
  {
    fault: 'no file descriptor left (EMFILE)',
    served:
      'everything: idle connections are closed first, and connections take half of the descriptors at most',
    seen: '`promfold_http_idle_connections_closed_total`',
    cure: 'a higher `ulimit -n`, or fewer connections',
    test: async () => {
      const directory = tempDirectory();
      writeRest(directory);
      const limit = 64;
      await DaemonPlace.use(
        directory,
        async (place) => {
          assert.deepEqual(await place.scrape(), REST);
          const port = Number(new URL(place.daemon.url).port);
          const open = () => {
            const socket = connect(port, '127.0.0.1').setEncoding('utf8');
            socket.on('error', () => {});
            return socket;
          };
          const kept = open();
          await once(kept, 'connect');
          assert.equal((await scrapeOver(kept)).status, 200);
          const idle = Array.from({ length: limit }, open);
          try {
            await sleep(300);
            // By a new connection: the one that was kept is idle, too.
            assert.deepEqual(await place.scrape(), REST);
            assert.equal(place.own('up'), 1);
            assert.ok(place.own('process_resident_memory_bytes')! > 0, 'it needs a descriptor');
            assert.ok(place.own('http_connections')! <= limit / 2);
            assert.ok(place.own('http_idle_connections_closed_total')! >= limit / 2);
            // To list the directory and to open a file takes some as well.
            writeFileSync(join(directory, VICTIM), victimBytes());
            assert.deepEqual(await place.scrape(), WHOLE);
          } finally {
            for (const socket of [kept, ...idle]) socket.destroy();
          }
          await sleep(100);
          assert.deepEqual(await place.scrape(), WHOLE);
          assert.doesNotMatch(place.daemon.log, /EMFILE/);
        },
        { wrapper: ['prlimit', `--nofile=${limit}`, '--'] },
      );
    },
  },
  {
    fault: 'a scrape that does not end, whatever the reason',
    served: 'nothing until it ends; 503 in time for clients that send their timeout',
    seen: '`/-/ready` is 503 after 10 s, with the directory and since when; `/-/healthy` says it too, and stays 200',
    cure: 'fix what hangs; a restart of promfold does not help',
    test: {
      file: 'test/scrape/readiness.test.ts',
      title: 'is 503 while scrapes are asked for and none is answered, and 200 when one was',
    },
  },
  {
    fault: 'the inotify quota is used up',
    served: 'everything, as exactly as before',
    seen: 'one warning for each missing watch',
    cure: 'none is needed',
    test: async () => {
      for (const quota of ['max_inotify_instances', 'max_inotify_watches']) {
        const directory = tempDirectory();
        writeRest(directory);
        const shell = `echo 0 > /proc/sys/user/${quota} && exec "$@"`;
        await DaemonPlace.use(
          directory,
          async (place) => {
            assert.deepEqual(await place.scrape(), REST);
            writeFileSync(join(directory, VICTIM), victimBytes());
            assert.deepEqual(await place.scrape(), WHOLE, quota);
            overwrite(
              join(directory, VICTIM),
              0,
              fileBytes('dict4-16', [counter('jobs', 9), counter('loops', 2)]),
            );
            assert.equal((await place.scrape()).jobs, 16);
            await place.logSays(/level=warn msg="no watch .*scrapes are exact without it/);
          },
          { wrapper: ['unshare', '-Ur', 'sh', '-c', shell, 'sh'] },
        );
      }
    },
  },
  {
    fault: 'no mapping left (`vm.max_map_count`; promfold takes half of it)',
    served: 'everything; further files are read instead',
    seen: '`promfold_unmapped_files`',
    cure: 'none is needed once files are removed; else a larger `vm.max_map_count`',
    test: async () => {
      await Place.use(
        async (place) => {
          const path = (n: number) => join(place.directory, `counter_9${n}.db`);
          const bytes = (value: number) => fileBytes('dict4-16', [counter('jobs', value)], 4096);
          for (let n = 0; n < 6; n += 1) writeFileSync(path(n), bytes(1));
          assert.equal((await place.scrape()).jobs, REST.jobs + 6);
          assert.equal(place.own('unmapped_files'), 5);
          for (let n = 0; n < 6; n += 1) overwrite(path(n), 0, bytes(2));
          assert.equal((await place.scrape()).jobs, REST.jobs + 12);
          // One that goes makes room for another.
          writeFileSync(path(6), bytes(7));
          rmSync(path(0));
          rmSync(path(1));
          assert.equal((await place.scrape()).jobs, REST.jobs + 8 + 7);
          assert.deepEqual(place.problems(), []);
          assert.ok(place.own('unmapped_files')! <= 4);
        },
        { mapLimit: 3 },
      );
    },
  },
];
