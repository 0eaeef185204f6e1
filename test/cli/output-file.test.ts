import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { writeFileAtomically } from '../../src/cli/output-file.js';
import { UsageError } from '../../src/errors.js';
import { tempDirectory } from '../support/temp.js';

const CONTENT = Buffer.from('a 1.0\n');

describe('an output file', () => {
  let directory = '';
  let file = '';
  beforeEach(() => {
    directory = tempDirectory();
    file = join(directory, 'app.prom');
  });

  it('is made, and nothing beside it stays', async () => {
    await writeFileAtomically(file, CONTENT);
    assert.equal(readFileSync(file, 'utf8'), 'a 1.0\n');
    assert.deepEqual(readdirSync(directory), ['app.prom']);
  });

  it('is replaced as a whole: whoever has the old one open keeps it', async () => {
    writeFileSync(file, 'old');
    const { ino } = statSync(file);
    await writeFileAtomically(file, CONTENT);
    assert.notEqual(statSync(file).ino, ino);
    assert.equal(readFileSync(file, 'utf8'), 'a 1.0\n');
  });

  it('behind a link is replaced, and the link stays', async () => {
    const target = join(directory, 'target.prom');
    writeFileSync(target, 'old');
    symlinkSync(target, file);
    await writeFileAtomically(file, CONTENT);
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.equal(readFileSync(target, 'utf8'), 'a 1.0\n');
  });

  it('may be a device, which is written to', async () => {
    await writeFileAtomically('/dev/null', CONTENT);
    assert.ok(statSync('/dev/null').isCharacterDevice());
  });

  it('in a directory that is not there fails with one line', async () => {
    const missing = join(directory, 'no', 'app.prom');
    const message = `${missing}: no such file or directory`;
    await assert.rejects(writeFileAtomically(missing, CONTENT), new UsageError(message));
  });

  it('stays as it was, and nothing beside it stays, when it cannot be replaced', async () => {
    mkdirSync(file);
    await assert.rejects(writeFileAtomically(file, CONTENT), UsageError);
    assert.deepEqual(readdirSync(directory), ['app.prom']);
    assert.ok(existsSync(file));
  });
});
