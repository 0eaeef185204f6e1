/**
 * Listening on an address, and stopping: the only place that handles sockets.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { ListenAddress, TcpAddress } from './listen-address.js';
import { removeStaleSocket, type SocketAccess, setAccess } from './socket-file.js';

/** Errors of `::` on a host without IPv6. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/** The addresses of `localhost` (RFC 6761 6.3). */
const LOOPBACK = ['127.0.0.1', '::1'];

/** A new connection has this long to send its request before it counts as unused. */
const SETTLE_MILLISECONDS = 100;

/** The descriptor of a socket that listens already. */
export interface OpenSocket {
  readonly fd: number;
}

/** Only for the user of promfold. */
const OWNERS_ALONE: SocketAccess = { mode: 0o600 };

export interface Listener {
  /** Where it listens now, as `host:port` or `unix:/path`. */
  readonly addresses: readonly string[];
  /**
   * Stops accepting, answers running requests, and closes all connections. Resolves when that is done, at the latest
   * after `graceMilliseconds`.
   */
  stop(graceMilliseconds: number): Promise<void>;
}

/**
 * Rejects with a system error, such as EADDRINUSE. The server must not be listening yet.
 *
 * @param access of a socket in the file system
 */
export async function listen(
  server: FastifyInstance,
  address: ListenAddress | OpenSocket,
  access: SocketAccess = OWNERS_ALONE,
): Promise<Listener> {
  const running = countRunning(server);
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  if ('fd' in address) await listenOnOpen(server, address);
  else if ('path' in address) await listenOnPath(server, address.path, access);
  else await listenOn(server, address);
  return {
    addresses: boundTo(server, address),
    async stop(graceMilliseconds) {
      // fastify closes only sockets that it opened.
      if (server.server.listening) server.server.close();
      const closed = server.close();
      const graceOver = AbortSignal.timeout(graceMilliseconds);
      await setTimeout(SETTLE_MILLISECONDS);
      // Node does not count a connection as idle if it has never sent anything, as browsers open them, and waits for
      // it, and for HTTP/2 sessions. Once every request is answered, they can be closed without loss.
      await Promise.race([running.none(), once(graceOver, 'abort')]);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/**
 * As listen, on every address of the host. fastify itself would listen on both addresses of localhost, with a second
 * server that it does not expose.
 *
 * @param build makes a server for each
 */
export async function listenOnAll(
  build: () => FastifyInstance,
  address: ListenAddress,
  access?: SocketAccess,
): Promise<Listener> {
  if ('path' in address || address.host !== 'localhost') return listen(build(), address, access);
  const listeners: Listener[] = [];
  const stop = async (graceMilliseconds: number) => {
    await Promise.all(listeners.map((listener) => listener.stop(graceMilliseconds)));
  };
  for (const host of LOOPBACK) {
    // With port 0, the second address uses the port that the first one got.
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

async function listenOnPath(
  server: FastifyInstance,
  path: string,
  access: SocketAccess,
): Promise<void> {
  await removeStaleSocket(path);
  await server.listen({ path });
  await setAccess(path, access);
}

async function listenOnOpen(server: FastifyInstance, { fd }: OpenSocket): Promise<void> {
  await server.ready();
  server.server.listen({ fd });
  await once(server.server, 'listening');
}

async function listenOn(server: FastifyInstance, { host, port }: TcpAddress): Promise<void> {
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

function boundTo(server: FastifyInstance, address: ListenAddress | OpenSocket): string[] {
  if (!('fd' in address)) return server.addresses().map(addressText);
  // fastify does not know a socket that was already open, and Node does not know the path of one in the file system.
  const at = server.server.address();
  return [at === null ? `fd:${address.fd}` : addressText(at)];
}

function addressText(at: AddressInfo | string): string {
  if (typeof at === 'string') return `unix:${at}`;
  const { address, family, port } = at;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
