// The directory that is compacted, and the one above it. Everything goes through these descriptors;
// the paths are for messages.
#ifndef PROMFOLD_CORE_COMPACT_TARGET_H_
#define PROMFOLD_CORE_COMPACT_TARGET_H_

#include <sys/stat.h>

#include <string>

#include "../mapping.h"
#include "step.h"

namespace promfold {

struct Target {
  std::string path;  // real
  std::string name;  // in its parent
  std::string parent_path;
  Descriptor directory;
  Descriptor parent;
  struct stat status = {};
};

// Opens a directory that is not a symbolic link, locks it, and makes sure that we may compact it:
// it is on a local file system, and ours (or we are root).
CompactionFault OpenTarget(const std::string& path, Target* target);

// Opens a directory in `parent`, following no link. -1 with errno set on an error.
Descriptor OpenIn(int parent, const std::string& name);

// One compaction at a time holds a directory; its end gives it up, however it ends.
CompactionFault LockDirectory(int directory, const std::string& path);

// Whether the name in `parent` is the directory that is open.
bool LeadsTo(int parent, const std::string& name, int directory);

// `renameat2(RENAME_EXCHANGE)`, by which two directories change places at once; and
// RENAME_NOREPLACE. Return 0 or an errno.
int Exchange(int parent, const std::string& one, const std::string& other);
int MoveNoReplace(int from, const std::string& name, int to, const std::string& new_name);
// Under a name that nothing has there (SpareName). Likewise.
int MoveToSpareName(int from, const std::string& name, int to, const std::string& generation);

// The fault of something in a directory, with the whole path.
CompactionFault In(const std::string& directory, CompactionFault fault);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_TARGET_H_
