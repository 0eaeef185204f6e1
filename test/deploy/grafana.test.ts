/**
 * The dashboards: Grafana can load them, and each query has an answer in what promfold really serves.
 *
 * promtool parses and evaluates each query over series made of a real exposition. Series come in with their
 * names and labels as served and with values that move, so that no rate is zero; what must come out is any
 * sample at all. A metric that does not exist, a label that is misspelt in a join, a syntax error: none.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { linesOf, parseSample } from '../support/exposition.js';
import { currentPython, promtool } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import {
  recordedOfVllm,
  sampleTypes,
  servedOfVllm,
  servedOfWriters,
} from '../support/served-names.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();
const { path: tool } = promtool();
const skip = promtool().skip || python.skip;
const FOLDER = `${ROOT}/scripts/deploy/grafana`;
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource: unknown;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: unknown;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly datasource?: unknown;
  readonly definition?: string;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

const dashboards = new Map(
  files.map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Dashboard]),
);
const CHOSEN = { type: 'prometheus', uid: '$' + '{datasource}' };

/** Expositions of promfold. */
let served: string[] = [];
let recorded: string[] = [];

/** As Grafana sends it with every value of every variable chosen. */
function interpolated(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replace(/=~"\$\w+"/g, '=~".*"');
}

/** Input series of `promtool test rules`. */
function seriesOf(expositions: readonly string[]): { series: string; values: string }[] {
  const found = new Map<string, string>();
  for (const exposition of expositions) {
    const types = sampleTypes(exposition);
    for (const line of linesOf(exposition)) {
      if (line === '' || line.startsWith('#')) continue;
      const { name, labels, value } = parseSample(line);
      // One engine shows all there is.
      if (labels.some(([label, text]) => label === 'engine' && text !== '0')) continue;
      const series = line.slice(0, line.length - value.length - 1);
      found.set(series, types.get(name) === 'gauge' ? '1x20' : '0+60x20');
    }
  }
  return [...found].map(([series, values]) => ({ series, values }));
}

/** What promtool has against the queries: those that cannot be parsed or have no answer; empty when fine. */
async function complaints(queries: readonly string[], expositions: readonly string[]) {
  const file = join(tempDirectory(), 'queries.json');
  const promql_expr_test = queries.map((query) => ({
    expr: `count(${query}) > bool 0`,
    eval_time: '15m',
    exp_samples: [{ labels: '{}', value: 1 }],
  }));
  const input_series = seriesOf(expositions);
  writeFileSync(
    file,
    JSON.stringify({
      evaluation_interval: '1m',
      tests: [{ interval: '1m', input_series, promql_expr_test }],
    }),
  );
  const { exitCode, stdout, stderr } = await run(tool, ['test', 'rules', file]);
  return exitCode === 0 ? '' : stdout + stderr;
}

describe('the dashboards', () => {
  before(async () => {
    if (skip !== false) return;
    served = [await servedOfVllm(), await servedOfWriters(python.path)];
    recorded = recordedOfVllm();
  });

  it('have uids of their own', () => {
    assert.equal(new Set([...dashboards.values()].map(({ uid }) => uid)).size, files.length);
  });

  for (const [name, { panels, templating }] of dashboards) {
    it(`${name}: panels have ids of their own and do not lie on each other`, () => {
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      const taken = new Set<string>();
      for (const { title, gridPos } of panels) {
        assert.ok(gridPos.x + gridPos.w <= 24, `${title} sticks out`);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            assert.ok(!taken.has(`${x} ${y}`), `${title} lies on another panel`);
            taken.add(`${x} ${y}`);
          }
        }
      }
    });

    it(`${name}: every panel and variable asks the data source that is chosen`, () => {
      assert.equal(templating.list[0]!.name, 'datasource');
      assert.equal(templating.list[0]!.type, 'datasource');
      for (const variable of templating.list.slice(1))
        assert.deepEqual(variable.datasource, CHOSEN);
      for (const panel of panels.filter(({ type }) => type !== 'row')) {
        assert.deepEqual(panel.datasource, CHOSEN, panel.title);
        for (const target of panel.targets!)
          assert.deepEqual(target.datasource, CHOSEN, panel.title);
      }
    });

    it(`${name}: every variable that is used is defined`, () => {
      const defined = new Set(templating.list.map((variable) => variable.name));
      const text = JSON.stringify([panels, templating]);
      for (const [, used] of text.matchAll(/\$\{?([a-z]\w*)\}?/g)) {
        assert.ok(defined.has(used!), `$${used}`);
      }
    });

    it(`${name}: every query has an answer in what is served`, { skip }, async (t) => {
      const known = new Set(
        [...served, ...recorded].flatMap((exposition) => [...sampleTypes(exposition).keys()]),
      );
      const asked = [
        ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
        ...templating.list.flatMap(({ definition = '' }) =>
          definition === '' ? [] : [definition.replace(/^label_values\((.*), \w+\)$/, '$1')],
        ),
      ];
      const queries = asked.filter((query) => {
        const unknown = metricNames(query).filter((metric) => !known.has(metric));
        if (unknown.length === 0) return true;
        // Some families are in vLLM's own directories only.
        assert.equal(recorded.length, 0, `${unknown} in ${query}`);
        t.diagnostic(`not checked without vLLM's directories: ${unknown}`);
        return false;
      });
      assert.ok(queries.length > 10);
      assert.equal(await complaints(queries.map(interpolated), [...served, ...recorded]), '');
    });
  }

  it('promtool does find a metric, a label or a syntax that is wrong', { skip }, async () => {
    for (const wrong of [
      'vllm:num_requests_runing',
      'vllm:num_requests_running{engin="0"}',
      'sum(vllm:num_requests_running',
    ]) {
      assert.notEqual(await complaints([wrong], served), '', wrong);
    }
    assert.equal(await complaints(['vllm:num_requests_running'], served), '');
  });
});

/** The dashboards' metrics are all of these; names in braces or after `by` are labels. */
function metricNames(query: string): string[] {
  const metrics = query.replace(/\{[^}]*\}|by \([^)]*\)/g, '');
  return [...metrics.matchAll(/\b(?:vllm:|promfold_|process_|http_)\w+/g)].map(([name]) => name);
}
