/** Who gets a source of --discover, and who does not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inTurn, usersOf, userWithRoom } from '../../src/scrape/discovery-quota.js';

const [EVE, ANN, BOB] = [1001, 1002, 1003];

const times = (count: number, user: number) => Array.from({ length: count }, () => user);
const user = (uid: number | undefined, writes = true) => ({
  pid: 1,
  uid,
  writes,
  role: undefined,
  program: undefined,
  removedFiles: 0,
});

describe('the quota', () => {
  const cases: [
    title: string,
    candidates: number[],
    served: number[],
    expected: number | undefined,
  ][] = [
    ['lets a user have half of the places', [EVE], times(49, EVE), EVE],
    ['and no more', [EVE], times(50, EVE), undefined],
    [
      'lets the next user have 20 where another has as many as it may',
      [ANN],
      [...times(50, EVE), ...times(19, ANN)],
      ANN,
    ],
    ['and no more', [ANN], [...times(50, EVE), ...times(20, ANN)], undefined],
    [
      'gives the last place to whoever has fewer than 20',
      [BOB],
      [...times(80, EVE), ...times(19, ANN)],
      BOB,
    ],
    ['gives none above 100', [BOB], [...times(80, EVE), ...times(20, ANN)], undefined],
    ['counts a directory of several users for one that has room', [EVE, ANN], times(50, EVE), ANN],
    [
      'and leaves it out where none has',
      [EVE, ANN],
      [...times(40, EVE), ...times(20, ANN)],
      undefined,
    ],
    ['gives nothing where there are no users', [], [], undefined],
  ];
  for (const [title, candidates, served, expected] of cases) {
    it(title, () => assert.equal(userWithRoom(candidates, served), expected));
  }
});

describe('the users of a directory', () => {
  it('are listed once each, writers first, without unknown ones', () => {
    const users = [user(EVE, false), user(ANN), user(undefined), user(ANN, false), user(BOB)];
    assert.deepEqual(usersOf({ users }), [ANN, BOB, EVE]);
  });
});

describe('newcomers', () => {
  it('are taken in turn, one of each user', () => {
    const of = (name: string, ...uids: number[]) => ({ name, users: uids.map((uid) => user(uid)) });
    const found = [of('a', EVE), of('b', EVE), of('c', EVE), of('d', ANN), of('e', ANN), of('f')];
    assert.deepEqual(
      inTurn(found).map(({ name }) => name),
      ['a', 'd', 'b', 'e', 'c', 'f'],
    );
  });

  it('do not lose their turn to a user who names them, too', () => {
    const of = (name: string, ...uids: number[]) => ({ name, users: uids.map((uid) => user(uid)) });
    const found = [of('a', EVE), of('b', EVE), of('c', EVE, ANN), of('d', EVE, ANN)];
    assert.deepEqual(
      inTurn(found).map(({ name }) => name),
      ['a', 'c', 'b', 'd'],
    );
  });
});
