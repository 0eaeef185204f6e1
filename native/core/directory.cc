#include "directory.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace promfold {

namespace {

struct CloseDirectory {
  void operator()(DIR* stream) const { closedir(stream); }
};

// What glob('*.db') matches.
bool IsMetricFileName(std::string_view name) {
  return name.size() >= 3 && name.front() != '.' && name.substr(name.size() - 3) == ".db";
}

}  // namespace

int Directory::State(DirectoryTimes* times) const {
  struct stat status;
  if (stat(path_.c_str(), &status) != 0) return errno;
  const auto nanoseconds = [](const timespec& time) {
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  *times = {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino),
            nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  return 0;
}

int Directory::List(Listing* listing) {
  Descriptor directory(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno;
  struct stat status;
  if (fstat(directory.number(), &status) != 0) return errno;
  // closedir closes what it reads from; ours stays, for openat.
  Descriptor read_from(openat(directory.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!read_from) return errno;
  const std::unique_ptr<DIR, CloseDirectory> stream(fdopendir(read_from.number()));
  if (stream == nullptr) return errno;
  read_from.Release();

  Listing found;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return errno;
      break;
    }
    const std::string_view name(entry->d_name);
    if (!IsMetricFileName(name)) continue;
    found.names_.push_back({static_cast<uint32_t>(found.text_.size()),
                            static_cast<uint32_t>(name.size()), static_cast<uint64_t>(entry->d_ino),
                            entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN});
    found.text_.insert(found.text_.end(), name.begin(), name.end());
  }
  *listing = std::move(found);
  descriptor_ = std::move(directory);
  device_ = static_cast<uint64_t>(status.st_dev);
  return 0;
}

}  // namespace promfold
