import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { hashSync } from 'bcryptjs';
import { TooManyLoginsError, Users } from '../../../src/serve/web/users.js';

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
/** The cheapest there are: these tests are not about time. */
const hash = (password: string) => hashSync(password, 4);

describe('users', () => {
  const users = new Users();
  after(() => users.close());
  const known = new Map([
    ['alice', hash('pass:word')],
    ['bob', hash('ü').replace('$2b$', '$2y$')],
    ['carol', hash('').replace('$2b$', '$2a$')],
  ]);
  const admits = (header: string | undefined) => users.admits(header, known);

  it('come in with their passwords', async () => {
    assert.equal(await admits(basic('alice:pass:word')), true);
    assert.equal(await admits(basic('bob:ü')), true);
    assert.equal(await admits(basic('carol:')), true);
    assert.equal(await admits(basic('alice:pass:word').replace('Basic', 'bASIC  ')), true);
  });

  const refused: [title: string, header: string | undefined][] = [
    ['nothing', undefined],
    ['another password', basic('alice:pass')],
    ["another user's password", basic('bob:pass:word')],
    ['a user that there is not', basic('mallory:pass:word')],
    ['no password', basic('alice')],
    ['another scheme', 'Bearer abc'],
    ['what is not base64', 'Basic !!!'],
    ['nothing after the scheme', 'Basic '],
  ];
  for (const [title, header] of refused) {
    it(`do not come in with ${title}`, async () => assert.equal(await admits(header), false));
  }

  it('are asked once for the same password, also by many at once', async () => {
    const slow = new Map([['dave', hashSync('x', 10)]]);
    const took = async (password: string) => {
      const startedMs = performance.now();
      await Promise.all(
        Array.from({ length: 100 }, () => users.admits(basic(`dave:${password}`), slow)),
      );
      return performance.now() - startedMs;
    };
    const first = await took('x');
    const later = [await took('x'), await took('x'), await took('x')].sort((a, b) => a - b)[1]!;
    assert.ok(later < first / 4, `${later} ms, ${first} ms at first`);
  });

  it('that are not there take as long as those that are', async () => {
    const slow = new Map([['dave', hashSync('x', 9)]]);
    const took = async (user: string) => {
      const times: number[] = [];
      for (let i = 0; i < 7; i++) {
        const startedMs = performance.now();
        await users.admits(basic(`${user}:${user}${i}`), slow);
        times.push(performance.now() - startedMs);
      }
      return times.sort((a, b) => a - b)[3]!;
    };
    const ratio = (await took('nobody')) / (await took('dave'));
    assert.ok(ratio > 0.5 && ratio < 2, `${ratio} times as long`);
  });

  it('that guess are turned away beyond what can be checked', async () => {
    const slow = new Map([['dave', hashSync('x', 8)]]);
    const guesses = Array.from({ length: 40 }, (_, i) => users.admits(basic(`dave:${i}`), slow));
    const results = await Promise.allSettled(guesses);
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? result.reason : [],
    );
    assert.equal(reasons.length, 40 - 16);
    assert.ok(reasons.every((reason) => reason instanceof TooManyLoginsError));
    assert.ok(results.every((result) => result.status === 'rejected' || !result.value));
  });
});
