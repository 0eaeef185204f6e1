// What is in a directory, whatever it is: listed, and deleted. directory.h lists metric files
// alone, for a scrape.
#ifndef PROMFOLD_CORE_COMPACT_ENTRIES_H_
#define PROMFOLD_CORE_COMPACT_ENTRIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "step.h"

namespace promfold {

struct NamedEntry {
  std::string name;
  uint64_t inode;  // as the directory has it
  bool is_directory;
};

// All but `.` and `..`, in the order of the directory. Returns 0 or an errno.
int ListEntries(int directory, std::vector<NamedEntry>* entries);

// Deletes these of a directory, and then the directory, which is `name` in `parent`. The path of a
// fault is a name in it; empty for the directory itself.
CompactionFault RemoveListed(int parent, const std::string& name, int directory,
                             const std::vector<NamedEntry>& entries);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_ENTRIES_H_
