/**
 * Ring two: real directories, and every byte of what promfold prints of them, in every dialect there
 * is an expectation for. test/golden/README.md says where they come from.
 *
 * Lines are compared as a sorted list and the order is checked by test/support/exposition.ts, since
 * the reference's own order of reading differs from host to host.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import type { Dialect } from '../src/expose/dialect.js';
import { Scraper } from '../src/scrape/scraper.js';
import { readFiles, referenceExposition } from './reference.js';
import { promfold } from './support/cli.js';
import { TEXT } from './support/dialect.js';
import { faultsOf } from './support/exposition.js';
import { copyOfFiles, expectationsOf, goldenCases } from './support/golden-case.js';
import { Oracle } from './support/oracle.js';
import { currentPython, promtool } from './support/parts.js';
import { GOLDEN, VLLM_CORPUS } from './support/paths.js';
import { metricLint } from './support/promtool.js';
import { assertSameLines } from './support/same-lines.js';

const open = goldenCases(GOLDEN);
const vllm = existsSync(VLLM_CORPUS) ? goldenCases(VLLM_CORPUS) : [];
const cases = [...open, ...vllm];

/** Expositions of promfold, kept for the external parsers at the end: [title, dialect, exposition]. */
const said: [title: string, dialect: Dialect, exposition: string][] = [];

/** Cases where the dialect's escaping decides what is printed; reference.ts knows one dialect. */
const BEYOND_REFERENCE = new Set(['utf8-names', 'utf8-names-v0.22.0', 'js-names', 'newline-name']);

describe('a golden case', () => {
  it('exists for everything that was recorded', () => {
    assert.equal(open.length, 89);
  });

  it('of vLLM runs where the corpus is', { skip: vllm.length === 0 && noCorpus() }, () => {
    assert.equal(vllm.length, 5);
  });

  for (const golden of cases) {
    it(golden.name, async () => {
      const directory = copyOfFiles(golden);
      const scraper = new Scraper(directory);
      try {
        for (const { file, dialect, text } of expectationsOf(golden)) {
          const body = String(await scraper.scrape({ dialect }));
          said.push([`${golden.name} ${file}`, dialect, body]);
          assert.deepEqual(faultsOf(body, dialect.format === 'openmetrics'), [], file);
          assertSameLines(body, text, file);
        }
        if (!BEYOND_REFERENCE.has(golden.name)) {
          const body = String(await scraper.scrape({ dialect: TEXT }));
          const second = referenceExposition(readFiles(directory));
          assertSameLines(body, second, 'test/reference.ts');
        }
      } finally {
        await scraper.close();
      }
    });
  }
});

describe('the built program', () => {
  const some = ['web-v0.26.0', 'web-v0.12.0', 'colons', 'utf8-names', 'bad-cut-entry', 'empty-dir'];
  for (const golden of open.filter(({ name }) => some.includes(name))) {
    it(`prints ${golden.name}`, async () => {
      const directory = copyOfFiles(golden);
      for (const { file, dialect, text } of expectationsOf(golden)) {
        const { format, escaping } = dialect;
        const schemeFlags = format === 'text' ? [] : ['--escaping', escaping];
        const { stdout, stderr, exitCode } = await promfold([
          'scrape',
          directory,
          '--format',
          format,
          ...schemeFlags,
        ]);
        assert.equal(exitCode, 0, stderr);
        assertSameLines(stdout, text, file);
      }
    });
  }
});

describe("prometheus_client's own parsers", () => {
  const python = currentPython();
  const oracle = python.skip ? undefined : new Oracle(python.path);
  after(() => oracle?.close());

  it('read every exposition', { skip: python.skip }, async () => {
    assert.ok(said.length > 200);
    const faults = await oracle!.parse(
      said.map(([title, { format }, exposition]) => ({
        title,
        openMetrics: format === 'openmetrics',
        exposition,
      })),
    );
    assert.deepEqual(Object.fromEntries(faults.map(({ title, error }) => [title, error])), REFUSED);
  });
});

/**
 * What the parsers refuse although it is what the application measured and named: they check more than
 * the format, and the reference's own output breaks the same rules.
 */
const REFUSED: Readonly<Record<string, string>> = {
  'buckets expected.om': "ValueError('Cannot have _sum with negative buckets: bk_negative')",
  'conflict-type-1 expected.om': "ValueError('Clashing name: thing')",
  'utf8-names expected.dots.prom':
    'ValueError(\'Invalid labels: __="v4",B="v5",a_dot_b="v3",quote__d="v6",z="v0",U___ffee_="v1",U___1f600_="v2"\')',
  'values expected.om':
    'ValueError(\'Counter-like samples cannot be NaN: val_c_total{n="4"} NaN\')',
};

describe('promtool check metrics', () => {
  const tool = promtool();
  it('parses every text exposition', { skip: tool.skip }, async () => {
    // Debian's promtool knows no quoted names.
    const texts = said.filter(([, { format }]) => format === 'text');
    assert.ok(texts.length > 80);
    for (const [title, , exposition] of texts) {
      const { parses, output } = await metricLint(tool.path, exposition);
      assert.ok(parses, `${title}: ${output}`);
    }
  });
});

function noCorpus(): string {
  return `vLLM's directories are not at ${VLLM_CORPUS}`;
}
