import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ownDescriptors } from '../../src/serve/descriptors.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';

const MODULE = `${ROOT}/dist/src/serve/descriptors.js`;

describe('the descriptors of this process', () => {
  it('are counted', () => {
    const { open, limit } = ownDescriptors();
    const before = open();
    assert.ok(before >= 3 && before < limit, `${before} of ${limit}`);
    const more = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    assert.equal(open(), before + 10);
    for (const descriptor of more) closeSync(descriptor);
    assert.equal(open(), before);
  });

  it('are limited by ulimit -n, and can be counted when all are taken', async () => {
    const script = `
      import { openSync } from 'node:fs';
      const { ownDescriptors } = await import('${MODULE}');
      const { limit, open } = ownDescriptors();
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      process.stdout.write(limit + ' ' + open());`;
    const args = ['--nofile=64', '--', process.execPath, '--input-type=module', '-e', script];
    const { stdout, stderr } = await run('prlimit', args);
    const [limit, open] = stdout.split(' ').map(Number);
    assert.equal(limit, 64, stderr);
    // Those inherited may have numbers beyond the limit.
    assert.ok(open! >= 64, stdout);
  });
});
