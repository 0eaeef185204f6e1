/** The real prometheus_client's opinion, from one Python process kept alive (oracle.py). */
import { JsonLines } from './json-lines.js';
import { ROOT } from './paths.js';

export interface Page {
  readonly title: string;
  readonly openMetrics: boolean;
  readonly exposition: string;
}

export class Oracle {
  readonly #python: JsonLines;

  constructor(python: string) {
    this.#python = new JsonLines(python, [`${ROOT}/test/support/oracle.py`]);
  }

  /**
   * The merge of a directory's files in sorted order, in text 0.0.4.
   * @param old names of files in an 8-byte layout
   */
  async merge(directory: string, old: readonly string[] = []): Promise<string> {
    const { text, error } = await this.#python.ask<{ text?: string; error?: string }>({
      merge: directory,
      old,
    });
    if (text === undefined) throw new Error(`the reference cannot read ${directory}: ${error}`);
    return text;
  }

  /** What prometheus_client's parsers raise; nothing for pages they can read. */
  async parse(pages: readonly Page[]): Promise<{ title: string; error: string }[]> {
    const answer = await this.#python.ask<{ faults: { title: string; error: string }[] }>({
      parse: pages,
    });
    return answer.faults;
  }

  close(): Promise<void> {
    return this.#python.close();
  }
}
