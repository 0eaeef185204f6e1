/**
 * What the watchdog of a daemon says: the readings of a daemon and of its snapshots carry it, and a directory alone does not, since it
 * has no past. vllm#36451, vllm#39863 (an engine that is stuck while /health is 200).
 */
import type { Verdict, VerdictName } from '../../watchdog/verdict.js';
import type { Evidence, Rule } from './finding.js';
import type { Subject } from './subject.js';

export const engineStalled: Rule = {
  code: 'ENGINE_STALLED',
  severity: 'error',
  title: 'an engine that does nothing while requests wait for it',
  effect:
    'Requests that reach it hang until their clients give up; its gauges keep their last values, and routers may prefer it for that.',
  cure: 'Look at its log and at the process of the engine, which writes no metrics itself; then restart it. `promfold help stuck` says what was seen, and what cannot be.',
  find: (subject) => evidenceOf(subject, 'engine', 'stalled'),
};

export const processStalled: Rule = {
  code: 'PROCESS_STALLED',
  severity: 'error',
  title: 'a process that does nothing while its siblings work',
  effect: 'Requests that it accepted hang; its counters stand, and its gauges are old.',
  cure: 'Look at its state and its stacks (`py-spy dump --pid PID`); state T is a signal or a debugger, and SIGCONT ends it. Otherwise restart it.',
  find: (subject) => evidenceOf(subject, 'process', 'stalled'),
};

export const engineSilent: Rule = {
  code: 'ENGINE_SILENT',
  severity: 'warning',
  title: 'an engine that has counted nothing for long while requests wait for it',
  effect: 'It may be busy with one long step, or stuck: after four times as long it has stalled.',
  cure: 'Wait, or look at its log. If such steps are usual here, a longer --watchdog.silence.',
  find: (subject) => evidenceOf(subject, 'engine', 'silent'),
};

export const processSilent: Rule = {
  code: 'PROCESS_SILENT',
  severity: 'warning',
  title: 'a process that has counted nothing for long while its siblings work',
  effect:
    'It may be busy with one long request, or stuck: after four times as long it has stalled.',
  cure: 'Wait, or look at its state and its stacks (`py-spy dump --pid PID`).',
  find: (subject) => evidenceOf(subject, 'process', 'silent'),
};

export const processSlow: Rule = {
  code: 'PROCESS_SLOW',
  severity: 'info',
  title: 'a process that is much slower than its siblings, or does much less than before',
  effect: 'Requests that it gets take longer; the merged histogram hides whose they are.',
  cure: '`promfold explain HISTOGRAM` shows the times of each process. Look for a core or a device that it shares, or for a client that sends only to it.',
  find: (subject) => evidenceOf(subject, 'process', 'slow'),
};

export const STUCK_RULES: readonly Rule[] = [
  engineStalled,
  processStalled,
  engineSilent,
  processSilent,
  processSlow,
];

function* evidenceOf(
  { reading }: Subject,
  of: 'engine' | 'process',
  wanted: VerdictName,
): IterableIterator<Evidence> {
  for (const verdict of reading.verdicts ?? []) {
    if (verdict.verdict !== wanted) continue;
    if ((verdict.engine === undefined) !== (of === 'process')) continue;
    const { processId } = verdict;
    yield {
      text: `${subjectOf(verdict)}: ${verdict.evidence.join('; ')}`,
      ...(processId !== undefined && { processId }),
    };
  }
}

/** `engine 0 of Qwen/Qwen3-0.6B`, `process 17`. */
export function subjectOf({ processId, engine, modelName }: Verdict): string {
  if (engine === undefined) return `process ${processId}`;
  return `engine ${engine}${modelName === undefined ? '' : ` of ${modelName}`}`;
}
