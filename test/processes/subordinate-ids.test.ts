/** /etc/subuid, and whom its ranges belong to. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SubordinateIds } from '../../src/processes/subordinate-ids.js';

const PASSWD = `root:x:0:0:root:/root:/bin/bash
eve:x:1001:1001::/home/eve:/bin/sh
not a line
`;

const SUBUID = `eve:100000:65536
1002:165536:65536
# comment:1:2
elsewhere:231072:10
eve:300000:1
broken:1
`;

describe('a user id', () => {
  const ids = new SubordinateIds(SUBUID, PASSWD);
  const cases: [title: string, uid: number, owner: number][] = [
    ['that is not a subordinate one is of itself', 1001, 1001],
    ['below a range is of itself', 99_999, 99_999],
    ['at the beginning of a range is of its owner', 100_000, 1001],
    ['at the end of a range is of its owner', 165_535, 1001],
    ['in a range of a number is of that', 165_536, 1002],
    ['in a range of a name that passwd does not have is of its first id', 231_081, 231_072],
    ['after that range is of itself', 231_082, 231_082],
    ['in a second range is of its owner', 300_000, 1001],
    ['in a comment is of itself', 1, 1],
  ];
  for (const [title, uid, owner] of cases) it(title, () => assert.equal(ids.ownerOf(uid), owner));

  it('is read from this machine, whatever that has', async () => {
    assert.equal((await SubordinateIds.read()).ownerOf(0), 0);
  });
});
