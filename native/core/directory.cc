#include "directory.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "compact/journal.h"
#include "compact/names.h"
#include "detached_thread.h"
#include "directory_stream.h"
#include "file_system.h"
#include "metric_file_name.h"

namespace promfold {

namespace {

// How many names are read between two looks at the clock; it takes as long as reading some.
constexpr int kNamesAtOnce = 256;

// A compaction lets readers in as soon as it has carried over a few files: compact/gate.h.
constexpr std::chrono::milliseconds kBetweenLooks{1};
constexpr std::chrono::milliseconds kLongestGate{1000};

FreeSpace FreeSpaceOf(int descriptor) {
  struct statvfs status;
  if (fstatvfs(descriptor, &status) != 0) return {};
  FreeSpace free;
  free.bytes = static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
  // Some file systems make inodes as they need them and count none.
  free.inodes = status.f_files == 0 ? -1 : static_cast<double>(status.f_favail);
  return free;
}

}  // namespace

void Listing::Add(std::string_view name, uint64_t inode, unsigned char type) {
  names_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()), inode,
                    type == DT_LNK || type == DT_UNKNOWN, type == DT_REG});
  text_.insert(text_.end(), name.begin(), name.end());
}

bool Listing::Has(std::string_view name) const {
  return std::ranges::any_of(names_,
                             [&](const ListedName& listed) { return Name(listed) == name; });
}

OpenedDirectory::~OpenedDirectory() {
  if (is_local || !descriptor) return;
  auto closed_elsewhere = std::make_shared<Descriptor>(std::move(descriptor));
  // Where there is no thread it is closed here.
  RunDetached([closed = std::move(closed_elsewhere)]() mutable { closed.reset(); });
}

int StatDirectory(const std::string& path, const DirectoryTimes& listed,
                  const OpenedDirectory* opened, PendingOperation* pending, DirectoryTimes* times,
                  FreeSpace* free) {
  pending->Begin();
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return errno;
  const auto nanoseconds = [](const timespec& time) {
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  *times = {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino),
            nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  if (opened == nullptr || !(*times == listed)) return 0;
  pending->Begin();
  *free = FreeSpaceOf(opened->descriptor.number());
  return 0;
}

namespace {

// The name of a compaction's gate, if there is one, is not listed.
int ListOnce(const std::string& path, std::shared_ptr<const CompactedDirectory> before,
             PendingOperation* pending, ListedDirectory* directory, std::string* gate) {
  auto opened = std::make_shared<OpenedDirectory>();
  pending->Begin();
  opened->descriptor = Descriptor(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened->descriptor) return errno;
  const int number = opened->descriptor.number();
  pending->Begin();
  struct stat status;
  if (fstat(number, &status) != 0) return errno;
  opened->device = static_cast<uint64_t>(status.st_dev);
  opened->owner = status.st_uid;
  pending->Begin();
  struct statfs file_system;
  if (fstatfs(number, &file_system) == 0) {
    opened->is_local = IsLocal(file_system);
    opened->is_overlay = IsOverlay(file_system);
  }
  pending->Begin();
  const FreeSpace free = FreeSpaceOf(number);

  // It is of local file systems.
  std::shared_ptr<const CompactedDirectory> compacted;
  if (opened->is_local) {
    const int error = CompactedDirectory::Look(number, std::move(before), pending, &compacted);
    if (error != 0) return error;
  }

  // closedir closes what it reads from; ours stays, for openat.
  pending->Begin();
  Descriptor read_from(openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!read_from) return errno;
  DirectoryStream stream(fdopendir(read_from.number()));
  if (!stream.is_open()) return errno;
  read_from.Release();

  Listing found;
  for (int i = 0;; ++i) {
    if (i % kNamesAtOnce == 0) pending->Begin();
    const dirent* const entry = stream.Next();
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (opened->is_local && !ParseJournal(name).empty()) {
      pending->Begin();
      if (IsJournal(number, entry->d_name, opened->owner)) return kFilesMovedAway;
    }
    if (!IsMetricFileName(name)) continue;
    if (IsGateName(name)) {
      *gate = name;
      continue;
    }
    found.Add(name, static_cast<uint64_t>(entry->d_ino), entry->d_type);
  }
  if (stream.error() != 0) return stream.error();
  *directory = {std::move(opened), std::move(found), free, std::move(compacted)};
  return 0;
}

// Whether a reader would wait at it now.
bool IsClosed(int directory, const std::string& gate) {
  const Descriptor file(
      openat(directory, gate.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return !file && errno == EWOULDBLOCK;
}

}  // namespace

int ListDirectory(const std::string& path, std::shared_ptr<const CompactedDirectory> before,
                  PendingOperation* pending, ListedDirectory* directory) {
  const auto until = std::chrono::steady_clock::now() + kLongestGate;
  for (;;) {
    std::string gate;
    const int error = ListOnce(path, before, pending, directory, &gate);
    if (error != 0 || gate.empty() || !directory->opened->is_local) return error;
    if (!IsClosed(directory->opened->descriptor.number(), gate) ||
        std::chrono::steady_clock::now() >= until) {
      return 0;
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace promfold
