// Whether all that write to a directory's files are processes that we see. One in a container whose
// processes we do not see may have the directory mounted (pins.h), and would never see the one that
// takes its place.
//
// The kernel says of each file whether any process of the host has it open for writing (lease.h);
// /proc, which of them we see. A process that opened its file a moment ago may not map it yet: so
// it is seen by its descriptors, too, and looked for more than once.
#ifndef PROMFOLD_CORE_COMPACT_UNSEEN_WRITER_H_
#define PROMFOLD_CORE_COMPACT_UNSEEN_WRITER_H_

#include <string>
#include <vector>

#include "entries.h"
#include "step.h"

namespace promfold {

// `path` is that of the directory, `proc` is for tests. A fault of step kUnseenWriter, with the
// file's path, or none.
CompactionFault FindUnseenWriter(int directory, const std::string& path,
                                 const std::vector<NamedEntry>& entries,
                                 const std::string& proc = "/proc");

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_UNSEEN_WRITER_H_
