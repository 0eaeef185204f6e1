/**
 * How many connections may be open at once, over all listen addresses, and which one goes when there is one too many.
 *
 * A connection is idle while it has no request: kept alive after an answer, or silent since it was accepted. For a new
 * one beyond the limit the longest idle one is closed; where none is, the new one is. Idle ones are closed also when
 * file descriptors run short, since a scrape needs some: to list the directory, to open a file.
 *
 * Enough must be left, because Node says nothing of a connection that it cannot accept for want of one: libuv closes all
 * that wait, Prometheus' too, with the help of a spare descriptor, and without that it tries again and again, at 100 %
 * of a core (seen in Node 20 to 24; libuv src/unix/stream.c, uv__emfile_trick).
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type Descriptors, ownDescriptors } from './descriptors.js';

/** No scraped process has as many clients. */
const USUAL_MAX = 512;

/** Kept free for what is not a connection, where closing idle ones can do that. */
const MAX_RESERVE = 64;

/** Sources and threads take descriptors too, while nobody connects. */
const CHECK_MILLISECONDS = 1_000;

/** Refusals within it are one line in the log. */
const LOG_MILLISECONDS = 60_000;

export interface ConnectionLog {
  warn(message: string, fields: Record<string, unknown>): void;
}

/** Half of the descriptors at most: mapped files need none, but sources, threads and scrapes do. */
export function defaultMaxConnections({ limit }: Descriptors = ownDescriptors()): number {
  return Math.max(1, Math.min(USUAL_MAX, Math.floor(limit / 2)));
}

export class Connections {
  /** 0 for no limit; may change. */
  max: number;
  readonly #descriptors: Descriptors;
  readonly #reserve: number;
  readonly #log: ConnectionLog;
  /** Requests under way on each; pipelined ones are several. */
  readonly #requests = new Map<Socket, number>();
  /** With TLS a request knows another socket than the one that was accepted: of both the other end is the same. */
  readonly #byPeer = new Map<string, Socket>();
  /** The longest idle first. */
  readonly #idle = new Set<Socket>();
  /** Just accepted: nothing they sent can have been read. They are not closed for others. */
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

  /** Idle ones, closed for others; since the start. */
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
      // Its port may be another connection's by now.
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
      if (this.open > 0) return;
      clearInterval(this.#check);
      this.#check = undefined;
    });
    this.#check ??= setInterval(() => this.#spareDescriptors(), CHECK_MILLISECONDS).unref();
    // Its request may have come with it: the loop reads that in its next turn, which the second of these ends.
    setImmediate(() => setImmediate(() => this.#settling.delete(socket)));
    if (this.max > 0 && this.open > this.max && !this.#closeIdle()) this.#refuse(socket);
    else this.#spareDescriptors();
  }

  #begin(socket: Socket): void {
    const requests = this.#requests.get(socket);
    // It was closed, and what had come from it is read all the same.
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
