import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { listeningInodes, portHolder, programName } from '../../src/processes/port-holder.js';

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

describe('programName', () => {
  const cases: [title: string, commandLine: string, name: string | undefined][] = [
    ['a path', '/usr/local/bin/node\0/srv/app.js\0--token\0secret\0', 'node'],
    ['a plain word', 'node\0app.js\0', 'node'],
    ['a title with the program before a colon', 'nginx: master process /usr/sbin/nginx\0', 'nginx'],
    ['a title with arguments', 'sshd: /usr/sbin/sshd -D [listener] 0 of 10\0', 'sshd'],
    ['a role', 'gunicorn: master [app:api]\0', 'gunicorn: master [app:api]'],
    ['a module that Python runs', 'python3\0-m\0uvicorn\0app:api\0', 'uvicorn'],
    ['a login shell', '-bash\0', '-bash'],
    ['none', '', undefined],
  ];
  for (const [title, commandLine, name] of cases) {
    it(title, () => assert.equal(programName(commandLine), name));
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
