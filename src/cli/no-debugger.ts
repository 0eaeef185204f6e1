/**
 * SIGUSR1 opens no debugger. By default Node starts one, on 127.0.0.1:9229, and any local user who connects can run
 * code as promfold's user. main.ts imports this before anything else.
 *
 * A handler replaces Node's own for as long as it is installed, so nothing may remove all listeners of SIGUSR1. `run`
 * adds one that forwards the signal (signals.ts). `--disable-sigusr1` (Node 22.14 and later) is not used: it blocks
 * the signal, and then no handler receives it.
 *
 * Node's own handler is installed before any module runs. A debugger that it has started by then is closed.
 */
import inspector from 'node:inspector';

process.on('SIGUSR1', () => {});

/** Options that start a debugger, or load a module that may open one. */
const ASKS = /(^|\s)(--inspect(-brk|-wait)?(=|\s|$)|--require|--import|-r)/;

/** Longer than a pending signal takes to arrive, even on a busy machine. */
const AGAIN_AFTER_MS = [10, 100, 1_000];

function closeDebugger(): void {
  if (inspector.url() !== undefined) inspector.close();
}

if (!ASKS.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '))) {
  closeDebugger();
  // Node notifies the main thread of a signal twice, by an interrupt and by its event loop, from a thread of its own.
  // Either notification may come after the debugger that the other one opened was closed.
  setImmediate(closeDebugger);
  for (const ms of AGAIN_AFTER_MS) setTimeout(closeDebugger, ms).unref();
}
