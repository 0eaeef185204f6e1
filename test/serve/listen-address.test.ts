import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_SOCKET_PATH_BYTES, parseListenAddress } from '../../src/serve/listen-address.js';

describe('a listen address', () => {
  const good: [title: string, text: string, host: string | undefined, port: number][] = [
    ['is a host and a port', '127.0.0.1:19925', '127.0.0.1', 19925],
    ['may name the host', 'localhost:9100', 'localhost', 9100],
    ['without a host means all interfaces', ':19925', undefined, 19925],
    ['with port 0 lets the system choose', '127.0.0.1:0', '127.0.0.1', 0],
    ['has IPv6 in brackets', '[::1]:9100', '::1', 9100],
    ['keeps the zone of a link-local address', '[fe80::1%eth0]:9100', 'fe80::1%eth0', 9100],
    ['takes the highest port', ':65535', undefined, 65535],
  ];
  for (const [title, text, host, port] of good) {
    it(title, () => assert.deepEqual(parseListenAddress(text), { text, host, port }));
  }

  it('may be a path', () => {
    for (const text of ['unix:/run/promfold.sock', 'unix:///run/promfold.sock']) {
      assert.deepEqual(parseListenAddress(text), { text, path: '/run/promfold.sock' });
    }
    const longest = `/${'a'.repeat(MAX_SOCKET_PATH_BYTES - 1)}`;
    assert.deepEqual(parseListenAddress(`unix:${longest}`), {
      text: `unix:${longest}`,
      path: longest,
    });
    assert.equal(parseListenAddress(`unix:${longest}a`), undefined);
  });

  const bad: [title: string, text: string][] = [
    ['a port alone', '9100'],
    ['a host alone', 'localhost'],
    ['nothing', ''],
    ['no port after the colon', 'localhost:'],
    ['a port beyond 16 bits', ':65536'],
    ['a negative port', ':-1'],
    ['a named port', 'localhost:http'],
    ['IPv6 without brackets', '::1:9100'],
    ['a URL', 'http://localhost:9100'],
    ['a blank', ' :9100'],
    ['a path after it', ':9100/metrics'],
    ['a relative path', 'unix:promfold.sock'],
    ['a directory', 'unix:/run/'],
    ['a path without its scheme', '/run/promfold.sock'],
  ];
  for (const [title, text] of bad) {
    it(`is not ${title}`, () => assert.equal(parseListenAddress(text), undefined));
  }
});
