#include "value_columns.h"

#include <unistd.h>

#include <algorithm>
#include <bit>

#include "file_format.h"
#include "gather.h"
#include "load.h"

namespace promfold {

namespace {

bool BecameTiny(double now, std::span<const double> before, size_t count) {
  constexpr int kTopByte = 56;
  return std::bit_cast<uint64_t>(now) >> kTopByte == 0 && before.size() == count &&
         !SameBits(now, before.back());
}

}  // namespace

void AppendValues(const std::byte* file, std::span<const uint32_t> value_offset, bool stamped,
                  ValueColumns* columns) {
  for (const uint32_t offset : value_offset) {
    columns->value.push_back(LoadDouble(file, offset));
    if (stamped) columns->timestamp.push_back(LoadDouble(file, offset + kValueBytes));
  }
}

void TakeValues(const std::byte* file, std::span<const uint32_t> value_offset, bool stamped,
                ValueColumns* columns) {
  const size_t count = value_offset.size();
  columns->value.resize(count);
  GatherValues(file, value_offset, false, columns->value.data());
  if (!stamped) return;
  columns->timestamp.resize(count);
  for (size_t i = 0; i < count; ++i) {
    columns->timestamp[i] = LoadDouble(file, value_offset[i] + kValueBytes);
  }
}

void SettlePairs(int descriptor, std::span<const uint32_t> value_offset, const ValueColumns& last,
                 ValueColumns* columns) {
  std::vector<double>& value = columns->value;
  std::vector<double>& timestamp = columns->timestamp;
  for (size_t i = 0; i < timestamp.size(); ++i) {
    if (!Straddles(value_offset[i])) continue;
    const bool as_before = i < last.value.size() && i < last.timestamp.size() &&
                           SameBits(value[i], last.value[i]) &&
                           SameBits(timestamp[i], last.timestamp[i]);
    if (as_before) continue;
    for (int round = 0; round < kStraddlingRounds; ++round) {
      PauseForWriter();
      double pair[2];
      if (pread(descriptor, pair, sizeof pair, value_offset[i]) != sizeof pair) break;
      const bool agrees = SameBits(pair[0], value[i]) && SameBits(pair[1], timestamp[i]);
      value[i] = pair[0];
      timestamp[i] = pair[1];
      if (agrees) break;
    }
  }
}

// What is gathered becomes the file's column, and the file's own one serves the next file (a copy
// costs 3 % of a large scrape), unless the scratch column has far too much room for it.
ValueGather::ValueGather(ValueColumns* columns, RowRange rows, uint32_t entries, bool pairs,
                         Scratch* scratch)
    : columns_(columns), scratch_(scratch), entries_(entries), pairs_(pairs), rows_(rows) {
  const size_t stamps = pairs ? entries : 0;
  const bool is_whole = columns->value.size() == entries && columns->timestamp.size() == stamps;
  if (!is_whole) rows_ = {0, entries};
  is_exchanged_ = count() == columns->value.size() && scratch->column.capacity() <= 2 * count();
  if (is_exchanged_) scratch->column.resize(count());
  value_ = is_exchanged_ ? scratch->column.data() : scratch->value.AtLeast(count());
  if (!pairs) return;
  timestamp_ = scratch->timestamp.AtLeast(count());
  pending_ = scratch->pending.AtLeast(count());
}

bool ValueGather::Load(const std::byte* file, std::span<const uint32_t> value_offset, bool padded) {
  const std::span<const uint32_t> wanted = value_offset.subspan(rows_.from, count());
  if (!pairs_) return GatherValues(file, wanted, padded, value_);
  const auto last = [&](const std::vector<double>& column) {
    return std::span(column).subspan(std::min<size_t>(rows_.from, column.size()));
  };
  return GatherPairs(file, wanted, padded, last(columns_->value), last(columns_->timestamp), value_,
                     timestamp_, pending_);
}

bool ValueGather::LastBecameTiny() const {
  if (rows_.to != entries_) return false;
  return BecameTiny(value_[count() - 1], columns_->value, entries_) ||
         (pairs_ && BecameTiny(timestamp_[count() - 1], columns_->timestamp, entries_));
}

void ValueGather::Take() {
  std::vector<double>& value = columns_->value;
  std::vector<double>& timestamp = columns_->timestamp;
  if (is_exchanged_) {
    value.swap(scratch_->column);
  } else {
    value.resize(entries_);
    std::copy_n(value_, count(), value.begin() + rows_.from);
  }
  // Where timestamps are not wanted now, they must not stay: they would be older than the values.
  timestamp.resize(pairs_ ? entries_ : 0);
  if (pairs_) std::copy_n(timestamp_, count(), timestamp.begin() + rows_.from);
}

}  // namespace promfold
