#include "core/fold.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "check.h"
#include "core/number.h"

namespace promfold::test {
namespace {

const double kNan = std::nan("");
const double kInfinity = std::numeric_limits<double>::infinity();

std::string Print(const Slots& slots, uint32_t slot) {
  if (slots.present[slot] == 0) return "absent";
  char text[kNumberBytes];
  return std::string(text, FormatNumber(slots.value[slot], text));
}

struct Case {
  const char* title;
  std::vector<double> value;  // what each file holds, in order
  std::vector<double> timestamp;
  const char* expected;
};

void CheckAll(Operation operation, const std::vector<Case>& cases) {
  for (const Case& example : cases) {
    Slots slots;
    slots.Reset(2);
    const uint32_t slot = 1;
    for (size_t i = 0; i < example.value.size(); ++i) {
      const Run run = {operation, 0, 1};
      const std::span<const double> timestamp =
          example.timestamp.empty() ? std::span<const double>()
                                    : std::span<const double>(&example.timestamp[i], 1);
      Fold({&run, 1}, 1, &example.value[i], timestamp, &slot, &slots);
    }
    slots.Finish();
    if (Print(slots, 1) != example.expected) {
      Fail(__FILE__, __LINE__, example.title + (": " + Print(slots, 1)));
    }
    CHECK(slots.present[1] != 0 || std::isnan(slots.value[1]));
  }
}

TEST("sum") {
  CheckAll(Operation::kSum, {
                                {"adds", {1, 2, 3.5}, {}, "6.5"},
                                {"starts at +0.0, so -0.0 alone is 0.0", {-0.0}, {}, "0.0"},
                                {"keeps the order of files", {1e16, 1, -1e16}, {}, "0.0"},
                                {"infinities cancel to NaN", {kInfinity, -kInfinity}, {}, "NaN"},
                                {"NaN stays", {kNan, 1}, {}, "NaN"},
                                {"of nothing is absent", {}, {}, "absent"},
                            });
}

TEST("min") {
  CheckAll(Operation::kMin, {
                                {"takes the smallest", {3, 1, 2}, {}, "1.0"},
                                {"keeps a NaN that came first", {kNan, 1}, {}, "NaN"},
                                {"ignores a NaN that came later", {1, kNan}, {}, "1.0"},
                                {"keeps the zero that came first", {-0.0, 0.0}, {}, "-0.0"},
                                {"also the other way round", {0.0, -0.0}, {}, "0.0"},
                                {"takes a lone positive value", {7}, {}, "7.0"},
                            });
}

TEST("max") {
  CheckAll(Operation::kMax, {
                                {"takes the greatest", {3, 5, 2}, {}, "5.0"},
                                {"keeps a NaN that came first", {kNan, 1}, {}, "NaN"},
                                {"ignores a NaN that came later", {1, kNan}, {}, "1.0"},
                                {"takes a lone negative value", {-7}, {}, "-7.0"},
                                {"keeps the zero that came first", {-0.0, 0.0}, {}, "-0.0"},
                            });
}

TEST("last") {
  CheckAll(Operation::kLast, {
                                 {"takes the last", {3, 5, 2}, {}, "2.0"},
                                 {"keeps -0.0", {1, -0.0}, {}, "-0.0"},
                                 {"takes a NaN", {1, kNan}, {}, "NaN"},
                             });
}

TEST("mostRecent") {
  CheckAll(Operation::kMostRecent,
           {
               {"takes the latest", {1, 2, 3}, {10, 30, 20}, "2.0"},
               {"a tie goes to the first", {1, 2}, {10, 10}, "1.0"},
               {"never set is absent", {1, 2}, {0, 0}, "absent"},
               {"negative is absent", {1}, {-5}, "absent"},
               {"NaN is absent", {1}, {kNan}, "absent"},
               {"a NaN later changes nothing", {1, 2}, {10, kNan}, "1.0"},
               {"infinity wins", {1, 2}, {kInfinity, 1e9}, "1.0"},
               {"without a timestamp column nothing counts", {1}, {}, "absent"},
           });
}

TEST("mostRecent from a minimum timestamp on: what was set before it was never set") {
  const Run run = {Operation::kMostRecent, 0, 3};
  const double value[] = {1, 2, 3};
  const double timestamp[] = {9, 10, 30};
  const uint32_t slot[] = {1, 2, 3};
  Slots slots;
  slots.Reset(4);
  Fold({&run, 1}, 3, value, timestamp, slot, &slots, 10);
  slots.Finish();
  CHECK_EQ(Print(slots, 1), "absent");
  CHECK_EQ(Print(slots, 2), "2.0");
  CHECK_EQ(Print(slots, 3), "3.0");
}

TEST("runs of several operations fold into their own slots, rows beyond the column do not fold") {
  const std::vector<Run> runs = {
      {Operation::kSum, 0, 2}, {Operation::kMax, 2, 3}, {Operation::kLast, 3, 5}};
  const std::vector<double> value = {1, 2, 3, 4};
  const std::vector<uint32_t> slot = {1, 1, 2, 3, 4};
  Slots slots;
  slots.Reset(5);
  Fold(runs, 4, value.data(), {}, slot.data(), &slots);
  slots.Finish();
  CHECK_EQ(Print(slots, 1), "3.0");
  CHECK_EQ(Print(slots, 2), "3.0");
  CHECK_EQ(Print(slots, 3), "4.0");
  CHECK_EQ(Print(slots, 4), "absent");
}

TEST("kSlotNowhere takes anything and shows nothing") {
  const Run run = {Operation::kSum, 0, 2};
  const double value[] = {1, 2};
  const uint32_t slot[] = {kSlotNowhere, 1};
  Slots slots;
  slots.Reset(2);
  Fold({&run, 1}, 2, value, {}, slot, &slots);
  slots.Finish();
  CHECK_EQ(Print(slots, kSlotNowhere), "absent");
  CHECK_EQ(Print(slots, 1), "2.0");
}

std::string Print(const std::vector<Run>& runs) {
  std::string text;
  for (const Run& run : runs) {
    text +=
        std::to_string(run.from) + (run.is_contiguous ? "=" : "-") + std::to_string(run.to) + ' ';
  }
  return text;
}

TEST("many rows with contiguous slots become a run of their own, few do not") {
  std::vector<uint32_t> slot;
  const auto add = [&](uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) slot.push_back(first + i);
  };
  const auto marked = [&] {
    const Run run = {Operation::kSum, 0, static_cast<uint32_t>(slot.size())};
    return Print(MarkContiguous({&run, 1}, slot));
  };
  CHECK_EQ(marked(), "");
  add(1, 15);
  CHECK_EQ(marked(), "0-15 ");
  add(16, 1);
  CHECK_EQ(marked(), "0=16 ");
  add(16, 3);
  CHECK_EQ(marked(), "0=16 16-19 ");
  add(40, 20);
  CHECK_EQ(marked(), "0=16 16-19 19=39 ");
  add(0, 20);
  CHECK_EQ(marked(), "0=16 16-19 19=39 39=59 ");
  // A run ends where the operation does, whatever the slots do.
  const std::vector<Run> two = {{Operation::kSum, 0, 9}, {Operation::kLast, 9, 59}};
  CHECK_EQ(Print(MarkContiguous(two, slot)), "0-9 9-19 19=39 39=59 ");
}

TEST("rows with contiguous slots fold as any others do, to the bit") {
  uint32_t seed = 1;
  const auto next = [&](uint32_t limit) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
  };
  const double odd[] = {0.0, -0.0, kNan, kInfinity, -kInfinity, 1e300, 1e-300, 0.1};
  constexpr uint32_t kSlots = 200;
  uint32_t marked_runs = 0;
  for (int round = 0; round < 300; ++round) {
    Slots plain;
    Slots marked;
    plain.Reset(kSlots);
    marked.Reset(kSlots);
    for (int file = 0; file < 3; ++file) {
      std::vector<uint32_t> slot;
      std::vector<double> value;
      std::vector<double> timestamp;
      std::vector<Run> runs;
      for (int stretch = 0; stretch < 5; ++stretch) {
        const uint32_t count = 1 + next(40);
        const uint32_t first = next(kSlots - count);
        const uint32_t from = static_cast<uint32_t>(slot.size());
        for (uint32_t i = 0; i < count; ++i) {
          slot.push_back(first + i);
          value.push_back(next(3) == 0 ? odd[next(8)] : next(1000) / 7.0);
          timestamp.push_back(next(5));
        }
        runs.push_back({static_cast<Operation>(next(kOperations)), from, from + count});
      }
      const uint32_t rows = next(static_cast<uint32_t>(slot.size()) + 1);
      const std::vector<Run> contiguous = MarkContiguous(runs, slot);
      marked_runs += static_cast<uint32_t>(std::count_if(
          contiguous.begin(), contiguous.end(), [](const Run& run) { return run.is_contiguous; }));
      Fold(runs, rows, value.data(), timestamp, slot.data(), &plain);
      Fold(contiguous, rows, value.data(), timestamp, slot.data(), &marked);
    }
    CHECK(std::memcmp(plain.value.data(), marked.value.data(), kSlots * sizeof(double)) == 0);
    CHECK(plain.present == marked.present);
    CHECK(plain.timestamp == marked.timestamp);
  }
  CHECK(marked_runs > 1000);
}

}  // namespace
}  // namespace promfold::test
