/**
 * What the thread of an endpoint is asked (endpoint-thread.ts), and what it answers (endpoint-worker.ts). What crosses is
 * small, or bytes that are handed over or shared: the event loop takes it as it is.
 */
import type { Dialect } from '../../expose/dialect.js';
import type { AddedLabel } from '../../expose/external-join.js';
import type { PageBudget } from '../../expose/external-page.js';
import type { PrintedPage } from '../../expose/external-print.js';
import type { FamilyHead } from '../../expose/family.js';
import type { Prefixes } from '../../plan/selection.js';

/** What the thread is told when it begins. */
export interface EndpointSetup {
  readonly url: string;
  readonly prefixes: Prefixes;
  readonly budget: PageBudget;
}

/** What is printed of a family of an endpoint. */
export const OUTCOME = {
  /** All of it, in one run with others. */
  together: 0,
  /** In pieces that are joined with those of the same family in the directory or in another page. */
  apart: 1,
  none: 2,
} as const;

export interface ReadQuestion {
  readonly kind: 'read';
  readonly withinMs: number;
  /** When that is over, by monotonicMs(). */
  readonly endMs: number;
  /** Whose families are known to who asks; '' for none. */
  readonly knownSet: string;
}

export type ReadAnswer =
  | {
      /** Of the page. */
      readonly bytes: number;
      /** Names the series of the page; as long as they are the same, so is it. */
      readonly set: string;
      /** Samples of series that the page has already. */
      readonly repeated: number;
      /** Absent for the known set. */
      readonly families: readonly EndpointFamily[] | undefined;
    }
  | {
      /** That were fetched. */
      readonly bytes: number;
      /** What is wrong with the page, or kept it from coming. */
      readonly fault: string;
    };

export interface EndpointFamily extends Pick<FamilyHead, 'name' | 'type' | 'keepsRawName'> {
  readonly series: number;
}

/** The same in all threads, and whatever becomes of the clock. */
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
  /** Of families that the directory or another page has, too: the label sets there. */
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
