#include "retained_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace promfold {

bool AddToRetained(const FileColumns& gone, uint32_t keys, FileColumns* retained) {
  constexpr uint32_t kNone = UINT32_MAX;
  EntryIndex& index = retained->index;
  std::vector<double>& value = retained->values.value;
  const uint32_t old_entries = index.size();
  std::vector<uint32_t> row_of_key(keys, kNone);
  for (uint32_t row = 0; row < old_entries; ++row) row_of_key[index.key_ids()[row]] = row;

  std::vector<uint32_t> slot;
  std::vector<uint8_t> operation;
  const std::span<const uint32_t> gone_slot = gone.rows.slots();
  const std::span<const Run> runs = gone.rows.runs();
  auto run = runs.begin();
  for (uint32_t i = 0; i < gone.values.value.size(); ++i) {
    const double gone_value = gone.values.value[i];
    // It would stay for good.
    if (std::isnan(gone_value)) continue;
    while (run != runs.end() && run->to <= i) ++run;
    // One that has no row yet is new: what it is will be known when the retained file gets its
    // rows.
    const bool has_row = i < gone_slot.size() && run != runs.end();
    if (has_row && gone_slot[i] == kSlotNowhere) continue;
    const uint32_t key = gone.index.key_ids()[i];
    uint32_t& row = row_of_key[key];
    if (row == kNone) {
      row = index.size();
      index.AppendKey(key);
      value.push_back(0);
      slot.push_back(has_row ? gone_slot[i] : kSlotNowhere);
      operation.push_back(static_cast<uint8_t>(has_row ? run->operation : Operation::kSum));
    }
    value[row] += gone_value;
  }
  // Rows until they are set: what RaiseRetained goes by.
  retained->rows.Set(old_entries, slot, operation, index.size());
  return index.size() > old_entries;
}

bool RaiseRetained(const Slots& before, const Slots& now, FileColumns* retained) {
  std::vector<double>& value = retained->values.value;
  const std::span<const uint32_t> slot = retained->rows.slots();
  bool has_raised = false;
  for (const Run& run : retained->rows.runs()) {
    if (run.operation != Operation::kSum) continue;
    for (uint32_t i = run.from; i < run.to; ++i) {
      const double lost = before.value[slot[i]] - now.value[slot[i]];
      if (slot[i] == kSlotNowhere || !(lost > 0) || std::isinf(lost)) continue;
      value[i] = std::max(value[i] + lost,
                          std::nextafter(value[i], std::numeric_limits<double>::infinity()));
      has_raised = true;
    }
  }
  return has_raised;
}

}  // namespace promfold
