/**
 * A second merge, slow and obviously right: what one scrape of some files must print, in text 0.0.4.
 *
 * It shares no code with src/ (a test says so) and does everything anew for every file and every
 * entry, in the order of prometheus_client multiprocess.py (`_read_metrics`, `_accumulate_metrics`)
 * and exposition.py (`generate_latest`), with the differences of `src/reference.md` N: all four layouts,
 * a bad file is left out alone, a bad key costs only its entry, and no series is printed twice.
 *
 * What is *held* is not known here: a caller that wants a file's last good state passes those bytes.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FileBytes {
  /** Base name. */
  readonly name: string;
  readonly bytes: Buffer;
}

interface Entry {
  readonly key: Buffer;
  readonly value: number;
  readonly timestampSeconds: number;
}

type Labels = [name: string, value: string][];

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly timestampSeconds: number;
  /** It is in a file of gauges. */
  readonly isOfGauge: boolean;
}

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly keepsRawName: boolean;
  mode: string;
  readonly samples: Sample[];
}

/** What `--gauge-mode`, `--metrics.drop-label`, `--metrics.keep` and `--metrics.drop` ask for, by stored name of a family. */
export interface ReferenceRules {
  readonly modes: Readonly<Record<string, string>>;
  readonly dropLabels: Readonly<Record<string, readonly string[]>>;
  /** Of a sample as it is printed. */
  serves(family: string, sample: string, labels: Readonly<Record<string, string>>): boolean;
}

/** The regular `.db` files of a directory; names beginning with a dot are hidden from a glob. */
export function readFiles(directory: string): FileBytes[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.db') && !name.startsWith('.'))
    .filter((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => ({ name, bytes: readFileSync(join(directory, name)) }));
}

/** @returns the exposition, in the reference's own order */
export function referenceExposition(files: readonly FileBytes[], rules?: ReferenceRules): string {
  const families = new Map<string, Family>();
  for (const file of [...files].sort((a, b) => byCodePoint(a.name, b.name))) {
    addFile(families, file);
  }
  const lines = [...families.values()].flatMap((family) =>
    rules === undefined ? linesOf(family) : servedLines(family, rules),
  );

  // Of two series that print the same line, the last one wins.
  const last = new Map<string, string>();
  for (const line of lines) {
    last.set(line.startsWith('#') ? line : line.slice(0, line.lastIndexOf(' ')), line);
  }
  return [...last.values()].map((line) => `${line}\n`).join('');
}

/** Merged after labels and mode were changed, and only then are samples dropped. */
function servedLines(family: Family, { modes, dropLabels, serves }: ReferenceRules): string[] {
  const isAll = !/^(live)?(min|max|sum|mostrecent)$/.test(family.mode);
  const mode = (isAll && modes[family.name]) || family.mode;
  const joinsNothing = family.type === 'gauge' && isAll && mode === family.mode;
  const dropped = joinsNothing ? [] : (dropLabels[family.name] ?? []);
  const samples = family.samples.map((sample) => ({
    ...sample,
    labels: sample.labels.filter(([name]) => !dropped.includes(name)),
  }));
  return linesOf({ ...family, mode, samples }, (sample, labels) =>
    serves(family.name, sample, labels),
  );
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'info', 'stateset', 'gaugehistogram'];

/** @returns undefined for a name no client writes */
export function parseName(
  name: string,
): { type: string; mode: string; processId: string } | undefined {
  const parts = name.slice(0, -'.db'.length).split('_');
  if (parts.length < 2) return undefined;
  const type = parts[0] === 'untyped' ? 'unknown' : parts[0]!;
  if (!TYPES.includes(type) && type !== 'unknown') return undefined;
  if (type !== 'gauge') return { type, mode: '', processId: parts.slice(1).join('_') };
  if (parts.length < 3) return undefined;
  return { type, mode: parts[1]!, processId: parts.slice(2).join('_') };
}

/** @returns the entries, or undefined where the chain is broken */
export function readEntries(bytes: Buffer): Entry[] | undefined {
  if (bytes.length < 4) return [];
  const used = bytes.readInt32LE(0);
  if (used === 0 || used === 8) return [];
  if (used < 8 || used > bytes.length) return undefined;
  return walk(bytes, used, 16, false) ?? walk(bytes, used, 8, false) ?? walk(bytes, used, 16, true);
}

/** @param cut the last entry may end beyond `used`, as long as its key does not */
function walk(bytes: Buffer, used: number, valueBytes: 8 | 16, cut: boolean): Entry[] | undefined {
  const entries: Entry[] = [];
  let at = 8;
  while (at < used) {
    if (at + 4 > used) return undefined;
    const keyLength = bytes.readInt32LE(at);
    if (keyLength <= 0) return undefined;
    const keyEnd = at + 4 + keyLength;
    const valueAt = keyEnd + (8 - (keyEnd % 8));
    const end = valueAt + valueBytes;
    if (keyEnd > used || end > bytes.length || (end > used && !cut)) return undefined;
    entries.push({
      key: bytes.subarray(at + 4, keyEnd),
      value: bytes.readDoubleLE(valueAt),
      timestampSeconds: valueBytes === 16 ? bytes.readDoubleLE(valueAt + 8) : 0,
    });
    at = end;
  }
  return entries;
}

interface Key {
  readonly family: string;
  readonly sampleName: string;
  readonly labels: Labels;
  readonly help: string;
  readonly keepsRawName: boolean;
}

/** @returns undefined for a key that names no series */
function parseKey(bytes: Buffer): Key | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length < 3 || parts.length > 4) return undefined;
  const [stored, sampleName, third, fourth] = parts as unknown[];
  if (typeof stored !== 'string' || typeof sampleName !== 'string') return undefined;
  if (stored === '' || sampleName === '') return undefined;

  const isList = Array.isArray(third);
  let pairs: [unknown, unknown][];
  if (isList) {
    if (!Array.isArray(fourth) || fourth.length !== third.length) return undefined;
    pairs = third.map((name, index) => [name, fourth[index]]);
  } else {
    if (third === null || typeof third !== 'object') return undefined;
    pairs = Object.entries(third);
  }
  const byName = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (typeof name !== 'string' || typeof value !== 'string') return undefined;
    byName.set(name.toWellFormed(), value.toWellFormed());
  }

  const help = isList || fourth === undefined ? 'Multiprocess metric' : fourth;
  return {
    // Before 0.4.0 a counter was stored under the name it was given, with `_total` or without.
    family: isList ? stored.replace(/_total$/, '') : stored,
    sampleName,
    labels: [...byName].sort(([a], [b]) => byCodePoint(a, b)),
    help: typeof help === 'string' ? help.toWellFormed() : '',
    keepsRawName: isList && stored === sampleName && !stored.endsWith('_total'),
  };
}

function addFile(families: Map<string, Family>, { name, bytes }: FileBytes): void {
  const said = parseName(name);
  if (!said) return;
  for (const entry of readEntries(bytes) ?? []) {
    const key = parseKey(entry.key);
    if (!key) continue;
    let family = families.get(key.family);
    if (!family) {
      const { help, keepsRawName } = key;
      family = { name: key.family, type: said.type, help, keepsRawName, mode: '', samples: [] };
      families.set(key.family, family);
    }
    let labels = key.labels;
    if (said.type === 'gauge') {
      family.mode = said.mode;
      labels = [...labels, ['pid', said.processId]];
    }
    family.samples.push({
      name: key.sampleName,
      labels,
      value: entry.value,
      timestampSeconds: said.type === 'gauge' ? entry.timestampSeconds : 0,
      isOfGauge: said.type === 'gauge',
    });
  }
}

/** One group for each label set; in it one value for each sample name and label set, in first-seen order. */
class Groups {
  readonly #groups = new Map<
    string,
    Map<string, { name: string; labels: Labels; value: number }>
  >();

  get(group: Labels, name: string, labels: Labels): number | undefined {
    return this.#groups.get(JSON.stringify(group))?.get(JSON.stringify([name, labels]))?.value;
  }

  set(group: Labels, name: string, labels: Labels, value: number): void {
    const key = JSON.stringify(group);
    if (!this.#groups.has(key)) this.#groups.set(key, new Map());
    this.#groups.get(key)!.set(JSON.stringify([name, labels]), { name, labels, value });
  }

  all(): { name: string; labels: Labels; value: number }[] {
    return [...this.#groups.values()].flatMap((group) => [...group.values()]);
  }
}

function merge(family: Family): { name: string; labels: Labels; value: number }[] {
  if (family.type === 'gauge') return mergeGauge(family);
  const groups = new Groups();
  const bounds = new Map<string, { labels: Labels; sum: Map<number, number> }>();
  for (const { name, labels, value } of family.samples) {
    const le = family.type === 'histogram' ? labels.find(([label]) => label === 'le') : undefined;
    if (!le) {
      groups.set(labels, name, labels, (groups.get(labels, name, labels) ?? 0) + value);
      continue;
    }
    const bound = parseBound(le[1]);
    if (bound === undefined) continue;
    const rest = labels.filter(([label]) => label !== 'le');
    const key = JSON.stringify(rest);
    if (!bounds.has(key)) bounds.set(key, { labels: rest, sum: new Map() });
    const { sum } = bounds.get(key)!;
    sum.set(bound, (sum.get(bound) ?? 0) + value);
  }
  for (const { labels, sum } of bounds.values()) {
    let total = 0;
    for (const [bound, value] of [...sum].sort(([a], [b]) => a - b)) {
      total += value;
      groups.set(labels, `${family.name}_bucket`, [...labels, ['le', goNumber(bound)]], total);
    }
    groups.set(labels, `${family.name}_count`, labels, total);
  }
  return groups.all();
}

/** Also gauges that were never set, which are not printed. */
function seriesOf(family: Family): { name: string; labels: Labels }[] {
  if (family.type !== 'gauge' || !family.mode.endsWith('mostrecent')) return merge(family);
  const samples = family.samples.filter(({ isOfGauge }) => isOfGauge);
  return merge({ ...family, mode: 'max', samples });
}

function mergeGauge(family: Family): { name: string; labels: Labels; value: number }[] {
  const groups = new Groups();
  const stamps = new Map<string, number>();
  const mode = family.mode.replace(/^live/, '');
  for (const { name, labels: withPid, value, timestampSeconds } of family.samples) {
    const labels = ['min', 'max', 'sum', 'mostrecent'].includes(mode)
      ? withPid.filter(([label]) => label !== 'pid')
      : withPid;
    const current = groups.get(labels, name, labels);
    if (mode === 'min') {
      if (current === undefined || value < current) groups.set(labels, name, labels, value);
    } else if (mode === 'max') {
      if (current === undefined || value > current) groups.set(labels, name, labels, value);
    } else if (mode === 'sum') {
      groups.set(labels, name, labels, (current ?? 0) + value);
    } else if (mode === 'mostrecent') {
      const key = JSON.stringify([name, labels]);
      if ((stamps.get(key) ?? 0) < timestampSeconds) {
        groups.set(labels, name, labels, value);
        stamps.set(key, timestampSeconds);
      }
    } else {
      groups.set(labels, name, labels, value);
    }
  }
  return groups.all();
}

/** Bounds as clients write them; the odder spellings of Python's float() are tested elsewhere. */
function parseBound(text: string): number | undefined {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (!/^[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?$/i.test(text)) return undefined;
  // -0.0 and 0.0 are one bucket.
  return Number(text) + 0;
}

const PRINTED_TYPE: Readonly<Record<string, string>> = {
  info: 'gauge',
  stateset: 'gauge',
  gaugehistogram: 'histogram',
  unknown: 'untyped',
};

function linesOf(
  family: Family,
  serves: (sample: string, labels: Readonly<Record<string, string>>) => boolean = () => true,
): string[] {
  let printed = family.name;
  if (family.type === 'counter' && !family.keepsRawName) printed += '_total';
  if (family.type === 'info') printed += '_info';
  const help = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const lines = [
    `# HELP ${metricName(printed)} ${help}`,
    `# TYPE ${metricName(printed)} ${PRINTED_TYPE[family.type] ?? family.type}`,
  ];
  const apart = new Map<string, string[]>();
  const isServed = ({ name, labels }: { name: string; labels: Labels }) =>
    serves(name, Object.fromEntries(labels));
  const present = seriesOf(family);
  if (present.length > 0 && !present.some(isServed)) return [];
  for (const { name, labels, value } of merge(family).filter(isServed)) {
    // A later label replaces an earlier one of the same name, as in a Python dict.
    const text = [...new Map(labels)]
      .sort(([a], [b]) => byCodePoint(a, b))
      .map(([label, text]) => `${labelName(label)}="${labelValue(text)}"`)
      .join(',');
    const line = `${metricName(name)}${text === '' ? '' : `{${text}}`} ${goNumber(value)}`;
    const suffix = ['_created', '_gcount', '_gsum'].find((end) => name === family.name + end);
    if (suffix === undefined) lines.push(line);
    else apart.set(suffix, [...(apart.get(suffix) ?? []), line]);
  }
  for (const [suffix, some] of [...apart].sort()) {
    const name = metricName(family.name + suffix);
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...some);
  }
  return lines;
}

const metricName = (name: string): string =>
  [...name].map((c, i) => (/[a-zA-Z_:]/.test(c) || (i > 0 && /[0-9]/.test(c)) ? c : '_')).join('');

const labelName = (name: string): string => metricName(name).replaceAll(':', '_');

const labelValue = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

/** prometheus_client's floatToGoString over CPython's repr. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const repr = pythonRepr(value);
  const dot = repr.indexOf('.');
  if (value > 0 && dot > 6 && !repr.includes('e')) {
    const mantissa = `${repr[0]}.${repr.slice(1, dot)}${repr.slice(dot + 1)}`;
    return `${mantissa.replace(/[0.]+$/, '')}e+${String(dot - 1).padStart(2, '0')}`;
  }
  return repr;
}

function pythonRepr(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (value < 0) return `-${pythonRepr(-value)}`;
  if (value === 0) return '0.0';
  if (value >= 1e-4 && value < 1e16) {
    // Below 1e21 and from 1e-6 on JavaScript prints no exponent either.
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** Python compares text by code point, JavaScript by UTF-16 unit. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
