/**
 * One client of a storm: scrapes over and over, and judges each answer by itself and by the ones
 * before it.
 */
import { Agent, get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { linesOf, parseSample } from '../../test/support/exposition.js';
import { Monotone } from '../../test/support/monotone.js';
import { EXPECTED, type MovingWitness } from './witnesses.js';

export interface ClientKind {
  readonly title: string;
  readonly accept: string;
  readonly gzip: boolean;
  /** Only these families are asked for. */
  readonly names?: readonly string[];
  /** The connection is dropped in the middle of one in this many answers. */
  readonly dropsEvery?: number;
  readonly keepsConnection: boolean;
}

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';

export const KINDS: readonly ClientKind[] = [
  { title: 'text', accept: 'text/plain;version=0.0.4', gzip: false, keepsConnection: true },
  { title: 'openmetrics', accept: OPENMETRICS, gzip: true, keepsConnection: true },
  {
    title: 'name[]',
    accept: '*/*',
    gzip: false,
    names: ['witness_jobs', 'held_labelled', 'held_seconds', 'witness_moved', 'busy_seconds'],
    keepsConnection: false,
  },
  { title: 'drops', accept: '*/*', gzip: true, dropsEvery: 2, keepsConnection: false },
];

/** Families whose counters may never go back; the vandal's own may do as they please. */
const WATCHED = /^(?:# (?:HELP|TYPE) )?(?:witness|held|busy|promfold)_/;

/** An answer with 503, and when: excused where the directory was away meanwhile. */
export interface Absence {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

export class Client {
  readonly absences: Absence[] = [];
  answers = 0;
  dropped = 0;
  /** Slowest answer, milliseconds. */
  slowestMs = 0;
  readonly #kind: ClientKind;
  readonly #url: string;
  readonly #agent: Agent;
  readonly #witness: MovingWitness;
  readonly #monotone = new Monotone();
  readonly #expected: readonly string[];

  constructor(kind: ClientKind, url: string, witness: MovingWitness) {
    this.#kind = kind;
    this.#witness = witness;
    this.#agent = new Agent({ keepAlive: kind.keepsConnection });
    const query = kind.names?.map((name) => `name[]=${name}`).join('&');
    this.#url = `${url}/metrics${query === undefined ? '' : `?${query}`}`;
    this.#expected = EXPECTED.filter(
      (line) =>
        kind.names === undefined ||
        kind.names.some((name) =>
          new RegExp(`^${name}(?:_(?:total|bucket|count|sum))?[{ ]`).test(line),
        ),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @returns what was wrong with one answer */
  async scrape(): Promise<string[]> {
    const drop = this.#kind.dropsEvery !== undefined && this.answers % this.#kind.dropsEvery === 1;
    const fromMs = Date.now();
    const startedMs = performance.now();
    const low = this.#witness.value;
    this.answers += 1;
    const response = await this.#get();
    if (drop) {
      this.dropped += 1;
      response.destroy();
      return [];
    }
    const body = await bodyOf(response);
    const high = this.#witness.value;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
    if (response.statusCode === 503) {
      this.absences.push({ fromMs, toMs: Date.now(), text: body });
      return [];
    }
    if (response.statusCode !== 200) return [`${response.statusCode}: ${body.slice(0, 200)}`];
    return this.#judge(body, low, high);
  }

  #get(): Promise<IncomingMessage> {
    const { accept, gzip } = this.#kind;
    const headers = { accept, ...(gzip ? { 'accept-encoding': 'gzip' } : {}) };
    return new Promise((resolve, reject) => {
      const request = get(this.#url, { agent: this.#agent, headers, timeout: 60_000 }, resolve);
      request.on('timeout', () => request.destroy(new Error('no answer for a minute')));
      request.on('error', reject);
    });
  }

  #judge(body: string, low: number, high: number): string[] {
    const openMetrics = this.#kind.title === 'openmetrics';
    const lines = linesOf(body);
    const present = new Set(lines);
    const faults = this.#expected
      .filter((line) => !present.has(line))
      .map((line) => `${line} is missing: ${near(lines, line)}`);

    const watched = lines.filter((line) => WATCHED.test(line) || line === '# EOF');
    const dips = this.#monotone.dips(`${watched.join('\n')}\n`, openMetrics);

    const moved = /^witness_moved_total (\S+)$/m.exec(body)?.[1];
    if (!(Number(moved) >= low && Number(moved) <= high)) {
      faults.push(`witness_moved_total is ${moved}, not from ${low} to ${high}`);
    }
    return [...faults, ...dips, ...countsOf(lines), ...wildFaults(lines)];
  }
}

/** The line of the same series, if there is one. */
function near(lines: readonly string[], expected: string): string {
  const series = expected.slice(0, expected.lastIndexOf(' ') + 1);
  return lines.find((line) => line.startsWith(series)) ?? 'no such series';
}

/** Histograms whose +Inf is not their _count. */
function countsOf(lines: readonly string[]): string[] {
  const counts = new Map<string, string>();
  for (const line of lines) {
    const count = /^(\S*?)_count(\{.*\})? (\S+)$/.exec(line);
    if (count) counts.set(`${count[1]}${count[2] ?? ''}`, count[3]!);
  }
  return lines.flatMap((line) => {
    const bucket = /^(\S*?)_bucket(\{.*?),?le="\+Inf"(.*\}) (\S+)$/.exec(line);
    if (!bucket) return [];
    const labels = `${bucket[2]}${bucket[3]}`;
    const count = counts.get(`${bucket[1]}${labels === '{}' ? '' : labels}`);
    return count === undefined || count === bucket[4] ? [] : [`${line}, but _count ${count}`];
  });
}

/**
 * Of the vandal's own families only that each line is one, and no series twice in a family. Noise that
 * hits the family's name in a key, and leaves the sample's, is a family of its own, as in the reference.
 */
function wildFaults(lines: readonly string[]): string[] {
  let seen = new Set<string>();
  const faults: string[] = [];
  for (const line of lines) {
    if (line.startsWith('# TYPE')) seen = new Set();
    if (line.startsWith('#') || WATCHED.test(line)) continue;
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) faults.push(`twice: ${line}`);
    seen.add(series);
    try {
      parseSample(line);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  return faults;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return String(response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
}
