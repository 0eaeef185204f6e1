/** The answers of the API, by the names that the page uses. Their shapes are those of the views themselves. */
import type { Difference } from '../inspect/diff.js';
import type { FileEntries } from '../inspect/entries.js';
import type { Explanation } from '../inspect/explain/explanation.js';
import type { PastExplanation } from '../inspect/explain/history.js';
import type { Severity } from '../inspect/findings/finding.js';
import type { OneProcess } from '../inspect/one-process.js';
import type { ProcessSeriesView } from '../inspect/process-series.js';
import type { FileView, ProcessesView } from '../inspect/processes.js';
import type { ProcessCount } from '../inspect/series/count-processes.js';
import type { FamilyView } from '../inspect/series/list-families.js';
import type { LabelValueView, LabelView } from '../inspect/series/list-labels.js';
import type { SeriesView } from '../inspect/series/list-series.js';
import type { TopView } from '../inspect/top.js';
import type { Verdict } from '../watchdog/verdict.js';
import type { Json, OfInstant, Paged } from './api.js';

export type { FamilyView, FileView, LabelValueView, LabelView, ProcessCount, SeriesView };
export type Process = Json<ProcessesView>['processes'][number];

/** As serve/api/status.ts answers. */
export interface Status {
  readonly version: string;
  readonly startedSeconds: number;
  readonly uptimeSeconds: number;
  readonly sources: readonly {
    readonly name?: string;
    readonly path: string;
    readonly up: boolean;
    readonly error?: string;
    readonly series: number;
    readonly entries: number;
  }[];
  /** The last one that was answered. */
  readonly lastScrape?: { readonly timeSeconds: number; readonly seconds: number };
  readonly recorder?: {
    readonly intervalSeconds: number;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly ticks: number;
    readonly ticksLeftOut: number;
    readonly diskBytes?: number;
    readonly sources: readonly {
      readonly name?: string;
      readonly path: string;
      readonly fromSeconds: number;
      readonly toSeconds: number;
      readonly bytes: number;
    }[];
  };
  /** Of a recording that is shown: when it begins and ends. */
  readonly recording?: { readonly fromSeconds: number; readonly toSeconds: number };
}

export type Processes = Json<ProcessesView> & OfInstant & Paged;
export type ProcessAnswer = Json<OneProcess> & OfInstant & Paged;
export type Files = OfInstant &
  Paged & { readonly path: string; readonly files: readonly FileView[] };
export type FileAnswer = OfInstant &
  Paged & { readonly path: string; readonly files: readonly Json<FileEntries>[] };
export type Families = OfInstant & Paged & { readonly families: readonly FamilyView[] };
export type Labels = OfInstant & Paged & { readonly labels: readonly LabelView[] };
export type LabelValues = OfInstant & Paged & { readonly values: readonly LabelValueView[] };
export type SeriesAnswer = OfInstant & Paged & { readonly series: readonly Json<SeriesView>[] };
export type Explained = Json<Explanation> & OfInstant & Paged;
export type ExplainedSeries = Explained['series'][number];
export type ExplainedHistogram = Explained['histograms'][number];
export type History = Json<PastExplanation>;
export type Top = Json<TopView> & OfInstant;
export type Compared = Json<Difference> & {
  readonly beforeSeconds: number;
  readonly afterSeconds: number;
};

/** As serve/api/endpoints/process-series.ts answers. */
export type ProcessSeries = OfInstant &
  Paged & { readonly series: readonly Json<ProcessSeriesView>[] };
export type ProcessCounts = OfInstant & Paged & { readonly processes: readonly ProcessCount[] };

export interface Findings extends OfInstant {
  readonly path: string;
  readonly count: Readonly<Record<Severity, number>>;
  readonly findings: readonly {
    readonly code: string;
    readonly severity: Severity;
    readonly title: string;
    readonly effect: string;
    readonly cure: string;
    readonly evidenceCount: number;
    readonly evidence: readonly {
      readonly text: string;
      readonly file?: string;
      readonly family?: string;
      readonly processId?: string;
    }[];
  }[];
}

export interface Incidents {
  readonly incidents: readonly {
    readonly id: string;
    readonly timeSeconds: number;
    readonly reason: string;
    readonly source?: string;
    readonly path: string;
    readonly processes: readonly {
      readonly processId: string;
      readonly pid: number;
      readonly state: string;
      readonly role?: string;
      readonly program?: string;
    }[];
    readonly bytes: number;
  }[];
}

/** What each process and each engine does, and why that is said. */
export interface Verdicts {
  readonly verdicts: readonly Verdict[];
}
