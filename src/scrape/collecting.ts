/**
 * The pages of one run: what each source has to print, and the bytes once all have printed.
 * The page of one source is used as the addon made it; those of several are joined piece by piece.
 */
import { type Collected, type Page, type Printing, releaseBody } from '../native.js';
import type { Steps } from '../steps.js';
import type { Merged } from './merged.js';
import { mergedPageOf, type PageRequest, pageOf } from './page.js';
import type { Source } from './source.js';

/** Room for what is added behind a page, so that adding it copies nothing. */
const TAIL_BYTES = 16_384;

export class Collecting {
  readonly #pages = new Map<Source, Page[]>();
  readonly #onlyWhatIsPrinted: boolean;
  #isAnyJoined = false;

  /** @param onlyWhatIsPrinted fold nothing else */
  constructor(onlyWhatIsPrinted: boolean) {
    this.#onlyWhatIsPrinted = onlyWhatIsPrinted;
  }

  /**
   * Adds a page.
   *
   * @param merged the layouts of the sources as one; needed where there are several
   * @returns how to get its bytes from what run() returned
   */
  *add(
    sources: readonly Source[],
    merged: Merged | undefined,
    request: PageRequest,
  ): Steps<(collected: CollectedBySource) => Buffer> {
    if (merged !== undefined) {
      const { pages, turn } = yield* mergedPageOf(merged, request);
      const at = sources.map((source, i) => this.#print(source, pages[i]!));
      this.#isAnyJoined = true;
      return (collected) => {
        const parts = sources.map((source, i) => partOf(collected.get(source)!, at[i]!));
        const page = join(parts, turn);
        for (const { body } of parts) releaseBody(body);
        return page;
      };
    }
    const [source] = sources;
    if (source === undefined) return () => Buffer.alloc(0);
    const at = this.#print(source, yield* pageOf(source.live.layout, request));
    return (collected) => collected.get(source)!.bodies[at]!;
  }

  /** What a source has to print; undefined for nothing. */
  printing(source: Source): Printing | undefined {
    const pages = this.#pages.get(source);
    return (
      pages && {
        pages,
        tail: TAIL_BYTES,
        onlyWhatIsPrinted: this.#onlyWhatIsPrinted,
        partEnds: this.#isAnyJoined,
      }
    );
  }

  /**
   * Has all sources print, side by side.
   *
   * @param follow is shown the work on each source, and returns it
   */
  async run(
    follow: <T>(source: Source, work: Promise<T>) => Promise<T>,
  ): Promise<CollectedBySource> {
    const collected = [...this.#pages.keys()].map(
      async (source) =>
        [source, await follow(source, source.collect(this.printing(source)!))] as const,
    );
    // None is left at work when another one fails.
    await Promise.allSettled(collected);
    return new Map(await Promise.all(collected));
  }

  #print(source: Source, page: Page): number {
    let pages = this.#pages.get(source);
    if (pages === undefined) {
      pages = [];
      this.#pages.set(source, pages);
    }
    return pages.push(page) - 1;
  }
}

export type CollectedBySource = ReadonlyMap<Source, Collected>;

/** A body and the end of each of its templates. */
interface Part {
  readonly body: Buffer;
  readonly partEnd: Uint32Array;
}

function partOf({ bodies, partEnds }: Collected, at: number): Part {
  return { body: bodies[at]!, partEnd: partEnds![at]! };
}

/** @param turn whose template comes next; pieces of one body that follow each other are copied at once */
function join(parts: readonly Part[], turn: readonly number[]): Buffer {
  const bytes = parts.reduce((sum, { body }) => sum + body.length, 0);
  const page = Buffer.allocUnsafeSlow(bytes + TAIL_BYTES).subarray(0, bytes);
  const next = parts.map(() => 0);
  const copied = parts.map(() => 0);
  let at = 0;
  for (const [i, whose] of turn.entries()) {
    const { body, partEnd } = parts[whose]!;
    const end = partEnd[next[whose]!++]!;
    if (turn[i + 1] === whose) continue;
    at += body.copy(page, at, copied[whose]!, end);
    copied[whose] = end;
  }
  return page;
}

/** Adds text behind a page, in the room that is left for it. */
export function append(page: Buffer, text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  if (page.buffer.byteLength - page.byteOffset - page.length < bytes) {
    return Buffer.concat([page, Buffer.from(text)]);
  }
  const whole = Buffer.from(page.buffer, page.byteOffset, page.length + bytes);
  whole.write(text, page.length);
  return whole;
}
