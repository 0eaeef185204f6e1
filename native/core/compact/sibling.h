// A new directory next to an old one, that is to take its place: made, filled with hard links to
// what stays, and given owner, mode, access lists and other attributes of the old one.
#ifndef PROMFOLD_CORE_COMPACT_SIBLING_H_
#define PROMFOLD_CORE_COMPACT_SIBLING_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "../mapping.h"
#include "entries.h"
#include "step.h"
#include "target.h"

namespace promfold {

struct SiblingDirectory {
  std::string name;
  std::string path;
  Descriptor directory;
};

// Makes an empty one for us alone, and locks it. The fault has its whole path.
CompactionFault MakeSibling(const Target& target, const std::string& generation,
                            SiblingDirectory* sibling);

// Removes one that no reader ever saw, with all that is in it.
CompactionFault RemoveSibling(const Target& target, const SiblingDirectory& sibling);

// Owner, mode and extended attributes of the old directory, which the access lists are among.
CompactionFault CloneAttributes(const Target& target, const SiblingDirectory& sibling);

// The names that were linked, and their inodes.
using LinkedNames = std::unordered_map<std::string, uint64_t>;

// Makes the sibling agree with what is listed of the old directory: links what is new or another
// file than before, removes what is gone. Names for which `stays_behind` is true are left out.
// *changes is how many names that were.
template <typename StaysBehind>
CompactionFault LinkEntries(const Target& target, const SiblingDirectory& sibling,
                            const std::vector<NamedEntry>& entries, StaysBehind stays_behind,
                            LinkedNames* linked, uint32_t* changes);

// A hard link to whatever the name is, to a symbolic link itself. A name that is gone is no fault.
CompactionFault LinkEntry(const Target& target, const SiblingDirectory& sibling,
                          const NamedEntry& entry, LinkedNames* linked);
CompactionFault UnlinkEntry(const SiblingDirectory& sibling, const std::string& name,
                            LinkedNames* linked);

template <typename StaysBehind>
CompactionFault LinkEntries(const Target& target, const SiblingDirectory& sibling,
                            const std::vector<NamedEntry>& entries, StaysBehind stays_behind,
                            LinkedNames* linked, uint32_t* changes) {
  *changes = 0;
  LinkedNames left = *linked;
  for (const NamedEntry& entry : entries) {
    if (stays_behind(entry)) continue;
    if (entry.is_directory) {
      return {CompactionStep::kSubDirectory, target.path + "/" + entry.name};
    }
    const auto found = left.find(entry.name);
    const bool is_known = found != left.end();
    const bool is_same = is_known && found->second == entry.inode;
    if (is_known) left.erase(found);
    if (is_same) continue;
    ++*changes;
    if (is_known) {
      const CompactionFault fault = UnlinkEntry(sibling, entry.name, linked);
      if (!fault.ok()) return fault;
    }
    const CompactionFault fault = LinkEntry(target, sibling, entry, linked);
    if (!fault.ok()) return fault;
  }
  for (const auto& [name, inode] : left) {
    ++*changes;
    const CompactionFault fault = UnlinkEntry(sibling, name, linked);
    if (!fault.ok()) return fault;
  }
  return {};
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_SIBLING_H_
