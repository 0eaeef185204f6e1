/**
 * SIGUSR1 opens no debugger. Node starts one for it by default, on 127.0.0.1:9229, and whoever can connect there runs
 * code as promfold's user. main.ts imports this before anything else.
 *
 * A handler takes the place of Node's own for as long as it is installed, so nothing may remove all listeners of
 * SIGUSR1. `run` adds one that hands the signal on (signals.ts). `--disable-sigusr1` (Node 22.14 and later) is not used:
 * it leaves the signal blocked, and then no handler gets it.
 *
 * Node's own handler is there before any module runs. What it has started by then is closed.
 */
import inspector from 'node:inspector';

process.on('SIGUSR1', () => {});

/** Options by which somebody asks for a debugger, or loads a module that may open one. */
const ASKS = /(^|\s)(--inspect(-brk|-wait)?(=|\s|$)|--require|--import|-r)/;

/** Long after what is on its way has come, even on a busy machine. */
const AGAIN_AFTER_MS = [10, 100, 1_000];

function closeDebugger(): void {
  if (inspector.url() !== undefined) inspector.close();
}

if (!ASKS.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '))) {
  closeDebugger();
  // Node tells the main thread of a signal twice, by an interrupt and by its event loop, from a thread of its own. Either
  // may come after the debugger of the other was closed.
  setImmediate(closeDebugger);
  for (const ms of AGAIN_AFTER_MS) setTimeout(closeDebugger, ms).unref();
}
