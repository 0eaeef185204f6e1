/** A client of server-sent events, on a connection of its own. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import type { Duplex } from 'node:stream';

export interface ReceivedEvent {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect.
  readonly data: any;
}

/** Only a failure waits so long. */
const TIMEOUT_MS = 20_000;

/** The events of a body, as the specification reads them. */
export class Events {
  readonly received: ReceivedEvent[] = [];
  /** The server ended the stream. */
  isEnded = false;
  /** The connection broke before that. */
  isCut = false;
  #text = '';
  #read = 0;
  #wake = () => {};

  constructor(body: Duplex | IncomingMessage) {
    body.setEncoding('utf8');
    body.on('data', (text: string) => this.#take(text));
    body.on('end', () => {
      this.isEnded = true;
      this.#wake();
    });
    body.on('error', () => {});
    body.on('close', () => {
      this.isCut = !this.isEnded;
      this.#wake();
    });
  }

  get isOver(): boolean {
    return this.isEnded || this.isCut;
  }

  /** The next one that was not returned yet. */
  async next(): Promise<ReceivedEvent> {
    await this.#until(() => this.received.length > this.#read);
    return this.received[this.#read++]!;
  }

  /** The next one of this name; others are skipped. */
  async nextOf(name: string): Promise<ReceivedEvent['data']> {
    for (;;) {
      const { event, data } = await this.next();
      if (event === name) return data;
    }
  }

  /** The next values of which this is true. */
  async valuesWhere(isWanted: (values: readonly unknown[]) => boolean): Promise<unknown[]> {
    for (;;) {
      const { values } = await this.nextOf('values');
      if (isWanted(values)) return values;
    }
  }

  over(): Promise<void> {
    return this.#until(() => this.isOver);
  }

  async #until(isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    while (!isTrue()) {
      if (this.isOver) throw new Error(`the stream is over after ${this.received.length} events`);
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`waited in vain after ${this.received.length} events`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      const fields = this.#text
        .slice(0, end)
        .split('\n')
        .map((line) => /^(\w+): (.*)$/s.exec(line)!.slice(1) as [string, string]);
      this.#text = this.#text.slice(end + 2);
      const { event, data } = Object.fromEntries(fields);
      if (event !== undefined) this.received.push({ event, data: JSON.parse(data!) });
    }
    this.#wake();
  }
}

export class EventStream extends Events {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly #request: ClientRequest;

  private constructor(request: ClientRequest, response: IncomingMessage) {
    super(response);
    this.status = response.statusCode!;
    this.headers = response.headers;
    this.#request = request;
  }

  static async open(url: string): Promise<EventStream> {
    const request = requestHttp(url, { agent: false }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new EventStream(request, response);
  }

  /** Leaves, without a word. */
  leave(): void {
    this.#request.destroy();
  }
}
