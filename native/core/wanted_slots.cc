#include "wanted_slots.h"

#include <algorithm>
#include <span>

namespace promfold {

WantedSlots::WantedSlots(const Pages& pages, const BucketLayout& buckets, uint32_t slot_count)
    : before_(size_t{slot_count} + 1) {
  // Marked one place to the right, where the sum over all marks before a slot will be.
  const auto mark = [&](uint32_t slot) { before_[size_t{slot} + 1] = 1; };
  const auto is_marked = [&](uint32_t slot) { return before_[size_t{slot} + 1] != 0; };
  for (const auto& page : pages) {
    for (const auto& part : *page) std::for_each(part->slot.begin(), part->slot.end(), mark);
  }
  uint32_t from = 0;
  for (size_t group = 0; group < buckets.bucket_end.size(); ++group) {
    const uint32_t to = buckets.bucket_end[group];
    const std::span<const uint32_t> slots(buckets.bucket_slot.data() + from, to - from);
    if (is_marked(buckets.count_slot[group]) ||
        std::any_of(slots.begin(), slots.end(), is_marked)) {
      std::for_each(slots.begin(), slots.end(), mark);
    }
    from = to;
  }
  for (size_t s = 1; s < before_.size(); ++s) before_[s] += before_[s - 1];
}

}  // namespace promfold
