/** A thread for test/worker-thread.test.ts: does what the question says. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId, workerData } from 'node:worker_threads';
import { answerQuestions, Transferred } from '../../src/worker-thread.js';

export type Question =
  | { readonly kind: 'who' }
  | { readonly kind: 'fail'; readonly message: string }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'spin' }
  | { readonly kind: 'fill' }
  | { readonly kind: 'die' }
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'bytes'; readonly length: number };

answerQuestions<Question>(async (question) => {
  switch (question.kind) {
    case 'who':
      return { threadId, data: workerData };
    case 'fail':
      throw new Error(question.message);
    case 'sleep':
      await sleep(question.ms);
      return 'slept';
    case 'spin':
      for (;;);
    case 'fill': {
      // Small objects: the heap's limit is met where V8 can still stop.
      const all: unknown[][] = [];
      for (;;) all.push([all.length, {}]);
    }
    case 'die':
      process.exit(7);
      break;
    case 'read':
      return readFileSync(question.path, 'utf8');
    case 'bytes': {
      const bytes = new Uint8Array(question.length).fill(1);
      return new Transferred(bytes, [bytes.buffer]);
    }
  }
});
