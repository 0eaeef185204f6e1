/**
 * An HTTP/1.1 client over one kept connection that costs next to nothing: it reads into one buffer,
 * parses the head, and counts the bytes of the body. What is measured is the server.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const READ_BYTES = 1 << 20;
const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export interface Answer {
  readonly status: number;
  /** From writing the request to the last byte. */
  readonly ms: number;
  readonly bodyBytes: number;
  /** Only when asked for. */
  readonly body?: Buffer;
}

export interface GetOptions {
  readonly gzip?: boolean;
  readonly keepBody?: boolean;
}

/** TLS, and who asks. */
export interface Secure {
  readonly ca: Buffer;
  /** The header. */
  readonly authorization: string;
}

interface Pending {
  readonly startedMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** What came of the head so far. */
  head: Buffer;
  status: number;
  /** Undefined while the head is not complete, -1 for a chunked body. */
  contentLength: number | undefined;
  bodyBytes: number;
  /** Last bytes of a chunked body. */
  ending: Buffer;
  readonly body: Buffer[] | undefined;
}

export class RawClient {
  readonly #socket: Socket;
  #pending: Pending | undefined;

  readonly #authorization: string;

  private constructor(port: number, secure?: Secure) {
    const where = { host: '127.0.0.1', port, noDelay: true };
    this.#authorization = secure === undefined ? '' : `Authorization: ${secure.authorization}\r\n`;
    if (secure !== undefined) {
      this.#socket = connectTls({ ...where, ca: secure.ca });
      this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    } else {
      this.#socket = connect({
        ...where,
        onread: {
          buffer: Buffer.allocUnsafeSlow(READ_BYTES),
          callback: (count, buffer) => {
            this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, count));
            return true;
          },
        },
      });
    }
    const fail = (error?: Error) => {
      this.#pending?.reject(error ?? new Error('the server closed the connection'));
      this.#pending = undefined;
    };
    this.#socket.on('error', fail);
    this.#socket.on('close', () => fail());
  }

  /** Rejects when no server listens. */
  static async connect(port: number, secure?: Secure): Promise<RawClient> {
    const client = new RawClient(port, secure);
    await once(client.#socket, secure === undefined ? 'connect' : 'secureConnect');
    return client;
  }

  get(path: string, { gzip = false, keepBody = false }: GetOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed || !this.#socket.writable) {
        reject(new Error('the server has closed the connection'));
        return;
      }
      const encoding = gzip ? 'gzip' : 'identity';
      this.#pending = {
        startedMs: performance.now(),
        resolve,
        reject,
        head: Buffer.alloc(0),
        status: 0,
        contentLength: undefined,
        bodyBytes: 0,
        ending: Buffer.alloc(0),
        body: keepBody ? [] : undefined,
      };
      this.#socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${this.#authorization}Accept-Encoding: ${encoding}\r\n\r\n`,
      );
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    let rest = bytes;
    if (pending.contentLength === undefined) {
      const seen = pending.head.length === 0 ? bytes : Buffer.concat([pending.head, bytes]);
      const end = seen.indexOf(HEAD_END);
      if (end < 0) {
        pending.head = Buffer.from(seen);
        return;
      }
      const head = seen.toString('latin1', 0, end);
      pending.status = Number(head.slice(9, 12));
      pending.contentLength = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -1);
      rest = seen.subarray(end + HEAD_END.length);
    }
    pending.bodyBytes += rest.length;
    pending.body?.push(Buffer.from(rest));
    if (isComplete(pending, rest)) this.#finish(pending);
  }

  #finish(pending: Pending): void {
    this.#pending = undefined;
    pending.resolve({
      status: pending.status,
      ms: performance.now() - pending.startedMs,
      bodyBytes: pending.bodyBytes,
      ...(pending.body && { body: Buffer.concat(pending.body) }),
    });
  }
}

/** A chunked body ends with an empty chunk; no exposition has `\r\n` in it, and gzip rarely has these five bytes. */
function isComplete(pending: Pending, latest: Buffer): boolean {
  if (pending.contentLength! >= 0) return pending.bodyBytes >= pending.contentLength!;
  pending.ending = Buffer.concat([pending.ending, latest.subarray(-5)]).subarray(-5);
  return pending.ending.equals(LAST_CHUNK);
}
