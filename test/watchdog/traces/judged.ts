/** What the watchdog says of a trace, and how wrong that is. */
import { isTrouble, type VerdictName } from '../../../src/watchdog/verdict.js';
import { PLANTED } from './planted.js';
import { HEALTHY } from './scenarios.js';
import { play, type Told } from './trace.js';

export interface Judged {
  readonly name: string;
  readonly seed: number;
  /** Of those that nothing is wrong with: silent, stalled or slow. */
  readonly alarms: readonly string[];
}

export interface JudgedFault extends Judged {
  /** Seconds until the victim was named, by verdict. */
  readonly found: Partial<Record<VerdictName, number>>;
  /** What was planted. */
  readonly victim: string;
}

export function judgeHealthy(name: string, seed: number): Judged {
  return { name, seed, alarms: play(HEALTHY[name]!(seed)).filter(isTrouble).map(textOf) };
}

export function judgeFault(name: string, seed: number): JudgedFault {
  const { trace, atSeconds, victim } = PLANTED[name]!(seed);
  const told = play(trace).filter(isTrouble);
  const isVictim = ({ processId, engine }: Told) =>
    processId === victim.processId && engine === victim.engine;
  const found: Partial<Record<VerdictName, number>> = {};
  for (const each of told) {
    if (isVictim(each) && each.atSeconds >= atSeconds) {
      found[each.verdict] ??= each.atSeconds - atSeconds;
    }
  }
  const alarms = told.filter((each) => !isVictim(each) || each.atSeconds < atSeconds).map(textOf);
  return { name, seed, alarms, found, victim: JSON.stringify(victim) };
}

function textOf({ atSeconds, processId, engine, verdict, evidence }: Told): string {
  return `second ${atSeconds}: ${processId ?? `engine ${engine}`} is ${verdict}: ${evidence.join('; ')}`;
}
