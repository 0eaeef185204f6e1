#include "core/compare_columns.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "check.h"
#include "core/fold.h"

namespace promfold::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct File {
  uint32_t id;
  uint32_t generation;
  std::vector<double> value;
};

// Files with their values, end to end.
struct Moment {
  explicit Moment(const std::vector<File>& files) {
    for (const File& file : files) {
      value.insert(value.end(), file.value.begin(), file.value.end());
      values.file_id.push_back(file.id);
      values.generation.push_back(file.generation);
      values.entry_end.push_back(static_cast<uint32_t>(value.size()));
    }
    values.value = value;
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

  std::vector<double> value;
  EntryValues values;
};

template <typename T>
std::string Join(std::span<T> numbers) {
  std::ostringstream out;
  out.precision(17);
  for (size_t i = 0; i < numbers.size(); ++i) out << (i == 0 ? "" : " ") << numbers[i];
  return out.str();
}

std::string Join(const ColumnChanges& changes) {
  return Join(changes.file_moved) + "|" + Join(changes.file_groups) + "|" +
         Join(changes.file_increase) + "|" + Join(changes.group_increase) + "|" +
         Join(changes.group_files) + "|" + Join(changes.group_back);
}

// Slots 1 and 2 are group 0 and count, as classes 1 and 2; slot 3 is group 1 and does not.
SlotGroups ThreeSlots() { return {{0, 1, 2, 0}, {0, 0, 0, 1}, 2}; }

std::string Compare(const std::vector<File>& earlier, const std::vector<File>& now,
                    const std::vector<uint32_t>& slot_of_entry) {
  const Moment before(earlier);
  const Moment after(now);
  ColumnChanges changes;
  const PreconditionError error =
      CompareColumns(before.values, after.values, slot_of_entry, ThreeSlots(), &changes);
  return error ? *error : Join(changes);
}

TEST("entries that moved are counted by file, by class and by group") {
  CHECK_EQ(
      Compare({{7, 1, {1, 2, 3}}, {8, 1, {4}}}, {{7, 1, {1, 5, 9}}, {8, 1, {6}}}, {1, 2, 3, 1}),
      "2 1|2 1|0 0 3 0 2 0|5 0|2 1|0 0");
}

TEST("what has the same bits did not move: NaN; 0 and -0 differ, and add nothing") {
  const double nan = std::nan("");
  CHECK_EQ(Compare({{7, 1, {nan, 0.0}}}, {{7, 1, {nan, -0.0}}}, {1, 2}), "1|1|0 0 0|0 0|1 0|0 0");
}

TEST("an entry that went back adds nothing and is counted, where its increments count") {
  CHECK_EQ(Compare({{7, 1, {5, 5, 5}}}, {{7, 1, {2, 6, 1}}}, {1, 2, 3}), "3|2|0 0 1|1 0|1 1|1 0");
}

TEST("an increment that is not finite adds nothing, nor did it go back") {
  CHECK_EQ(Compare({{7, 1, {1, kInfinity, 1, std::nan("")}}},
                   {{7, 1, {kInfinity, 1, std::nan(""), 1}}}, {1, 1, 2, 2}),
           "4|1|0 0 0|0 0|1 0|0 0");
}

TEST("entries, files and generations that are new start at 0") {
  CHECK_EQ(Compare({{7, 1, {1}}}, {{7, 1, {1, 4}}}, {1, 1}), "1|1|0 4 0|4 0|1 0|0 0");
  CHECK_EQ(Compare({{7, 1, {1}}}, {{8, 1, {4}}}, {1}), "1|1|0 4 0|4 0|1 0|0 0");
  CHECK_EQ(Compare({{7, 1, {3}}}, {{7, 2, {4}}}, {1}), "1|1|0 4 0|4 0|1 0|0 0");
  CHECK_EQ(Compare({}, {{7, 2, {0, 4}}}, {1, 1}), "1|1|0 4 0|4 0|1 0|0 0");
}

TEST("files and entries that are gone count for nothing") {
  CHECK_EQ(Compare({{6, 1, {9}}, {7, 1, {1, 2}}}, {{7, 1, {1}}}, {1}), "0|0|0 0 0|0 0|0 0|0 0");
  CHECK_EQ(Compare({{6, 1, {9}}}, {}, {}), "|||0 0|0 0|0 0");
}

TEST("files are found in another order") {
  CHECK_EQ(Compare({{6, 1, {1}}, {7, 1, {2}}, {8, 1, {3}}}, {{8, 1, {4}}, {6, 1, {3}}, {7, 1, {5}}},
                   {1, 1, 1}),
           "1 1 1|1 1 1|0 1 0 0 2 0 0 3 0|6 0|3 0|0 0");
}

TEST("entries of the slot that leads nowhere are ignored") {
  CHECK_EQ(Compare({}, {{7, 1, {5}}}, {kSlotNowhere}), "0|0|0 0 0|0 0|0 0|0 0");
}

TEST("columns that disagree are an error, also where no entry moved") {
  const auto error_of = [](const Moment& earlier, const Moment& now,
                           const std::vector<uint32_t>& slot_of_entry, const SlotGroups& groups) {
    ColumnChanges changes;
    return CompareColumns(earlier.values, now.values, slot_of_entry, groups, &changes).value_or("");
  };
  const std::vector<File> files = {{7, 1, {1, 2}}};
  const Moment good(files);
  const std::vector<uint32_t> slots = {1, 2};
  CHECK_EQ(error_of(good, good, slots, ThreeSlots()), "");

  Moment bad(files);
  bad.values.generation.clear();
  CHECK_EQ(error_of(bad, good, slots, ThreeSlots()), "earlier: columns of files differ in length");
  CHECK_EQ(error_of(good, bad, slots, ThreeSlots()), "now: columns of files differ in length");
  bad.values.generation = {1};
  bad.values.entry_end = {3};
  CHECK_EQ(error_of(bad, good, slots, ThreeSlots()),
           "earlier: the last file does not end at the last of 2 values");
  bad.values = {{7, 8}, {1, 1}, {3, 2}, bad.value};
  CHECK_EQ(error_of(good, bad, slots, ThreeSlots()), "now: ends of files do not ascend");
  bad.values = {{}, {}, {}, bad.value};
  CHECK_EQ(error_of(good, bad, slots, ThreeSlots()),
           "now: the last file does not end at the last of 2 values");

  CHECK_EQ(error_of(good, good, {1}, ThreeSlots()), "there are 1 slots of 2 entries");
  CHECK_EQ(error_of(good, good, {1, 4}, ThreeSlots()), "slot 4 is not below 4");
  CHECK_EQ(error_of(good, good, slots, {{0, 1, 2}, {0, 0, 0, 1}, 2}),
           "columns of slots differ in length");
  CHECK_EQ(error_of(good, good, slots, {{0, 1, 3}, {0, 0, 0}, 2}), "there is no class 3");
  CHECK_EQ(error_of(good, good, slots, {{0, 1, 2}, {0, 0, 2}, 2}), "group 2 is not below 2");
  CHECK_EQ(error_of(good, good, slots, {{0, 1, 2}, {0, 0, 0}, 4}),
           "there are more groups than slots: 4");
  CHECK_EQ(error_of(good, good, slots, {{}, {}, 0}), "slot 2 is not below 0");
}

// The same, entry by entry.
std::string CompareNaively(const std::vector<File>& earlier, const std::vector<File>& now,
                           const std::vector<uint32_t>& slot_of_entry, const SlotGroups& groups) {
  std::vector<uint32_t> file_moved, file_groups;
  std::vector<double> file_increase, group_increase(groups.group_count);
  std::vector<uint32_t> group_back(groups.group_count);
  std::vector<std::set<uint32_t>> files_of_group(groups.group_count);
  size_t entry = 0;
  for (const File& file : now) {
    std::set<uint32_t> moved_groups;
    uint32_t moved = 0;
    double increase[kIncreaseClasses] = {};
    for (size_t i = 0; i < file.value.size(); ++i, ++entry) {
      double from = 0;
      for (const File& before : earlier) {
        const bool is_same = before.id == file.id && before.generation == file.generation;
        if (is_same && i < before.value.size()) from = before.value[i];
      }
      const double to = file.value[i];
      const uint32_t s = slot_of_entry[entry];
      if (std::memcmp(&from, &to, sizeof to) == 0 || s == kSlotNowhere) continue;
      ++moved;
      const uint32_t group = groups.group_of_slot[s];
      moved_groups.insert(group);
      files_of_group[group].insert(file.id);
      if (groups.class_of_slot[s] == 0 || !std::isfinite(to - from)) continue;
      if (to < from) {
        ++group_back[group];
      } else {
        increase[groups.class_of_slot[s]] += to - from;
        group_increase[group] += to - from;
      }
    }
    file_moved.push_back(moved);
    file_groups.push_back(static_cast<uint32_t>(moved_groups.size()));
    file_increase.insert(file_increase.end(), increase, increase + kIncreaseClasses);
  }
  std::vector<uint32_t> group_files;
  for (const auto& files : files_of_group) {
    group_files.push_back(static_cast<uint32_t>(files.size()));
  }
  return Join(std::span(file_moved)) + "|" + Join(std::span(file_groups)) + "|" +
         Join(std::span(file_increase)) + "|" + Join(std::span(group_increase)) + "|" +
         Join(std::span(group_files)) + "|" + Join(std::span(group_back));
}

TEST("random columns are compared as a comparison entry by entry would") {
  std::mt19937 random(19);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  const std::vector<double> odd = {0.0, -0.0, std::nan(""), kInfinity, -kInfinity, 1e300, -1e300};
  const auto any_value = [&] {
    return below(10) == 0 ? odd[below(static_cast<uint32_t>(odd.size()))] : below(1000) * 1.0;
  };
  for (int round = 0; round < 200; ++round) {
    const uint32_t slots = 2 + below(40);
    SlotGroups groups = {{0}, {0}, 1 + below(slots)};
    for (uint32_t s = 1; s < slots; ++s) {
      groups.class_of_slot.push_back(static_cast<uint8_t>(below(kIncreaseClasses)));
      groups.group_of_slot.push_back(below(groups.group_count));
    }
    std::vector<File> earlier;
    for (uint32_t id = 0; id < below(8); ++id) {
      earlier.push_back({id, below(2), {}});
      for (uint32_t i = below(120); i > 0; --i) earlier.back().value.push_back(any_value());
    }
    std::vector<File> now;
    for (const File& file : earlier) {
      if (below(6) == 0) continue;
      now.push_back(file);
      now.back().generation += below(8) == 0 ? 1 : 0;
      std::vector<double>& value = now.back().value;
      const uint32_t one_in = 1 + below(60);
      for (double& v : value) v = below(one_in) == 0 ? any_value() : v;
      if (below(3) == 0) value.resize(below(150), 3.0);
    }
    for (uint32_t id = 100; id < 100 + below(3); ++id) now.push_back({id, 0, {any_value()}});
    if (below(3) == 0) std::shuffle(now.begin(), now.end(), random);

    const Moment before(earlier);
    const Moment after(now);
    std::vector<uint32_t> slot_of_entry;
    for (size_t i = 0; i < after.value.size(); ++i) slot_of_entry.push_back(below(slots));
    ColumnChanges changes;
    CHECK(!CompareColumns(before.values, after.values, slot_of_entry, groups, &changes));
    CHECK_EQ(Join(changes), CompareNaively(earlier, now, slot_of_entry, groups));
  }
}

}  // namespace
}  // namespace promfold::test
