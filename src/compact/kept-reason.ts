/**
 * Why a compaction keeps a file: as far as the files show it (candidates.ts), and as the kernel and the bytes show it at the
 * moment itself. A reason keeps its meaning for good, since reports in JSON have it.
 */
import { KEPT_REASON } from '../native.js';

/** In the order of the report. */
export const KEPT_REASONS = {
  alive: 'its process is alive',
  unknown: 'whether its process is alive cannot be seen',
  recent: 'its process wrote too short ago',
  'open-for-writing': 'a process has it open for writing',
  archive: 'an archive, and nothing to add to it',
  damaged: 'it is damaged',
  unreadable: 'it cannot be read',
  unrecognised: 'no client writes a file of this name',
  kind: 'no client writes a file of this type or mode',
  'unusable-key': 'a key in it cannot be used',
  'mixed-keys': 'its keys are those of two clients',
  conflict: 'files disagree about one of its families',
  'order-matters': 'NaN, or equal times: the order of the files decides',
  replaced: 'it was replaced or written meanwhile',
} as const;

export type KeptReason = keyof typeof KEPT_REASONS;

/** Of the addon. */
const NATIVE: Readonly<Record<number, KeptReason>> = {
  [KEPT_REASON.openForWriting]: 'open-for-writing',
  [KEPT_REASON.replaced]: 'replaced',
  [KEPT_REASON.damaged]: 'damaged',
  // It was read with another one: it was written anew.
  [KEPT_REASON.otherWidth]: 'replaced',
  [KEPT_REASON.orderMatters]: 'order-matters',
  [KEPT_REASON.loneArchive]: 'archive',
};

export function keptReasonOf(native: number): KeptReason {
  return NATIVE[native] ?? 'replaced';
}
