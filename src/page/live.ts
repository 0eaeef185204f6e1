/**
 * Ticks of a source: one stream for all windows of a browser, since a browser opens six connections to a host, and a stream
 * keeps one of them. The windows agree on a leader over a BroadcastChannel, which works on plain HTTP, too; it has the
 * stream and passes on what it says. A window that is hidden leaves, and none leads that is hidden.
 *
 * A leader that is there says so at each tick. Where none was heard for a while, each window waits for a time of its own,
 * and then leads; of two leaders, the one with the smaller name stays.
 */

export interface Tick {
  readonly snapshot: string;
  readonly takenAtSeconds: number;
}

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Of this browser's connection, or of the directory. */
  | { readonly kind: 'failed'; readonly message: string };

export interface LiveListener {
  tick(tick: Tick): void;
  state(state: LiveState): void;
  /** Another process of promfold answers now. */
  restarted(): void;
  /** It answered, but gave no stream: the source is gone, say. */
  refused(): void;
}

type Message =
  | { readonly kind: 'tick'; readonly from: string; readonly tick: Tick }
  | { readonly kind: 'state'; readonly from: string; readonly state: LiveState }
  | { readonly kind: 'started'; readonly from: string; readonly startedSeconds: number }
  | { readonly kind: 'hello' | 'leads' | 'leaves'; readonly from: string };

/** A leader says something at least so often. */
const BEAT_MS = 1_000;
const SILENCE_MS = 2_600;

/** A stream is given up after so much silence, or three times what was between two ticks: its connection may be dead. */
const QUIET_MS = 15_000;

/** Before a stream that was refused is asked for again. */
const RETRY_MS = 1_500;

/** Starts differ by what the clock was set meanwhile. */
const SAME_START_SECONDS = 5;

export class Live {
  readonly #listener: LiveListener;
  readonly #url: string;
  readonly #channelName: string;
  readonly #name = `${Math.random().toString(36).slice(2)}`;
  #channel: BroadcastChannel | undefined;
  #stream: EventSource | undefined;
  #timer: number | undefined;
  #beat: number | undefined;
  #quiet: number | undefined;
  #tickAtMs: number | undefined;
  #tickMs = 0;
  #startedSeconds: number | undefined;
  #state: LiveState = { kind: 'connecting' };

  constructor(source: string | undefined, listener: LiveListener) {
    this.#listener = listener;
    const query = source === undefined ? '' : `?source=${encodeURIComponent(source)}`;
    this.#url = `api/v1/ticks${query}`;
    this.#channelName = `promfold ${location.pathname} ${source ?? ''}`;
    document.addEventListener('visibilitychange', this.#follow);
    addEventListener('pagehide', this.#leave);
    addEventListener('pageshow', this.#follow);
    this.#follow();
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.#follow);
    removeEventListener('pagehide', this.#leave);
    removeEventListener('pageshow', this.#follow);
    this.#leave();
  }

  readonly #follow = () => {
    if (document.hidden) this.#leave();
    else this.#join();
  };

  #join(): void {
    if (this.#channel !== undefined) return;
    this.#channel = new BroadcastChannel(this.#channelName);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    this.#say({ kind: 'hello', from: this.#name });
    // A leader answers at once.
    this.#wait(120 + Math.random() * 60);
  }

  readonly #leave = () => {
    clearTimeout(this.#timer);
    if (this.#stream !== undefined) this.#say({ kind: 'leaves', from: this.#name });
    this.#stopLeading();
    this.#channel?.close();
    this.#channel = undefined;
  };

  #say(message: Message): void {
    this.#channel?.postMessage(message);
  }

  #hear(message: Message): void {
    const leads = this.#stream !== undefined;
    switch (message.kind) {
      case 'hello':
        if (!leads) return;
        this.#say({ kind: 'leads', from: this.#name });
        if (this.#startedSeconds !== undefined) this.#tellStart();
        this.#say({ kind: 'state', from: this.#name, state: this.#state });
        return;
      case 'leaves':
        if (!leads) this.#wait(Math.random() * 80);
        return;
      default:
    }
    if (leads) {
      if (message.from > this.#name) this.#say({ kind: 'leads', from: this.#name });
      else this.#stopLeading();
    }
    if (this.#stream === undefined) this.#wait(SILENCE_MS + Math.random() * 400);
    if (message.kind === 'tick') this.#tick(message.tick);
    else if (message.kind === 'state') this.#setState(message.state);
    else if (message.kind === 'started') this.#started(message.startedSeconds);
  }

  /** Then leads, unless a leader is heard. */
  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lead(), ms) as unknown as number;
  }

  #lead(): void {
    clearTimeout(this.#timer);
    if (this.#channel === undefined || this.#stream !== undefined) return;
    const stream = new EventSource(this.#url);
    this.#stream = stream;
    this.#say({ kind: 'leads', from: this.#name });
    clearInterval(this.#beat);
    this.#beat = setInterval(
      () => this.#say({ kind: 'leads', from: this.#name }),
      BEAT_MS,
    ) as unknown as number;
    this.#tickAtMs = undefined;
    this.#expect();
    const dataOf = (event: Event) => JSON.parse((event as MessageEvent<string>).data);
    stream.addEventListener('started', (event) => {
      this.#expect();
      this.#started(dataOf(event).startedSeconds);
      this.#tellStart();
    });
    stream.addEventListener('tick', (event) => {
      const tick = dataOf(event) as Tick;
      const nowMs = performance.now();
      this.#tickMs = nowMs - (this.#tickAtMs ?? nowMs);
      this.#tickAtMs = nowMs;
      this.#expect();
      this.#tellState({ kind: 'live' });
      this.#say({ kind: 'tick', from: this.#name, tick });
      this.#tick(tick);
    });
    stream.addEventListener('failed', (event) => {
      this.#expect();
      this.#tellState({ kind: 'failed', message: dataOf(event).error.message });
    });
    stream.onerror = () => {
      this.#expect();
      this.#tellState({ kind: 'failed', message: 'promfold does not answer' });
      // One that was refused is not opened again by the browser.
      if (stream.readyState !== EventSource.CLOSED || this.#stream !== stream) return;
      this.#stopLeading();
      this.#listener.refused();
      this.#timer = setTimeout(() => this.#lead(), RETRY_MS) as unknown as number;
    };
  }

  /** Something from the stream. */
  #expect(): void {
    clearTimeout(this.#quiet);
    const ms = Math.max(QUIET_MS, 3 * this.#tickMs);
    this.#quiet = setTimeout(() => {
      const message = `nothing came from promfold for ${Math.round(ms / 1000)} s`;
      if (this.#state.kind !== 'failed') this.#tellState({ kind: 'failed', message });
      this.#stopLeading();
      this.#lead();
    }, ms) as unknown as number;
  }

  #stopLeading(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#quiet);
    this.#stream?.close();
    this.#stream = undefined;
  }

  #tick(tick: Tick): void {
    this.#setState({ kind: 'live' });
    this.#listener.tick(tick);
  }

  #tellState(state: LiveState): void {
    if (this.#setState(state)) this.#say({ kind: 'state', from: this.#name, state });
  }

  /** @returns whether it is another one */
  #setState(state: LiveState): boolean {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return false;
    this.#state = state;
    this.#listener.state(state);
    return true;
  }

  #tellStart(): void {
    const startedSeconds = this.#startedSeconds!;
    this.#say({ kind: 'started', from: this.#name, startedSeconds });
  }

  #started(startedSeconds: number): void {
    const before = this.#startedSeconds;
    this.#startedSeconds = startedSeconds;
    if (before !== undefined && Math.abs(startedSeconds - before) > SAME_START_SECONDS) {
      this.#listener.restarted();
    }
  }
}
