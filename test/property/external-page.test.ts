/**
 * Random pages of other endpoints, in both formats: what prometheus_client reads in what promfold prints of a page is
 * what it reads in the page itself, and what it prints of it.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { PageFormat } from '../../src/expose/external-families.js';
import { dialect } from '../support/dialect.js';
import { printPage, readPage } from '../support/external-page.js';
import { JsonLines } from '../support/json-lines.js';
import { currentPython, promtool } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { metricLint } from '../support/promtool.js';
import { Random, seed } from '../support/random.js';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly samples: [
    name: string,
    labels: Record<string, string>,
    value: string,
    time: string | null,
  ][];
}

type Answer<T> = T & { readonly error?: string };

const PAGES = 150;

const NAMES = ['a', 'vllm:b', 'c_seconds', 'd_d', 'e.f', 'häuser', 'g', 'h2'];
const LABEL_NAMES = ['engine', 'model_name', 'z', 'A', 'with.dot', '日'];
const VALUES = ['', '0', 'a b', 'x"y', 'back\\slash', 'n\nl', '日本', '},{', '# EOF', '\\n', '\\d'];
const HELPS = ['', 'Text.', 'a "quote"', 'back\\slash', 'two\nlines', '\\n', ' blank '];
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'unknown'];
const OPENMETRICS_TYPES = [...TYPES, 'gaugehistogram', 'info', 'stateset'];

const legal = (name: string) => /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
const escaped = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
const nameIn = (name: string) => (legal(name) ? name : `"${escaped(name)}"`);
const labelNameIn = (name: string) => (name.includes(':') ? `"${name}"` : nameIn(name));

/** A page as some program would print it: blanks, order of labels and spelling of numbers are by chance. */
class PageMaker {
  readonly #random: Random;
  readonly #isOpenMetrics: boolean;
  readonly #lines: string[] = [];

  constructor(random: Random, isOpenMetrics: boolean) {
    this.#random = random;
    this.#isOpenMetrics = isOpenMetrics;
  }

  make(): string {
    const random = this.#random;
    const names = NAMES.filter(() => random.chance(0.5));
    for (const name of names) this.#family(name);
    if (this.#isOpenMetrics) this.#lines.push('# EOF');
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  #family(name: string): void {
    const random = this.#random;
    const type = random.pick(this.#isOpenMetrics ? OPENMETRICS_TYPES : TYPES);
    const isTotal = type === 'counter' && !this.#isOpenMetrics;
    const printed = nameIn(isTotal ? `${name}_total` : name);
    const shown = type === 'unknown' && !this.#isOpenMetrics ? 'untyped' : type;
    const help = random.pick(HELPS);
    const text = this.#isOpenMetrics
      ? escaped(help)
      : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    const comments = [`# TYPE ${printed} ${shown}`];
    if (text.trim() !== '') comments.push(`# HELP ${printed} ${text.trim()}`);
    if (this.#isOpenMetrics && name.endsWith('_seconds') && !['info', 'stateset'].includes(type)) {
      comments.push(`# UNIT ${printed} seconds`);
    }
    if (random.chance(0.5)) comments.reverse();
    for (const comment of comments) this.#lines.push(comment);

    // OpenMetrics wants all or none of the samples of a label set to have one.
    const time = random.chance(0.2) ? this.#time() : '';
    const created: string[] = [];
    const seen = new Set<string>();
    for (let i = random.below(4); i >= 0; i--) {
      const labels = LABEL_NAMES.filter(() => random.chance(0.4)).map(
        (label) => [label, random.pick(VALUES)] as const,
      );
      const key = JSON.stringify(labels);
      if (seen.has(key)) continue;
      seen.add(key);
      this.#metric(name, type, labels, time);
      if (['counter', 'histogram', 'summary'].includes(type) && random.chance(0.5)) {
        const sample = this.#line(`${name}_created`, labels, '1700000000.25', time);
        if (this.#isOpenMetrics) this.#lines.push(sample);
        else created.push(sample);
      }
    }
    if (created.length > 0) {
      this.#lines.push(`# TYPE ${nameIn(`${name}_created`)} gauge`);
      for (const line of created) this.#lines.push(line);
    }
  }

  #metric(
    name: string,
    type: string,
    labels: readonly (readonly [string, string])[],
    time: string,
  ): void {
    const random = this.#random;
    const put = (
      sampleName: string,
      value: string,
      own: readonly (readonly [string, string])[] = labels,
      exemplar = '',
    ) => this.#lines.push(this.#line(sampleName, own, value, time) + exemplar);
    const count = random.below(1000);
    const exemplar =
      this.#isOpenMetrics && random.chance(0.3) ? ' # {trace="a b"} 0.5 1700000000' : '';
    switch (type) {
      case 'counter':
        put(`${name}_total`, this.#number(), labels, exemplar);
        break;
      case 'histogram':
      case 'gaugehistogram': {
        const bounds = this.#isOpenMetrics ? ['0.5', '1.0', '1e+06'] : ['0.5', '1', '1000000'];
        for (const le of bounds.filter(() => random.chance(0.7))) {
          put(`${name}_bucket`, '0', [...labels, ['le', le]], exemplar);
        }
        put(`${name}_bucket`, String(count), [['le', '+Inf'], ...labels]);
        const [sum, all] = type === 'histogram' ? ['sum', 'count'] : ['gsum', 'gcount'];
        put(`${name}_${sum}`, this.#number());
        put(`${name}_${all}`, String(count));
        break;
      }
      case 'summary':
        for (const quantile of this.#isOpenMetrics ? ['0.5', '1.0'] : ['0.5', '1']) {
          if (random.chance(0.5)) put(name, this.#number(), [...labels, ['quantile', quantile]]);
        }
        put(`${name}_count`, String(count));
        put(`${name}_sum`, this.#number());
        break;
      case 'info':
        put(`${name}_info`, '1', [...labels, ['version', 'x']]);
        break;
      case 'stateset':
        for (const [state, value] of [
          ['on', '1'],
          ['off', '0'],
        ] as const) {
          put(name, value, [...labels, [name, state]]);
        }
        break;
      default:
        put(name, random.pick([this.#number(), '-1.5', '+Inf', 'NaN', '-Inf']));
    }
  }

  #line(
    sampleName: string,
    labels: readonly (readonly [string, string])[],
    value: string,
    time: string,
  ): string {
    const random = this.#random;
    const shuffled = labels
      .map((label) => [random.next(), label] as const)
      .sort(([a], [b]) => a - b)
      .map(([, [name, text]]) => `${labelNameIn(name)}="${escaped(text)}"`);
    const isQuoted = !legal(sampleName);
    const pairs = isQuoted ? [nameIn(sampleName), ...shuffled] : shuffled;
    const braces = pairs.length > 0 ? `{${pairs.join(',')}}` : '';
    return `${isQuoted ? '' : sampleName}${braces} ${value}${time}`;
  }

  #number(): string {
    const random = this.#random;
    return random.pick([
      String(random.below(1e6)),
      `${random.below(1e6)}.0`,
      `${random.next()}`,
      '1e+06',
      '2.5e-07',
    ]);
  }

  #time(): string {
    const random = this.#random;
    const seconds = 1_700_000_000 + random.below(1000);
    return this.#isOpenMetrics
      ? ` ${seconds}${random.pick(['', '.5', '.123'])}`
      : ` ${seconds}${random.pick(['000', '500', '123'])}`;
  }
}

const python = currentPython();

describe('random pages of other endpoints', { skip: python.skip }, () => {
  const client = python.skip
    ? undefined
    : new JsonLines(python.path, [`${ROOT}/test/support/families.py`]);
  after(() => client?.close());
  const tool = promtool();

  async function familiesOf(exposition: string, isOpenMetrics: boolean): Promise<Family[]> {
    const answer = await client!.ask<Answer<{ families: Family[] }>>({
      families: exposition,
      openMetrics: isOpenMetrics,
    });
    assert.equal(answer.error, undefined, exposition);
    return answer.families;
  }

  /** In an order of its own; a family without samples is not printed. */
  const sorted = (families: readonly Family[]) =>
    families
      .filter(({ samples }) => samples.length > 0)
      .map((family) => ({ ...family, samples: sortedSamples(family.samples) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const sortedSamples = (samples: Family['samples']) =>
    samples
      .map(([name, labels, ...rest]) =>
        JSON.stringify([name, Object.entries(labels).sort(), ...rest]),
      )
      .sort();
  const samplesOf = (families: readonly Family[]) =>
    sortedSamples(families.flatMap(({ samples }) => samples));

  for (const format of ['text', 'openmetrics'] as const satisfies PageFormat[]) {
    const isOpenMetrics = format === 'openmetrics';
    it(`of ${format} say what they said, in both formats`, async () => {
      const random = new Random(seed());
      for (let i = 0; i < PAGES; i++) {
        const page = new PageMaker(random, isOpenMetrics).make();
        const context = `seed ${random.seed}, page ${i}:\n${page}`;
        const before = await familiesOf(page, isOpenMetrics);
        const expected = await client!.ask<Answer<{ text: string; openMetrics: string }>>({
          print: page,
          openMetrics: isOpenMetrics,
        });
        assert.equal(expected.error, undefined, context);

        const read = readPage(page, format);
        const text = printPage(read, dialect('text-1.0.0', 'allow-utf-8'));
        const openMetrics = `${printPage(read, dialect('openmetrics', 'allow-utf-8'))}# EOF\n`;
        const same = isOpenMetrics ? openMetrics : text;
        if (isOpenMetrics) {
          assert.deepEqual(sorted(await familiesOf(same, true)), sorted(before), context);
        }
        // Of text the client makes families of its own of what belongs together.
        assert.deepEqual(
          samplesOf(await familiesOf(same, isOpenMetrics)),
          samplesOf(before),
          context,
        );
        // What the client prints of text in OpenMetrics it does not read: `_created` clashes.
        const inOpenMetrics = isOpenMetrics ? await familiesOf(expected.openMetrics, true) : before;
        assert.deepEqual(
          samplesOf(await familiesOf(openMetrics, true)),
          samplesOf(inOpenMetrics),
          context,
        );
        assert.deepEqual(
          samplesOf(await familiesOf(text, false)),
          samplesOf(await familiesOf(expected.text, false)),
          context,
        );
      }
    });
  }

  it('are what promtool takes for metrics', { skip: tool.skip }, async () => {
    const random = new Random(seed());
    for (let i = 0; i < 20; i++) {
      const isOpenMetrics = i % 2 === 0;
      const page = new PageMaker(random, isOpenMetrics).make();
      const text = printPage(readPage(page, isOpenMetrics ? 'openmetrics' : 'text'));
      const { parses, output } = await metricLint(tool.path, text);
      assert.ok(parses, `seed ${random.seed}: ${output}\n${text}`);
    }
  });
});
