#include "core/rows.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include "check.h"

namespace promfold::test {
namespace {

constexpr uint8_t kSum = static_cast<uint8_t>(Operation::kSum);
constexpr uint8_t kMax = static_cast<uint8_t>(Operation::kMax);
constexpr uint8_t kMostRecent = static_cast<uint8_t>(Operation::kMostRecent);

std::vector<double> Folded(const Rows& rows, RowRange range, const std::vector<double>& value,
                           const std::vector<double>& timestamp = {}, double min_timestamp = 0) {
  Slots slots;
  slots.Reset(rows.slot_limit());
  rows.FoldInto(&slots, range, value, timestamp, min_timestamp);
  return slots.value;
}

TEST("rows follow on those there are, and do not reach past the entries") {
  Rows rows;
  const uint32_t slot[] = {1, 2};
  const uint8_t operation[] = {kSum, kSum};
  CHECK(!rows.Set(1, slot, operation, 4));
  CHECK(!rows.Set(0, slot, operation, 1));
  CHECK(rows.empty());
  CHECK(rows.Set(0, slot, operation, 4));
  CHECK(rows.Set(2, slot, operation, 4));
  CHECK(!rows.Set(3, slot, operation, 4));
  CHECK_EQ(rows.slots().size(), 4u);
  CHECK_EQ(rows.slot_limit(), 3u);
}

TEST("rows of one operation are one run, and setting some of them again splits it") {
  Rows rows;
  const uint32_t slot[] = {1, 3, 2};
  const uint8_t operation[] = {kSum, kSum, kSum};
  CHECK(rows.Set(0, slot, operation, 3));
  CHECK_EQ(rows.runs().size(), 1u);
  CHECK(rows.Set(1, {slot, 1}, {&kMax, 1}, 3));
  CHECK_EQ(rows.runs().size(), 3u);
  CHECK(Folded(rows, {0, 3}, {5, 7, 9}) == (std::vector<double>{0, 7, 9, 0}));
}

TEST("rows are folded as far as there are values, and none outside the range") {
  Rows rows;
  const uint32_t slot[] = {1, 2, 3};
  const uint8_t operation[] = {kSum, kSum, kSum};
  CHECK(rows.Set(0, slot, operation, 3));
  CHECK(Folded(rows, {0, 3}, {5, 7}) == (std::vector<double>{0, 5, 7, 0}));
  CHECK(Folded(rows, {1, 2}, {5, 7, 9}) == (std::vector<double>{0, 0, 7, 0}));
}

TEST("rows that need timestamps fold nothing without them, or below the minimum") {
  Rows rows;
  const uint32_t slot[] = {1, 2};
  const uint8_t operation[] = {kMostRecent, kMostRecent};
  CHECK(!rows.needs_timestamps());
  CHECK(rows.Set(0, slot, operation, 2));
  CHECK(rows.needs_timestamps());
  CHECK(Folded(rows, {0, 2}, {5, 7}) == (std::vector<double>{0, 0, 0}));
  CHECK(Folded(rows, {0, 2}, {5, 7}, {10}) == (std::vector<double>{0, 0, 0}));
  CHECK(Folded(rows, {0, 2}, {5, 7}, {10, 20}, 15) == (std::vector<double>{0, 0, 7}));
}

TEST("rows that lead nowhere keep their number") {
  Rows rows;
  std::vector<uint32_t> slot(40);
  std::iota(slot.begin(), slot.end(), 1u);
  CHECK(rows.Set(0, slot, std::vector<uint8_t>(40, kSum), 40));
  CHECK(rows.runs()[0].is_contiguous);
  rows.SetAllNowhere();
  CHECK_EQ(rows.slots().size(), 40u);
  CHECK_EQ(rows.slot_limit(), kSlotNowhere + 1);
  CHECK(Folded(rows, {0, 40}, std::vector<double>(40, 1)) == (std::vector<double>{40}));
}

}  // namespace
}  // namespace promfold::test
