import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connections, defaultMaxConnections } from '../../src/serve/connections.js';
import type { Descriptors } from '../../src/serve/descriptors.js';

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const PLENTY: Descriptors = { limit: 20_000, open: () => 20 };

const until = async (what: string, isSo: () => boolean) => {
  for (let i = 0; i < 500 && !isSo(); i += 1) await sleep(10);
  assert.ok(isSo(), what);
};

/** A client that keeps its connection. */
class Client {
  readonly socket: Socket;
  text = '';

  private constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.socket.on('data', (chunk: string) => {
      this.text += chunk;
    });
    this.socket.on('error', () => {});
    closing.push(() => this.socket.destroy());
  }

  /** Connected, and looked at by the server. */
  static async open(setup: Setup, at = 0): Promise<Client> {
    const accepted = once(setup.servers[at]!, 'connection');
    const client = new Client(setup.portOf(at));
    await accepted;
    // Turns of the event loop, which the server needs.
    for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
    return client;
  }

  get isClosed(): boolean {
    return this.socket.closed || this.socket.readableEnded || this.socket.destroyed;
  }

  ask(path = '/'): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }

  /** How many answers it got. */
  get answers(): number {
    return this.text.split('HTTP/1.1 200').length - 1;
  }
}

class Setup {
  readonly servers: Server[] = [];
  readonly connections: Connections;
  readonly log: unknown[] = [];
  /** Requests for /held. */
  readonly held: ServerResponse[] = [];

  private constructor(max: number, descriptors: Descriptors) {
    const warn = (message: string, fields: Record<string, unknown>) =>
      void this.log.push([message, fields]);
    this.connections = new Connections(max, { warn }, descriptors);
  }

  static async serve(max: number, { descriptors = PLENTY, servers = 1 } = {}): Promise<Setup> {
    const setup = new Setup(max, descriptors);
    for (let i = 0; i < servers; i += 1) {
      const server = createServer((request, response) => {
        if (request.url === '/held') setup.held.push(response);
        else response.end('here\n');
      });
      setup.connections.follow(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      setup.servers.push(server);
      closing.push(() => {
        server.close();
        server.closeAllConnections();
      });
    }
    return setup;
  }

  portOf(at: number): number {
    return (this.servers[at]!.address() as AddressInfo).port;
  }

  async openMany(count: number): Promise<Client[]> {
    const clients: Client[] = [];
    for (let i = 0; i < count; i += 1) clients.push(await Client.open(this));
    return clients;
  }
}

describe('connections', () => {
  it('up to the limit are kept', async () => {
    const setup = await Setup.serve(3);
    const clients = await setup.openMany(3);
    await sleep(100);
    assert.ok(clients.every(({ isClosed }) => !isClosed));
    assert.equal(setup.connections.open, 3);
    assert.equal(setup.connections.closedIdle + setup.connections.refused, 0);
  });

  it('one above it cost the longest idle one, silent or kept alive', async () => {
    const setup = await Setup.serve(3);
    const [first, silent, third] = (await setup.openMany(3)) as [Client, Client, Client];
    third.ask();
    await until('third is answered', () => third.answers === 1);
    first.ask();
    await until('first is answered', () => first.answers === 1);

    const another = await Client.open(setup);
    await until('the silent one is closed', () => silent.isClosed);
    assert.ok(!first.isClosed && !third.isClosed && !another.isClosed);
    another.ask();
    await until('the new one is answered', () => another.answers === 1);

    await Client.open(setup);
    await until('the next is the one that was answered first', () => third.isClosed);
    assert.ok(!first.isClosed && !another.isClosed);
    assert.equal(setup.connections.open, 3);
    assert.equal(setup.connections.closedIdle, 2);
    assert.equal(setup.connections.refused, 0);
    assert.deepEqual(setup.log, []);
  });

  it('with a request are not closed: the new one is refused, counted, and logged once', async () => {
    const setup = await Setup.serve(2);
    const busy = await setup.openMany(2);
    for (const client of busy) client.ask('/held');
    await until('both are held', () => setup.held.length === 2);
    for (let i = 1; i <= 20; i += 1) {
      const refused = await Client.open(setup);
      await until('it is closed', () => refused.isClosed);
      assert.equal(setup.connections.refused, i);
    }
    assert.deepEqual(setup.log, [['connection refused, none is idle', { open: 2, max: 2 }]]);
    assert.equal(setup.connections.open, 2);

    for (const response of setup.held) response.end('here\n');
    await until('both are answered', () => busy.every(({ answers }) => answers === 1));
    const late = await Client.open(setup);
    late.ask();
    await until('one is let in then', () => late.answers === 1);
  });

  it('are idle again when all their pipelined requests are answered', async () => {
    const setup = await Setup.serve(1);
    const [client] = (await setup.openMany(1)) as [Client];
    client.socket.write(
      'GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET /held HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    await until('both are held', () => setup.held.length === 2);
    setup.held[0]!.end('here\n');
    await until('the first is answered', () => client.answers === 1);
    await until('another is refused', () => {
      void Client.open(setup);
      return setup.connections.refused > 0;
    });
    assert.equal(client.isClosed, false);
    setup.held[1]!.end('here\n');
    await until('the second is answered', () => client.answers === 2);
    await Client.open(setup);
    await until('it makes room', () => client.isClosed);
  });

  it('just accepted are not closed before what they sent is read', async () => {
    const setup = await Setup.serve(1);
    for (let i = 0; i < 50; i += 1) {
      const { refused } = setup.connections;
      // Both wait to be accepted, with their requests.
      const [a, b] = [0, 1].map(() => connect(setup.portOf(0), '127.0.0.1')) as [Socket, Socket];
      let answers = 0;
      let ended = 0;
      for (const socket of [a, b]) {
        socket.on('error', () => {});
        socket.once('data', () => {
          answers += 1;
        });
        socket.once('close', () => {
          ended += 1;
        });
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      }
      await until('each is answered or closed', () => answers + ended >= 2);
      assert.ok(answers >= 1, `${setup.connections.refused - refused} refused`);
      a.destroy();
      b.destroy();
      await until('none is left', () => setup.connections.open === 0);
    }
  });

  it('of all servers share the limit', async () => {
    const setup = await Setup.serve(2, { servers: 2 });
    const first = await Client.open(setup, 0);
    await Client.open(setup, 1);
    await Client.open(setup, 1);
    await until('the longest idle is closed, at the other server', () => first.isClosed);
    assert.equal(setup.connections.open, 2);
  });

  it('are not limited by 0', async () => {
    const setup = await Setup.serve(0);
    await setup.openMany(50);
    assert.equal(setup.connections.open, 50);
    assert.equal(setup.connections.closedIdle, 0);
  });

  it('that clients close are not counted any more', async () => {
    const setup = await Setup.serve(2);
    for (const { socket } of await setup.openMany(2)) socket.destroy();
    await until('none is open', () => setup.connections.open === 0);
  });
});

describe('when descriptors run short', () => {
  /** 64 descriptors, of which a quarter is kept free; `others` are not connections. */
  async function few(others: number) {
    const state = { others };
    const open: { count: () => number } = { count: () => 0 };
    const descriptors = { limit: 64, open: () => state.others + open.count() };
    const setup = await Setup.serve(0, { descriptors });
    open.count = () => setup.connections.open;
    return { setup, state };
  }

  it('idle connections are closed, the longest idle first, until a quarter is free', async () => {
    const { setup } = await few(20);
    const clients = await setup.openMany(40);
    await until('28 are left', () => setup.connections.open === 28);
    assert.deepEqual(
      clients.map(({ isClosed }) => isClosed),
      Array.from({ length: 40 }, (_, i) => i < 12),
    );
  });

  it('a request makes room for itself', async () => {
    const { setup, state } = await few(20);
    const clients = await setup.openMany(20);
    state.others = 35;
    clients[0]!.ask('/held');
    await until('it has come', () => setup.held.length === 1);
    assert.equal(setup.connections.open, 13);
    assert.equal(clients[0]!.isClosed, false, 'it is not idle');
  });

  it('they are closed also while nobody connects or asks', async () => {
    const { setup, state } = await few(20);
    await setup.openMany(20);
    state.others = 44;
    await until('4 are left', () => setup.connections.open === 4);
  });

  it('those with a request stay, and no new one is refused', async () => {
    const { setup } = await few(60);
    const busy = await Client.open(setup);
    busy.ask('/held');
    await until('it has come', () => setup.held.length === 1);
    const another = await Client.open(setup);
    another.ask();
    await until('it is answered', () => another.answers === 1);
    assert.equal(busy.isClosed, false);
    assert.equal(setup.connections.refused, 0);
  });
});

describe('the limit that is not given', () => {
  const cases: [limit: number, max: number][] = [
    [64, 32],
    [1_023, 511],
    [1_024, 512],
    [1_048_576, 512],
    [Number.POSITIVE_INFINITY, 512],
    [1, 1],
  ];
  for (const [limit, max] of cases) {
    it(`is ${max} with ${limit} descriptors`, () => {
      assert.equal(defaultMaxConnections({ limit, open: () => 0 }), max);
    });
  }
});
