#include "fold.h"

#include <algorithm>
#include <limits>

namespace promfold {

namespace {

// Fewer are folded one by one before they are set up.
constexpr uint32_t kMinContiguous = 16;

// As the loops in Fold, over slots that follow each other.
void AddContiguous(const double* value, uint32_t count, double* __restrict joined,
                   uint8_t* present) {
  for (uint32_t i = 0; i < count; ++i) joined[i] += value[i];
  std::fill_n(present, count, uint8_t{1});
}

void PutContiguous(const double* value, uint32_t count, double* joined, uint8_t* present) {
  std::copy_n(value, count, joined);
  std::fill_n(present, count, uint8_t{1});
}

}  // namespace

std::vector<Run> MarkContiguous(std::span<const Run> runs, std::span<const uint32_t> slot) {
  std::vector<Run> marked;
  for (const Run& run : runs) {
    uint32_t unmarked = run.from;
    for (uint32_t from = run.from, to = from; from < run.to; from = to) {
      while (++to < run.to && slot[to] == slot[to - 1] + 1) {
      }
      if (to - from < kMinContiguous) continue;
      if (unmarked < from) marked.push_back({run.operation, unmarked, from});
      marked.push_back({run.operation, from, to, true});
      unmarked = to;
    }
    if (unmarked < run.to) marked.push_back({run.operation, unmarked, run.to});
  }
  return marked;
}

void Slots::Reset(uint32_t count) {
  value.assign(count, 0.0);
  present.assign(count, 0);
  timestamp.assign(count, 0.0);
}

void Slots::Finish() {
  if (!present.empty()) present[kSlotNowhere] = 0;
  for (uint32_t s = 0; s < count(); ++s) {
    if (present[s] == 0) value[s] = std::numeric_limits<double>::quiet_NaN();
  }
}

// Source of every rule below: prometheus_client multiprocess.py, _accumulate_metrics.
void Fold(std::span<const Run> runs, uint32_t rows, const double* value,
          std::span<const double> timestamp, const uint32_t* slot, Slots* slots,
          double min_timestamp) {
  double* const joined = slots->value.data();
  uint8_t* const present = slots->present.data();
  double* const joined_at = slots->timestamp.data();
  for (const Run& run : runs) {
    const uint32_t to = std::min(run.to, rows);
    if (run.from >= to) continue;
    const uint32_t count = to - run.from;
    const uint32_t first = slot[run.from];
    // One branch per run, one tight loop per operation.
    switch (run.operation) {
      case Operation::kSum:
        if (run.is_contiguous) {
          AddContiguous(value + run.from, count, joined + first, present + first);
          break;
        }
        for (uint32_t i = run.from; i < to; ++i) {
          joined[slot[i]] += value[i];
          present[slot[i]] = 1;
        }
        break;
      case Operation::kMin:
        // NaN never compares less: it stays if it came first and is ignored after.
        for (uint32_t i = run.from; i < to; ++i) {
          const uint32_t s = slot[i];
          if (present[s] == 0 || value[i] < joined[s]) joined[s] = value[i];
          present[s] = 1;
        }
        break;
      case Operation::kMax:
        for (uint32_t i = run.from; i < to; ++i) {
          const uint32_t s = slot[i];
          if (present[s] == 0 || value[i] > joined[s]) joined[s] = value[i];
          present[s] = 1;
        }
        break;
      case Operation::kLast:
        if (run.is_contiguous) {
          PutContiguous(value + run.from, count, joined + first, present + first);
          break;
        }
        for (uint32_t i = run.from; i < to; ++i) {
          joined[slot[i]] = value[i];
          present[slot[i]] = 1;
        }
        break;
      case Operation::kMostRecent:
        // Strictly later than what is there, which began at 0: never set (0), negative and NaN
        // timestamps leave the slot absent, and a tie stays with the first file.
        if (timestamp.empty()) break;
        for (uint32_t i = run.from; i < to; ++i) {
          const uint32_t s = slot[i];
          if (!(joined_at[s] < timestamp[i]) || timestamp[i] < min_timestamp) continue;
          joined[s] = value[i];
          joined_at[s] = timestamp[i];
          present[s] = 1;
        }
        break;
    }
  }
}

}  // namespace promfold
