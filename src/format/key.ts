/**
 * What a key says: family, sample name, labels, help. Runs once per distinct key.
 *
 *   0.16.0 and later    [metric, sample, {label: value}, help]
 *   0.4.0 to 0.15.0     [metric, sample, {label: value}]
 *   0.3.1 and earlier   [metric, sample, [label], [value]]
 *
 * A key that says enough to be printed is served, repaired if necessary. Any other costs only its own
 * entry (`src/reference.md` N1, K15 to K22).
 *
 * Source: prometheus_client mmap_dict.py, mmap_key, and its history (`src/reference.md` A7).
 */
import { compareCodePoints } from './code-point.js';
import type { MetricType } from './filename.js';

/** A label set: names and values, sorted by code point of the name, each name once. */
export type Label = readonly [name: string, value: string];
export type Labels = readonly Label[];

export interface Key {
  /** Metric name without `_total`, as prometheus_client stores it. */
  readonly family: string;
  readonly sampleName: string;
  readonly labels: Labels;
  readonly help: string;
  /**
   * A counter from before 0.4.0 whose name lacks `_total`: it is printed without, and OpenMetrics
   * calls it `unknown`. Set for list keys whose sample name equals the family and has no `_total`.
   */
  readonly keepsRawName: boolean;
  /** `_total` was taken off a list key's metric name, which is right for a counter: see familyOf. */
  readonly totalRemoved?: true;
  /** The shape of an older client; absent for that of 0.16.0 and later. */
  readonly olderForm?: OlderForm;
  /** What had to be repaired, as a phrase; absent for a sound key. */
  readonly repaired?: string;
}

/** What decides of which family it is. */
export type NamesOfKey = Pick<Key, 'family' | 'sampleName' | 'totalRemoved'>;

/** Why an entry cannot be served; a `reason` label of promfold_skipped_entries. */
export type KeyFault = 'utf8' | 'json' | 'shape' | 'name' | 'label' | 'le';

/** `[metric, sample, {label: value}]`, and `[metric, sample, [label], [value]]`. */
export type OlderForm = 'without help' | 'lists';

export interface UnusableKey {
  readonly fault: KeyFault;
  /** What was found, as a phrase. */
  readonly found: string;
}

/** What prometheus_client says of a metric whose files hold no help. */
export const HELP_OF_OLD_KEYS = 'Multiprocess metric';

// A byte order mark is not part of JSON: it must reach the parser, and fail there as in Python.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function isUnusable(key: Key | UnusableKey): key is UnusableKey {
  return 'fault' in key;
}

/**
 * Reads a key.
 *
 * Not checked here: whether names are legal (they are escaped when printed), and `le`.
 *
 * A list key whose metric and sample are both `c_total` becomes family `c`, since before 0.4.0 a
 * counter kept its suffix. The file's type is not known here; familyOf puts it back for a gauge.
 *
 * @param maxLabels a key with more labels is unusable; they are counted before there is a string of any
 */
export function parseKey(bytes: Uint8Array, maxLabels = Infinity): Key | UnusableKey {
  if (bytes.length / LABEL_BYTES > maxLabels && countLabels(bytes) > maxLabels) {
    return {
      fault: 'label',
      found: `key has more than ${maxLabels.toLocaleString('en-US')} labels`,
    };
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { fault: 'utf8', found: 'key is not UTF-8' };
  }

  let parsed: unknown;
  try {
    parsed = parsePythonJson(text);
  } catch {
    return { fault: 'json', found: `key is not JSON: ${excerpt(text)}` };
  }

  const parts = splitShape(parsed);
  if (parts === undefined) {
    return { fault: 'shape', found: `key has none of the known shapes: ${excerpt(text)}` };
  }
  return readParts(parts);
}

/** `"":"",` is the shortest label. */
const LABEL_BYTES = 6;

/** A lower bound of the labels of a key: counts the colons and commas outside of texts. */
function countLabels(bytes: Uint8Array): number {
  let isText = false;
  let colons = 0;
  let commas = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) isText = !isText;
    else if (isText && byte === BACKSLASH) i++;
    else if (!isText && byte === COLON) colons++;
    else if (!isText && byte === COMMA) commas++;
  }
  // A key of lists has names and values apart, with a comma between two of either.
  return Math.max(colons, Math.floor(commas / 2));
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);

/**
 * The family of a key in a file of this type: before 0.4.0 a gauge or summary could be called
 * `x_total`, and then that is its whole name.
 */
export function familyOf(key: NamesOfKey, type: MetricType): string {
  return key.totalRemoved && type !== 'counter' ? key.sampleName : key.family;
}

interface Parts {
  readonly metric: unknown;
  readonly sample: unknown;
  readonly labels: readonly (readonly [unknown, unknown])[];
  readonly help: unknown;
  readonly olderForm: OlderForm | undefined;
}

function splitShape(parsed: unknown): Parts | undefined {
  if (!Array.isArray(parsed) || parsed.length < 3 || parsed.length > 4) return undefined;
  const [metric, sample, third, fourth] = parsed as unknown[];

  if (Array.isArray(third)) {
    if (!Array.isArray(fourth) || third.length !== fourth.length) return undefined;
    const labels = third.map((name, i) => [name, fourth[i]] as const);
    return { metric, sample, labels, help: HELP_OF_OLD_KEYS, olderForm: 'lists' };
  }
  if (typeof third !== 'object' || third === null) return undefined;
  const isOlder = parsed.length === 3;
  return {
    metric,
    sample,
    labels: Object.entries(third),
    help: isOlder ? HELP_OF_OLD_KEYS : fourth,
    olderForm: isOlder ? 'without help' : undefined,
  };
}

function readParts({ metric, sample, labels, help, olderForm }: Parts): Key | UnusableKey {
  if (typeof metric !== 'string' || metric === '') {
    return { fault: 'name', found: `metric name is ${kindOf(metric)}` };
  }
  if (typeof sample !== 'string' || sample === '') {
    return { fault: 'name', found: `sample name is ${kindOf(sample)}` };
  }

  const repairs: string[] = [];
  const repair = (text: string, what: string): string => {
    if (text.isWellFormed()) return text;
    repairs.push(`half a surrogate pair in ${what}`);
    return text.toWellFormed();
  };

  const pairs: Label[] = [];
  let isSorted = true;
  for (const [name, value] of labels) {
    if (typeof name !== 'string') {
      return { fault: 'label', found: `label name is ${kindOf(name)}` };
    }
    const repairedName = repair(name, 'a label name');
    if (typeof value !== 'string') {
      return {
        fault: 'label',
        found: `value of label ${excerpt(repairedName)} is ${kindOf(value)}`,
      };
    }
    const repairedValue = value.isWellFormed()
      ? value
      : repair(value, `the value of label ${excerpt(repairedName)}`);
    isSorted &&= pairs.length === 0 || compareCodePoints(pairs.at(-1)![0], repairedName) < 0;
    pairs.push([repairedName, repairedValue]);
  }

  let repairedHelp = '';
  if (typeof help === 'string') repairedHelp = repair(help, 'the help');
  else repairs.push(`help is ${kindOf(help)}`);

  const metricName = repair(metric, 'the metric name');
  const sampleName = repair(sample, 'the sample name');
  const whole = olderForm === 'lists' && metricName === sampleName;
  // A metric called just `_total` would be left without a name.
  const totalRemoved = whole && /.+_total$/s.test(metricName);
  return {
    family: totalRemoved ? metricName.slice(0, -'_total'.length) : metricName,
    sampleName,
    labels: isSorted ? pairs : sortedLabels(pairs),
    help: repairedHelp,
    keepsRawName: whole && !totalRemoved,
    ...(totalRemoved && { totalRemoved }),
    ...(olderForm && { olderForm }),
    ...(repairs.length > 0 && { repaired: repairs.join(', ') }),
  };
}

/** By name; of two labels with one name the last one counts. Clients since 0.16.0 write them sorted. */
function sortedLabels(pairs: readonly Label[]): Labels {
  return [...new Map(pairs)].sort((a, b) => compareCodePoints(a[0], b[0]));
}

/**
 * JSON as json.loads accepts it: with `NaN`, `Infinity` and `-Infinity`. These are returned as null, since no part of a
 * key may be a number.
 */
function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    const literals = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/g;
    return JSON.parse(text.replace(literals, (found) => (found[0] === '"' ? found : 'null')));
  }
}

/** What was found in place of a text, as a phrase; never its content, which may be nested without end. */
function kindOf(value: unknown): string {
  if (value === '') return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Enough of what was found to recognise it, on one line. */
function excerpt(text: string): string {
  const maxCharacters = 60;
  const start = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  // Control characters would break the line of a log or a terminal.
  return start.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
