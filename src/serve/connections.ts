/**
 * Limits the open connections over all listen addresses, and chooses which one to close beyond the limit.
 *
 * A connection is idle while it has no request: kept alive after an answer, or silent since it was accepted. Beyond
 * the limit, a new connection closes the longest idle one, or is closed itself if none is idle. Idle ones are also
 * closed when file descriptors run short, since a scrape needs some, to list the directory and to open files.
 *
 * Some must stay free, because Node does not report a connection that it cannot accept without one: libuv uses a
 * spare descriptor to close all waiting connections, Prometheus' too, and without a spare one it retries for ever, at
 * 100 % of a core (seen in Node 20 to 24; libuv src/unix/stream.c, uv__emfile_trick).
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type Descriptors, ownDescriptors } from './descriptors.js';

/** More clients than any scraped process has. */
const USUAL_MAX = 512;

/** Kept free for other uses, as far as closing idle connections can. */
const MAX_RESERVE = 64;

/** Sources and threads take descriptors too, even without new connections. */
const CHECK_MILLISECONDS = 1_000;

/** Refusals within it are one line in the log. */
const LOG_MILLISECONDS = 60_000;

export interface ConnectionLog {
  warn(message: string, fields: Record<string, unknown>): void;
}

/** At most half of the descriptors: mapped files need none, but sources, threads and scrapes do. */
export function defaultMaxConnections({ limit }: Descriptors = ownDescriptors()): number {
  return Math.max(1, Math.min(USUAL_MAX, Math.floor(limit / 2)));
}

export class Connections {
  /** 0 for no limit; may change. */
  max: number;
  readonly #descriptors: Descriptors;
  readonly #reserve: number;
  readonly #log: ConnectionLog;
  /** Running requests of each; several if pipelined. */
  readonly #requests = new Map<Socket, number>();
  /** With TLS the socket of a request is not the accepted one, but both have the same remote address and port. */
  readonly #byPeer = new Map<string, Socket>();
  /** The longest idle first. */
  readonly #idle = new Set<Socket>();
  /** Just accepted: nothing from them has been read yet. They are not closed for others. */
  readonly #settling = new Set<Socket>();
  #refused = 0;
  #closedIdle = 0;
  #isRefusalLogged = false;
  /** While there are connections. */
  #check: NodeJS.Timeout | undefined;

  /** @param max 0 for no limit */
  constructor(max: number, log: ConnectionLog, descriptors: Descriptors = ownDescriptors()) {
    this.max = max;
    this.#log = log;
    this.#descriptors = descriptors;
    this.#reserve = Math.min(MAX_RESERVE, Math.floor(descriptors.limit / 4));
  }

  get open(): number {
    return this.#requests.size;
  }

  /** Since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Idle connections closed for others, since the start. */
  get closedIdle(): number {
    return this.#closedIdle;
  }

  /** Counts the connections of one server. */
  follow(server: Server): void {
    server.on('connection', (socket) => this.#accepted(socket));
    // Before the routes: a scrape that begins needs descriptors.
    server.prependListener('request', (request, response) => {
      const socket = this.#acceptedAs(request.socket);
      if (socket === undefined) return;
      this.#begin(socket);
      response.once('close', () => this.#end(socket));
    });
  }

  #acceptedAs(socket: Socket): Socket | undefined {
    return this.#requests.has(socket) ? socket : this.#byPeer.get(peerOf(socket));
  }

  #accepted(socket: Socket): void {
    this.#requests.set(socket, 0);
    const peer = peerOf(socket);
    this.#byPeer.set(peer, socket);
    this.#idle.add(socket);
    this.#settling.add(socket);
    socket.once('close', () => {
      this.#requests.delete(socket);
      this.#idle.delete(socket);
      this.#settling.delete(socket);
      // Another connection may have its port by now.
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
      if (this.open > 0) return;
      clearInterval(this.#check);
      this.#check = undefined;
    });
    this.#check ??= setInterval(() => this.#spareDescriptors(), CHECK_MILLISECONDS).unref();
    // Its request may have arrived with it: the event loop reads it in its next turn, which is over at the second of
    // these.
    setImmediate(() => setImmediate(() => this.#settling.delete(socket)));
    if (this.max > 0 && this.open > this.max && !this.#closeIdle()) this.#refuse(socket);
    else this.#spareDescriptors();
  }

  #begin(socket: Socket): void {
    const requests = this.#requests.get(socket);
    // It was closed, but data that had arrived is still read.
    if (requests === undefined) return;
    this.#requests.set(socket, requests + 1);
    this.#idle.delete(socket);
    this.#spareDescriptors();
  }

  #end(socket: Socket): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return;
    this.#requests.set(socket, requests - 1);
    if (requests === 1) this.#idle.add(socket);
  }

  #spareDescriptors(): void {
    if (this.#idle.size === 0) return;
    const { limit } = this.#descriptors;
    let missing = this.#reserve - (limit - this.#descriptors.open());
    while (missing > 0 && this.#closeIdle()) missing -= 1;
  }

  /** @returns whether there was one */
  #closeIdle(): boolean {
    for (const socket of this.#idle) {
      if (this.#settling.has(socket)) continue;
      this.#closedIdle += 1;
      this.#close(socket);
      return true;
    }
    return false;
  }

  #refuse(socket: Socket): void {
    this.#refused += 1;
    this.#close(socket);
    if (this.#isRefusalLogged) return;
    this.#isRefusalLogged = true;
    this.#log.warn('connection refused, none is idle', { open: this.open, max: this.max });
    setTimeout(() => {
      this.#isRefusalLogged = false;
    }, LOG_MILLISECONDS).unref();
  }

  #close(socket: Socket): void {
    // Its event comes later, and it must not be counted until then.
    this.#requests.delete(socket);
    this.#idle.delete(socket);
    socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
