/**
 * Whatever scripts/deploy and the manual's recipes name of promfold is there: flags, variables, commands, paths,
 * metrics. Whatever they name of others is in a list here, so that a misspelt name of ours is in neither.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as vllm from '../../scripts/bench/vllm-families.js';
import { loadCommands } from '../../src/cli/commands.js';
import { environmentVariable, type FlagText } from '../../src/cli/flag.js';
import { FLAGS } from '../../src/cli/flags.js';
import { VERSION } from '../../src/cli/version.js';
import { readTopic } from '../../src/manual/topics.js';
import { GAUGE_AGE } from '../../src/scrape/families/gauge-age.js';
import { selfMetricsTable } from '../../src/scrape/families/self-metrics.js';
import { endpoints, OWN_PREFIX } from '../../src/serve/endpoint.js';
import { ROOT } from '../support/paths.js';
import { recordedOfVllm, sampleTypes } from '../support/served-names.js';

const COMMANDS = await loadCommands();

const FOLDER = `${ROOT}/scripts/deploy`;

/** The file, and what stands there. */
const texts: readonly [name: string, text: string][] = [
  ...readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path): [string, string] => [path.slice(ROOT.length + 1), readFileSync(path, 'utf8')]),
  ['src/manual/recipes.md', readTopic('recipes').text],
];

/** Of other programs, by program. */
const FLAGS_OF_OTHER_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  celery: ['--app', '--concurrency', '--max-tasks-per-child'],
  docker: ['--build', '--build-arg', '--cap-drop', '--read-only', '--user'],
  dockerfile: ['--from', '--interval', '--start-period', '--timeout'],
  dynamo: ['--model'],
  gunicorn: ['--max-requests', '--workers'],
  helm: ['--install', '--post-renderer'],
  install: ['--no-cache-dir'],
  kubectl: ['--arguments-only', '--custom', '--image', '--profile', '--target'],
  litellm: ['--num_workers', '--config', '--max_requests_before_restart'],
  'scripts/package': ['--arch'],
  sglang: ['--enable-metrics', '--model-path'],
  systemd: ['--now'],
  useradd: ['--no-create-home', '--shell', '--system'],
  uvicorn: ['--reload', '--workers'],
  vllm: ['--api-server-count', '--data-parallel-size', '--port'],
  'vllm, for dashboards': ['--enable-mfu-metrics', '--kv-cache-metrics'],
};

/** promfold_… that are not metrics. */
const LABELS = ['promfold_source', 'promfold_gauge'];

const flagNames = Object.values(FLAGS).map(({ name }) => `--${name}`);
const variables = Object.values(FLAGS).map((flag: FlagText) => environmentVariable(flag));

/** Asserts that each match of the pattern, but for those in texts of no interest, is allowed. */
function allMatches(pattern: RegExp, allowed: (name: string) => boolean): void {
  let count = 0;
  for (const [file, text] of texts) {
    for (const [, name] of text.matchAll(pattern)) {
      assert.ok(allowed(name!), `${file} names ${name}`);
      count += 1;
    }
  }
  assert.ok(count > 0);
}

describe('scripts/deploy and the recipes', () => {
  it('name flags that promfold has, or another program', () => {
    const known = new Set([...flagNames, ...Object.values(FLAGS_OF_OTHER_PROGRAMS).flat()]);
    allMatches(/(?<![\w-])(--[a-z](?:[\w.-]*\w)?)/g, (name) => known.has(name));
  });

  it('name no flag of another program that none of them names', () => {
    const all = texts.map(([, text]) => text).join('\n');
    for (const flag of Object.values(FLAGS_OF_OTHER_PROGRAMS).flat())
      assert.ok(all.includes(flag), flag);
  });

  it('name variables that promfold reads', () => {
    const known = new Set([...variables, 'PROMFOLD_REVISION']);
    allMatches(/\b(PROMFOLD_[A-Z_]+)/g, (name) => known.has(name));
  });

  it('name the version of package.json, which is nowhere else', () => {
    const pattern = /\bpromfold[-:](\d+\.\d+\.\d+)/g;
    allMatches(pattern, (version) => version === VERSION);
    for (const [, version] of readTopic('install').text.matchAll(pattern)) {
      assert.equal(version, VERSION);
    }
  });

  it('name commands that promfold has', () => {
    const known = new Set(COMMANDS.map(({ name }) => name));
    allMatches(/(?:`|\/bin\/|^ {4}(?:\w+ )?)promfold ([a-z]+)/gm, (name) => known.has(name));
  });

  it('name paths that promfold serves', () => {
    const known = new Set(
      endpoints(FLAGS.telemetryPath.fallback!, { debug: true, engines: true, load: true }).map(
        ({ path }) => path,
      ),
    );
    allMatches(new RegExp(`(?:^|[\\s'"\`]|:\\d+)(${OWN_PREFIX}\\w+)`, 'g'), (path) =>
      known.has(path),
    );
    allMatches(/:19925(\/[\w/-]*)/g, (path) => known.has(path));
  });

  it('name metrics that promfold has of its own', () => {
    const known = new Set(
      [...selfMetricsTable().matchAll(/^\| `(\w+)/gm)].map(([, name]) => name!),
    );
    for (const name of [...LABELS, GAUGE_AGE]) known.add(name);
    allMatches(/\b(promfold_[a-z_]*[a-z])\b/g, (name) => known.has(name));
  });

  it('name families that vLLM has', (t) => {
    const families = [
      ...[...vllm.COUNTERS, ...vllm.GAUGES].map(({ name }) => name),
      ...vllm.HISTOGRAMS.map(({ name }) => name),
    ];
    const recorded = recordedOfVllm();
    const known = [
      ...families.flatMap((name) => [
        name,
        ...['_total', '_bucket', '_sum', '_count'].map((suffix) => name + suffix),
      ]),
      ...recorded.flatMap((exposition) => [...sampleTypes(exposition).keys()]),
    ];
    const unknown = new Set<string>();
    // What ends in the middle of a word is a prefix for --metrics.include and --gauge-age.
    allMatches(/\b(vllm:\w+)/g, (name) => {
      if (!known.some((each) => each.startsWith(name))) unknown.add(name);
      return true;
    });
    if (recorded.length > 0) assert.deepEqual([...unknown], []);
    else t.diagnostic(`not checked without vLLM's directories: ${[...unknown].join(' ')}`);
  });
});
