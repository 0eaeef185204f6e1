import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hints } from '../../src/files/hints.js';
import { HangingFileSystem } from '../support/hanging-file-system.js';
import { fusePython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';

const asRoot = process.getuid!() === 0 ? fusePython().skip : 'not root';

/** Counts hints; a hint is given 200 ms after what it is for. */
class Counted {
  hints = 0;
  readonly warnings: string[] = [];
  readonly watch: Hints;

  constructor(path: string) {
    const warn = (message: string) => this.warnings.push(message);
    this.watch = new Hints(path, () => this.hints++, { warn });
  }

  /** @returns whether what is done is hinted at */
  async after(act: () => void): Promise<boolean> {
    const before = this.hints;
    act();
    for (let i = 0; i < 50 && this.hints === before; i += 1) await sleep(20);
    // Whatever else belongs to it.
    await sleep(300);
    return this.hints > before;
  }
}

async function watched(path: string, work: (counted: Counted) => Promise<void>): Promise<void> {
  const counted = new Counted(path);
  try {
    // Watches are set a moment later.
    await sleep(200);
    await work(counted);
  } finally {
    await counted.watch.close();
  }
}

describe('hints', () => {
  it('are given for names that come and go, and not for other names in its parent', () => {
    const parent = tempDirectory();
    const path = join(parent, 'prom');
    mkdirSync(path);
    return watched(path, async (counted) => {
      assert.ok(await counted.after(() => writeFileSync(join(path, 'counter_1.db'), '')));
      assert.ok(await counted.after(() => rmSync(join(path, 'counter_1.db'))));
      assert.ok(!(await counted.after(() => writeFileSync(join(parent, 'other'), ''))));
    });
  });

  it('follow a directory that appears, goes, is made anew, or becomes another one', () => {
    const parent = tempDirectory();
    const path = join(parent, 'prom');
    const file = join(path, 'counter_1.db');
    return watched(path, async (counted) => {
      assert.ok(await counted.after(() => mkdirSync(path)));
      assert.ok(await counted.after(() => writeFileSync(file, '')));
      assert.ok(await counted.after(() => rmSync(path, { recursive: true })));
      assert.ok(await counted.after(() => mkdirSync(path)));
      assert.ok(await counted.after(() => writeFileSync(file, '')));
      mkdirSync(`${path}.new`);
      assert.ok(await counted.after(() => renameSync(path, `${path}.old`)));
      assert.ok(await counted.after(() => renameSync(`${path}.new`, path)));
      assert.ok(await counted.after(() => writeFileSync(file, '')));
      assert.ok(!(await counted.after(() => writeFileSync(join(`${path}.old`, 'x.db'), ''))));
    });
  });

  it('end when they are closed, even during a check', async () => {
    const path = tempDirectory();
    const counted = new Counted(path);
    await counted.watch.close();
    await sleep(200);
    assert.ok(!(await counted.after(() => writeFileSync(join(path, 'counter_1.db'), ''))));
  });

  it(
    'are not given where the directory, or one on the way, is not on a local file system',
    {
      skip: asRoot,
    },
    () =>
      HangingFileSystem.use(async ({ source, root }) => {
        mkdirSync(join(source, 'prom'));
        for (const path of [root, join(root, 'prom')]) {
          await watched(path, async (counted) => {
            assert.ok(
              !(await counted.after(() => writeFileSync(join(source, 'prom', 'a.db'), ''))),
            );
            assert.deepEqual(counted.warnings, []);
          });
        }
        const link = join(root, '..', 'link');
        symlinkSync(join(root, 'prom'), link);
        await watched(link, async (counted) => {
          assert.ok(!(await counted.after(() => writeFileSync(join(source, 'prom', 'b.db'), ''))));
        });
      }),
  );

  it(
    'go on while a mount in the same parent hangs, or the directory hangs itself',
    {
      skip: asRoot,
    },
    () =>
      HangingFileSystem.use(async (fileSystem) => {
        const path = join(fileSystem.root, '..', 'prom');
        mkdirSync(path);
        await fileSystem.hang();
        await watched(fileSystem.root, async () => {
          await watched(path, async (counted) => {
            const started = performance.now();
            assert.ok(await counted.after(() => writeFileSync(join(path, 'counter_1.db'), '')));
            assert.ok(performance.now() - started < 2_000);
          });
        });
      }),
  );
});
