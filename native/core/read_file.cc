#include "read_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace promfold {

namespace {

constexpr uint64_t kFirstBytes = 4 << 10;
constexpr uint64_t kStepFactor = 16;

}  // namespace

Descriptor OpenRegular(int directory, const char* name, struct stat* status, Fault* fault) {
  // O_NONBLOCK: between a stat and this the name may have become a FIFO.
  Descriptor descriptor(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor) {
    *fault = {Found::kOpenFailed, -1, errno};
    return descriptor;
  }
  if (fstat(descriptor.number(), status) != 0) {
    *fault = {Found::kStatFailed, -1, errno};
    return Descriptor();
  }
  if (!S_ISREG(status->st_mode)) {
    *fault = {Found::kNotRegular, -1, status->st_mode & S_IFMT};
    return Descriptor();
  }
  return descriptor;
}

Reading ReadFile(int directory, const char* name, Scratch* scratch, uint64_t max_used) {
  Reading reading;
  struct stat status;
  if (fstatat(directory, name, &status, 0) != 0) {
    reading.fault = {Found::kStatFailed, -1, errno};
    return reading;
  }
  reading.changed_seconds = ChangedSeconds(status);
  reading.identity = IdentityOf(status);
  if (!S_ISREG(status.st_mode)) {
    reading.fault = {Found::kNotRegular, -1, status.st_mode & S_IFMT};
    return reading;
  }
  if (status.st_size < static_cast<off_t>(kUsedBytes)) {
    reading.fault = {Found::kFileTooShort, -1, status.st_size};
    return reading;
  }

  reading.descriptor = OpenRegular(directory, name, &status, &reading.fault);
  if (!reading.descriptor) return reading;
  reading.changed_seconds = ChangedSeconds(status);
  reading.identity = IdentityOf(status);
  reading.file_bytes = static_cast<uint64_t>(status.st_size);

  // In steps, each judged: nearly every file is all read in one or two, and a stranger's gigabyte,
  // which would be read again on every scrape, is refused after the first.
  const int file = reading.descriptor.number();
  uint64_t wanted = reading.file_bytes;
  uint64_t got = 0;
  for (uint64_t step = kFirstBytes;; step *= kStepFactor) {
    const uint64_t target = std::min(step, wanted);
    std::byte* bytes = scratch->FileBytes(target, got);
    const int64_t reached = ReadRange(file, bytes, got, target);
    if (reached < 0) {
      reading.fault = {Found::kReadFailed, -1, errno};
      return reading;
    }
    const bool is_first = got == 0;
    got = static_cast<uint64_t>(reached);
    // Shorter than fstat said: truncated meanwhile.
    if (got < target) reading.file_bytes = got;
    if (got < kUsedBytes) {
      reading.fault = {Found::kFileTooShort, -1, reached};
      return reading;
    }
    if (is_first || got < target) {
      reading.fault = ReadUsed(bytes, reading.file_bytes, &reading.used);
      if (!reading.fault.ok()) return reading;
      if (reading.used > max_used) {
        reading.fault = {Found::kFileTooLarge, -1, reading.used, static_cast<int64_t>(max_used)};
        return reading;
      }
      wanted = std::min(reading.file_bytes, uint64_t{reading.used} + kShortTailBytes);
    }
    const Detection detection = DetectLayout({bytes, got}, reading.file_bytes, reading.used,
                                             &reading.layout, &reading.fault);
    if (detection == Detection::kBroken) return reading;
    if (detection == Detection::kFits &&
        reading.layout.end <= std::max(got, uint64_t{kHeaderBytes}))
      return reading;
    if (got >= wanted) {
      // Not reached: with all of `wanted` at hand a layout fits or is broken.
      reading.fault = {Found::kUsedPastFile, 0, reading.used, reached};
      return reading;
    }
  }
}

}  // namespace promfold
