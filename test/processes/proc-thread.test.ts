/** The thread that scans for writers: what it remembers, and for which watch. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcThread } from '../../src/processes/proc-thread.js';
import { Mappers } from '../support/mapper.js';
import { tempDirectory } from '../support/temp.js';

/** A pid that no process has. */
const DEAD = '999999998';

/** A file that was just made is unknown for so long. */
const CREATION_MS = 2_100;

describe('the thread that scans for writers', () => {
  const mappers = new Mappers();
  const thread = new ProcThread();
  after(async () => {
    mappers.close();
    await thread.close();
  });

  it('tells watches of one directory apart: the ids of files are their own', async () => {
    const directory = tempDirectory();
    const { pid } = await mappers.start('w', join(directory, 'counter_{pid}.db'));
    writeFileSync(join(directory, `counter_${DEAD}.db`), Buffer.alloc(4096));
    await sleep(CREATION_MS);
    const [living, dead] = [`counter_${pid}.db`, `counter_${DEAD}.db`];
    const livenessOf = async (watch: number, names: readonly string[]) => {
      const files = names.map((name, id) => ({ id, name }));
      return (await thread.scan(watch, directory, files, false)).liveness;
    };
    assert.deepEqual(await livenessOf(1, [living, dead]), ['alive', 'dead']);
    assert.deepEqual(await livenessOf(2, [dead, living]), ['dead', 'alive']);
    assert.deepEqual(await livenessOf(1, [living, dead]), ['alive', 'dead']);
  });

  it('remembers nothing of a watch that ended', async () => {
    const directory = tempDirectory();
    const living = await mappers.start('w', join(directory, 'counter_{pid}.db'));
    await sleep(CREATION_MS);
    const files = [{ id: 0, name: `counter_${living.pid}.db` }];
    const livenessOf = async () => (await thread.scan(3, directory, files, false)).liveness[0];
    assert.equal(await livenessOf(), 'alive');
    await mappers.end(living);
    assert.equal(await livenessOf(), 'dead');
    await thread.forget(3);
    // No process writes here any more.
    assert.equal(await livenessOf(), 'unknown');
  });

  it('forgets also once it is closed', async () => {
    const closed = new ProcThread();
    await closed.close();
    await closed.forget(1);
  });
});
