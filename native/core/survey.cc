#include "survey.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

namespace promfold {

namespace {

// Files with the same keys and flags.
struct Alike {
  const MetricFile* first;
  int32_t last_rank;
  int32_t last_file;
};

}  // namespace

PreconditionError Survey(FilesView files, std::span<const int32_t> family_of_key,
                         uint32_t family_count, uint32_t keys, SurveyResult* result) {
  for (const int32_t family : family_of_key) {
    if (family >= 0 && static_cast<uint32_t>(family) >= family_count) {
      return "family " + std::to_string(static_cast<uint32_t>(family)) + " is not below " +
             std::to_string(family_count);
    }
  }
  result->first_rank.assign(family_count, -1);
  result->first_file.assign(family_count, -1);
  result->first_entry.assign(family_count, -1);
  result->first_key.assign(family_count, -1);
  result->last_file.assign(family_count, -1);
  result->first_mode_file.assign(family_count, -1);
  result->last_mode_file.assign(family_count, -1);

  std::vector<uint8_t> is_live(keys);
  int32_t ranks = 0;
  // Files of one program are alike. Those after the first only say how far its families reach.
  std::map<std::pair<const void*, uint8_t>, Alike> alike;
  for (const auto& file : files) {
    if (!file->accepted() || !file->has_entries()) continue;
    const int32_t rank = ranks++;
    const int32_t id = static_cast<int32_t>(file->id());
    const auto [place, is_first] =
        alike.try_emplace({file->keys_identity(), file->flags()}, Alike{file.get(), rank, id});
    place->second.last_rank = rank;
    place->second.last_file = id;
    if (!is_first) continue;
    const bool sets_mode = (file->flags() & kSetsMode) != 0;
    const std::span<const uint32_t> key_id = file->key_ids();
    for (size_t i = 0; i < key_id.size(); ++i) {
      const uint32_t key = key_id[i];
      is_live[key] = 1;
      const int32_t family = key < family_of_key.size() ? family_of_key[key] : -1;
      if (family < 0) continue;
      const size_t f = static_cast<size_t>(family);
      if (sets_mode && result->first_mode_file[f] < 0) result->first_mode_file[f] = id;
      if (result->first_rank[f] >= 0) continue;
      result->first_rank[f] = rank;
      result->first_file[f] = id;
      result->first_entry[f] = static_cast<int32_t>(i);
      result->first_key[f] = static_cast<int32_t>(key);
    }
  }
  std::vector<Alike> by_last;
  by_last.reserve(alike.size());
  for (const auto& [_, same] : alike) by_last.push_back(same);
  std::ranges::sort(by_last, {}, &Alike::last_rank);
  for (const Alike& same : by_last) {
    const bool sets_mode = (same.first->flags() & kSetsMode) != 0;
    for (const uint32_t key : same.first->key_ids()) {
      const int32_t family = key < family_of_key.size() ? family_of_key[key] : -1;
      if (family < 0) continue;
      result->last_file[static_cast<size_t>(family)] = same.last_file;
      if (sets_mode) result->last_mode_file[static_cast<size_t>(family)] = same.last_file;
    }
  }
  result->live_keys = static_cast<uint32_t>(std::count(is_live.begin(), is_live.end(), 1));
  return std::nullopt;
}

void OrderSlots(FilesView files, uint32_t slot_count, std::vector<uint32_t>* order) {
  std::vector<uint8_t> is_seen(size_t{slot_count} + 1);
  is_seen[kSlotNowhere] = 1;
  std::unordered_set<const void*> looked_at;
  for (const auto& file : files) {
    if (!looked_at.insert(file->slots_identity()).second) continue;
    for (const uint32_t s : file->slots()) {
      if (is_seen[s] != 0) continue;
      is_seen[s] = 1;
      order->push_back(s);
    }
  }
}

}  // namespace promfold
