// One pass over all files that gathers their values and folds them into slots, by up to two
// threads.
#ifndef PROMFOLD_CORE_GATHER_PASS_H_
#define PROMFOLD_CORE_GATHER_PASS_H_

#include <cstdint>

#include "file_list.h"
#include "fold.h"
#include "metric_file.h"
#include "scratch.h"
#include "wanted_slots.h"

namespace promfold {

struct GatherPass {
  FilesView files;
  uint32_t slot_count;
  uint64_t entries;           // that all files have
  const WantedSlots* wanted;  // null: all
  // Whether the pass fails where a file grew or is not good any more. Else such a file is folded as
  // far as it is known.
  bool fails_on_change;
  Scratch* helper_scratch;  // of the second thread
};

// False where the pass failed: then all files were gathered, and the slots are void.
// REQUIRES: all slots are below slot_count.
bool GatherAndFold(const GatherPass& pass, const FileContext& context, Slots* slots);

}  // namespace promfold

#endif  // PROMFOLD_CORE_GATHER_PASS_H_
