/**
 * npm run bench
 *
 * What a scrape costs, the reference and promfold side by side. Directories are made anew (shapes.ts);
 * for promfold a scrape is an HTTP request to the built daemon, to the last byte, and the same inside
 * a process without HTTP; for the reference one generate_latest in its own process. Medians.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../src/errors.js';
import { chromiumMissing } from '../../test/support/browser.js';
import { judge } from './bars.js';
import { measureChanges } from './changes.js';
import { svgChart } from './chart.js';
import { measureChurn } from './churn.js';
import { COLD_NAMES, measureCold } from './cold.js';
import { measureCompaction } from './compaction.js';
import { CpuGroup } from './cpu-group.js';
import { Daemon } from './daemon.js';
import { gate } from './gate.js';
import { measureGrowth } from './growth.js';
import { checkInstructions } from './instructions.js';
import { measureAnswers } from './live/answers.js';
import { measureCommands } from './live/commands.js';
import { measureLoad } from './live/load.js';
import { measurePage } from './live/page.js';
import { measureStreams } from './live/streams.js';
import { measureTicks } from './live/ticks.js';
import { measureTopRefresh } from './live/top-refresh.js';
import { machine } from './machine.js';
import { measureShape } from './measure-shape.js';
import { median } from './median.js';
import { type Effort, type Options, parseOptions, USAGE } from './options.js';
import { checkParts } from './paths.js';
import { measureRecorder } from './recorder/daemon.js';
import { report } from './report.js';
import type { Results } from './results.js';
import { measureSecure } from './secure.js';
import { measureSeriesRules } from './series-rules.js';
import { type MadeShape, makeShape, SHAPE_NAMES, SHAPES } from './shapes.js';
import { measureStarts } from './starts.js';

/** A family of the graveyard. */
const EXPLAINED = 'web_requests_0_total';

/** What pickers read; of the fleet as many series of each process. */
const LOADS = {
  vllm: {
    families: [
      'vllm:num_requests_waiting',
      'vllm:num_requests_running',
      'vllm:kv_cache_usage_perc',
    ],
    flags: [],
  },
  'fleet-1000': { families: ['app_pool_3'], flags: ['--load=app_pool_3=sum'] },
} as const;

/** They are short and vary. */
const STARTS_PER_TURN = 5;

const say = (text: string) => process.stderr.write(`${text}\n`);

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(error.message);
  process.exitCode = 2;
}

async function main(options: Options): Promise<number> {
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (options.instructions) return checkInstructions(options.write);
  checkParts();
  const directory = mkdtempSync(join(options.directory, 'promfold-bench-'));
  try {
    if (options.gate) return Math.max(await gate(directory), checkInstructions(false));
    const results = await measure(directory, options);
    process.stdout.write(report(results));
    if (options.json !== undefined) write(options.json, results);
    return 0;
  } finally {
    if (options.keep) say(`kept ${directory}`);
    else rmSync(directory, { recursive: true });
  }
}

async function measure(directory: string, options: Options): Promise<Results> {
  const { effort, only } = options;
  const results: Results = {
    machine: machine(),
    quick: options.quick,
    startedAt: new Date().toISOString(),
    shapes: {},
    churn: {},
    cold: {},
    ticks: {},
    load: {},
  };
  for (const name of SHAPE_NAMES) {
    if (!only.has(name)) continue;
    say(`making ${name}`);
    const made = makeShape(join(directory, name), SHAPES[name]());
    say(`measuring ${name}: ${made.files} files, ${made.entries} entries`);
    results.shapes[name] = await measureShape(made, effort);
    if (name === 'vllm') {
      say('  TLS and a user');
      results.secure = await measureSecure(made.directory, effort.promfoldRuns);
      say('  recorder');
      results.recorder = await measureRecorder(made, effort.recorderSeconds);
      say('  streams');
      results.streams = await measureStreams(made.directory, effort.streams);
    }
    if (name === 'vllm' || name === 'fleet-1000') {
      say('  ticks');
      results.ticks[name] = await measureTicks(made.directory, effort.ticks);
    }
    if (name === 'vllm' || name === 'fleet-1000') {
      say('  the load, as pickers ask for it');
      const group = CpuGroup.make(0.25, say);
      results.load[name] = await measureLoad(made.directory, LOADS[name], effort.load, group);
      group?.remove();
    }
    if (name === 'gauges') {
      say('  rules of series');
      results.seriesRules = await measureSeriesRules(made.directory, effort.promfoldRuns);
    }
    if (name === 'fleet-100') {
      say('  starts');
      results.starts = await measureStarts(made.directory, effort.starts * STARTS_PER_TURN);
    }
    if (name === 'fleet-1000') await measureFleet(made, effort, results);
    if (name === 'graveyard') await measureGraveyard(made, effort, results);
    if (!options.keep) rmSync(made.directory, { recursive: true });
  }
  if (only.has('growth')) {
    say('measuring growth');
    results.growth = await measureGrowth(directory, effort.promfoldRuns);
  }
  if (only.has('compaction')) {
    say('measuring compaction');
    results.compaction = await measureCompaction(directory, effort.slowRounds);
  }
  if (only.has('answers')) {
    say('measuring answers');
    results.answers = await measureAnswers(join(directory, 'answers'), effort.answerRuns);
  }
  const noBrowser = only.has('page') && chromiumMissing();
  if (noBrowser) say(`left out: page, since ${noBrowser}`);
  else if (only.has('page')) {
    say('measuring the page');
    results.page = await measurePage(join(directory, 'page'), effort.page);
  }
  for (const name of COLD_NAMES) {
    if (!only.has(name)) continue;
    say(`measuring ${name}`);
    results.cold[name] = await measureCold(join(directory, name), name);
  }
  return results;
}

async function measureFleet(made: MadeShape, effort: Effort, results: Results): Promise<void> {
  say('  name[], and memory while files come and go');
  const daemon = await Daemon.start(made.directory);
  await daemon.scrape();
  const one: number[] = [];
  const full: number[] = [];
  for (let i = 0; i < effort.promfoldRuns; i++) {
    full.push((await daemon.scrape()).ms);
    one.push((await daemon.scrape({ query: '?name[]=app_pool_3' })).ms);
  }
  results.oneGauge = { ms: median(one), fullMs: median(full) };
  await daemon.close();
  say('  refreshes of top');
  results.top = await measureTopRefresh(made, effort.topRefreshes);
  await measureMemory('fleet-1000', made, effort, results);
}

async function measureGraveyard(made: MadeShape, effort: Effort, results: Results): Promise<void> {
  say('  commands');
  results.commands = measureCommands(made.directory, EXPLAINED, effort.commandRounds);
  say('  idle, changes, and memory while files come and go');
  const daemon = await Daemon.start(made.directory);
  await daemon.scrape();
  await sleep(1000);
  const before = daemon.cpuSeconds();
  await sleep(effort.idleSeconds * 1000);
  results.idlePercent = ((daemon.cpuSeconds() - before) / effort.idleSeconds) * 100;
  results.changes = await measureChanges(made, daemon, effort.changes);
  await daemon.close();
  await measureMemory('graveyard', made, effort, results);
}

async function measureMemory(
  name: 'fleet-1000' | 'graveyard',
  made: MadeShape,
  effort: Effort,
  results: Results,
): Promise<void> {
  const daemon = await Daemon.start(made.directory);
  // V8 needs some hundred scrapes to find the size of its young generation; that is not growth.
  await measureChurn(made, daemon, effort.churnScrapes);
  results.churn[name] = await measureChurn(made, daemon, effort.churnScrapes);
  await daemon.close();
}

function write(file: string, results: Results): void {
  writeFileSync(file, `${JSON.stringify({ ...results, bars: judge(results) }, undefined, 2)}\n`);
  if (results.growth) writeFileSync(`${file.replace(/\.json$/, '')}.svg`, svgChart(results.growth));
}
