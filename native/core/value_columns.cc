#include "value_columns.h"

#include <unistd.h>

#include <algorithm>

#include "file_format.h"
#include "load.h"

namespace promfold {

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

bool ValueGather::LoadPairs(const std::byte* file, bool padded) {
  const auto last = [&](const std::vector<double>& column) {
    return std::span(column).subspan(std::min<size_t>(rows_.from, column.size()));
  };
  return GatherPairs(file, value_offset_, padded, last(columns_->value), last(columns_->timestamp),
                     value_, timestamp_, pending_);
}

void ValueGather::TakePart() {
  std::vector<double>& value = columns_->value;
  value.resize(entries_);
  std::copy_n(value_, value_offset_.size(), value.begin() + rows_.from);
}

void ValueGather::TakeTimestamps() {
  std::vector<double>& timestamp = columns_->timestamp;
  timestamp.resize(entries_);
  std::copy_n(timestamp_, value_offset_.size(), timestamp.begin() + rows_.from);
}

}  // namespace promfold
