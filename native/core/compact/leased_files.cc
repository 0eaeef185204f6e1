#include "leased_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "../crc32c.h"
#include "lease.h"
#include "names.h"

namespace promfold {

namespace {

// What is kept of a file in memory is a small part of what it has on disk.
constexpr int64_t kMaxDiskBytes = int64_t{1} << 30;

constexpr size_t kBytesAtOnce = size_t{64} << 10;

// The others are for whatever else the process does.
size_t DescriptorsToUse() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  if (limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<size_t>::max();
  return static_cast<size_t>(limit.rlim_cur) / 2;
}

bool IsSameFile(const struct stat& status, const FileIdentity& identity) {
  return S_ISREG(status.st_mode) && IdentityOf(status) == identity;
}

}  // namespace

int ContentChecksum(int descriptor, uint32_t* checksum) {
  *checksum = 0;
  std::vector<char> bytes(kBytesAtOnce);
  // `used` first, which counts from byte 0.
  int32_t used = 0;
  uint64_t end = sizeof used;
  for (uint64_t at = 0; at < end;) {
    const size_t wanted = std::min<uint64_t>(end - at, bytes.size());
    const ssize_t got = pread(descriptor, bytes.data(), wanted, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    if (at == 0 && static_cast<size_t>(got) == sizeof used) {
      std::memcpy(&used, bytes.data(), sizeof used);
      end = static_cast<uint64_t>(std::max<int32_t>(used, sizeof used));
    }
    *checksum = Crc32c({bytes.data(), static_cast<size_t>(got)}, *checksum);
    at += static_cast<uint64_t>(got);
  }
  return 0;
}

CompactionFault LeaseFiles(const CompactionRequest& request, int directory,
                           std::vector<LeasedFile>* files, CompactionOutcome* outcome) {
  std::vector<const CompactionFile*> wanted;
  for (const CompactionFile& file : request.files) wanted.push_back(&file);
  std::sort(wanted.begin(), wanted.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  const size_t most = DescriptorsToUse();
  int64_t disk_bytes = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const CompactionFile& file = *wanted[i];
    if (files->size() >= most || disk_bytes >= kMaxDiskBytes) {
      outcome->remaining = static_cast<uint32_t>(wanted.size() - i);
      break;
    }
    LeasedFile leased = {file.name,
                         file.group,
                         Descriptor(openat(directory, file.name.c_str(),
                                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)),
                         {},
                         0};
    if (!leased.descriptor) {
      if (errno == EMFILE || errno == ENFILE) {
        outcome->remaining = static_cast<uint32_t>(wanted.size() - i);
        break;
      }
      const bool is_gone = errno == ENOENT || errno == ELOOP || errno == ENXIO;
      outcome->kept.push_back({file.name, is_gone ? KeptReason::kReplaced : KeptReason::kDamaged});
      continue;
    }
    if (fstat(leased.descriptor.number(), &leased.status) != 0) {
      return {CompactionStep::kLease, file.name, errno};
    }
    if (!IsSameFile(leased.status, file.identity)) {
      outcome->kept.push_back({file.name, KeptReason::kReplaced});
      continue;
    }
    const int error = TakeLease(leased.descriptor.number());
    if (error == EAGAIN) {
      outcome->kept.push_back({file.name, KeptReason::kOpenForWriting});
      continue;
    }
    if (error != 0) return {CompactionStep::kLease, file.name, error};
    disk_bytes += int64_t{leased.status.st_blocks} * 512;
    files->push_back(std::move(leased));
  }
  return {};
}

ArchiveKey ArchiveKeyOf(const LeasedFile& file) {
  return {file.group, file.status.st_uid, file.status.st_gid};
}

void KeepLoneArchives(std::vector<LeasedFile>* files, CompactionOutcome* outcome) {
  std::map<ArchiveKey, size_t> count;
  for (const LeasedFile& file : *files) ++count[ArchiveKeyOf(file)];
  std::erase_if(*files, [&](const LeasedFile& file) {
    if (file.group == kRemove || !IsArchiveName(file.name) || count[ArchiveKeyOf(file)] > 1) {
      return false;
    }
    outcome->kept.push_back({file.name, KeptReason::kLoneArchive});
    return true;
  });
}

bool DropReopened(int directory, std::vector<LeasedFile>* files, CompactionOutcome* outcome) {
  const size_t before = files->size();
  std::erase_if(*files, [&](const LeasedFile& file) {
    struct stat named;
    const bool is_there = fstatat(directory, file.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                          IdentityOf(named) == IdentityOf(file.status);
    const bool is_held = HoldsLease(file.descriptor.number());
    if (is_there && is_held) return false;
    outcome->kept.push_back(
        {file.name, is_there ? KeptReason::kOpenForWriting : KeptReason::kReplaced});
    return true;
  });
  return files->size() != before;
}

bool AreListed(const std::vector<LeasedFile>& files, const std::vector<NamedEntry>& entries) {
  std::unordered_map<std::string_view, uint64_t> inode;
  for (const NamedEntry& entry : entries) inode[entry.name] = entry.inode;
  return std::all_of(files.begin(), files.end(), [&](const LeasedFile& file) {
    const auto listed = inode.find(file.name);
    return listed != inode.end() && listed->second == static_cast<uint64_t>(file.status.st_ino);
  });
}

bool HoldAll(const std::vector<LeasedFile>& files) {
  return std::all_of(files.begin(), files.end(),
                     [](const LeasedFile& file) { return HoldsLease(file.descriptor.number()); });
}

}  // namespace promfold
