/** What the watchdog says of a trace, and how wrong that is. */
import { isTrouble, type VerdictName } from '../../../src/watchdog/verdict.js';
import { PLANTED } from './planted.js';
import { HEALTHY } from './scenarios.js';
import { play, type Told } from './trace.js';
import { UNSEEN } from './unseen.js';

export interface Judged {
  readonly name: string;
  readonly seed: number;
  /** Of those that nothing is wrong with: silent, stalled or slow. */
  readonly alarms: readonly string[];
}

export interface JudgedFault extends Judged {
  /** Seconds until the victim was named, by verdict. */
  readonly found: Partial<Record<VerdictName, number>>;
  /** Seconds until it had answered a hundred requests. */
  readonly hundredSeconds: number;
  /** What was planted. */
  readonly victim: string;
}

/** @param name of a trace of HEALTHY or UNSEEN */
export function judgeHealthy(name: string, seed: number): Judged {
  const trace = (HEALTHY[name] ?? UNSEEN[name]!)(seed);
  return { name, seed, alarms: play(trace).filter(isTrouble).map(textOf) };
}

export function judgeFault(name: string, seed: number): JudgedFault {
  const { trace, atSeconds, victim, since } = PLANTED[name]!(seed);
  const told = play(trace).filter(isTrouble);
  const isVictim = ({ processId, engine }: Told) =>
    processId === victim.processId && engine === victim.engine;
  const found: Partial<Record<VerdictName, number>> = {};
  for (const each of told) {
    if (!isVictim(each) || each.atSeconds < atSeconds) continue;
    found[each.verdict] ??= each.atSeconds - atSeconds;
  }
  const alarms = told.filter((each) => !isVictim(each) || each.atSeconds < atSeconds).map(textOf);
  return {
    name,
    seed,
    alarms,
    found,
    hundredSeconds: since.hundredAtSeconds - atSeconds,
    victim: JSON.stringify(victim),
  };
}

function textOf({ atSeconds, processId, engine, verdict, evidence }: Told): string {
  return `second ${atSeconds}: ${processId ?? `engine ${engine}`} is ${verdict}: ${evidence.join('; ')}`;
}

/** Whether it was told later than a few seconds after the time that its rule has. Shares are compared every five seconds, twice. */
export function isLate({ name, found, hundredSeconds }: JudgedFault): boolean {
  if (name.includes('slower')) return !(found.slow! <= hundredSeconds + 15);
  if (name.includes('loses')) return !(found.slow! <= 70);
  // Requests that no engine finished have to add up first, where an engine says nothing itself.
  const silentSeconds = name.includes('says that nothing runs') ? 50 : 40;
  return !(found.silent! <= silentSeconds && found.stalled! <= 130);
}
