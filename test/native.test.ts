/** What TypeScript and C++ both do, and must do alike. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatNumber } from '../src/format/number.js';
import {
  createPage,
  createTemplate,
  FileSet,
  formatNumber as formatNatively,
  type Page,
  type Template,
} from '../src/native.js';
import { ROOT } from './support/paths.js';
import { run } from './support/process.js';
import { tempDirectory } from './support/temp.js';

describe('the addon', () => {
  it('prints values as TypeScript prints bounds', () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((word) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, word);
      return view.getFloat64(0);
    });
    fc.assert(
      fc.property(fc.oneof(bits, fc.double(), fc.integer()), (value) => {
        assert.equal(formatNatively(value), formatNumber(value));
      }),
      { numRuns: 20_000 },
    );
  });

  it('may be called in a worker thread that is terminated before the answers', async () => {
    const source = `
      import { Worker } from 'node:worker_threads';
      const inThread = \`
        import { parentPort } from 'node:worker_threads';
        import { compareColumns, statPath } from '${ROOT}/dist/src/native.js';
        const one = Uint32Array.of(1);
        const value = new Float64Array(200_000).fill(1);
        const entryEnd = Uint32Array.of(value.length);
        const moment = { fileId: one, generation: one, entryEnd, value };
        const slotOfEntry = new Uint32Array(value.length);
        for (let i = 0; i < 10; i += 1) {
          void compareColumns(moment, moment, slotOfEntry, new Uint8Array(1), one, 1);
          for (let k = 0; k < 50; k += 1) void statPath('/');
        }
        parentPort.postMessage('calling');
        setInterval(() => {}, 1_000);
      \`;
      for (let i = 0; i < 10; i += 1) {
        const worker = new Worker(inThread, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      }
      process.exit(7);
    `;
    const ended = await run(process.execPath, ['--input-type=module', '-e', source]);
    assert.equal(ended.exitCode, 7, ended.stderr);
  });

  it('prints only pages that it made, of templates that it made', async () => {
    const line = Buffer.from('x ');
    const template = createTemplate(line, 0, Uint32Array.of(line.length), Uint32Array.of(0));
    const page = createPage([template]);
    for (const other of [{}, null, 'template', page]) {
      const part = other as Template;
      assert.throws(() => createPage([template, part]), /expected an array of templates/);
    }
    assert.throws(() => createPage(template as never), /expected an array of templates/);

    const set = new FileSet(tempDirectory(), { mapLimit: 1, retainedFiles: 0 });
    for (const other of [{}, null, 'page', template]) {
      const pages = [page, other as Page];
      assert.throws(() => set.collect({ pages, tail: 0 }), /expected an array of pages/);
    }
    const { bodies } = await set.collect({ pages: [page, createPage([]), page], tail: 0 });
    assert.deepEqual(bodies.map(String), ['', '', '']);
    set.close();
  });
});
