#include "compare_columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "column_block.h"
#include "fold.h"

namespace promfold {

namespace {

// Entries of which one comparison tells that none has moved.
constexpr size_t kEntriesAtOnce = 32;

std::string Number(uint64_t number) { return std::to_string(number); }

uint64_t DifferentBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) ^ std::bit_cast<uint64_t>(b);
}

bool HasDifferent(const double* a, const double* b) {
  uint64_t different = 0;
  for (size_t i = 0; i < kEntriesAtOnce; ++i) different |= DifferentBits(a[i], b[i]);
  return different != 0;
}

PreconditionError CheckValues(const EntryValues& values, const std::string& which) {
  const std::vector<uint32_t>& end = values.entry_end;
  if (values.file_id.size() != end.size() || values.generation.size() != end.size()) {
    return which + ": columns of files differ in length";
  }
  if (!std::ranges::is_sorted(end)) return which + ": ends of files do not ascend";
  if ((end.empty() ? 0 : end.back()) != values.value.size()) {
    return which + ": the last file does not end at the last of " + Number(values.value.size()) +
           " values";
  }
  return std::nullopt;
}

PreconditionError NoSuchSlot(uint32_t slot, const SlotGroups& groups) {
  return "slot " + Number(slot) + " is not below " + Number(groups.class_of_slot.size());
}

PreconditionError CheckGroups(const SlotGroups& groups) {
  const size_t slots = groups.class_of_slot.size();
  if (groups.group_of_slot.size() != slots) return "columns of slots differ in length";
  // What is counted for each of them is in memory.
  if (groups.group_count > slots) {
    return "there are more groups than slots: " + Number(groups.group_count);
  }
  for (size_t s = 1; s < slots; ++s) {
    if (groups.class_of_slot[s] >= kIncreaseClasses) {
      return "there is no class " + Number(groups.class_of_slot[s]);
    }
    if (groups.group_of_slot[s] >= groups.group_count) {
      return "group " + Number(groups.group_of_slot[s]) + " is not below " +
             Number(groups.group_count);
    }
  }
  return std::nullopt;
}

PreconditionError Check(const EntryValues& earlier, const EntryValues& now,
                        std::span<const uint32_t> slot_of_entry, const SlotGroups& groups) {
  if (PreconditionError error = CheckValues(earlier, "earlier")) return error;
  if (PreconditionError error = CheckValues(now, "now")) return error;
  if (PreconditionError error = CheckGroups(groups)) return error;
  if (slot_of_entry.size() != now.value.size()) {
    return "there are " + Number(slot_of_entry.size()) + " slots of " + Number(now.value.size()) +
           " entries";
  }
  uint32_t last = 0;
  for (const uint32_t slot : slot_of_entry) last = std::max(last, slot);
  if (!slot_of_entry.empty() && last >= groups.class_of_slot.size()) {
    return NoSuchSlot(last, groups);
  }
  return std::nullopt;
}

// Finds files by id. Those of two moments are mostly the same, in the same order.
class FileFinder {
 public:
  explicit FileFinder(const EntryValues& values) : values_(values) {}

  // The values of a file; none where it is not there with this generation.
  std::span<const double> Find(uint32_t id, uint32_t generation) {
    const std::optional<size_t> file = IndexOf(id);
    if (!file) return {};
    next_ = *file + 1;
    if (values_.generation[*file] != generation) return {};
    const size_t from = *file == 0 ? 0 : values_.entry_end[*file - 1];
    return values_.value.subspan(from, values_.entry_end[*file] - from);
  }

 private:
  std::optional<size_t> IndexOf(uint32_t id) {
    if (next_ < values_.file_id.size() && values_.file_id[next_] == id) return next_;
    if (by_id_.empty()) {
      for (size_t i = 0; i < values_.file_id.size(); ++i) by_id_.emplace(values_.file_id[i], i);
    }
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return std::nullopt;
    return found->second;
  }

  const EntryValues& values_;
  size_t next_ = 0;
  std::unordered_map<uint32_t, size_t> by_id_;
};

// Of one group; on one cache line, since groups come in any order.
struct GroupSums {
  double increase = 0;
  uint32_t files = 0;
  uint32_t back = 0;
  uint32_t last_file = 0;  // that moved in it, counted from 1; 0: none yet
};

struct FileSums {
  std::array<double, kIncreaseClasses> increase = {};
  uint32_t moved = 0;
  uint32_t groups = 0;
};

class Comparison {
 public:
  explicit Comparison(const SlotGroups& groups) : groups_(groups), sums_(groups.group_count) {}

  // Of the next file; `before` may have fewer values, or more. REQUIRES: a slot for each value.
  FileSums CompareFile(std::span<const double> before, std::span<const double> value,
                       const uint32_t* slot) {
    ++file_;
    FileSums of_file;
    const size_t both = std::min(before.size(), value.size());
    size_t i = 0;
    for (; i + kEntriesAtOnce <= both; i += kEntriesAtOnce) {
      if (!HasDifferent(before.data() + i, value.data() + i)) continue;
      for (size_t k = i; k < i + kEntriesAtOnce; ++k) {
        CompareEntry(before[k], value[k], slot[k], &of_file);
      }
    }
    for (; i < both; ++i) CompareEntry(before[i], value[i], slot[i], &of_file);
    for (; i < value.size(); ++i) CompareEntry(0.0, value[i], slot[i], &of_file);
    return of_file;
  }

  const std::vector<GroupSums>& sums() const { return sums_; }
  // One that is not in the groups, and was written since it was checked; kSlotNowhere: none was
  // met.
  uint32_t bad_slot() const { return bad_slot_; }

 private:
  void CompareEntry(double from, double to, uint32_t slot, FileSums* of_file) {
    if (DifferentBits(from, to) == 0 || slot == kSlotNowhere) return;
    if (slot >= groups_.class_of_slot.size()) {
      bad_slot_ = slot;
      return;
    }
    ++of_file->moved;
    GroupSums& group = sums_[groups_.group_of_slot[slot]];
    if (group.last_file != file_) {
      group.last_file = file_;
      ++group.files;
      ++of_file->groups;
    }
    const uint8_t counts_as = groups_.class_of_slot[slot];
    const double increment = to - from;
    if (counts_as == 0 || !std::isfinite(increment)) return;
    if (increment < 0) {
      ++group.back;
    } else {
      of_file->increase[counts_as] += increment;
      group.increase += increment;
    }
  }

  const SlotGroups& groups_;
  std::vector<GroupSums> sums_;
  uint32_t file_ = 0;  // counted from 1
  uint32_t bad_slot_ = kSlotNowhere;
};

ColumnChanges MakeChanges(size_t files, size_t groups) {
  ColumnBlock block(files * kIncreaseClasses + groups, 2 * files + 2 * groups);
  if (!block.has_memory()) return {};
  ColumnChanges made;
  made.file_increase = block.Take<double>(files * kIncreaseClasses);
  made.group_increase = block.Take<double>(groups);
  made.file_moved = block.Take<uint32_t>(files);
  made.file_groups = block.Take<uint32_t>(files);
  made.group_files = block.Take<uint32_t>(groups);
  made.group_back = block.Take<uint32_t>(groups);
  made.memory = block.TakeBlock();
  return made;
}

}  // namespace

PreconditionError CompareColumns(const EntryValues& earlier, const EntryValues& now,
                                 std::span<const uint32_t> slot_of_entry, const SlotGroups& groups,
                                 ColumnChanges* changes) {
  if (PreconditionError error = Check(earlier, now, slot_of_entry, groups)) return error;
  ColumnChanges made = MakeChanges(now.file_id.size(), groups.group_count);
  if (made.memory.memory() == nullptr) {
    *changes = {};
    return std::nullopt;
  }

  FileFinder finder(earlier);
  Comparison comparison(groups);
  size_t begin = 0;
  for (size_t file = 0; file < now.file_id.size(); ++file) {
    const size_t end = now.entry_end[file];
    const FileSums sums =
        comparison.CompareFile(finder.Find(now.file_id[file], now.generation[file]),
                               now.value.subspan(begin, end - begin), slot_of_entry.data() + begin);
    std::ranges::copy(sums.increase, made.file_increase.data() + file * kIncreaseClasses);
    made.file_moved[file] = sums.moved;
    made.file_groups[file] = sums.groups;
    begin = end;
  }
  if (comparison.bad_slot() != kSlotNowhere) return NoSuchSlot(comparison.bad_slot(), groups);
  for (size_t g = 0; g < groups.group_count; ++g) {
    const GroupSums& sums = comparison.sums()[g];
    made.group_increase[g] = sums.increase;
    made.group_files[g] = sums.files;
    made.group_back[g] = sums.back;
  }
  *changes = std::move(made);
  return std::nullopt;
}

}  // namespace promfold
