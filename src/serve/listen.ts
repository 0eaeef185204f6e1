/**
 * Listening on an address, and stopping: the one place that knows sockets.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { ListenAddress } from './listen-address.js';

/** What a host without IPv6 says to `::`. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/** What `localhost` stands for (RFC 6761 6.3). */
const LOOPBACK = ['127.0.0.1', '::1'];

/** A connection just accepted gets this long to send its request before it counts as unused. */
const SETTLE_MILLISECONDS = 100;

export interface Listener {
  /** Where it listens now, as `host:port`. */
  readonly addresses: readonly string[];
  /**
   * Accepts no more, answers what is running, closes all connections. Resolves when that is done, at
   * the latest after `graceMilliseconds`.
   */
  stop(graceMilliseconds: number): Promise<void>;
}

/** Rejects with what the system says, such as EADDRINUSE. The server must not be listening yet. */
export async function listen(server: FastifyInstance, address: ListenAddress): Promise<Listener> {
  const running = countRunning(server);
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listenOn(server, address);
  return {
    addresses: server.addresses().map(addressText),
    async stop(graceMilliseconds) {
      const closed = server.close();
      const graceOver = AbortSignal.timeout(graceMilliseconds);
      await setTimeout(SETTLE_MILLISECONDS);
      // Node does not call a connection idle that has never sent anything, as browsers open them, and would wait for it, as
      // for a session of HTTP/2. Nothing is lost by closing it once every request is answered.
      await Promise.race([running.none(), once(graceOver, 'abort')]);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/**
 * As listen, on every address that the host stands for. fastify would listen on both of localhost by itself, with a
 * second server that nobody gets to see.
 *
 * @param build makes a server for each
 */
export async function listenOnAll(
  build: () => FastifyInstance,
  address: ListenAddress,
): Promise<Listener> {
  if (address.host !== 'localhost') return listen(build(), address);
  const listeners: Listener[] = [];
  const stop = async (graceMilliseconds: number) => {
    await Promise.all(listeners.map((listener) => listener.stop(graceMilliseconds)));
  };
  for (const host of LOOPBACK) {
    // With port 0 the second takes the port that the first was given.
    const port = Number(listeners[0]?.addresses[0]?.replace(/^.*:/, '') ?? address.port);
    try {
      listeners.push(await listen(build(), { ...address, host, port }));
    } catch (error) {
      if (listeners.length > 0 && isWithoutIpv6(error)) continue;
      await stop(0);
      throw error;
    }
  }
  return { addresses: listeners.flatMap(({ addresses }) => addresses), stop };
}

async function listenOn(server: FastifyInstance, { host, port }: ListenAddress): Promise<void> {
  if (host !== undefined) {
    await server.listen({ host, port });
    return;
  }
  try {
    await server.listen({ host: '::', port });
  } catch (error) {
    if (!isWithoutIpv6(error)) throw error;
    await server.listen({ host: '0.0.0.0', port });
  }
}

function isWithoutIpv6(error: unknown): boolean {
  return NO_IPV6.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Counts requests from their first line to the last byte of their answer. */
function countRunning(server: FastifyInstance): { none(): Promise<void> } {
  let running = 0;
  let whenNone: (() => void) | undefined;
  server.addHook('onRequest', async (_request, reply) => {
    running += 1;
    reply.raw.once('close', () => {
      running -= 1;
      if (running === 0) whenNone?.();
    });
  });
  return {
    none: () =>
      new Promise((resolve) => {
        whenNone = resolve;
        if (running === 0) resolve();
      }),
  };
}

function addressText(at: AddressInfo | string): string {
  if (typeof at === 'string') return at;
  const { address, family, port } = at;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
