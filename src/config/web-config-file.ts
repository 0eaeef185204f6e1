/**
 * The web configuration of a running daemon: the file, its certificates and keys are reloaded when one of them
 * changes.
 *
 * While the file is unreadable or wrong, every request is refused: a removed user must not get access because of an
 * error in another line.
 */
import type { TlsOptions } from 'node:tls';
import { boundedIo } from '../bounded-io.js';
import { tlsOptions } from './tls-context.js';
import { filesOf, parseWebConfig, type WebConfig } from './web-config.js';
import { ConfigError } from './yaml-node.js';

/** Certificates are replaced long before they expire; a removed user may keep access for this long. */
const CHECK_MILLISECONDS = 1_000;

/** The content of the file, and of the files that it names. */
export interface LoadedWebConfig {
  readonly config: WebConfig;
  /** Absent for plain HTTP. */
  readonly tls: TlsOptions | undefined;
}

export interface WebConfigLog {
  info(message: string, fields: Record<string, unknown>): void;
  error(message: string, fields: Record<string, unknown>): void;
}

/** Reads the file and all files that it names. @throws ConfigError */
export async function loadWebConfig(path: string): Promise<LoadedWebConfig> {
  let text: string;
  try {
    text = Buffer.from(await boundedIo.readFile(path)).toString();
  } catch (error) {
    const { code = (error as Error).message } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${path}: cannot read the web configuration: ${code}`);
  }
  const config = parseWebConfig(text, path);
  return { config, tls: config.tls && (await tlsOptions(config.tls, path)) };
}

export class WebConfigFile {
  readonly path: string;
  readonly #log: WebConfigLog;
  #loaded: LoadedWebConfig;
  #stamp: string;
  #broken: ConfigError | undefined;
  #check: NodeJS.Timeout | undefined;
  #reloading: Promise<void> | undefined;
  readonly #onTls: ((options: TlsOptions) => void)[] = [];

  private constructor(path: string, loaded: LoadedWebConfig, stamp: string, log: WebConfigLog) {
    this.path = path;
    this.#loaded = loaded;
    this.#stamp = stamp;
    this.#log = log;
  }

  /** @throws ConfigError */
  static async open(path: string, log: WebConfigLog): Promise<WebConfigFile> {
    // Times are read first: a file that changes while it is read is read again.
    const early = await stampOf([path]);
    const loaded = await loadWebConfig(path);
    const stamp = await stampOf([path, ...filesOf(loaded.config)]);
    const file = new WebConfigFile(path, loaded, stamp.startsWith(early) ? stamp : '', log);
    file.#check = setInterval(() => void file.reload(), CHECK_MILLISECONDS).unref();
    return file;
  }

  get config(): WebConfig {
    return this.#loaded.config;
  }

  get tls(): TlsOptions | undefined {
    return this.#loaded.tls;
  }

  /** Why every request is refused; undefined if the file is valid. */
  get broken(): ConfigError | undefined {
    return this.#broken;
  }

  /** @param use applies new certificates; open connections keep theirs */
  onTls(use: (options: TlsOptions) => void): void {
    this.#onTls.push(use);
  }

  /** Reloads changed files. Never rejects: an error is logged, and in `broken`. */
  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  close(): void {
    clearInterval(this.#check);
  }

  async #reload(): Promise<void> {
    const stamp = await stampOf([this.path, ...filesOf(this.#loaded.config)]);
    if (stamp === this.#stamp) return;
    try {
      const loaded = await loadWebConfig(this.path);
      this.#take(loaded);
      this.#broken = undefined;
      this.#log.info('web configuration reloaded', { path: this.path });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#broken = error;
      this.#log.error('web configuration is wrong, every request is answered 500', {
        error: error.message,
      });
    }
    // Of the files that it names now.
    const after = await stampOf([this.path, ...filesOf(this.#loaded.config)]);
    const [configStamp] = stamp.split('\n');
    this.#stamp = after.startsWith(configStamp!) ? after : '';
  }

  #take(loaded: LoadedWebConfig): void {
    const isTls = this.tls !== undefined;
    if (isTls !== (loaded.tls !== undefined)) {
      const what = isTls ? 'off' : 'on';
      throw new ConfigError(`${this.path}: turning TLS ${what} needs a restart of promfold`);
    }
    if (isTls && loaded.config.http2 !== this.config.http2) {
      const what = loaded.config.http2 ? 'on' : 'off';
      throw new ConfigError(`${this.path}: turning HTTP/2 ${what} needs a restart of promfold`);
    }
    this.#loaded = loaded;
    if (loaded.tls !== undefined) for (const use of this.#onTls) use(loaded.tls);
  }
}

/** One line per file, which differs if the file changed, or was replaced, removed or created. */
async function stampOf(paths: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    paths.map(async (path) => {
      try {
        const { dev, ino, changedSeconds } = await boundedIo.stat(path);
        return `${dev} ${ino} ${changedSeconds}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'error';
      }
    }),
  );
  return lines.map((line) => `${line}\n`).join('');
}
