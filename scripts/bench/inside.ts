/** Scrapes inside a process of their own, without HTTP. The first one is made while starting. */
import type { ChildProcess } from 'node:child_process';
import { ask, startChild, stopChild } from './child.js';
import type { InsideAnswer, InsideQuestion } from './inside-child.js';

export class Inside {
  readonly #child: ChildProcess;
  readonly firstMs: number;

  private constructor(child: ChildProcess, firstMs: number) {
    this.#child = child;
    this.firstMs = firstMs;
  }

  static async start(directory: string): Promise<Inside> {
    const child = startChild('inside-child', [directory]);
    const { ms } = await ask<InsideQuestion, InsideAnswer>(child, { scrapes: 1 });
    return new Inside(child, ms[0]!);
  }

  async scrape(scrapes: number): Promise<readonly number[]> {
    return (await ask<InsideQuestion, InsideAnswer>(this.#child, { scrapes })).ms;
  }

  async close(): Promise<void> {
    await stopChild(this.#child);
  }
}
