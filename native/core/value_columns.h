// The values of a file's entries as they were read last, and how a gather takes their place.
//
// They are the last good ones: a gather writes to other memory, which takes their place once the
// file has turned out to be sound.
#ifndef PROMFOLD_CORE_VALUE_COLUMNS_H_
#define PROMFOLD_CORE_VALUE_COLUMNS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gather.h"
#include "rows.h"
#include "scratch.h"

namespace promfold {

struct ValueColumns {
  std::vector<double> value;
  std::vector<double> timestamp;  // empty, or as many as values
};

// Takes the values at these offsets after those there are; their timestamps, too, where `stamped`.
void AppendValues(const std::byte* file, std::span<const uint32_t> value_offset, bool stamped,
                  ValueColumns* columns);

// Takes all values again, from bytes that nothing else writes.
void TakeValues(const std::byte* file, std::span<const uint32_t> value_offset, bool stamped,
                ValueColumns* columns);

// What gather.h says of pairs on two cache lines holds for pread as well: reads those again that
// are not as in `last`. REQUIRES: the columns are whole.
void SettlePairs(int descriptor, std::span<const uint32_t> value_offset, const ValueColumns& last,
                 ValueColumns* columns);

// One gather of some rows from a mapped file into scratch memory, which is kept by Take or not at
// all. Columns that are not whole are gathered whole. Runs for each file in every scrape, so it is
// inline.
class ValueGather {
 public:
  // The offsets are those of all entries. REQUIRES: some rows; columns and scratch outlive this.
  ValueGather(ValueColumns* columns, std::span<const uint32_t> value_offset, RowRange rows,
              bool with_timestamps, Scratch* scratch)
      : columns_(columns),
        scratch_(scratch),
        with_timestamps_(with_timestamps),
        entries_(value_offset.size()),
        rows_(rows) {
    const bool is_whole = columns->value.size() == entries_ &&
                          columns->timestamp.size() == (with_timestamps ? entries_ : 0);
    if (!is_whole) rows_ = {0, static_cast<uint32_t>(entries_)};
    const size_t count = rows_.to - rows_.from;
    value_offset_ = value_offset.subspan(rows_.from, count);
    // What is gathered becomes the file's column, and the file's own one serves the next file (a
    // copy costs 3 % of a large scrape), unless the scratch column has far too much room for it.
    is_exchanged_ = count == columns->value.size() && scratch->column.capacity() <= 2 * count;
    if (is_exchanged_) scratch->column.resize(count);
    value_ = is_exchanged_ ? scratch->column.data() : scratch->value.AtLeast(count);
    if (!with_timestamps) return;
    timestamp_ = scratch->timestamp.AtLeast(count);
    pending_ = scratch->pending.AtLeast(count);
  }

  RowRange rows() const { return rows_; }

  // In a guarded scope. False where `padded` is set and a byte before a value is not a blank any
  // more.
  bool Load(const std::byte* file, bool padded) {
    return with_timestamps_ ? LoadPairs(file, padded)
                            : GatherValues(file, value_offset_, padded, value_);
  }

  // Whether the value or timestamp of the last entry was something and is next to nothing now, as
  // when the bytes that hold its exponent are gone.
  bool LastBecameTiny() const {
    const size_t last = value_offset_.size() - 1;
    return rows_.to == entries_ &&
           (BecameTiny(value_[last], columns_->value) ||
            (with_timestamps_ && BecameTiny(timestamp_[last], columns_->timestamp)));
  }

  void Take() {
    if (is_exchanged_) {
      columns_->value.swap(scratch_->column);
    } else {
      TakePart();
    }
    // Where timestamps are not wanted now, they must not stay: they would be older than the values.
    if (with_timestamps_) {
      TakeTimestamps();
    } else {
      columns_->timestamp.clear();
    }
  }

 private:
  bool LoadPairs(const std::byte* file, bool padded);
  void TakePart();
  void TakeTimestamps();
  bool BecameTiny(double now, const std::vector<double>& column) const {
    constexpr int kTopByte = 56;
    return std::bit_cast<uint64_t>(now) >> kTopByte == 0 && column.size() == entries_ &&
           !SameBits(now, column.back());
  }

  ValueColumns* const columns_;
  Scratch* const scratch_;
  const bool with_timestamps_;
  const size_t entries_;
  RowRange rows_;
  std::span<const uint32_t> value_offset_;  // of the rows
  bool is_exchanged_;
  double* value_;
  double* timestamp_ = nullptr;
  uint32_t* pending_ = nullptr;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_VALUE_COLUMNS_H_
