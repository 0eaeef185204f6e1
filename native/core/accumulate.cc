#include "accumulate.h"

namespace promfold {

// Source: prometheus_client multiprocess.py, _accumulate_metrics, the histogram branch.
void Accumulate(const BucketLayout& layout, Slots* slots) {
  uint32_t at = 0;
  for (size_t group = 0; group < layout.bucket_end.size(); ++group) {
    double total = 0.0;
    bool any = false;
    for (; at < layout.bucket_end[group]; ++at) {
      const uint32_t s = layout.bucket_slot[at];
      if (slots->present[s] == 0) continue;
      total += slots->value[s];
      slots->value[s] = total;
      any = true;
    }
    if (!any) continue;
    // A stored count is overwritten, as in the reference.
    const uint32_t s = layout.count_slot[group];
    slots->value[s] = total;
    slots->present[s] = 1;
  }
}

}  // namespace promfold
