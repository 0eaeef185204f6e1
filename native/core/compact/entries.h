// All names in a directory, whatever they are: what directory.h lists for a scrape are metric files
// alone.
#ifndef PROMFOLD_CORE_COMPACT_ENTRIES_H_
#define PROMFOLD_CORE_COMPACT_ENTRIES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace promfold {

struct NamedEntry {
  std::string name;
  uint64_t inode;  // as the directory has it
  bool is_directory;
};

// All but `.` and `..`, in the order of the directory. Returns 0 or an errno.
int ListEntries(int directory, std::vector<NamedEntry>* entries);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_ENTRIES_H_
