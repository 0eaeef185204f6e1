import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemdSockets } from '../../src/serve/systemd-sockets.js';

describe('sockets of systemd', () => {
  it('are none where another process is meant, or nothing is said', () => {
    for (const environment of [
      {},
      { LISTEN_PID: '1', LISTEN_FDS: '1' },
      { LISTEN_PID: '7', LISTEN_FDS: 'x' },
      { LISTEN_PID: '7', LISTEN_FDS: '0' },
      { LISTEN_FDS: '1' },
    ]) {
      assert.deepEqual(systemdSockets({ ...environment }, 7), []);
    }
  });

  it('are only those that are sockets, and nobody else takes them', () => {
    const environment: NodeJS.ProcessEnv = {
      LISTEN_PID: '7',
      LISTEN_FDS: '1',
      LISTEN_FDNAMES: 'a',
      HOME: '/',
    };
    // Descriptor 3 is not a socket in a process of Node.
    assert.deepEqual(systemdSockets(environment, 7), []);
    assert.deepEqual(environment, { HOME: '/' });
  });
});
