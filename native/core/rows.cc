#include "rows.h"

#include <algorithm>
#include <cassert>

namespace promfold {

namespace {

// Appends a run, joined to the one before where the operation is the same.
void AppendRun(std::vector<Run>* runs, Operation operation, uint32_t from, uint32_t to) {
  if (from >= to) return;
  if (!runs->empty() && runs->back().operation == operation && runs->back().to == from) {
    runs->back().to = to;
  } else {
    runs->push_back({operation, from, to});
  }
}

}  // namespace

bool Rows::Set(uint32_t from, std::span<const uint32_t> slot, std::span<const uint8_t> operation,
               uint32_t entries) {
  assert(slot.size() == operation.size());
  if (from > slot_.size() || slot.size() > entries - from) return false;
  const uint32_t to = from + static_cast<uint32_t>(slot.size());
  std::vector<uint32_t>* const column = slot_.Own();
  column->resize(std::max(to, slot_.size()));
  std::copy(slot.begin(), slot.end(), column->begin() + from);

  std::vector<Run> runs;
  for (const Run& run : run_) AppendRun(&runs, run.operation, run.from, std::min(run.to, from));
  for (uint32_t i = from; i < to; ++i) {
    AppendRun(&runs, static_cast<Operation>(operation[i - from]), i, i + 1);
  }
  for (const Run& run : run_) AppendRun(&runs, run.operation, std::max(run.from, to), run.to);
  run_ = MarkContiguous(runs, *column);

  // Never narrowed: rows that are set again keep their bounds, which costs a look into the file.
  if (slot_limit_ == 0 && !slot.empty()) lowest_slot_ = slot[0];
  for (const uint32_t s : slot) {
    lowest_slot_ = std::min(lowest_slot_, s);
    slot_limit_ = std::max(slot_limit_, s + 1);
  }
  needs_timestamps_ = std::any_of(run_.begin(), run_.end(), [](const Run& run) {
    return run.operation == Operation::kMostRecent;
  });
  return true;
}

void Rows::SetAllNowhere() {
  std::ranges::fill(*slot_.Own(), kSlotNowhere);
  for (Run& run : run_) run.is_contiguous = false;
  lowest_slot_ = 0;
  slot_limit_ = slot_.empty() ? 0 : kSlotNowhere + 1;
}

RowRange Rows::Wanted(const WantedSlots& wanted) const {
  if (!wanted.HasAny(lowest_slot_, slot_limit_)) return {0, 0};
  const auto is_wanted = [&](uint32_t slot) { return wanted.Has(slot); };
  const std::span<const uint32_t> slot = slots();
  const auto first = std::find_if(slot.begin(), slot.end(), is_wanted);
  const auto last = std::find_if(slot.rbegin(), slot.rend(), is_wanted);
  const auto from = static_cast<uint32_t>(first - slot.begin());
  return {from, std::max(from, static_cast<uint32_t>(slot.rend() - last))};
}

void Rows::FoldInto(Slots* slots, RowRange rows, std::span<const double> value,
                    std::span<const double> timestamp, double min_timestamp) const {
  const std::span<const uint32_t> slot = slot_.view();
  const uint32_t to =
      std::min({rows.to, static_cast<uint32_t>(slot.size()), static_cast<uint32_t>(value.size())});
  // A timestamp column may be older than the last rows' values, never newer.
  const bool is_stamped = needs_timestamps_ && timestamp.size() >= to;
  if (!is_stamped) timestamp = {};
  for (const Run& run : run_) {
    Run part = run;
    part.from = std::max(run.from, rows.from);
    Fold({&part, 1}, to, value.data(), timestamp, slot.data(), slots, min_timestamp);
  }
}

}  // namespace promfold
