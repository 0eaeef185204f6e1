#include "read_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace promfold {

namespace {

constexpr uint64_t kFirstBytes = 4 << 10;
constexpr uint64_t kStepFactor = 16;

}  // namespace

Reading ReadingOf(FoundFile found) {
  Reading reading;
  reading.fault = found.fault;
  if (found.has_status) {
    reading.changed_seconds = ChangedSeconds(found.status);
    reading.identity = IdentityOf(found.status);
    reading.file_bytes = static_cast<uint64_t>(found.status.st_size);
  }
  if (found.fault.ok()) reading.descriptor = std::move(found.descriptor);
  return reading;
}

Reading ReadFile(int directory, const char* name, std::optional<uint32_t> owner, Scratch* scratch) {
  FoundFile found = FindFile(directory, name, owner);
  return ReadFile(found.fault.ok() ? OpenFound(found) : std::move(found), false, scratch);
}

Reading ReadFile(FoundFile opened, bool is_stamped, Scratch* scratch, uint64_t max_used) {
  Reading reading = ReadingOf(std::move(opened));
  if (!reading.fault.ok()) return reading;
  if (reading.file_bytes < kUsedBytes) {
    reading.fault = {Found::kFileTooShort, -1, static_cast<int64_t>(reading.file_bytes)};
    return reading;
  }

  // In steps, each judged: nearly every file is read whole in one or two. A gigabyte that is not a
  // metric file, and would be read again on every scrape, is refused after the first.
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
    const Detection detection = DetectFormat({bytes, got}, reading.file_bytes, reading.used,
                                             is_stamped, &reading.format, &reading.fault);
    if (detection == Detection::kBroken) return reading;
    if (detection == Detection::kFits &&
        reading.format.end <= std::max(got, uint64_t{kHeaderBytes}))
      return reading;
    if (got >= wanted) {
      // Not reached: with all of `wanted` at hand a format fits or is broken.
      reading.fault = {Found::kUsedPastFile, 0, reading.used, reached};
      return reading;
    }
  }
}

}  // namespace promfold
