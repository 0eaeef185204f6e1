/** A real Prometheus scrapes the daemon: the colons of vLLM's names arrive, and so do our own metrics. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAMILY } from '../../scripts/demo/families.js';
import { WorkerMetrics } from '../../scripts/demo/worker-metrics.js';
import { Daemon } from '../support/cli.js';
import { prometheus, promtool } from '../support/parts.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { metricLint } from '../support/promtool.js';
import { tempDirectory } from '../support/temp.js';

const engine = { model_name: 'm', engine: '0' };
const tools = { prometheus: prometheus(), promtool: promtool() };

function directoryOfTwoWorkers(): string {
  const directory = tempDirectory();
  for (const processId of ['1', '2']) {
    const metrics = new WorkerMetrics(directory, processId);
    metrics.increment(FAMILY.promptTokens, engine, 21);
    metrics.set(FAMILY.requestsRunning, engine, 3);
    metrics.observe(FAMILY.timeToFirstToken, engine, 0.2);
    metrics.observe(FAMILY.responseSize, { handler: '/' }, 100);
    metrics.set(FAMILY.workerRequests, {}, 1);
  }
  return directory;
}

describe('a real Prometheus', () => {
  it('stores what the daemon serves', { skip: tools.prometheus.skip }, async () => {
    const daemon = await Daemon.serve(directoryOfTwoWorkers());
    const server = await PrometheusServer.scrape(tools.prometheus.path, daemon.url.slice(7));
    const query = (expression: string) => server.query(expression);
    try {
      const [running] = await query('vllm:num_requests_running');
      assert.equal(running!.value[1], '3');
      assert.equal(running!.metric.model_name, 'm');
      const [tokens] = await query('{__name__="vllm:prompt_tokens_total"}');
      assert.equal(tokens!.value[1], '42');
      const [buckets] = await query('vllm:time_to_first_token_seconds_bucket{le="0.25"}');
      assert.equal(buckets!.value[1], '2');
      assert.equal((await query('demo_worker_requests')).length, 2);
      const [up] = await query('promfold_up');
      assert.equal(up!.value[1], '1');
      const [scraped] = await query('up{job="promfold"} == 1');
      assert.equal(scraped!.value[1], '1');
    } finally {
      await server.stop();
      await daemon.stop();
    }
  });
});

describe('promtool check metrics', () => {
  it('finds nothing in the self-metrics', { skip: tools.promtool.skip }, async () => {
    const daemon = await Daemon.serve(directoryOfTwoWorkers());
    try {
      const { body } = await daemon.get('/metrics');
      const { parses, output } = await metricLint(tools.promtool.path, body);
      assert.ok(parses, output);
      assert.match(body, /^promfold_up 1(\.0)?$/m);
      assert.doesNotMatch(output, /promfold/);
      // It does look: vLLM's colons are its complaint about the others.
      assert.match(output, /vllm:num_requests_running/);
    } finally {
      await daemon.stop();
    }
  });
});
