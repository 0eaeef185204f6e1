// Which slots an exposition prints, when it does not print all: name[] asks for a few of many.
#ifndef PROMFOLD_CORE_WANTED_SLOTS_H_
#define PROMFOLD_CORE_WANTED_SLOTS_H_

#include <cstdint>
#include <vector>

#include "accumulate.h"
#include "render.h"

namespace promfold {

class WantedSlots {
 public:
  // What the pages print, and with a count or one bucket all buckets below it.
  // REQUIRES: all slots of pages and buckets are below slot_count.
  WantedSlots(const Pages& pages, const BucketLayout& buckets, uint32_t slot_count);

  bool Has(uint32_t slot) const { return before_[slot + 1] != before_[slot]; }
  // Whether any slot in [from, to) is wanted. REQUIRES: from <= to <= slot_count.
  bool HasAny(uint32_t from, uint32_t to) const { return before_[to] != before_[from]; }

 private:
  std::vector<uint32_t> before_;  // before_[s]: wanted slots below s
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_WANTED_SLOTS_H_
