/**
 * What recording an hour of vLLM's shape under load takes, with the time simulated: bytes, CPU time of a tick, and how long
 * it takes to read any moment of it.
 *
 *     node dist/scripts/bench/recorder/measure.js [seconds] [requests a second] [servers] [interval] [MiB]
 */
import { type RecordedTick, Recorder, releaseColumns } from '../../../src/native.js';
import { Random } from '../../../test/support/random.js';
import { VllmLoad } from './vllm-load.js';

const [seconds = 3600, requestsPerSecond = 64, servers = 16, interval = 1, mebibytes = 1024] =
  process.argv.slice(2).map(Number);
const load = new VllmLoad({ servers, requestsPerSecond, seed: 1 });
const recorder = new Recorder({ maxBytes: mebibytes * 2 ** 20, segmentSeconds: 300 });
const { fileId, generation, entryEnd, keyId, keys, value, timestampSeconds } = load;
const texts = keys.map((key) => Buffer.from(key));
let end = 0;
const keyTexts = [
  { text: Buffer.concat(texts), end: Uint32Array.from(texts, ({ length }) => (end += length)) },
];
const runs = { fileId, generation, entryEnd };
const structure = {
  rows: { ...runs, keyId },
  keyTexts,
  fileName: load.fileName,
  identity: load.fileName.map((_, i) => `fd:01:${1_000 + i}`),
  valueBytes: load.valueBytes,
};

load.advance(60);
let changed = 0;
let bytes = 0;
let tickBytes = 0;
const cpuMs: number[] = [];
const sealMs: number[] = [];
for (let s = 0; s < seconds; s += interval) {
  load.advance(interval);
  const tick: RecordedTick = {
    timeSeconds: load.timeSeconds,
    columns: { ...runs, value, timestampSeconds },
    ...(s === 0 && { structure }),
  };
  const added = await recorder.add(tick);
  if (s > 0) changed += added.changedValues;
  bytes = added.bytes;
  tickBytes += added.tickBytes;
  cpuMs.push((added.cpuSeconds - added.sealSeconds) * 1e3);
  if (added.sealSeconds > 0) sealMs.push(added.sealSeconds * 1e3);
}

const sorted = (numbers: number[]) => numbers.sort((a, b) => a - b);
const share = (numbers: number[], of: number) =>
  sorted(numbers)[Math.floor((numbers.length - 1) * of)]!;
const print = (name: string, text: string) => process.stdout.write(`${name.padEnd(36)} ${text}\n`);
const recording = recorder.recording();
const segments = recording.segments();
const segmentBytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
print('entries', String(value.length));
print('changed values a second', (changed / seconds).toFixed(0));
print('MiB in memory', (bytes / 2 ** 20).toFixed(1));
print('segments', `${segments.length}, ${(segmentBytes / 2 ** 20).toFixed(1)} MiB`);
print('bytes a changed value, all told', (bytes / changed).toFixed(2));
print('bytes a changed value, segments', (segmentBytes / changed).toFixed(2));
print('bytes a changed value, open segment', (tickBytes / changed).toFixed(2));
print(
  'CPU ms of a tick: median, p99',
  `${share(cpuMs, 0.5).toFixed(2)}, ${share(cpuMs, 0.99).toFixed(2)}`,
);
print(
  'CPU ms of sealing: median, most',
  `${share(sealMs, 0.5).toFixed(0)}, ${share(sealMs, 1).toFixed(0)}`,
);

const times = recording.times();
const random = new Random(2);
const atMs: number[] = [];
for (let i = 0; i < 60; i++) {
  const startedMs = performance.now();
  const instant = await recording.at(times[random.below(times.length)]!);
  atMs.push(performance.now() - startedMs);
  releaseColumns(instant!);
}
print('ms of at(): median, most', `${share(atMs, 0.5).toFixed(0)}, ${share(atMs, 1).toFixed(0)}`);
const startedMs = performance.now();
await recording.history(Uint32Array.of(3), times[0]!, times.at(-1)!, 1_000);
print('ms of history() of all', (performance.now() - startedMs).toFixed(0));
