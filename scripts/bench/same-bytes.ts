/** What sending an exposition costs when nothing is computed: the bar for large answers over HTTP. */
import type { ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { ask, startChild, stopChild } from './child.js';
import { RawClient } from './raw-client.js';

export class SameBytes {
  readonly #child: ChildProcess;
  readonly #client: RawClient;

  private constructor(child: ChildProcess, client: RawClient) {
    this.#child = child;
    this.#client = client;
  }

  /** @param file where the body may be put for a moment */
  static async start(body: Buffer, file: string): Promise<SameBytes> {
    writeFileSync(file, body);
    const child = startChild('same-bytes-child', [file]);
    const port = await ask<object, number>(child, {});
    rmSync(file);
    return new SameBytes(child, await RawClient.connect(port));
  }

  async send(): Promise<number> {
    return (await this.#client.get('/')).ms;
  }

  async close(): Promise<void> {
    this.#client.close();
    await stopChild(this.#child);
  }
}
