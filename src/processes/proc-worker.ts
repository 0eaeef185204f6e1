/** The thread that reads /proc (proc-thread.ts): blocking reads, one scan after another. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { answerQuestions } from '../worker-thread.js';
import { LivenessScan } from './liveness-scan.js';
import { measure } from './measure.js';
import { Proc } from './proc.js';
import type { Request, ScanRequest } from './proc-thread.js';

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

function answerTo(request: Request): unknown {
  if (request.kind === 'scan') return scanWriters(request);
  if (request.kind === 'measure') return measure(request.processes);
  return scanOf.delete(request.watch);
}

answerQuestions(answerTo);
