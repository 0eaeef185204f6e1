import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { listeningInodes, portHolder } from '../../src/processes/port-holder.js';

describe('portHolder', () => {
  for (const host of ['127.0.0.1', '::']) {
    it(`finds who listens on ${host}`, async () => {
      const server = createServer().listen(0, host);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      try {
        assert.deepEqual(portHolder(port), { pid: process.pid, program: 'node' });
      } finally {
        server.close();
      }
      await once(server, 'close');
      assert.equal(portHolder(port), undefined);
    });
  }
});

describe('listeningInodes', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4DD5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 123 1 0 100 0 0 10 0
   1: 0100007F:4DD5 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 124 1 0 20 4 30 10 -1
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 125 1 0 100 0 0 10 0
`;
  it('are those of sockets that listen on the port, not of connections to it', () => {
    assert.deepEqual(listeningInodes(table, 19_925), ['socket:[123]']);
    assert.deepEqual(listeningInodes(table, 80), ['socket:[125]']);
    assert.deepEqual(listeningInodes(table, 1), []);
    assert.deepEqual(listeningInodes('', 80), []);
  });
});
