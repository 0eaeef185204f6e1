#include "entries.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../directory_stream.h"
#include "../mapping.h"

namespace promfold {

int ListEntries(int directory, std::vector<NamedEntry>* entries) {
  entries->clear();
  // A description of its own: closedir closes it, and it begins at the first name.
  Descriptor read_from(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!read_from) return errno;
  DirectoryStream stream(fdopendir(read_from.number()));
  if (!stream.is_open()) return errno;
  read_from.Release();
  while (const dirent* const entry = stream.Next()) {
    const char* const name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status;
      if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        return errno;
      }
      is_directory = S_ISDIR(status.st_mode);
    }
    entries->push_back({name, static_cast<uint64_t>(entry->d_ino), is_directory});
  }
  return stream.error();
}

CompactionFault RemoveListed(int parent, const std::string& name, int directory,
                             const std::vector<NamedEntry>& entries) {
  for (const NamedEntry& entry : entries) {
    if (unlinkat(directory, entry.name.c_str(), 0) != 0 && errno != ENOENT) {
      return {CompactionStep::kRemove, entry.name, errno};
    }
  }
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) {
    return {CompactionStep::kRemove, "", errno};
  }
  return {};
}

}  // namespace promfold
