/** What a process is said to do: the verdict where there is one, else whether it is alive. */
import type { Verdict } from './activity.js';
import { Badge, type Tone } from './parts.js';

export const STATES: Readonly<Record<string, readonly [tone: Tone, text: string]>> = {
  ok: ['ok', 'ok'],
  alive: ['ok', 'alive'],
  idle: ['', 'idle'],
  silent: ['warn', 'silent'],
  slow: ['warn', 'slow'],
  stalled: ['bad', 'stalled'],
  dead: ['bad', 'dead'],
  unknown: ['', 'unknown'],
  archive: ['', 'archive'],
};

export function stateOf(liveness: string, verdict: Verdict | undefined): string {
  // A verdict may be of a moment before.
  if (liveness === 'dead' || liveness === 'archive' || verdict === undefined) return liveness;
  return verdict.verdict === 'unknown' ? liveness : verdict.verdict;
}

export function StateBadge({
  liveness,
  verdict,
}: {
  liveness: string;
  verdict?: Verdict | undefined;
}) {
  const state = stateOf(liveness, verdict);
  const [tone, text] = STATES[state] ?? ['', state];
  return <Badge tone={tone}>{text}</Badge>;
}
