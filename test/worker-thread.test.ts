import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ThreadOutOfMemoryError,
  ThreadTooLateError,
  WorkerThread,
  type WorkerThreadOptions,
} from '../src/worker-thread.js';
import type { Question } from './support/answering-worker.js';
import { run } from './support/process.js';
import { tempDirectory } from './support/temp.js';

const FILE = new URL('./support/answering-worker.js', import.meta.url);

let thread: WorkerThread<Question> | undefined;

afterEach(() => thread?.close());

function begin(options: Partial<WorkerThreadOptions> = {}): WorkerThread<Question> {
  thread = new WorkerThread<Question>(FILE, { name: 'test', ...options });
  return thread;
}

const idOf = async (of: WorkerThread<Question>) =>
  ((await of.ask({ kind: 'who' })) as { threadId: number }).threadId;

describe('a worker thread', () => {
  it('answers, and knows what it was given', async () => {
    const answer = await begin({ data: { a: 1 } }).ask({ kind: 'who' });
    assert.deepEqual((answer as { data: unknown }).data, { a: 1 });
  });

  it('reports the error of a question, and answers the next', async () => {
    const asked = begin();
    await assert.rejects(asked.ask({ kind: 'fail', message: 'no such thing' }), {
      message: 'no such thing',
    });
    const id = await idOf(asked);
    assert.equal(await idOf(asked), id);
  });

  it('answers other questions while one waits', async () => {
    const asked = begin();
    const slow = asked.ask({ kind: 'sleep', ms: 200 });
    let isOver = false;
    void slow.then(() => {
      isOver = true;
    });
    await idOf(asked);
    assert.ok(!isOver);
    assert.equal(await slow, 'slept');
  });

  it('transfers memory', async () => {
    const bytes = (await begin().ask({ kind: 'bytes', length: 1_000 })) as Uint8Array;
    assert.equal(bytes.length, 1_000);
    assert.ok(bytes.every((byte) => byte === 1));
  });

  it('is terminated with all waiting questions when it exceeds the timeout, and is started anew', async () => {
    const asked = begin();
    const id = await idOf(asked);
    const waiting = [asked.ask({ kind: 'spin' }, 200), asked.ask({ kind: 'who' })];
    const results = await Promise.allSettled(waiting);
    for (const result of results) {
      assert.equal(result.status, 'rejected');
      assert.ok(result.reason instanceof ThreadTooLateError, String(result.reason));
    }
    assert.notEqual(await idOf(asked), id);
  });

  it('is not terminated while it starts: only the question times out', async () => {
    const asked = begin();
    const waiting = asked.ask({ kind: 'who' });
    await assert.rejects(asked.ask({ kind: 'sleep', ms: 1 }, 0), ThreadTooLateError);
    const { threadId } = (await waiting) as { threadId: number };
    assert.equal(await idOf(asked), threadId);
  });

  it('that runs out of memory fails its questions, and is started anew', async () => {
    const asked = begin({ resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const id = await idOf(asked);
    await assert.rejects(asked.ask({ kind: 'fill' }), ThreadOutOfMemoryError);
    assert.notEqual(await idOf(asked), id);
  });

  it('that dies fails its questions, and is started anew', async () => {
    const asked = begin();
    const id = await idOf(asked);
    await assert.rejects(asked.ask({ kind: 'die' }), { message: 'the thread ended with 7' });
    assert.notEqual(await idOf(asked), id);
  });

  it('can be started and ended explicitly', async () => {
    const asked = begin();
    asked.begin();
    const id = await idOf(asked);
    const waiting = asked.ask({ kind: 'sleep', ms: 60_000 });
    asked.end();
    await assert.rejects(waiting, { message: 'the thread was ended' });
    assert.notEqual(await idOf(asked), id);
  });

  it('that is closed answers nothing any more', async () => {
    const asked = begin();
    const waiting = asked.ask({ kind: 'sleep', ms: 60_000 });
    await Promise.all([assert.rejects(waiting, { message: 'closed' }), asked.close()]);
    await assert.rejects(asked.ask({ kind: 'who' }), { message: 'closed' });
    asked.begin();
  });

  it('that hangs is not waited for when it is closed', async () => {
    const asked = begin();
    await idOf(asked);
    const fifo = join(tempDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const waiting = asked.ask({ kind: 'read', path: fifo });
    await sleep(500);
    await Promise.all([assert.rejects(waiting, { message: 'closed' }), asked.close()]);
    // Somebody opens it to write; with that the thread's own open comes back.
    closeSync(openSync(fifo, 'r+'));
  });

  it('whose file is missing reports it', async () => {
    thread = new WorkerThread<Question>(new URL('./nothing.js', import.meta.url), { name: 'test' });
    await assert.rejects(thread.ask({ kind: 'who' }), /nothing\.js/);
  });

  it('does not keep the process alive while it is idle', async () => {
    const module = new URL('../src/worker-thread.js', import.meta.url).href;
    const program = join(tempDirectory(), 'program.mjs');
    writeFileSync(
      program,
      `import { WorkerThread } from ${JSON.stringify(module)};
       const file = new URL(${JSON.stringify(FILE.href)});
       new WorkerThread(file, { name: 'idle' }).begin();
       const thread = new WorkerThread(file, { name: 'asked' });
       thread.ask({ kind: 'sleep', ms: 100 }).then((answer) => console.log(answer));`,
    );
    const { exitCode, stdout, stderr } = await run(process.execPath, [program]);
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
    assert.equal(stdout, 'slept\n');
  });

  it('keeps the process alive until it has ended, whatever it answers meanwhile', async () => {
    const module = new URL('../src/worker-thread.js', import.meta.url).href;
    const program = join(tempDirectory(), 'program.mjs');
    writeFileSync(
      program,
      `import { WorkerThread } from ${JSON.stringify(module)};
       const thread = new WorkerThread(new URL(${JSON.stringify(FILE.href)}), { name: 'closed' });
       await thread.ask({ kind: 'who' });
       for (let i = 0; i < 100; i++) thread.ask({ kind: 'who' }).catch(() => {});
       await thread.close();
       console.log('closed');`,
    );
    const { exitCode, stdout, stderr } = await run(process.execPath, [program]);
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
    assert.equal(stdout, 'closed\n');
  });
});
