/** Serves one page from a process of its own, so that sending it takes nothing of the test's event loop. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './process.js';
import { tempDirectory } from './temp.js';

const PROGRAM = `
  const { readFileSync } = require('node:fs');
  const [, file, type] = process.argv;
  const answer = (_, response) => {
    response.setHeader('content-type', type);
    response.end(readFileSync(file));
  };
  const server = require('node:http').createServer(answer);
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

export class PageServer {
  readonly url: URL;
  readonly #file: string;
  readonly #stop: () => void;

  private constructor(url: URL, file: string, stop: () => void) {
    this.url = url;
    this.#file = file;
    this.#stop = stop;
  }

  static async start(page: string | Buffer, type = 'text/plain'): Promise<PageServer> {
    const file = join(tempDirectory(), 'page');
    writeFileSync(file, page);
    const child = start(process.execPath, ['--eval', PROGRAM, file, type]);
    const [port] = (await once(child.stdout!, 'data')) as [Buffer];
    const url = new URL(`http://127.0.0.1:${Number(String(port))}/metrics`);
    return new PageServer(url, file, () => void child.kill());
  }

  /** What is served from now on. */
  show(page: string | Buffer): void {
    writeFileSync(this.#file, page);
  }

  stop(): void {
    this.#stop();
  }
}
