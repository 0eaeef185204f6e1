/** Links to files of another user, in every command that reads a directory: none shows what they lead to. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { promfold } from '../support/cli.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const APPLICATION = 65_534;
const skip = process.getuid!() === 0 ? false : 'not root: files of two users are needed';

function directoryWithLink(): { directory: string; link: string } {
  const elsewhere = tempDirectory();
  const secret = join(elsewhere, 'secret');
  writeFileSync(secret, fileBytes('dict4-16', [counter('secret', 42)], 4096));
  chmodSync(secret, 0o600);
  const directory = tempDirectory();
  writeFileSync(join(directory, 'counter_1.db'), fileBytes('dict4-16', [counter('jobs', 3)], 4096));
  const link = join(directory, 'counter_2.db');
  symlinkSync(secret, link);
  lchownSync(link, APPLICATION, APPLICATION);
  chownSync(directory, APPLICATION, APPLICATION);
  return { directory, link };
}

describe('a link to a file of root in a directory of another user', { skip }, () => {
  const { directory, link } = directoryWithLink();
  const shown: [command: string[], exitCode: number, says: RegExp][] = [
    [['scrape', directory], 0, /^jobs_total 3\.0$/m],
    [['ls', directory], 0, /1 damaged/],
    [
      ['check', directory],
      1,
      /counter_2\.db: a link to a file of uid 0 in a directory of uid 65534/,
    ],
    [['cat', directory], 1, /jobs/],
    [['explain', 'jobs_total', directory], 0, /jobs_total/],
    [['explain', 'secret_total', directory], 1, /./],
    [['top', '--count', '1', '--interval', '0.1', directory], 0, /./],
    [['diff', directory, directory], 0, /./],
  ];
  for (const [command, exitCode, says] of shown) {
    it(`is not followed by ${command[0]} (${command[1] === directory ? 'DIR' : command[1]})`, async () => {
      const ended = await promfold(command);
      const said = ended.stdout + ended.stderr;
      assert.equal(ended.exitCode, exitCode, said);
      assert.match(said, says);
      assert.doesNotMatch(ended.stdout, /secret_total.*42|42\.0/);
    });
  }

  it('is not packed into a snapshot', async () => {
    const file = join(tempDirectory(), 'snapshot.tgz');
    const ended = await promfold(['snapshot', '-o', file, directory]);
    assert.equal(ended.exitCode, 0, ended.stderr);
    const packed = gunzipSync(readFileSync(file)).toString('latin1');
    assert.match(packed, /LINK_TO_OTHER_OWNER/);
    assert.doesNotMatch(packed, /secret_total/);
  });

  it('is followed where it is given itself', async () => {
    const ended = await promfold(['cat', link]);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(ended.stdout, /secret/);
  });
});
