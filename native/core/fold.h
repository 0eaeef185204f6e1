// Joins columns into slots: the inner loop of a scrape.
//
// A slot is one series of the output. Every file has a column of doubles and a column of their
// slots; runs say which operation joins them. Nothing here knows what a series is called.
#ifndef PROMFOLD_CORE_FOLD_H_
#define PROMFOLD_CORE_FOLD_H_

#include <cstdint>
#include <span>
#include <vector>

namespace promfold {

// src/plan/operation.ts, OPERATION: same order, same meaning.
enum class Operation : uint8_t {
  kSum = 0,         // from +0.0, so that a lone -0.0 gives 0.0
  kMin = 1,         // the first, then whatever is less
  kMax = 2,         // the first, then whatever is greater
  kLast = 3,        // the last one
  kMostRecent = 4,  // the one with the greatest timestamp above 0, of equal ones the first
};
inline constexpr uint8_t kOperations = 5;

// src/plan/plan.ts, SLOT_NOWHERE: folded into, never printed.
inline constexpr uint32_t kSlotNowhere = 0;

// Rows [from, to) of a file fold by one operation.
struct Run {
  Operation operation;
  uint32_t from;
  uint32_t to;
  bool is_contiguous = false;  // the slot of each row is one more than that of the row before
};

// The same rows in runs that say where the slots of many of them are contiguous, as those of a file
// are that has the keys of the first one in the same order: then no slot is looked up, and sums and
// copies are made of several rows at once. REQUIRES: the runs end inside `slot`.
std::vector<Run> MarkContiguous(std::span<const Run> runs, std::span<const uint32_t> slot);

struct Slots {
  std::vector<double> value;
  std::vector<uint8_t> present;   // 0 or 1
  std::vector<double> timestamp;  // of `value`, where the slot folds by kMostRecent

  uint32_t count() const { return static_cast<uint32_t>(value.size()); }
  // All slots absent, 0.0 at timestamp 0.0.
  void Reset(uint32_t count);
  // Absent slots become NaN, and so does kSlotNowhere.
  void Finish();
};

// Folds rows [0, rows) in order. An empty `timestamp` stands for all zeros. To kMostRecent a value
// with a timestamp below `min_timestamp`, seconds, was never set.
// REQUIRES: value and slot hold `rows` elements, each slot is below slots->count(); timestamp holds
// `rows` elements or none; runs are in order and do not overlap, and what is marked is contiguous.
void Fold(std::span<const Run> runs, uint32_t rows, const double* value,
          std::span<const double> timestamp, const uint32_t* slot, Slots* slots,
          double min_timestamp = 0);

}  // namespace promfold

#endif  // PROMFOLD_CORE_FOLD_H_
