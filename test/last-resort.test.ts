import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HangingFileSystem } from './support/hanging-file-system.js';
import { fusePython } from './support/parts.js';
import { ROOT } from './support/paths.js';
import { run } from './support/process.js';

const skip = process.getuid!() === 0 ? fusePython().skip : 'not root';

/** Ends with 7 while Node's own threads wait for what hangs. */
const program = (hanging: string, milliseconds: number) => `
  import { stat } from 'node:fs';
  import '${ROOT}/dist/src/native.js';
  import { exitWithin } from '${ROOT}/dist/src/last-resort.js';
  for (let i = 0; i < 4; i += 1) stat('${hanging}', () => {});
  setTimeout(() => {
    exitWithin(${milliseconds}, 7);
    process.exit(7);
  }, 200);
`;

describe('the last resort', { skip }, () => {
  it('ends a process whose threads hang, with its code', () =>
    HangingFileSystem.use(async (fileSystem) => {
      await fileSystem.hang();
      const started = performance.now();
      const source = program(fileSystem.root, 300);
      const ended = await run(process.execPath, ['--input-type=module', '-e', source]);
      assert.equal(ended.exitCode, 7, ended.stderr);
      assert.ok(performance.now() - started < 5_000);
    }));

  it('does nothing to a process that ends by itself', async () => {
    const source = program('/', 60_000);
    const started = performance.now();
    const ended = await run(process.execPath, ['--input-type=module', '-e', source]);
    assert.equal(ended.exitCode, 7, ended.stderr);
    assert.ok(performance.now() - started < 20_000);
  });
});
