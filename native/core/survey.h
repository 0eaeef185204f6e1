// What the caller must know of all files to lay out the output: where families begin and end, and
// in which order slots first appear. Run when keys come or go, not in every scrape.
#ifndef PROMFOLD_CORE_SURVEY_H_
#define PROMFOLD_CORE_SURVEY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "file_list.h"
#include "precondition.h"

namespace promfold {

// src/native.ts, Survey.
struct SurveyResult {
  std::vector<int32_t> first_rank;
  std::vector<int32_t> first_file;
  std::vector<int32_t> first_entry;
  std::vector<int32_t> first_key;
  std::vector<int32_t> last_file;
  std::vector<int32_t> first_mode_file;  // among the files with kSetsMode
  std::vector<int32_t> last_mode_file;
  uint32_t live_keys = 0;
};

// Where families begin and end, by the family of each key (below 0, or beyond the span: none), of
// which there are `keys`.
PreconditionError Survey(FilesView files, std::span<const int32_t> family_of_key,
                         uint32_t family_count, uint32_t keys, SurveyResult* result);

// All slots that have a row, in the order of the first one; never kSlotNowhere.
// REQUIRES: all are below slot_count.
void OrderSlots(FilesView files, uint32_t slot_count, std::vector<uint32_t>* order);

}  // namespace promfold

#endif  // PROMFOLD_CORE_SURVEY_H_
