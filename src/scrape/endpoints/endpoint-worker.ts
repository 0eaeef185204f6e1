/**
 * The thread of one endpoint of --append-url (endpoint-thread.ts): fetches its page, reads it, tells what is in it, and
 * prints the part that is served. This would be too much work for the event loop.
 */
import { threadId, workerData } from 'node:worker_threads';
import type { PageFormat } from '../../expose/external-families.js';
import { labelSetLines, leaveOutExisting } from '../../expose/external-join.js';
import { type ExternalPage, readExternalPage } from '../../expose/external-page.js';
import { printExternalPage } from '../../expose/external-print.js';
import { answerQuestions, Transferred } from '../../worker-thread.js';
import {
  type EndpointFamily,
  type EndpointQuestion,
  type EndpointSetup,
  type JoinAnswer,
  type JoinQuestion,
  monotonicMs,
  OUTCOME,
  type PrintAnswer,
  type PrintQuestion,
  type ReadAnswer,
  type ReadQuestion,
} from './endpoint-questions.js';
import { fetchPage, PageTooLargeError } from './fetch-page.js';

const { url: href, prefixes, budget } = workerData as EndpointSetup;
const url = new URL(href);

interface State {
  readonly page: ExternalPage;
  /** Identifies the series in it, uniquely among all threads. */
  readonly set: string;
  /** By family, one of OUTCOME. */
  outcome: Uint8Array;
  /** By index into `order` of the page. */
  isLeftOut: Uint8Array | undefined;
}

let state: State | undefined;
let sets = 0;

async function read({ withinMs, endMs, knownSet }: ReadQuestion): Promise<ReadAnswer> {
  const late = new Error(`no answer within ${withinMs / 1000} s`);
  const over = new AbortController();
  // The question may have been sent while this thread was starting.
  const timer = setTimeout(() => over.abort(late), Math.max(0, endMs - monotonicMs()));
  let length = 0;
  try {
    const { bytes, format } = await fetchPage(url, budget.bytes, over.signal);
    length = bytes.length;
    take(bytes, format);
  } catch (error) {
    if (error instanceof PageTooLargeError) length = budget.bytes;
    state = undefined;
    return { bytes: length, fault: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
  const { page, set } = state!;
  const { repeated } = page;
  return {
    bytes: length,
    set,
    repeated,
    families: set === knownSet ? undefined : familiesOf(page),
  };
}

/** @throws Error as readExternalPage */
function take(bytes: Buffer, format: PageFormat): void {
  if (state?.page.format === format) {
    if (state.page.bytes.equals(bytes) || state.page.update(bytes)) return;
  }
  // Frees the old page before the new one is read.
  state = undefined;
  const page = readExternalPage(bytes, format, prefixes, budget);
  const outcome = new Uint8Array(page.families.length);
  state = { page, set: `${threadId}.${++sets}`, outcome, isLeftOut: undefined };
}

function familiesOf({ families }: ExternalPage): EndpointFamily[] {
  return families.map(({ name, type, keepsRawName, from, to }) => ({
    name,
    type,
    keepsRawName,
    series: to - from,
  }));
}

function join({ outcome, existing, added }: JoinQuestion, { page }: State): JoinAnswer {
  const isLeftOut = new Uint8Array(page.order.length);
  let duplicate = 0;
  let nameConflict = 0;
  for (const { family, labelSets } of existing) {
    const lines = labelSets.map((text) => Buffer.from(text.buffer, text.byteOffset, text.length));
    const leftOut = leaveOutExisting(page, page.families[family]!, lines, added, isLeftOut);
    duplicate += leftOut.duplicate;
    nameConflict += leftOut.nameConflict;
  }
  state!.outcome = outcome;
  state!.isLeftOut = isLeftOut;
  return { duplicate, nameConflict };
}

function print({ dialect, names, renamed }: PrintQuestion, { page, ...of }: State): Transferred {
  const ofOutcome = (wanted: number) =>
    page.families.flatMap((_, i) => (of.outcome[i] === wanted ? [i] : []));
  const { bytes, pieces } = printExternalPage(page, {
    dialect,
    wanted: names && new Set(names),
    apart: ofOutcome(OUTCOME.apart),
    together: ofOutcome(OUTCOME.together),
    renamed: new Set(renamed),
    isLeftOut: of.isLeftOut,
  });
  return new Transferred({ bytes, pieces } satisfies PrintAnswer, [bytes.buffer as ArrayBuffer]);
}

/** @throws Error when another page has been read since */
function stateOf(set: string): State {
  if (state?.set !== set) throw new Error('its page was read again meanwhile');
  return state;
}

answerQuestions((question: EndpointQuestion) => {
  switch (question.kind) {
    case 'read':
      return read(question);
    case 'labelSets': {
      const { page } = stateOf(question.set);
      return question.families.map((family) => labelSetLines(page, page.families[family]!));
    }
    case 'join':
      return join(question, stateOf(question.set));
    case 'print':
      return print(question, stateOf(question.set));
  }
});
