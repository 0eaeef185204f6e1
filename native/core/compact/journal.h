// Compaction of a directory that cannot be exchanged. Files are moved one by one, so a reader would
// get part of them: readers are to be stopped. One that runs all the same fails, as long as it is
// under way, and after it was killed: a name that every reader opens and that leads nowhere is in
// the directory, before the first file is moved and until the last archive is in its place.
//
//   D/counter_-promfold-GEN.db   a link to nothing
//   D/.promfold-GEN/             the journal
//     counter_1.db …             what is folded or removed, moved here
//     new-counter_-promfold-GEN.db   archives
//     .promfold-compaction       the manifest, until it is in D: then all of it is decided
//
// Once files are moved, no path leads a process to them any more; whoever came before that is seen
// by the leases, and has its file moved back. Killed before the manifest is in D, all files are
// moved back; after that, the rest is done.
#ifndef PROMFOLD_CORE_COMPACT_JOURNAL_H_
#define PROMFOLD_CORE_COMPACT_JOURNAL_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "compaction.h"
#include "leased_files.h"
#include "target.h"

namespace promfold {

// Folds the files, which are leased. On a fault everything is as it was, unless the fault says that
// not even that could be done.
CompactionFault CompactInPlace(const CompactionRequest& request, const Target& target,
                               const std::string& generation, std::vector<LeasedFile>* files,
                               CompactionOutcome* outcome);

CompactionFault RecoverJournals(const Target& target, CompactionOutcome* outcome);

// Whether this name in a directory that belongs to `owner` is of a journal: files are missing.
bool IsJournal(int directory, const char* name, uid_t owner);

// Whether there is one. Returns 0 or an errno.
int FindJournal(int directory, bool* is_there);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_JOURNAL_H_
