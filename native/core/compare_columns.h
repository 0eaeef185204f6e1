// What changed from one moment to another: per file and per group of slots, from the values of all
// entries (instant_columns.h).
//
// Nearly all entries have the same bits twice. So words are compared first, many at a time, and
// only of an entry that has others its slot is read. What a group is, and which slots count, is the
// caller's business.
#ifndef PROMFOLD_CORE_COMPARE_COLUMNS_H_
#define PROMFOLD_CORE_COMPARE_COLUMNS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "block_pool.h"
#include "precondition.h"

namespace promfold {

// The entries of file i are [entry_end[i - 1], entry_end[i]).
struct EntryValues {
  std::vector<uint32_t> file_id;
  std::vector<uint32_t> generation;
  std::vector<uint32_t> entry_end;
  // May be written meanwhile by whoever gave it; so may `slot_of_entry` below.
  std::span<const double> value;
};

// Of the slots, kSlotNowhere included.
struct SlotGroups {
  // src/native.ts, INCREASE_CLASS: 0 for those that do not count.
  std::vector<uint8_t> class_of_slot;
  std::vector<uint32_t> group_of_slot;
  uint32_t group_count;
};

inline constexpr uint32_t kIncreaseClasses = 3;

// An entry moved where its value has other bits. It started at 0 where it was not there earlier.
// One that counts and is more than it was adds the difference, where that is finite; one that is
// less went back, and adds nothing. Entries of kSlotNowhere are ignored.
struct ColumnChanges {
  Block memory;  // of all columns; null where it ran out

  std::span<double> file_increase;  // of file i and class c: [i * kIncreaseClasses + c]
  std::span<double> group_increase;
  std::span<uint32_t> file_moved;   // entries
  std::span<uint32_t> file_groups;  // groups with such an entry
  std::span<uint32_t> group_files;  // files with such an entry of the group
  std::span<uint32_t> group_back;   // entries
};

// Files are compared with those of the same id and generation. On an error nothing changes.
PreconditionError CompareColumns(const EntryValues& earlier, const EntryValues& now,
                                 std::span<const uint32_t> slot_of_entry, const SlotGroups& groups,
                                 ColumnChanges* changes);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPARE_COLUMNS_H_
