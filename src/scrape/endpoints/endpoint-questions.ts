/**
 * The questions that endpoint-thread.ts asks the thread of an endpoint, and the answers of endpoint-worker.ts. They are
 * small, or bytes that are transferred or shared, so the event loop has little to do.
 */
import type { Dialect } from '../../expose/dialect.js';
import type { AddedLabel } from '../../expose/external-join.js';
import type { PageBudget } from '../../expose/external-page.js';
import type { PrintedPage } from '../../expose/external-print.js';
import type { FamilyHead } from '../../expose/family.js';
import type { Prefixes } from '../../plan/selection.js';

/** What the thread is given when it starts. */
export interface EndpointSetup {
  readonly url: string;
  readonly prefixes: Prefixes;
  readonly budget: PageBudget;
}

/** How a family of an endpoint is printed. */
export const OUTCOME = {
  /** As a whole, together with others. */
  together: 0,
  /** In pieces that are joined with the same family of the directory or of another page. */
  apart: 1,
  none: 2,
} as const;

export interface ReadQuestion {
  readonly kind: 'read';
  readonly withinMs: number;
  /** When that time ends, by monotonicMs(). */
  readonly endMs: number;
  /** The set whose families the asking side knows; '' for none. */
  readonly knownSet: string;
}

export type ReadAnswer =
  | {
      /** Of the page. */
      readonly bytes: number;
      /** Identifies the series of the page: it is the same as long as they are. */
      readonly set: string;
      /** Samples of series that the page has already. */
      readonly repeated: number;
      /** Absent for the known set. */
      readonly families: readonly EndpointFamily[] | undefined;
    }
  | {
      /** Bytes that were fetched. */
      readonly bytes: number;
      /** What is wrong with the page, or why it was not received. */
      readonly fault: string;
    };

export interface EndpointFamily extends Pick<FamilyHead, 'name' | 'type' | 'keepsRawName'> {
  readonly series: number;
}

/** A monotonic clock that all threads share. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** Answered with one text for each: label sets, a newline after each. */
export interface LabelSetsQuestion {
  readonly kind: 'labelSets';
  readonly set: string;
  readonly families: readonly number[];
}

export interface JoinQuestion {
  readonly kind: 'join';
  readonly set: string;
  /** By family, one of OUTCOME. */
  readonly outcome: Uint8Array;
  /** For families that the directory or another page has, too: their label sets. */
  readonly existing: readonly { family: number; labelSets: readonly Uint8Array[] }[];
  /** Labels that are not compared. */
  readonly added: readonly AddedLabel[];
}

/** Series that are left out. */
export interface JoinAnswer {
  readonly duplicate: number;
  readonly nameConflict: number;
}

export interface PrintQuestion {
  readonly kind: 'print';
  readonly set: string;
  readonly dialect: Dialect;
  /** `name[]`; absent for all. */
  readonly names: readonly string[] | undefined;
  /** Families whose names are forced. */
  readonly renamed: readonly number[];
}

export type PrintAnswer = PrintedPage;

export type EndpointQuestion = ReadQuestion | LabelSetsQuestion | JoinQuestion | PrintQuestion;
