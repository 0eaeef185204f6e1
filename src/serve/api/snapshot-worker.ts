/** The thread that takes snapshots: they read and pack everything, which takes seconds for a million entries. */
import { takeSnapshot } from '../../inspect/snapshot.js';
import { answerQuestions, Transferred } from '../../worker-thread.js';

export interface SnapshotQuestion {
  readonly directory: string;
  /** Of promfold. */
  readonly version: string;
}

answerQuestions(async ({ directory, version }: SnapshotQuestion) => {
  const { archive } = await takeSnapshot(directory, version);
  const bytes = new Uint8Array(archive);
  return new Transferred(bytes, [bytes.buffer]);
});
