/**
 * Preloaded into the daemon (`node --import`): measures its event loop delay when told to, and costs
 * nothing until then.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopDelayQuestion {
  readonly loopDelay: 'start' | 'stop';
}
/** Milliseconds; the histogram's own timer of 1 ms is in them. */
export interface LoopDelay {
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const histogram = monitorEventLoopDelay({ resolution: 1 });

process.on('message', ({ loopDelay }: LoopDelayQuestion) => {
  if (loopDelay === 'start') {
    histogram.reset();
    histogram.enable();
  } else {
    histogram.disable();
  }
  const delay: LoopDelay = {
    p99: histogram.percentile(99) / 1e6,
    p999: histogram.percentile(99.9) / 1e6,
    max: histogram.max / 1e6,
  };
  process.send?.(delay);
});
// The IPC channel must not keep the daemon alive.
process.channel?.unref();
