// What a compaction leaves that was killed, and what becomes of it.
//
//   next to D: .D.promfold-GEN        and D's manifest
//     has generation GEN              D took its place: what happened in it since is carried over,
//                                     and it is deleted. Where a process has a file of it open that
//                                     was folded, it becomes D again, and the other one is deleted.
//     has another, or there is none   it never took D's place, or does not any more: what happened
//                                     in it is carried over, and it is deleted
//   .D.promfold-GEN-done, -undone     it is deleted
//   in D: .promfold-GEN               the journal is finished, or taken back (journal.h)
#ifndef PROMFOLD_CORE_COMPACT_LEFTOVERS_H_
#define PROMFOLD_CORE_COMPACT_LEFTOVERS_H_

#include <cstdint>

#include "compaction.h"
#include "target.h"

namespace promfold {

// `target` is open and locked; afterwards it is another directory where another one became D.
// outcome->recovered is whether there was anything.
CompactionFault RecoverLeftovers(Target* target, uint32_t grace_milliseconds,
                                 CompactionOutcome* outcome);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_LEFTOVERS_H_
