/**
 * Reads the page of another endpoint, text 0.0.4, as families to be printed again.
 *
 * Each family once, whatever the page does: a second block of the name (Dynamo serves two pages one
 * behind the other) adds the series that the first has not. `x_created` of a counter, histogram or
 * summary `x` is part of that family again, as OpenMetrics has it; the text formats print it apart anyway.
 * A family without a sample is none.
 *
 * Source: Prometheus docs, exposition_formats; prometheus_client's parser.py, text_fd_to_metric_families.
 */
import type { MetricType } from '../format/filename.js';
import type { Labels } from '../format/key.js';
import { withLabel } from '../format/labels.js';
import { formatNumber } from '../format/number.js';
import type { ExposedSeries } from './family.js';
import { numberOf, parseSampleLine, type SampleLine, unescaped } from './sample-line.js';
import type { ValuedFamily } from './valued-family.js';

const TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  untyped: 'unknown',
};

const COMMENT = /^#\s*(HELP|TYPE)\s+("(?:[^"\\]|\\.)*"|\S+)(?:\s+(.*))?$/s;

/** What the suffix of a sample says of its family's type. */
const PARTS: readonly (readonly [suffix: string, types: readonly MetricType[]])[] = [
  ['_bucket', ['histogram']],
  ['_sum', ['histogram', 'summary']],
  ['_count', ['histogram', 'summary']],
];

const WITH_CREATED: readonly MetricType[] = ['counter', 'histogram', 'summary'];

interface Draft {
  /** As TYPE has it: a counter's with `_total`. */
  readonly name: string;
  type: MetricType | undefined;
  help: string | undefined;
  /** By series. */
  readonly samples: Map<string, SampleLine>;
}

/** @throws Error `line 7: …` for a line that is neither sample nor comment */
export function parseForeignPage(text: string): ValuedFamily[] {
  const drafts = new Map<string, Draft>();
  const draftOf = (name: string) => {
    let draft = drafts.get(name);
    if (draft === undefined) {
      draft = { name, type: undefined, help: undefined, samples: new Map() };
      drafts.set(name, draft);
    }
    return draft;
  };

  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (line[0] === '#') {
      const [, keyword, printed, rest = ''] = COMMENT.exec(line) ?? [];
      if (printed === undefined) continue;
      const draft = draftOf(unquoted(printed));
      if (keyword === 'HELP') draft.help ??= unescapedHelp(rest);
      else draft.type ??= TYPES[rest.trim()] ?? 'unknown';
      continue;
    }
    const sample = parseSampleLine(line.trim());
    if (sample === undefined || !/^(-?\d+)?$/.test(sample.rest)) {
      throw new Error(`line ${i + 1}: no sample: ${line.slice(0, 60)}`);
    }
    const { sampleName, labels } = sample;
    const draft = draftOf(familyOfSample(sampleName, drafts));
    const key = JSON.stringify([sampleName, labels]);
    if (!draft.samples.has(key)) draft.samples.set(key, sample);
  }
  const filled = [...withoutCreated(drafts).values()].filter(({ samples }) => samples.size > 0);
  return filled.map(familyOf);
}

function familyOfSample(sampleName: string, drafts: ReadonlyMap<string, Draft>): string {
  if (drafts.get(sampleName)?.type !== undefined) return sampleName;
  for (const [suffix, types] of PARTS) {
    if (!sampleName.endsWith(suffix)) continue;
    const name = sampleName.slice(0, -suffix.length);
    const type = drafts.get(name)?.type;
    if (type !== undefined && types.includes(type)) return name;
  }
  return sampleName;
}

/** Puts the gauges `x_created` back into what they tell the creation time of. */
function withoutCreated(drafts: Map<string, Draft>): Map<string, Draft> {
  for (const [name, created] of drafts) {
    if (!name.endsWith('_created') || created.type !== 'gauge') continue;
    const base = name.slice(0, -'_created'.length);
    const owner = [drafts.get(`${base}_total`), drafts.get(base)].find(
      (one) => one?.type !== undefined && WITH_CREATED.includes(one.type),
    );
    if (owner === undefined || (owner.type === 'counter' && owner.name === base)) continue;
    for (const [key, sample] of created.samples) owner.samples.set(key, sample);
    drafts.delete(name);
  }
  return drafts;
}

function familyOf({ name: printed, type = 'unknown', help = '', samples }: Draft): ValuedFamily {
  const bare = type === 'counter' && !printed.endsWith('_total');
  const name = type === 'counter' && !bare ? printed.slice(0, -'_total'.length) : printed;
  const ordered = groupedByLabels([...samples.values()]);
  return {
    name,
    type,
    help,
    bare,
    series: ordered.map(seriesOf),
    value: ordered.map(({ value }) =>
      /^-?\d/.test(value) ? value : formatNumber(numberOf(value)),
    ),
    timestampMs: ordered.map(({ rest }) => (rest === '' ? undefined : Number(rest))),
  };
}

/** OpenMetrics wants the samples of a label set together: bounds and quantiles do not count. */
function groupedByLabels(samples: readonly SampleLine[]): SampleLine[] {
  const groups = new Map<string, SampleLine[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels.filter(([name]) => !BOUNDS.has(name)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sample]);
    else group.push(sample);
  }
  return [...groups.values()].flat();
}

const BOUNDS = new Set(['le', 'quantile']);

/** Bounds are written as everywhere here, and as OpenMetrics demands: `1.0`, not `1`. */
function seriesOf({ sampleName, labels }: SampleLine): ExposedSeries {
  const bound = labels.find(([name]) => BOUNDS.has(name));
  const number = bound === undefined ? Number.NaN : numberOf(bound[1]);
  if (bound === undefined || Number.isNaN(number)) return { sampleName, labels };
  const spelled: Labels = withLabel(labels, [bound[0], formatNumber(number)]);
  return { sampleName, labels: spelled };
}

function unquoted(name: string): string {
  return name[0] === '"' ? unescaped(name.slice(1, -1)) : name;
}

/** In a help of the text format only these two are escaped. */
function unescapedHelp(text: string): string {
  return text.replace(/\\([\\n])/g, (_, character: string) => (character === 'n' ? '\n' : '\\'));
}
