#include "retain_files.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "fold.h"
#include "metric_file.h"

namespace promfold {

namespace {

// An ulp makes up for what another order of adding lost. A second round is needed where two values
// share a series.
constexpr int kRaisingRounds = 8;

}  // namespace

// Adding in another order may lose an ulp, and no sum may go back. So what the files give is folded
// twice, from the columns there are: as it was, and as it is now. Later values are no smaller, and
// floating-point addition never gives less for more.
void RetainFiles(const RemovedFiles& removed, const FileList& list, uint32_t keys) {
  const auto& [gone, renamed] = removed;
  if (gone.empty()) return;
  uint32_t slot_limit = 1;
  for (const FilesView files : {list.in_order(), FilesView(gone), FilesView(renamed)}) {
    for (const auto& file : files) slot_limit = std::max(slot_limit, file->slot_limit());
  }
  const auto fold = [](const MetricFile& file, Slots* slots) {
    file.FoldInto(slots, file.AllRows());
  };
  Slots before;
  Slots left;
  before.Reset(slot_limit);
  left.Reset(slot_limit);
  // Of a file under its new name nothing is read yet; its values are the old one's.
  std::unordered_map<uint64_t, const MetricFile*> old;
  std::vector<const MetricFile*> were;
  for (const auto& file : renamed) old.emplace(file->pinned_inode(), file.get());
  for (const FilesView files : {FilesView(gone), FilesView(renamed), list.in_order()}) {
    for (const auto& file : files) were.push_back(file.get());
  }
  std::stable_sort(were.begin(), were.end(), IsBefore);
  for (const MetricFile* file : were) fold(*file, &before);
  for (const auto& file : list.in_order()) {
    if (file->is_retained()) continue;
    const auto found = old.find(file->listed_inode());
    const bool is_new = found != old.end() && !file->has_entries();
    fold(is_new ? *found->second : *file, &left);
  }

  for (const auto& file : gone) {
    list.Find((file->flags() >> kRetainedShift) - 1u)->Retain(*file, keys);
  }

  for (int round = 0; round < kRaisingRounds; ++round) {
    Slots now = left;
    for (const auto& retained : list.retained()) fold(*retained, &now);
    const auto raise = [&](const auto& retained) { return retained->RaiseRetained(before, now); };
    if (std::ranges::count_if(list.retained(), raise) == 0) break;
  }
}

}  // namespace promfold
