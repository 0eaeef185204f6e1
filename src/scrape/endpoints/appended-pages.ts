/**
 * The pages of other endpoints (`--append-url`): fetched while the directory is read, and served with it, series by
 * series. A series of the directory has priority; one that only an endpoint has is added. If an endpoint is dead, slow
 * or sends nonsense, only its own families are missing.
 *
 *   begin() ─▶ each endpoint's thread fetches and reads          while the directory is read
 *   join()  ─▶ arrange: which families and label sets are added   only when one of them changed
 *           ─▶ each thread prints what is added of its page       bytes, ready to be put into the answer
 *
 * The event loop handles only families, never series.
 */
import { MetricFileError } from '../../errors.js';
import type { Dialect } from '../../expose/dialect.js';
import type { AddedLabel } from '../../expose/external-join.js';
import { PAGE_BUDGET, type PageBudget } from '../../expose/external-page.js';
import { PIECE_COLUMNS } from '../../expose/external-print.js';
import type { ExposedFamily, FamilyHead } from '../../expose/family.js';
import { blockSuffixes, collidingFamilies } from '../../expose/template.js';
import { EVERYTHING, type Prefixes } from '../../plan/selection.js';
import { ITEMS_PER_STEP, inSlices, type Steps } from '../../steps.js';
import { type PageRequest, pageKey } from '../page/page-templates.js';
import type { Appendix, InsertedBlock, Piece } from '../page/print-job.js';
import {
  type AppendedFamilies,
  arrangeFamilies,
  DROP_REASONS,
  type DroppedFamilies,
  type DropReason,
  type JoinedFamily,
  type PagedFamily,
} from './appended-families.js';
import { directoryLabelSets } from './directory-label-sets.js';
import type { JoinAnswer, JoinQuestion, PrintAnswer } from './endpoint-questions.js';
import { type EndpointPage, EndpointThread, HEAP_MEGABYTES } from './endpoint-thread.js';
import type { EndpointFacts } from './facts.js';
import { shownUrl } from './fetch-page.js';

/** Prometheus gives a scrape 10 seconds by default. */
const READ_MS = 2_000;
const PRINT_MS = 2_000;

/** Shares of the client's scrape timeout; the rest is for the directory, which is served in any case. */
const READ_SHARE = 0.6;
const PRINT_SHARE = 0.2;

/** What the endpoints' families are joined with. */
export interface JoinedWith {
  /** The directory's families. Results are cached by this array, which must not change. */
  readonly directory: readonly ExposedFamily[];
  /** Families that no endpoint's may repeat. */
  readonly reserved: readonly Pick<FamilyHead, 'name' | 'type' | 'keepsRawName'>[];
  /** Labels that promfold added to the directory's series; always the same. */
  readonly added: readonly AddedLabel[];
}

export interface AppendOptions {
  /** Which families of the endpoints are served. */
  readonly prefixes?: Prefixes;
  /** Limits of an endpoint's page. */
  readonly budget?: PageBudget;
  /** Heap limit of a thread. */
  readonly heapMegabytes?: number;
  /** Timeouts of fetching and reading, and of printing. */
  readonly readMs?: number;
  readonly printMs?: number;
}

interface Endpoint {
  /** The URL without secrets; no two endpoints are shown the same. */
  readonly shown: string;
  readonly thread: EndpointThread;
  failure: MetricFileError | undefined;
  /** The page of this scrape; undefined for none. Never rejects. */
  page: Promise<EndpointPage | undefined>;
  /** Series that are not served, by reason. */
  dropped: Readonly<Record<DropReason, number>>;
}

/** What is served of the pages, as long as neither they nor the directory change. */
interface Arrangement {
  readonly joinedWith: JoinedWith;
  readonly pages: readonly (EndpointPage | undefined)[];
  readonly families: AppendedFamilies;
  /** By endpoint, series that are not served. */
  readonly dropped: readonly Readonly<Record<DropReason, number>>[];
  /** By dialect and endpoint: families that are printed under forced names. */
  readonly renamed: Map<string, readonly (readonly number[])[]>;
}

const NONE_DROPPED = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<
  DropReason,
  number
>;

/** A time limit that several questions share. */
class Deadline {
  #endMs: number;

  constructor(withinMs: number) {
    this.#endMs = performance.now() + withinMs;
  }

  /** Extends the limit by the time since then. */
  excuseSince(beganMs: number): void {
    this.#endMs += performance.now() - beganMs;
  }

  leftMs(): number {
    return Math.max(1, Math.round(this.#endMs - performance.now()));
  }
}

export class AppendedPages {
  readonly #endpoints: readonly Endpoint[];
  readonly #readMs: number;
  readonly #printMs: number;
  #printWithinMs = 0;
  #arrangement: Arrangement | undefined;
  #printedBytes = 0;

  constructor(urls: readonly URL[], options: AppendOptions = {}) {
    const { prefixes = EVERYTHING, budget = PAGE_BUDGET } = options;
    this.#readMs = options.readMs ?? READ_MS;
    this.#printMs = options.printMs ?? PRINT_MS;
    const times = new Map<string, number>();
    this.#endpoints = urls.map((url) => {
      const plain = shownUrl(url);
      const before = times.get(plain) ?? 0;
      times.set(plain, before + 1);
      return {
        shown: before === 0 ? plain : `${plain} (${before + 1})`,
        thread: new EndpointThread(
          { url: url.href, prefixes, budget },
          options.heapMegabytes ?? HEAP_MEGABYTES,
        ),
        failure: undefined,
        page: Promise.resolve(undefined),
        dropped: NONE_DROPPED,
      };
    });
  }

  /** Bytes of the last pages, so that there is room for the next ones. */
  get printedBytes(): number {
    return this.#printedBytes;
  }

  /** @param withinSeconds the client's timeout for the whole scrape; undefined when it sends none */
  begin(withinSeconds: number | undefined): void {
    const withinMs = (withinSeconds ?? Infinity) * 1000;
    const readMs = Math.min(this.#readMs, withinMs * READ_SHARE);
    this.#printWithinMs = Math.min(this.#printMs, withinMs * PRINT_SHARE);
    for (const endpoint of this.#endpoints) endpoint.page = this.#read(endpoint, readMs);
  }

  /**
   * Adds the endpoints' families to those of the directory. Never rejects.
   *
   * @param requests the pages to be made
   * @returns what is added to each, by pageKey()
   */
  async join(
    joinedWith: JoinedWith,
    requests: readonly PageRequest[],
  ): Promise<ReadonlyMap<string, Appendix>> {
    const pages = await Promise.all(this.#endpoints.map(({ page }) => page));
    const deadline = new Deadline(this.#printWithinMs);
    const arrangement = await this.#arrange(joinedWith, pages, deadline);
    for (const [i, endpoint] of this.#endpoints.entries()) {
      endpoint.dropped = arrangement.dropped[i]!;
    }
    const appendices = new Map<string, Appendix>();
    let printedBytes = 0;
    for (const request of requests) {
      const printed = await this.#print(arrangement, request, deadline);
      const appendix = await inSlices(appendixOf(arrangement, request.dialect, printed));
      appendices.set(pageKey(request), appendix);
      const bytes = printed.reduce((sum, answer) => sum + (answer?.bytes.length ?? 0), 0);
      printedBytes = Math.max(printedBytes, bytes);
    }
    this.#printedBytes = printedBytes;
    return appendices;
  }

  /** Of each endpoint, as of the last scrape. */
  facts(): ReadonlyMap<string, EndpointFacts> {
    return new Map(
      this.#endpoints.map(({ shown, failure, dropped }) => [
        shown,
        { up: failure === undefined, dropped },
      ]),
    );
  }

  problems(): readonly MetricFileError[] {
    return this.#endpoints.flatMap(({ failure }) => failure ?? []);
  }

  async close(): Promise<void> {
    await Promise.all(this.#endpoints.map(({ thread }) => thread.close()));
  }

  async #read(endpoint: Endpoint, withinMs: number): Promise<EndpointPage | undefined> {
    try {
      const page = await endpoint.thread.read(withinMs);
      endpoint.failure = undefined;
      return page;
    } catch (error) {
      return fail(endpoint, error);
    }
  }

  /** Decides what is added of the pages; a page that cannot be joined is treated as missing. */
  async #arrange(
    joinedWith: JoinedWith,
    pages: readonly (EndpointPage | undefined)[],
    deadline: Deadline,
  ): Promise<Arrangement> {
    const last = this.#arrangement;
    if (last !== undefined && isStill(last, joinedWith, pages)) return last;
    this.#arrangement = undefined;
    const { directory, reserved } = joinedWith;
    const paged = pages.map((page) => page?.families);
    const families = await inSlices(arrangeFamilies(directory, reserved, paged));
    const questions = await this.#joinQuestions(families, joinedWith, pages, deadline);
    const leftOut = await Promise.all(
      this.#endpoints.map(async (endpoint, i) => {
        const [page, question] = [pages[i], questions[i]];
        if (page === undefined || question === undefined) return undefined;
        return endpoint.thread
          .join(page, question, deadline.leftMs())
          .catch((error) => fail(endpoint, error));
      }),
    );
    const lost = pages.map((page, i) => page !== undefined && leftOut[i] === undefined);
    if (lost.includes(true)) {
      const others = pages.map((page, i) => (lost[i] ? undefined : page));
      return this.#arrange(joinedWith, others, deadline);
    }
    const dropped = pages.map((page, i) => droppedOf(page, families.dropped[i]!, leftOut[i]));
    this.#arrangement = { joinedWith, pages, families, dropped, renamed: new Map() };
    return this.#arrangement;
  }

  /**
   * By endpoint, the families that others have, too, with their label sets; undefined for an endpoint that has no page,
   * or did not answer.
   */
  async #joinQuestions(
    { outcome, joined }: AppendedFamilies,
    { added }: JoinedWith,
    pages: readonly (EndpointPage | undefined)[],
    deadline: Deadline,
  ): Promise<readonly (Omit<JoinQuestion, 'kind' | 'set'> | undefined)[]> {
    const existing = pages.map((): { family: number; labelSets: Uint8Array[] }[] => []);
    const asked = pages.map((): number[] => []);
    for (const { parts } of joined) {
      for (const { endpoint, family } of parts.slice(0, -1)) asked[endpoint]!.push(family);
    }
    const answered = await Promise.all(
      this.#endpoints.map(async (endpoint, i) => {
        const [page, families] = [pages[i], asked[i]!];
        if (page === undefined || families.length === 0) return new Map<number, Uint8Array>();
        try {
          const texts = await endpoint.thread.labelSets(page, families, deadline.leftMs());
          return new Map(families.map((family, j) => [family, texts[j]!]));
        } catch (error) {
          return fail(endpoint, error);
        }
      }),
    );
    // With very many series this takes long, once, and must not count against the threads.
    const beganMs = performance.now();
    const inDirectory = await inSlices(labelSetsOf(joined));
    deadline.excuseSince(beganMs);
    for (const [i, { parts }] of joined.entries()) {
      const labelSets = [...inDirectory[i]!];
      for (const { endpoint, family } of parts) {
        if (labelSets.length > 0) existing[endpoint]!.push({ family, labelSets: [...labelSets] });
        const text = answered[endpoint]?.get(family);
        if (text !== undefined) labelSets.push(text);
      }
    }
    return outcome.map((outcomes, i) =>
      outcomes === undefined || answered[i] === undefined
        ? undefined
        : { outcome: outcomes, existing: existing[i]!, added },
    );
  }

  /** By endpoint; one that cannot print is missing on this page. */
  #print(
    arrangement: Arrangement,
    { dialect, names }: PageRequest,
    deadline: Deadline,
  ): Promise<(PrintAnswer | undefined)[]> {
    const renamed = renamedFamilies(arrangement, dialect);
    return Promise.all(
      this.#endpoints.map(async (endpoint, i) => {
        const page = arrangement.pages[i];
        if (page === undefined) return undefined;
        return endpoint.thread
          .print(page, { dialect, names, renamed: renamed[i]! }, deadline.leftMs())
          .catch((error) => fail(endpoint, error));
      }),
    );
  }
}

/** The directory's label sets for each family; none where it does not have the family. */
function* labelSetsOf(joined: readonly JoinedFamily[]): Steps<(readonly Uint8Array[])[]> {
  const labelSets: (readonly Uint8Array[])[] = [];
  for (const [i, { directory }] of joined.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    labelSets.push(directory === undefined ? [] : yield* directoryLabelSets(directory));
  }
  return labelSets;
}

function fail(endpoint: Endpoint, error: unknown): undefined {
  const { message } = error as Error;
  endpoint.failure = new MetricFileError('APPEND_FAILED', endpoint.shown, message);
  return undefined;
}

function isStill(
  last: Arrangement,
  { directory, reserved }: JoinedWith,
  pages: readonly (EndpointPage | undefined)[],
): boolean {
  const before = last.joinedWith;
  return (
    directory === before.directory &&
    pages.every((page, i) => page === last.pages[i]) &&
    reserved.length === before.reserved.length &&
    reserved.every(({ name, type }, i) => {
      return name === before.reserved[i]!.name && type === before.reserved[i]!.type;
    })
  );
}

function droppedOf(
  page: EndpointPage | undefined,
  { type_conflict, name_conflict }: DroppedFamilies,
  leftOut: JoinAnswer | undefined,
): Readonly<Record<DropReason, number>> {
  if (page === undefined || leftOut === undefined) return NONE_DROPPED;
  const { duplicate, nameConflict } = leftOut;
  const { repeated } = page;
  return { duplicate, repeated, type_conflict, name_conflict: name_conflict + nameConflict };
}

/** By endpoint, the families that must be renamed, since another one is printed under the same name. */
function renamedFamilies(
  { joinedWith: { directory, reserved }, families, pages, renamed }: Arrangement,
  dialect: Dialect,
): readonly (readonly number[])[] {
  const key = `${dialect.format} ${dialect.escaping}`;
  let found = renamed.get(key);
  if (found === undefined) {
    const { appended, joined } = families;
    const forced = pages.map((): number[] => []);
    const force = ({ endpoint, family }: PagedFamily) => void forced[endpoint]!.push(family);
    const joinedBy = new Map(joined.map(({ name, parts }) => [name, parts]));
    for (const i of collidingFamilies(dialect, appended, [...directory, ...reserved])) {
      (joinedBy.get(appended[i]!.name) ?? [appended[i]!]).forEach(force);
    }
    if (joined.length > 0) {
      for (const i of collidingFamilies(dialect, directory)) {
        joinedBy.get(directory[i]!.name)?.forEach(force);
      }
    }
    found = forced;
    renamed.set(key, found);
  }
  return found;
}

/** Arranges what the endpoints printed. */
function* appendixOf(
  { families: { joined } }: Arrangement,
  dialect: Dialect,
  printed: readonly (PrintAnswer | undefined)[],
): Steps<Appendix> {
  const suffixes = blockSuffixes(dialect);
  const appended: Piece[] = [];
  const blocksOf: Map<number, InsertedBlock[]>[] = [];
  for (const answer of printed) {
    const blocks = new Map<number, InsertedBlock[]>();
    blocksOf.push(blocks);
    if (answer === undefined) continue;
    const bytes = Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.length);
    let end = 0;
    for (let i = 0; i < answer.pieces.length; i += PIECE_COLUMNS) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const [family, block, from, linesFrom, to] = answer.pieces.subarray(i, i + PIECE_COLUMNS);
      const inserted = {
        suffix: suffixes[block!]!,
        bytes,
        from: from!,
        linesFrom: linesFrom!,
        to: to!,
      };
      const there = blocks.get(family!);
      if (there === undefined) blocks.set(family!, [inserted]);
      else there.push(inserted);
      end = to!;
    }
    appended.push({ bytes, from: end, to: bytes.length });
  }

  const inserted = new Map<string, InsertedBlock[]>();
  for (const [i, { name, directory, parts }] of joined.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const blocks = parts.flatMap(({ endpoint, family }) => blocksOf[endpoint]!.get(family) ?? []);
    if (blocks.length === 0) continue;
    // Each block of the family once, with the parts of all endpoints one after the other.
    const ordered = suffixes.flatMap((suffix) => blocks.filter((block) => block.suffix === suffix));
    if (directory !== undefined) {
      inserted.set(name, ordered);
      continue;
    }
    for (const [j, { suffix, bytes, from, linesFrom, to }] of ordered.entries()) {
      const hasHeader = suffix === ordered[j - 1]?.suffix;
      appended.push({ bytes, from: hasHeader ? linesFrom : from, to });
    }
  }
  return { inserted, appended };
}
