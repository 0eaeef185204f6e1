/** `-o FILE`: what is replaced, what is written to, what is refused, and what other users cannot make of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { writeOutputFile } from '../../src/cli/output-file.js';
import { InterruptedError, UsageError } from '../../src/errors.js';
import { MAIN } from '../support/paths.js';
import { start } from '../support/process.js';
import { Random } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const CONTENT = Buffer.from('a 1.0\n');
const NOBODY = 65_534;
const asRoot = { skip: process.getuid!() === 0 ? false : 'needs root' };

/** Takes long enough to be written that a test sees the temporary file. */
const LARGE = Buffer.alloc(192 * 2 ** 20, 'x');

const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('an output file', () => {
  let directory = '';
  let file = '';
  beforeEach(() => {
    directory = tempDirectory();
    file = join(directory, 'app.prom');
  });
  const umask = process.umask(0o022);
  afterEach(() => void process.umask(0o022));
  after(() => void process.umask(umask));

  /** The name of the temporary file, once there is one. */
  async function temporary(): Promise<string> {
    for (let i = 0; i < 1_000_000; i++) {
      const name = readdirSync(directory).find((other) => other !== 'app.prom');
      if (name !== undefined) return name;
      await turn();
    }
    assert.fail('no temporary file was seen');
  }

  it('is made, and no other file stays', async () => {
    await writeOutputFile(file, CONTENT);
    assert.equal(readFileSync(file, 'utf8'), 'a 1.0\n');
    assert.deepEqual(readdirSync(directory), ['app.prom']);
  });

  it('is replaced as a whole: a process that has the old one open keeps it', async () => {
    writeFileSync(file, 'old');
    const { ino } = statSync(file);
    await writeOutputFile(file, CONTENT);
    assert.notEqual(statSync(file).ino, ino);
    assert.equal(readFileSync(file, 'utf8'), 'a 1.0\n');
  });

  it('may have a name as long as names may be', async () => {
    const long = join(directory, 'x'.repeat(255));
    await writeOutputFile(long, CONTENT);
    assert.equal(readFileSync(long, 'utf8'), 'a 1.0\n');
  });

  it('is written under another name each time, that nobody can know before', async () => {
    const names: string[] = [];
    for (let i = 0; i < 2; i++) {
      const writing = writeOutputFile(file, LARGE);
      names.push(await temporary());
      await writing;
    }
    assert.notEqual(names[0], names[1]);
    for (const name of names) assert.match(name, /^\.promfold-[0-9a-f]{24}\.tmp$/);
  });

  it('is not written through a link under the name that versions before used', async () => {
    const victim = join(tempDirectory(), 'passwd');
    writeFileSync(victim, 'root');
    symlinkSync(victim, join(directory, `.app.prom.${process.pid}.tmp`));
    await writeOutputFile(file, CONTENT);
    assert.equal(readFileSync(victim, 'utf8'), 'root');
  });

  describe('that is', () => {
    const links: [title: string, target: () => string][] = [
      ['a link to a file', () => join(directory, 'target.prom')],
      ['a link that leads nowhere', () => '/no/such'],
      ['a link to a device', () => '/dev/null'],
      ['a link to a directory', () => '/usr'],
    ];
    for (const [title, target] of links) {
      it(`${title} is replaced, and the target stays as it was`, async () => {
        writeFileSync(join(directory, 'target.prom'), 'old');
        symlinkSync(target(), file);
        await writeOutputFile(file, CONTENT);
        assert.ok(lstatSync(file).isFile());
        assert.equal(readFileSync(file, 'utf8'), 'a 1.0\n');
        assert.equal(readFileSync(join(directory, 'target.prom'), 'utf8'), 'old');
        assert.ok(statSync('/dev/null').isCharacterDevice());
      });
    }

    it('a device is written to', async () => {
      await writeOutputFile('/dev/null', CONTENT);
      assert.ok(statSync('/dev/null').isCharacterDevice());
    });

    it('a FIFO is written to, once somebody reads', async () => {
      execFileSync('mkfifo', [file]);
      const writing = writeOutputFile(file, CONTENT, { isPrivate: true });
      const reader = start('cat', [file]);
      const [chunk] = await once(reader.stdout!, 'data');
      await writing;
      assert.equal(String(chunk), 'a 1.0\n');
      assert.ok(lstatSync(file).isFIFO());
    });

    it('a FIFO of another user is refused', asRoot, async () => {
      execFileSync('mkfifo', [file]);
      chownSync(file, NOBODY, NOBODY);
      const message = `${file}: expected a FIFO of this user or of root, got one of uid ${NOBODY}`;
      await assert.rejects(writeOutputFile(file, CONTENT), new UsageError(message));
    });

    it('a directory is refused, and stays as it was', async () => {
      mkdirSync(file);
      const message = `${file}: expected a file, got a directory`;
      await assert.rejects(writeOutputFile(file, CONTENT), new UsageError(message));
      assert.deepEqual(readdirSync(directory), ['app.prom']);
    });

    it('a socket is refused', async () => {
      const server = createServer().listen(file);
      await once(server, 'listening');
      try {
        const message = `${file}: expected a file, got a socket`;
        await assert.rejects(writeOutputFile(file, CONTENT), new UsageError(message));
        assert.ok(lstatSync(file).isSocket());
      } finally {
        server.close();
      }
    });

    it('a block device is refused', asRoot, async () => {
      // A number that no driver has: it could not be opened either.
      execFileSync('mknod', [file, 'b', '120', '1']);
      const message = `${file}: expected a file, got a block device`;
      await assert.rejects(writeOutputFile(file, CONTENT), new UsageError(message));
      assert.ok(lstatSync(file).isBlockDevice());
    });

    it('a descriptor is written to where it stands', async () => {
      writeFileSync(file, 'before\n');
      const descriptor = openSync(file, 'a');
      await writeOutputFile(`/dev/fd/${descriptor}`, CONTENT);
      await writeOutputFile(`/proc/self/fd/${descriptor}`, CONTENT, { isPrivate: true });
      closeSync(descriptor);
      assert.equal(readFileSync(file, 'utf8'), 'before\na 1.0\na 1.0\n');
      const message = `/dev/fd/${descriptor}: bad file descriptor`;
      const again = writeOutputFile(`/dev/fd/${descriptor}`, CONTENT);
      await assert.rejects(again, new UsageError(message));
    });
  });

  describe('has the mode', () => {
    it('that the umask leaves, where it is new', async () => {
      process.umask(0o027);
      await writeOutputFile(file, CONTENT);
      assert.equal(modeOf(file), 0o640);
    });

    it('of the file it replaces, whatever the umask, without set-id bits', async () => {
      writeFileSync(file, 'old');
      for (const [mode, expected] of [
        [0o664, 0o664],
        [0o400, 0o400],
        [0o6755, 0o755],
      ] as const) {
        chmodSync(file, mode);
        process.umask(0o077);
        await writeOutputFile(file, CONTENT);
        assert.equal(modeOf(file), expected);
      }
    });

    it('and the group of the file it replaces', asRoot, async () => {
      writeFileSync(file, 'old');
      chownSync(file, 0, NOBODY);
      chmodSync(file, 0o640);
      await writeOutputFile(file, CONTENT);
      assert.deepEqual([modeOf(file), statSync(file).gid], [0o640, NOBODY]);
    });

    it('that the umask leaves, where it replaces a file of another user', asRoot, async () => {
      writeFileSync(file, 'planted');
      chownSync(file, NOBODY, NOBODY);
      chmodSync(file, 0o666);
      await writeOutputFile(file, CONTENT);
      const { uid, gid } = statSync(file);
      assert.deepEqual([modeOf(file), uid, gid], [0o644, 0, 0]);
    });

    it('0600 where it is private, whatever was there and whatever the umask', async () => {
      process.umask(0);
      await writeOutputFile(file, CONTENT, { isPrivate: true });
      assert.equal(modeOf(file), 0o600);
      chmodSync(file, 0o644);
      await writeOutputFile(file, CONTENT, { isPrivate: true });
      assert.equal(modeOf(file), 0o600);
      process.umask(0o777);
      await writeOutputFile(file, CONTENT, { isPrivate: true });
      assert.equal(modeOf(file), 0o600);
    });

    it('0600 from its first byte on, where it is private', async () => {
      process.umask(0);
      const writing = writeOutputFile(file, LARGE, { isPrivate: true });
      assert.equal(modeOf(join(directory, await temporary())), 0o600);
      await writing;
    });

    it('never more than in the end, where it replaces a file', async () => {
      writeFileSync(file, 'old');
      chmodSync(file, 0o600);
      process.umask(0);
      const writing = writeOutputFile(file, LARGE);
      assert.equal(modeOf(join(directory, await temporary())), 0o600);
      await writing;
    });
  });

  describe('stays as it was, and no other file stays,', () => {
    it('in a directory that is not there', async () => {
      const missing = join(directory, 'no', 'app.prom');
      const message = `${missing}: no such file or directory`;
      await assert.rejects(writeOutputFile(missing, CONTENT), new UsageError(message));
    });

    it('when the disk is full', asRoot, async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', directory]);
      try {
        writeFileSync(file, 'old');
        const message = `${file}: no space left on device`;
        const writing = writeOutputFile(file, LARGE);
        await assert.rejects(writing, new UsageError(message));
        assert.deepEqual(readdirSync(directory), ['app.prom']);
        assert.equal(readFileSync(file, 'utf8'), 'old');
      } finally {
        execFileSync('umount', [directory]);
      }
    });

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      it(`when ${signal} comes, and the next one is nobody's`, async () => {
        writeFileSync(file, 'old');
        const writing = writeOutputFile(file, LARGE);
        await temporary();
        process.kill(process.pid, signal);
        await assert.rejects(writing, new InterruptedError(signal));
        assert.deepEqual(readdirSync(directory), ['app.prom']);
        assert.equal(readFileSync(file, 'utf8'), 'old');
        assert.equal(process.listenerCount(signal), 0);
      });
    }
  });

  it('takes no signal any more once it is written', async () => {
    await writeOutputFile(file, CONTENT);
    await assert.rejects(writeOutputFile(join(directory, 'no', 'file'), CONTENT), UsageError);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      assert.equal(process.listenerCount(signal), 0);
    }
  });
});

describe('promfold snapshot -o', () => {
  it('ends by a signal that comes while it writes, and leaves nothing', async () => {
    const metrics = tempDirectory();
    // Damaged, so that it is kept whole, and random, so that it stays large.
    const random = new Random(1);
    const noise = Buffer.alloc(12 * 2 ** 20);
    for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE(random.below(2 ** 32), i);
    writeFileSync(join(metrics, 'counter_1.db'), noise);
    const directory = tempDirectory();
    const file = join(directory, 'snapshot.tar.gz');
    writeFileSync(file, 'old');
    let isInterrupted = false;
    // It may be complete by the time the signal arrives.
    for (let attempt = 0; attempt < 50 && !isInterrupted; attempt++) {
      const child = start(process.execPath, [MAIN, 'snapshot', metrics, '-o', file]);
      const ended = once(child, 'exit');
      while (child.exitCode === null && readdirSync(directory).length === 1) await turn();
      child.kill('SIGTERM');
      const [code, signal] = await ended;
      assert.deepEqual(readdirSync(directory), ['snapshot.tar.gz']);
      isInterrupted = signal === 'SIGTERM';
      if (isInterrupted && attempt === 0) assert.equal(readFileSync(file, 'utf8'), 'old');
      assert.ok(isInterrupted || code === 0, `${code} ${signal}`);
    }
    assert.ok(isInterrupted);
    assert.ok(existsSync(file));
  });
});
