#include "core/accumulate.h"

#include <cmath>

#include "check.h"
#include "core/number.h"

namespace promfold::test {
namespace {

// Slots 1, 2, 3 are the buckets, 4 the count. A value of -1 means an absent slot.
std::string Accumulated(std::vector<double> value) {
  Slots slots;
  slots.Reset(5);
  for (uint32_t s = 1; s <= value.size(); ++s) {
    if (value[s - 1] == -1) continue;
    slots.value[s] = value[s - 1];
    slots.present[s] = 1;
  }
  Accumulate({{1, 2, 3}, {3}, {4}}, &slots);
  std::string text;
  for (uint32_t s = 1; s < 5; ++s) {
    char number[kNumberBytes];
    text += slots.present[s] == 0 ? "-" : std::string(number, FormatNumber(slots.value[s], number));
    if (s < 4) text += ' ';
  }
  return text;
}

TEST("buckets become cumulative") {
  const struct {
    const char* title;
    std::vector<double> value;
    const char* expected;
  } kCase[] = {
      {"each gets the total so far", {1, 2, 3, -1}, "1.0 3.0 6.0 6.0"},
      {"an absent one is passed over", {1, -1, 3, -1}, "1.0 - 4.0 4.0"},
      {"no bucket, no count", {-1, -1, -1, -1}, "- - - -"},
      {"no bucket leaves a stored count alone", {-1, -1, -1, 9}, "- - - 9.0"},
      {"a stored count is overwritten", {1, 1, 1, 9}, "1.0 2.0 3.0 3.0"},
      {"NaN stays in all later ones", {1, std::nan(""), 3, -1}, "1.0 NaN NaN NaN"},
      {"-0.0 alone is counted from 0.0", {-0.0, -1, -1, -1}, "0.0 - - 0.0"},
  };
  for (const auto& example : kCase) {
    if (Accumulated(example.value) != example.expected) {
      Fail(__FILE__, __LINE__, example.title + (": " + Accumulated(example.value)));
    }
  }
}

TEST("groups do not mix, and may be empty") {
  Slots slots;
  slots.Reset(6);
  for (uint32_t s = 1; s < 4; ++s) {
    slots.value[s] = 1;
    slots.present[s] = 1;
  }
  Accumulate({{1, 2, 3}, {2, 2, 3}, {4, 4, 5}}, &slots);
  CHECK_EQ(slots.value[2], 2.0);
  CHECK_EQ(slots.value[4], 2.0);
  CHECK_EQ(slots.value[3], 1.0);
  CHECK_EQ(slots.value[5], 1.0);
}

}  // namespace
}  // namespace promfold::test
