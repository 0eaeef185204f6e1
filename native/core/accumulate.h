// Turns the buckets of histograms into cumulative counts.
//
// Files hold each bucket's own count; the exposition wants "up to and including this bound". The
// layout says which slots are the buckets of one series, and in which order.
#ifndef PROMFOLD_CORE_ACCUMULATE_H_
#define PROMFOLD_CORE_ACCUMULATE_H_

#include <cstdint>
#include <vector>

#include "fold.h"

namespace promfold {

// Group g holds the slots bucket_slot[bucket_end[g-1] .. bucket_end[g]) in ascending bounds.
struct BucketLayout {
  std::vector<uint32_t> bucket_slot;
  std::vector<uint32_t> bucket_end;
  std::vector<uint32_t> count_slot;  // count_slot[g] gets the last total
};

// Each present bucket becomes the running total, from 0.0, of the group's present buckets; the
// total goes to the count's slot where any bucket was present. A NaN stays in all later ones.
// REQUIRES: bucket_end ascends and ends at bucket_slot.size(), count_slot has as many elements, and
// all slots are below slots->count(). Not to be called twice on the same slots.
void Accumulate(const BucketLayout& layout, Slots* slots);

}  // namespace promfold

#endif  // PROMFOLD_CORE_ACCUMULATE_H_
