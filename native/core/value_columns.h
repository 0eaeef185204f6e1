// The values of a file's entries as they were read last, and how a gather takes their place.
//
// They are the last good ones: a gather writes to other memory, which takes their place once the
// file has turned out to be sound.
#ifndef PROMFOLD_CORE_VALUE_COLUMNS_H_
#define PROMFOLD_CORE_VALUE_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

// Takes all values anew from bytes that nobody else writes.
void TakeValues(const std::byte* file, std::span<const uint32_t> value_offset, bool stamped,
                ValueColumns* columns);

// What gather.h says of pairs on two cache lines holds for pread as well: reads those again that
// are not as in `last`. REQUIRES: the columns are whole.
void SettlePairs(int descriptor, std::span<const uint32_t> value_offset, const ValueColumns& last,
                 ValueColumns* columns);

// One gather of some rows from a mapped file into scratch memory, which is kept by Take or not at
// all. Columns that are not whole are gathered whole.
class ValueGather {
 public:
  // REQUIRES: some rows, of `entries`; columns and scratch outlive this.
  ValueGather(ValueColumns* columns, RowRange rows, uint32_t entries, bool pairs, Scratch* scratch);

  RowRange rows() const { return rows_; }
  // In a guarded scope. The offsets are those of all entries. False where `padded` is set and a
  // byte before a value is not a blank any more.
  bool Load(const std::byte* file, std::span<const uint32_t> value_offset, bool padded);
  // Whether the value or timestamp of the last entry was something and is next to nothing now, as
  // when the bytes that hold its exponent are gone.
  bool LastBecameTiny() const;
  void Take();

 private:
  size_t count() const { return rows_.to - rows_.from; }

  ValueColumns* const columns_;
  Scratch* const scratch_;
  const uint32_t entries_;
  const bool pairs_;
  RowRange rows_;
  bool is_exchanged_ = false;
  double* value_ = nullptr;
  double* timestamp_ = nullptr;
  uint32_t* pending_ = nullptr;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_VALUE_COLUMNS_H_
