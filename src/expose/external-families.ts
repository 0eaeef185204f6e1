/**
 * Which family a sample of an external page belongs to, and what the page says about the family.
 *
 * A name is one family, whatever the page does: a second block of it (Dynamo serves two pages one after the other)
 * adds to the first, whose TYPE and HELP count. In the text formats `x_created` of a counter, histogram or summary `x`
 * is a gauge of its own, and part of that family again here.
 *
 * Source: Prometheus docs, exposition_formats; OpenMetrics 1.0.0, "Suffixes"; prometheus_client parser.py and
 * openmetrics/parser.py, text_fd_to_metric_families.
 */
import type { MetricType } from '../format/filename.js';
import type { FamilyHead } from './family.js';
import { unescaped } from './sample-scanner.js';

/** What the endpoint says its page is. */
export type PageFormat = 'text' | 'openmetrics';

export const KEYWORDS = ['HELP', 'TYPE', 'UNIT'] as const;
export type Keyword = (typeof KEYWORDS)[number];

/** What a page has said about one name so far. */
export interface Draft {
  readonly index: number;
  /** As in the TYPE line: in the text formats that of a counter ends in `_total`. */
  readonly name: string;
  type: MetricType | undefined;
  help: string | undefined;
  unit: string | undefined;
}

const TEXT_TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
};

const OPENMETRICS_TYPES: Readonly<Record<string, MetricType>> = {
  ...TEXT_TYPES,
  gaugehistogram: 'gaugehistogram',
  info: 'info',
  stateset: 'stateset',
};

type Suffixes = Readonly<Record<MetricType, readonly string[]>>;

/** Whatever the type, a sample may have the name of the family. */
const TEXT_SUFFIXES: Suffixes = {
  counter: [''],
  gauge: [''],
  unknown: [''],
  histogram: ['', '_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
  gaugehistogram: [''],
  info: [''],
  stateset: [''],
};

const OPENMETRICS_SUFFIXES: Suffixes = {
  counter: ['_total', '_created'],
  gauge: [''],
  unknown: [''],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  summary: ['', '_sum', '_count', '_created'],
  info: ['_info'],
  stateset: [''],
};

const ANY_SUFFIX = /_(?:total|created|bucket|sum|count|gsum|gcount|info)$/;

const WITH_CREATED: readonly (MetricType | undefined)[] = ['counter', 'histogram', 'summary'];

export interface FamilyLimits {
  readonly families: number;
  /** Of the names of all families. */
  readonly familyNameBytes: number;
}

export class ExternalFamilies {
  readonly #format: PageFormat;
  readonly #limits: FamilyLimits;
  readonly drafts: Draft[] = [];
  #nameBytes = 0;
  readonly #byName = new Map<string, Draft>();

  constructor(format: PageFormat, limits: FamilyLimits) {
    this.#format = format;
    this.#limits = limits;
  }

  /**
   * Takes what follows the name in a HELP, TYPE or UNIT line; the first of each counts.
   *
   * @returns whether the family has a type from now on
   * @throws Error when there are too many families
   */
  describe(keyword: Keyword, name: string, text: string): boolean {
    const draft = this.#draftOf(name);
    if (keyword === 'HELP') draft.help ??= this.#help(text);
    if (keyword === 'UNIT') draft.unit ??= text.trim();
    if (keyword !== 'TYPE' || draft.type !== undefined) return false;
    draft.type = this.#types[text.trim()] ?? 'unknown';
    return true;
  }

  /**
   * The family of a sample, by the HELP, TYPE and UNIT lines so far.
   *
   * @throws Error when there are too many families, or when no sample of the family's type may have the name
   */
  ownerOf(sampleName: string): Draft {
    const named = this.#byName.get(sampleName);
    if (this.#allows(named, '')) return named!;
    const suffix = ANY_SUFFIX.exec(sampleName)?.[0];
    if (suffix !== undefined) {
      const base = this.#byName.get(sampleName.slice(0, -suffix.length));
      if (this.#allows(base, suffix)) return base!;
    }
    if (named?.type !== undefined)
      throw new Error(`${sampleName} is not a sample of a ${named.type}`);
    return this.#draftOf(sampleName);
  }

  /** The draft that the samples of a draft belong to in the end: that of `x` for `x_created`. */
  targetOf(draft: Draft): Draft {
    if (this.#format === 'openmetrics') return draft;
    if (draft.type !== 'gauge' || !draft.name.endsWith('_created')) return draft;
    const base = draft.name.slice(0, -'_created'.length);
    const total = this.#byName.get(`${base}_total`);
    if (total?.type === 'counter') return total;
    const owner = this.#byName.get(base);
    if (!WITH_CREATED.includes(owner?.type) || owner!.type === 'counter') return draft;
    return owner!;
  }

  headOf({ name: printed, type = 'unknown', help = '', unit }: Draft): FamilyHead {
    const isText = this.#format === 'text';
    const keepsRawName = isText && type === 'counter' && !printed.endsWith('_total');
    const isCut = isText && type === 'counter' && !keepsRawName;
    const name = isCut ? printed.slice(0, -'_total'.length) : printed;
    return { name, type, help, keepsRawName, ...(unit && { unit }) };
  }

  get #types(): Readonly<Record<string, MetricType>> {
    return this.#format === 'text' ? TEXT_TYPES : OPENMETRICS_TYPES;
  }

  /** Whether a sample with this suffix may belong to the family; not before it has a TYPE. */
  #allows(draft: Draft | undefined, suffix: string): boolean {
    if (draft?.type === undefined) return false;
    const suffixes = this.#format === 'text' ? TEXT_SUFFIXES : OPENMETRICS_SUFFIXES;
    return suffixes[draft.type].includes(suffix);
  }

  #draftOf(name: string): Draft {
    let draft = this.#byName.get(name);
    if (draft === undefined) {
      const { families, familyNameBytes } = this.#limits;
      this.#nameBytes += Buffer.byteLength(name);
      if (this.drafts.length >= families) throw new Error(`more than ${families} families`);
      if (this.#nameBytes > familyNameBytes) {
        throw new Error(`more than ${familyNameBytes} bytes of names of families`);
      }
      const index = this.drafts.length;
      draft = { index, name, type: undefined, help: undefined, unit: undefined };
      this.#byName.set(name, draft);
      this.drafts.push(draft);
    }
    return draft;
  }

  /** In the text formats a quote in a help is not escaped. */
  #help(text: string): string {
    if (this.#format === 'openmetrics') return unescaped(text);
    return text.replace(/\\([\\n])/g, (_, character: string) => (character === 'n' ? '\n' : '\\'));
  }
}
