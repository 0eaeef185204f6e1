// Where the values of a file go: row i leads the value of entry i to a slot, by an operation.
//
// Rows are set when keys are new, and followed in every scrape. What a slot stands for is the
// caller's business.
#ifndef PROMFOLD_CORE_ROWS_H_
#define PROMFOLD_CORE_ROWS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "fold.h"
#include "shared_column.h"
#include "wanted_slots.h"

namespace promfold {

// Rows [from, to) of a file.
struct RowRange {
  uint32_t from;
  uint32_t to;
  bool empty() const { return from >= to; }
};

class Rows {
 public:
  // Rows from.. become these slots and operations, of a file that has so many entries. False, and
  // no change, where they do not follow on rows there are, or reach past the entries. REQUIRES:
  // slot and operation have equal sizes.
  bool Set(uint32_t from, std::span<const uint32_t> slot, std::span<const uint8_t> operation,
           uint32_t entries);
  // All rows lead to kSlotNowhere until they are set again.
  void SetAllNowhere();

  bool empty() const { return slot_.empty(); }
  std::span<const uint32_t> slots() const { return slot_.view(); }
  // All slots are below.
  uint32_t slot_limit() const { return slot_limit_; }
  // In order; every row is in one.
  std::span<const Run> runs() const { return run_; }
  bool needs_timestamps() const { return needs_timestamps_; }

  // From the first to the last row that folds into a wanted slot.
  RowRange Wanted(const WantedSlots& wanted) const;

  // Folds these rows, as far as there are values. `timestamp` may be empty.
  void FoldInto(Slots* slots, RowRange rows, std::span<const double> value,
                std::span<const double> timestamp, double min_timestamp) const;

  // Has its slots in common with files whose slots are equal.
  void ShareIn(ColumnPool* pool) { slot_.ShareIn(pool); }
  const void* identity() const { return slot_.identity(); }

 private:
  SharedColumn slot_;
  std::vector<Run> run_;
  uint32_t lowest_slot_ = 0;  // all slots are in [lowest_slot_, slot_limit_)
  uint32_t slot_limit_ = 0;
  bool needs_timestamps_ = false;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_ROWS_H_
