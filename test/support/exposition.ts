/**
 * An independent, strict reader of expositions: which lines and which order are valid, and whether two
 * expositions are the same. It shares no code with src/.
 *
 * The rules are those of the Prometheus text format and OpenMetrics 1.0.0, with UTF-8 names quoted
 * inside the braces; the order is that of prometheus_client since 0.24.0.
 */

export interface Sample {
  readonly name: string;
  /** As printed: names without quotes, values still escaped. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: string;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL =
  /(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:[^"\\]|\\.)*)")="((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"/suy;
const VALUE = /^(?:[+-]Inf|NaN|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]{2,})?)$/;

/** Throws on a line that is not a sample. */
export function parseSample(line: string): Sample {
  const fail = (at: number): never => {
    throw new Error(`no sample at character ${at}: ${line.slice(0, 160)}`);
  };
  NAME.lastIndex = 0;
  let name = NAME.exec(line)?.[0];
  let at = name?.length ?? 0;
  const labels: [string, string][] = [];
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      LABEL.lastIndex = at;
      const found = LABEL.exec(line);
      if (!found) return fail(at);
      const [text, plain, quoted, value, quotedName] = found;
      if (quotedName === undefined) labels.push([plain ?? quoted!, value!]);
      else if (name === undefined && labels.length === 0) name = quotedName;
      else return fail(at);
      at += text.length;
      if (line[at] === ',' && line[at + 1] !== '}') at += 1;
      else if (line[at] !== '}') return fail(at);
    }
    at += 1;
  }
  if (name === undefined || name === '' || line[at] !== ' ') return fail(at);
  const value = line.slice(at + 1);
  if (!VALUE.test(value)) return fail(at + 1);
  return { name, labels, value };
}

/** As numbers are read by Prometheus. */
export function numberOf(value: string): number {
  if (value === '+Inf') return Number.POSITIVE_INFINITY;
  if (value === '-Inf') return Number.NEGATIVE_INFINITY;
  return value === 'NaN' ? Number.NaN : Number(value);
}

/** The lines without the last newline. Only \n ends a line: help texts may hold \r or U+2028. */
export function linesOf(exposition: string): string[] {
  const lines = exposition.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

const seriesKey = (name: string, labels: Sample['labels']): string =>
  JSON.stringify([name, [...labels].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))]);

const COMMENT = /^# (HELP|TYPE) ("(?:[^"\\]|\\.)*"|[a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s;

/** Everything that makes an exposition invalid or badly ordered; an empty list for a good one. */
export function faultsOf(exposition: string, openMetrics: boolean): string[] {
  const faults: string[] = [];
  if (exposition !== '' && !exposition.endsWith('\n')) faults.push('no newline at the end');
  const lines = linesOf(exposition);
  if (openMetrics && lines.pop() !== '# EOF') faults.push('no # EOF at the end');

  const seen = new Set<string>();
  const families = new Set<string>();
  let family = '';
  let type = '';
  // Of the current family: label sets that are over, the one being read, its last bound.
  let closed = new Set<string>();
  let group: string | undefined;
  let bound = Number.NEGATIVE_INFINITY;
  let bucketSeen = false;

  for (const line of lines) {
    if (line.startsWith('#')) {
      const comment = COMMENT.exec(line);
      if (!comment) {
        faults.push(`not a HELP or TYPE line: ${line.slice(0, 160)}`);
        continue;
      }
      const [, keyword, printed, rest] = comment;
      const name = printed!.startsWith('"') ? printed!.slice(1, -1) : printed!;
      if (name !== family) {
        if (families.has(name)) faults.push(`family ${name} in two places`);
        families.add(name);
        [family, type, closed, group] = [name, '', new Set(), undefined];
      }
      if (seen.has(`${keyword} ${name}`)) faults.push(`${keyword} ${name} twice`);
      seen.add(`${keyword} ${name}`);
      if (keyword === 'TYPE') type = rest!;
      continue;
    }

    let sample: Sample;
    try {
      sample = parseSample(line);
    } catch (error) {
      faults.push((error as Error).message);
      continue;
    }
    const names = sample.labels.map(([name]) => name);
    if (new Set(names).size < names.length) faults.push(`a label twice: ${line.slice(0, 160)}`);
    const key = seriesKey(sample.name, sample.labels);
    if (seen.has(key)) faults.push(`a series twice: ${line.slice(0, 160)}`);
    seen.add(key);

    const base = family.replace(/_(?:total|info)$/, '');
    if (family === '' || !(sample.name.startsWith(base) || sample.name.startsWith('U__'))) {
      faults.push(`${sample.name} under family ${family}`);
    }

    const rest = seriesKey(
      '',
      sample.labels.filter(([name]) => type !== 'histogram' || name !== 'le'),
    );
    if (rest !== group) {
      if (closed.has(rest)) faults.push(`a label set in two places: ${line.slice(0, 160)}`);
      closed.add(rest);
      [group, bound, bucketSeen] = [rest, Number.NEGATIVE_INFINITY, false];
    }
    if (type === 'histogram' && sample.name.endsWith('_bucket')) {
      const le = numberOf(sample.labels.find(([name]) => name === 'le')?.[1] ?? 'NaN');
      if (bucketSeen && le <= bound) faults.push(`bounds not ascending: ${line.slice(0, 160)}`);
      [bound, bucketSeen] = [le, true];
    }
  }
  return faults;
}

/** Lines in an order of their own, so that two expositions can be compared whatever their order. */
export const sortedLines = (exposition: string): string[] => linesOf(exposition).sort();

/**
 * Value of each series, keyed by the line up to its blank: what a Prometheus would have stored.
 * @returns one entry a line, in the order of the lines
 */
export function valuesOf(exposition: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of linesOf(exposition)) {
    if (line.startsWith('#')) continue;
    const blank = line.lastIndexOf(' ');
    values.set(line.slice(0, blank), numberOf(line.slice(blank + 1)));
  }
  return values;
}
