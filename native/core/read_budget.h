// How much may be read in: what a file would add beyond it is left out, before any memory is taken.
#ifndef PROMFOLD_CORE_READ_BUDGET_H_
#define PROMFOLD_CORE_READ_BUDGET_H_

#include <cstddef>
#include <cstdint>

#include "fault.h"
#include "key_table.h"

namespace promfold {

// src/native.ts, ReadLimits.
struct ReadLimits {
  uint64_t file_entries = UINT32_MAX;
  uint64_t file_key_bytes = UINT32_MAX;
  // Of all files of a set: their entries, and the bytes of their distinct keys.
  uint64_t entries = UINT32_MAX;
  uint64_t key_bytes = uint64_t{1} << 40;

  bool operator==(const ReadLimits&) const = default;
};

// Entries that a file would add.
struct NewEntries {
  const std::byte* file;  // its bytes, of which they are those in [from, end)
  uint32_t from;
  uint32_t end;
  uint32_t value_bytes;
  uint32_t count;
  uint32_t before;    // entries that the file has, and keeps
  uint32_t replaced;  // that it has, and these come instead of
};

struct ReadBudget {
  ReadLimits limits;
  uint64_t entries = 0;  // that all files have
  // One more each time that a file which was refused may fit now.
  uint64_t epoch = 1;

  // No file within the limits has a larger `used`: an entry has a length, a key, up to 8 bytes of
  // padding, a value and a timestamp.
  uint64_t MaxUsed() const {
    constexpr uint64_t kBytesOfEntry = 4 + 8 + 16;
    return 8 + limits.file_key_bytes + limits.file_entries * kBytesOfEntry;
  }

  // What is beyond a limit with these; nothing where they fit. REQUIRES: the walk over them was
  // seen to succeed.
  Fault FindExcess(const NewEntries& added, const KeyTable& keys) const;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_READ_BUDGET_H_
