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

function closeDebugger(): void {
  if (inspector.url() !== undefined) inspector.close();
}

if (!ASKS.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '))) {
  closeDebugger();
  // A signal of a moment ago may be on its way to the thread that starts the debugger.
  setImmediate(closeDebugger);
}
