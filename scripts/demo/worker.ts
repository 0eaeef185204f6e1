/**
 * One simulated worker: a process of its own that answers imaginary requests for ever and counts them
 * in its metric files. It ends when the process that forked it is gone.
 *
 *     node worker.js DIRECTORY INDEX
 */
import { FAMILY } from './families.js';
import { WorkerMetrics } from './worker-metrics.js';

const [directory = '.', index = '0'] = process.argv.slice(2);
const metrics = new WorkerMetrics(directory, String(process.pid));

// Ctrl-C goes to the whole process group; the demo decides when its workers end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('disconnect', () => process.exit(0));

const TICK_MS = 100;
const engine = { model_name: 'demo-7b', engine: String(Number(index) % 2) };
const startedSeconds = Date.now() / 1000;
let requests = 0;
let longestPrompt = 0;

metrics.set(FAMILY.firstStart, {}, startedSeconds);

function tick(): void {
  const arrived = Math.floor(Math.random() * 4);
  for (let i = 0; i < arrived; i += 1) answerOne();

  const running = Math.floor(Math.random() * 16);
  const waiting = Math.floor(Math.random() * 6);
  metrics.set(FAMILY.requestsRunning, engine, running);
  metrics.set(FAMILY.requestsWaiting, engine, waiting);
  metrics.set(FAMILY.cacheUsage, engine, running / 16);
  metrics.set(FAMILY.requestsInProgress, {}, running);
  metrics.set(FAMILY.workerBusy, {}, running / 16);
  metrics.set(FAMILY.highestQueue, {}, waiting);
  const seconds = Date.now() / 1000 - startedSeconds + TICK_MS / 1000;
  metrics.set(FAMILY.slowestRate, {}, requests / seconds);
}

function answerOne(): void {
  const promptTokens = 1 + Math.floor(Math.random() * 2_000);
  const generatedTokens = 1 + Math.floor(Math.random() * 500);
  const firstTokenSeconds = 0.01 - Math.log(Math.random()) * 0.2;

  metrics.increment(FAMILY.promptTokens, engine, promptTokens);
  metrics.increment(FAMILY.generationTokens, engine, generatedTokens);
  const reason = Math.random() < 0.9 ? 'stop' : 'length';
  metrics.increment(FAMILY.requestSuccess, { ...engine, finished_reason: reason });
  metrics.observe(FAMILY.timeToFirstToken, engine, firstTokenSeconds);
  metrics.observe(FAMILY.requestLatency, engine, firstTokenSeconds + generatedTokens * 0.01);
  metrics.observe(FAMILY.responseSize, { handler: '/v1/completions' }, generatedTokens * 5);
  metrics.increment(FAMILY.connectionsAccepted, {});

  requests += 1;
  longestPrompt = Math.max(longestPrompt, promptTokens);
  metrics.set(FAMILY.workerRequests, {}, requests);
  metrics.set(FAMILY.longestPrompt, {}, longestPrompt);
}

answerOne();
tick();
setInterval(tick, TICK_MS);
process.send?.('ready');
