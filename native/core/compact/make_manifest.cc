#include "make_manifest.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <utility>

namespace promfold {

CompactionFault MakeManifest(const Target& target, int at, const std::vector<std::string>& archives,
                             const std::string& name_prefix, const LinkedNames& linked,
                             const std::vector<LeasedFile>& files, const std::string& generation,
                             Manifest* manifest) {
  Manifest earlier;
  const int error = ReadManifest(target.directory.number(), &earlier);
  if (error != 0) return {CompactionStep::kOpen, kManifestName, error};
  const int64_t now = time(nullptr);
  *manifest = {};
  manifest->generation = generation;
  for (const std::string& name : archives) {
    struct stat status;
    if (fstatat(at, (name_prefix + name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return {CompactionStep::kWrite, name, errno};
    }
    manifest->archive.push_back({name, static_cast<uint64_t>(status.st_ino)});
  }
  for (const auto& [name, inode] : linked) manifest->linked.push_back({name, inode});
  manifest->gone = RecentlyGone(earlier, now);
  std::vector<GoneFile> folded;
  for (const LeasedFile& file : files) {
    const auto inode = static_cast<uint64_t>(file.status.st_ino);
    if (file.group == kRemove) {
      manifest->removed.push_back({file.name, inode});
      continue;
    }
    manifest->folded.push_back({file.name, inode, file.checksum});
    folded.push_back({file.name, IdentityOf(file.status), now});
  }
  AddGone(std::move(folded), &manifest->gone);
  return {};
}

}  // namespace promfold
