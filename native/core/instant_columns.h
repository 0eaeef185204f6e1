// The values of all entries at one moment, and the slots they came to: copies, which stay as they
// are while the files are gathered again.
//
// Entries are counted as they are folded: those of good, held and retained files, in the order of
// the files, as far as their rows are set. RowColumns says of the same entries, in the same order,
// which key and slot each has; it changes only when the rows do.
#ifndef PROMFOLD_CORE_INSTANT_COLUMNS_H_
#define PROMFOLD_CORE_INSTANT_COLUMNS_H_

#include <bit>
#include <cstdint>
#include <limits>
#include <span>

#include "block_pool.h"
#include "file_list.h"
#include "fold.h"

namespace promfold {

// What an absent slot holds. A NaN that is a value has other bits: in a slot all of them become
// kNaN, which prints the same. src/native.ts, ABSENT_LOW_WORD: its lower 32 bits.
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kAbsent = std::bit_cast<double>(std::bit_cast<uint64_t>(kNaN) | 1);

inline bool IsAbsent(double slot) {
  return std::bit_cast<uint64_t>(slot) == std::bit_cast<uint64_t>(kAbsent);
}

// The entries of file i are [entry_end[i - 1], entry_end[i]).
struct FileRuns {
  std::span<uint32_t> id;
  std::span<uint32_t> generation;  // MetricFile::generation
  std::span<uint32_t> entry_end;
};

// All columns are in `memory`, which is null where it ran out.
struct InstantColumns {
  Block memory;
  FileRuns files;
  std::span<double> value;
  std::span<double> timestamp;  // empty where no file has any
  std::span<double> slot;       // kAbsent where there is no value
};

struct RowColumns {
  Block memory;
  FileRuns files;
  std::span<uint32_t> key_id;
  std::span<uint32_t> slot;
};

// REQUIRES: all files were gathered and folded into `slots`, which are finished.
InstantColumns CopyInstant(FilesView files, const Slots& slots);

RowColumns CopyRows(FilesView files);

}  // namespace promfold

#endif  // PROMFOLD_CORE_INSTANT_COLUMNS_H_
