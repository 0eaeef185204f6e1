/** The thread that takes snapshots: they read and pack everything, which takes seconds for a million entries. */
import { takeSnapshot } from '../../inspect/snapshot.js';
import type { Verdict } from '../../watchdog/verdict.js';
import { answerQuestions, Transferred } from '../../worker-thread.js';

export interface SnapshotQuestion {
  readonly directory: string;
  /** Of promfold. */
  readonly version: string;
  /** Of the watchdog, where it is on. */
  readonly verdicts?: readonly Verdict[];
}

answerQuestions(async ({ directory, version, verdicts }: SnapshotQuestion) => {
  const { archive } = await takeSnapshot(directory, version, { verdicts });
  const bytes = new Uint8Array(archive);
  return new Transferred(bytes, [bytes.buffer]);
});
