/** The schemas that answers have in common, by name. What is optional is left out where it is not known. */
import { WARNING_CODES } from '../../inspect/explain/explanation.js';
import { SEVERITIES } from '../../inspect/findings/finding.js';
import { OPERATION } from '../../plan/operation.js';
import { VERDICTS } from '../../watchdog/verdict.js';
import { API_ERROR_CODES } from './error.js';
import {
  BOOLEAN,
  byName,
  COUNT,
  FINITE,
  list,
  NUMBER,
  object,
  oneOf,
  ref,
  type Schema,
  SECONDS,
  STRING,
  text,
} from './schema.js';

const LIVENESS = oneOf(['alive', 'dead', 'unknown', 'archive']);
const OPERATION_NAME = oneOf(Object.keys(OPERATION));
const LABELS: Schema = { ...byName(STRING), description: 'As printed.' };
const SERIES_TEXT = text('With its labels: a selector of exactly this series.');

/** What a process or a directory has of files. */
const SUMS = {
  kinds: { ...byName(COUNT), description: 'Files of each kind, as `gauge livesum`.' },
  clients: list(text('Which versions of prometheus_client wrote them.')),
  files: COUNT,
  damagedFiles: COUNT,
  unreadableFiles: COUNT,
  entries: COUNT,
  usedBytes: COUNT,
};

/** Not known of a moment that was recorded. */
const SIZES = { sizeBytes: COUNT, diskBytes: COUNT };

/** As undefined in a list becomes. */
const COLUMN = list({ anyOf: [NUMBER, { type: 'null' }] });
const RATE: Schema = { ...COLUMN, description: 'Since the time before; of what only grows.' };
const QUANTILES_OVER_TIME: Schema = {
  ...object({ p50: COLUMN, p90: COLUMN, p99: COLUMN }),
  description: 'Of the observations since the time before.',
};

/** Columns have an element for each time: null where there was none. */
const HISTORY = {
  required: { timeSeconds: list(SECONDS), value: COLUMN },
  optional: {
    ratePerSecond: RATE,
    decided: {
      ...list(object({ timeSeconds: SECONDS }, { value: NUMBER, processId: STRING, file: STRING })),
      description: 'From each of these times on another process decides, or none.',
    },
  },
};

const SHARE_HISTORY = {
  required: { processId: STRING, file: STRING, value: COLUMN },
  optional: { role: STRING, ratePerSecond: RATE },
};

const HOLDER = {
  required: { processId: STRING, liveness: LIVENESS, file: STRING },
  optional: { lastSeenSeconds: SECONDS, role: STRING, program: STRING },
};

const OBSERVATIONS = {
  required: {
    count: NUMBER,
    quantiles: object({ p50: NUMBER, p90: NUMBER, p99: NUMBER }),
    buckets: { ...list(NUMBER), description: 'Running totals.' },
  },
  optional: { sum: NUMBER },
};

export const COMPONENTS: Readonly<Record<string, Schema>> = {
  Number: {
    description: 'A number; as text if JSON does not have it.',
    anyOf: [{ type: 'number' }, oneOf(['NaN', '+Inf', '-Inf'])],
  },
  Error: object({ error: object({ code: oneOf(API_ERROR_CODES), message: STRING }) }),
  Page: object(
    {
      offset: COUNT,
      limit: COUNT,
      total: { ...COUNT, description: 'Elements of the whole list.' },
    },
    { next: text('URL of the next page, relative to this one; absent on the last.') },
  ),
  Process: object(
    { processId: STRING, liveness: LIVENESS, previousLife: BOOLEAN, ...SUMS },
    {
      ...SIZES,
      pid: COUNT,
      role: STRING,
      program: STRING,
      startSeconds: SECONDS,
      lastSeenSeconds: SECONDS,
      firstSeenSeconds: SECONDS,
    },
  ),
  ProcessTotal: object(
    {
      processes: object({ alive: COUNT, dead: COUNT, unknown: COUNT }),
      foreignFiles: COUNT,
      ...SUMS,
    },
    {
      ...SIZES,
      archives: { ...COUNT, description: 'Of dead processes, which `promfold compact` made.' },
    },
  ),
  File: object(
    {
      name: STRING,
      entries: COUNT,
      usedBytes: COUNT,
      previousLife: BOOLEAN,
    },
    {
      ...SIZES,
      processId: STRING,
      type: STRING,
      mode: STRING,
      client: STRING,
      modifiedSeconds: SECONDS,
      fault: object({ code: STRING, found: STRING }, { offset: COUNT }),
    },
  ),
  FileEntries: object(
    {
      file: STRING,
      path: STRING,
      slotBytes: { type: 'integer', enum: [0, 8, 16] },
      usedBytes: { type: 'integer', minimum: -1 },
      sizeBytes: COUNT,
      entryCount: COUNT,
      entries: list(ref('Entry')),
    },
    {
      type: STRING,
      mode: STRING,
      processId: STRING,
      liveness: LIVENESS,
      lastSeenSeconds: SECONDS,
      operation: OPERATION_NAME,
      fault: object(
        { code: STRING, found: STRING, expected: STRING },
        { offset: COUNT, excerpt: text('Bytes as hex.'), excerptOffset: COUNT },
      ),
    },
  ),
  Entry: object(
    { offset: COUNT, valueOffset: COUNT, value: NUMBER, previousLife: BOOLEAN },
    {
      setSeconds: SECONDS,
      ageSeconds: FINITE,
      series: SERIES_TEXT,
      family: STRING,
      labels: LABELS,
      help: STRING,
      problem: object({ code: STRING, found: STRING }),
    },
  ),
  Gauge: object(
    {
      series: SERIES_TEXT,
      family: STRING,
      mode: STRING,
      value: NUMBER,
      previousLife: BOOLEAN,
      file: STRING,
    },
    { setSeconds: SECONDS, ageSeconds: FINITE },
  ),
  Family: object(
    {
      name: STRING,
      type: STRING,
      help: STRING,
      series: COUNT,
      entries: COUNT,
      bytes: COUNT,
    },
    { mode: STRING },
  ),
  Label: object({
    name: STRING,
    values: { ...COUNT, description: 'Different ones.' },
    series: COUNT,
    entries: COUNT,
    families: COUNT,
  }),
  LabelValue: object({ value: STRING, series: COUNT, entries: COUNT, families: COUNT }),
  Series: object(
    {
      series: SERIES_TEXT,
      name: STRING,
      labels: LABELS,
      family: STRING,
      type: STRING,
      processes: COUNT,
    },
    {
      mode: STRING,
      value: { ...NUMBER, description: 'As a scrape prints it; absent if it is not printed.' },
      perSecond: { ...FINITE, description: 'Since the previous instant.' },
    },
  ),
  Warning: object({ code: oneOf(WARNING_CODES), text: STRING }),
  Share: object(
    { ...HOLDER.required, value: NUMBER, previousLife: BOOLEAN, decides: BOOLEAN },
    {
      ...HOLDER.optional,
      valueOffset: COUNT,
      percent: NUMBER,
      setSeconds: SECONDS,
      ageSeconds: FINITE,
    },
  ),
  ExplainedSeries: object(
    {
      series: SERIES_TEXT,
      sampleName: STRING,
      labels: LABELS,
      family: STRING,
      type: STRING,
      operation: OPERATION_NAME,
      shares: list(ref('Share')),
      verdict: STRING,
      warnings: list(ref('Warning')),
    },
    { mode: STRING, value: NUMBER, history: ref('History') },
  ),
  History: object(
    {
      ...HISTORY.required,
      shares: list(object(SHARE_HISTORY.required, SHARE_HISTORY.optional)),
    },
    HISTORY.optional,
  ),
  HistogramHistory: object(
    {
      ...HISTORY.required,
      quantiles: QUANTILES_OVER_TIME,
      buckets: {
        ...list(object({ le: STRING, increase: COLUMN })),
        description: 'Observations since the time before, those of lower buckets not counted.',
      },
      shares: list(
        object(
          { ...SHARE_HISTORY.required, quantiles: QUANTILES_OVER_TIME },
          SHARE_HISTORY.optional,
        ),
      ),
    },
    HISTORY.optional,
  ),
  ExplainedHistogram: object(
    {
      histogram: STRING,
      labels: LABELS,
      family: STRING,
      operation: OPERATION_NAME,
      ...OBSERVATIONS.required,
      le: list(STRING),
      shares: list(
        object(
          { ...HOLDER.required, ...OBSERVATIONS.required },
          { ...HOLDER.optional, ...OBSERVATIONS.optional, percent: NUMBER },
        ),
      ),
      warnings: list(ref('Warning')),
    },
    { ...OBSERVATIONS.optional, history: ref('HistogramHistory') },
  ),
  Finding: object({
    code: STRING,
    severity: oneOf(SEVERITIES),
    title: STRING,
    effect: STRING,
    cure: STRING,
    evidenceCount: { ...COUNT, description: 'Pieces of evidence in all.' },
    evidence: list(object({ text: STRING }, { file: STRING, family: STRING, processId: STRING })),
  }),
  TopProcess: object(
    {
      processId: STRING,
      liveness: LIVENESS,
      incrementsPerSecond: { ...NUMBER, description: 'Of counters.' },
      observationsPerSecond: { ...NUMBER, description: 'Of histograms and summaries.' },
      movingEntries: { ...COUNT, description: 'Counted series that changed.' },
      entries: COUNT,
      usedBytes: COUNT,
    },
    {
      lastSeenSeconds: SECONDS,
      pid: COUNT,
      role: STRING,
      program: STRING,
      verdict: { ...oneOf(VERDICTS), description: 'Absent where the watchdog is off.' },
    },
  ),
  Verdict: object(
    {
      verdict: oneOf(VERDICTS),
      sinceSeconds: {
        ...SECONDS,
        description:
          'Since 1970: when it last counted something, or else since when the verdict holds.',
      },
      evidence: list(STRING),
    },
    {
      processId: text('Of a process.'),
      engine: text('Of an engine: its label.'),
      modelName: text('Of an engine, where it has one.'),
      source: text('Which of several directories, where the answer is about all of them.'),
    },
  ),
  TopSeries: object({
    series: { ...SERIES_TEXT, description: 'Of a histogram or a summary, its count.' },
    family: STRING,
    incrementsPerSecond: {
      ...NUMBER,
      description: 'Of a histogram or a summary, its observations.',
    },
    processes: { ...COUNT, description: 'In which it moved.' },
  }),
  TopGauge: object(
    {
      series: SERIES_TEXT,
      family: STRING,
      value: { ...NUMBER, description: 'As a scrape prints it.' },
      processes: { ...COUNT, description: 'Whose values are merged in it.' },
    },
    { mode: STRING, change: { ...NUMBER, description: 'Absent if it had no value before.' } },
  ),
  ChangedSeries: object(
    { series: SERIES_TEXT, type: STRING },
    {
      processId: STRING,
      histogram: { ...STRING, description: 'That it is part of.' },
      before: { ...NUMBER, description: 'Absent where it was added.' },
      after: { ...NUMBER, description: 'Absent where it was removed.' },
      delta: NUMBER,
      wentBack: { ...BOOLEAN, description: 'It should only grow.' },
    },
  ),
  ChangedHistogram: object(
    { histogram: STRING, family: STRING, le: list(STRING) },
    {
      processId: STRING,
      before: ref('Observations'),
      after: ref('Observations'),
      between: ref('Observations'),
      wentBack: BOOLEAN,
    },
  ),
  Observations: object(OBSERVATIONS.required, OBSERVATIONS.optional),
  TopProblem: object({
    code: STRING,
    severity: oneOf(SEVERITIES),
    title: STRING,
    count: COUNT,
  }),
};
