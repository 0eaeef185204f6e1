/**
 * Why a compaction keeps a file. Add reasons at the end of a group; a reason keeps its meaning for good, since reports in
 * JSON have it.
 */
export const KEPT_REASONS = {
  // Its process.
  alive: 'its process is alive',
  unknown: 'whether its process is alive cannot be seen from here',
  recent: 'its process wrote too short ago',
  'open-for-writing': 'a process has it open for writing',
  // What is in it.
  damaged: 'it is damaged',
  unreadable: 'it cannot be read',
  unrecognised: 'no client writes a file of this name',
  kind: 'no client writes a file of this type or mode',
  'unusable-key': 'a key in it cannot be used',
  'mixed-keys': 'its keys are those of two clients',
  conflict: 'files disagree on type, mode or help of a family in it',
  'not-a-number': 'NaN in a minimum or maximum depends on the order of the files',
  // The compaction.
  archive: 'an archive, and nothing to add to it',
  changed: 'it was replaced meanwhile',
  other: 'it cannot be locked or linked',
} as const;

export type KeptReason = keyof typeof KEPT_REASONS;
