/** The thread that reads /proc (proc-thread.ts): blocking reads, one scan after another. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { answerQuestions } from '../worker-thread.js';
import { findWriters, newMemory, type WriterMemory, type WrittenFile } from './find-writers.js';
import { glanceAt } from './glance.js';
import { LivenessScan } from './liveness-scan.js';
import { measure } from './measure.js';
import { Proc } from './proc.js';
import type { Request, ScanRequest, WritersRequest } from './proc-thread.js';

/** A long scan lets shorter requests in between. */
const TURN_MILLISECONDS = 5;

let lastTurn = performance.now();

const proc = new Proc('/proc', {
  readdir: (path) => readdirSync(path),
  readFile: (path, encoding) => {
    if (performance.now() - lastTurn < TURN_MILLISECONDS) return readFileSync(path, encoding);
    return turn().then(() => {
      lastTurn = performance.now();
      return readFileSync(path, encoding);
    });
  },
  readlink: (path) => readlinkSync(path),
});

/** By watch: a scan uses what earlier ones found. */
const scanOf = new Map<number, LivenessScan>();
let lastScan: Promise<unknown> = Promise.resolve();

function scanWriters({ watch, directory, files, removeLive }: ScanRequest): Promise<unknown> {
  let scan = scanOf.get(watch);
  if (scan === undefined) {
    scan = new LivenessScan(directory, proc);
    scanOf.set(watch, scan);
  }
  const own = scan;
  const next = lastScan.then(() => own.scan(files, removeLive));
  lastScan = next.catch(() => undefined);
  return next;
}

/** By watch: its files, and what earlier requests found. */
const lookupOf = new Map<
  number,
  { files: readonly WrittenFile[]; readonly memory: WriterMemory }
>();

/** @throws after the thread was started anew, when the files are not known any more */
function lookUpWriters({ watch, files }: WritersRequest): Promise<unknown> {
  const known = lookupOf.get(watch);
  if (files === undefined && known === undefined) throw new Error('the files are not known');
  const lookup = known ?? { files: [], memory: newMemory() };
  if (files !== undefined) lookup.files = files;
  lookupOf.set(watch, lookup);
  const next = lastScan.then(() => findWriters(lookup.files, proc, lookup.memory));
  lastScan = next.catch(() => undefined);
  return next;
}

function answerTo(request: Request): unknown {
  switch (request.kind) {
    case 'scan':
      return scanWriters(request);
    case 'writers':
      return lookUpWriters(request);
    case 'measure':
      return measure(request.processes);
    case 'glance':
      return glanceAt(request.pids);
    case 'forget':
      scanOf.delete(request.watch);
      lookupOf.delete(request.watch);
      return undefined;
  }
}

answerQuestions(answerTo);
