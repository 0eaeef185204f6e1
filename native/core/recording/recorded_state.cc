#include "recorded_state.h"

#include <algorithm>
#include <utility>

namespace promfold {

bool RecordedState::ApplyLists(std::vector<StructureChange::List>* lists, uint64_t key_count) {
  for (StructureChange::List& change : *lists) {
    if (change.is_new ? change.list != list_.size() : change.list >= list_.size()) return false;
    const auto is_key = [&](uint32_t key) { return key < key_count; };
    if (!std::ranges::all_of(change.keys, is_key)) return false;
    list_keys_ += change.keys.size() + (change.is_new ? change.base_count : 0);
    // What no file has any more stays until the segment ends.
    if (list_keys_ > 2 * most_entries_) return false;
    if (!change.is_new) {
      list_[change.list].insert(list_[change.list].end(), change.keys.begin(), change.keys.end());
      continue;
    }
    if (change.base_count == 0) {
      list_.push_back(std::move(change.keys));
      continue;
    }
    if (change.base >= list_.size() || change.base_count > list_[change.base].size()) return false;
    std::vector<uint32_t> keys;
    keys.reserve(change.base_count + change.keys.size());
    const std::vector<uint32_t>& base = list_[change.base];
    keys.insert(keys.end(), base.begin(), base.begin() + change.base_count);
    keys.insert(keys.end(), change.keys.begin(), change.keys.end());
    list_.push_back(std::move(keys));
  }
  return true;
}

bool RecordedState::SetEntries(RecordedFile* file, uint32_t list, uint32_t entries) {
  if (list >= list_.size() || entries > list_[list].size()) return false;
  if (entries < file->value.size()) return false;
  entries_ += entries - file->value.size();
  if (entries_ > most_entries_) return false;
  file->list = list;
  file->entries = entries;
  file->value.resize(entries, 0);
  if (!file->time.empty()) file->time.resize(entries, 0);
  return true;
}

bool RecordedState::Apply(StructureChange change, uint64_t key_count) {
  if (!ApplyLists(&change.lists, key_count)) return false;

  if (!change.removed.empty()) {
    size_t next = 0;
    size_t kept = 0;
    for (size_t i = 0; i < file_.size(); ++i) {
      if (next < change.removed.size() && change.removed[next] == i) {
        entries_ -= file_[i]->entries;
        ++next;
        continue;
      }
      if (kept != i) file_[kept] = std::move(file_[i]);
      ++kept;
    }
    // One that is not there, or does not ascend, is left over.
    if (next != change.removed.size()) return false;
    file_.resize(kept);
  }

  if (file_.size() + change.inserted.size() > kMostRecordedFiles) return false;
  if (!change.inserted.empty()) {
    std::vector<std::unique_ptr<RecordedFile>> all;
    all.reserve(file_.size() + change.inserted.size());
    size_t before = 0;
    for (StructureChange::Inserted& inserted : change.inserted) {
      while (all.size() < inserted.at && before < file_.size()) {
        all.push_back(std::move(file_[before++]));
      }
      if (all.size() != inserted.at) return false;
      auto file = std::make_unique<RecordedFile>(std::move(inserted.file));
      const uint32_t list = file->list;
      const uint32_t entries = file->entries;
      if (!SetEntries(file.get(), list, entries)) return false;
      all.push_back(std::move(file));
    }
    while (before < file_.size()) all.push_back(std::move(file_[before++]));
    file_ = std::move(all);
  }

  for (const StructureChange::Grown& grown : change.grown) {
    if (grown.at >= file_.size()) return false;
    if (!SetEntries(file_[grown.at].get(), grown.list, grown.entries)) return false;
  }
  return true;
}

void RecordedState::Apply(const TickChanges& changes) {
  uint32_t at = 0;
  for (const TickChanges::File& of_file : changes.file) {
    RecordedFile& file = *file_[of_file.place];
    for (; at < of_file.value_end; ++at) {
      file.value[changes.change[at].entry] = changes.change[at].bits;
    }
    if (at < of_file.time_end && file.time.empty()) file.time.resize(file.entries, 0);
    for (; at < of_file.time_end; ++at) {
      file.time[changes.change[at].entry] = changes.change[at].bits;
    }
  }
}

uint64_t RecordedState::bytes() const {
  uint64_t bytes = 0;
  for (const auto& file : file_) {
    bytes += sizeof(RecordedFile) + file->name.capacity() + file->identity.capacity() +
             (file->value.capacity() + file->time.capacity()) * sizeof(uint64_t);
  }
  for (const auto& list : list_) bytes += sizeof list + list.capacity() * sizeof(uint32_t);
  return bytes;
}

void RecordedState::RenumberKeys(std::span<const uint32_t> to) {
  for (std::vector<uint32_t>& list : list_) {
    for (uint32_t& key : list) key = to[key];
  }
}

StructureChange WholeStructure(const RecordedState& state, Lists lists) {
  StructureChange change;
  const std::span all = state.lists();
  std::vector<uint32_t> used(all.size(), 0);  // keys of each list that some file has
  std::vector<bool> has_file(all.size(), false);
  for (const auto& file : state.files()) {
    used[file->list] = std::max(used[file->list], file->entries);
    has_file[file->list] = true;
  }
  std::vector<uint32_t> number(all.size(), 0);
  for (size_t i = 0; i < all.size(); ++i) {
    if (lists == Lists::kUsed && !has_file[i]) continue;
    number[i] = static_cast<uint32_t>(change.lists.size());
    const auto first = all[i].begin();
    const auto last = lists == Lists::kUsed ? first + used[i] : all[i].end();
    change.lists.push_back({number[i], true, 0, 0, {first, last}});
  }
  uint32_t at = 0;
  for (const auto& file : state.files()) {
    RecordedFile copy;
    copy.id = file->id;
    copy.generation = file->generation;
    copy.name = file->name;
    copy.identity = file->identity;
    copy.value_bytes = file->value_bytes;
    copy.list = number[file->list];
    copy.entries = file->entries;
    change.inserted.push_back({at++, std::move(copy)});
  }
  return change;
}

TickChanges AllValues(const RecordedState& state) {
  TickChanges changes;
  const auto add = [&changes](const std::vector<uint64_t>& column) {
    for (uint32_t i = 0; i < column.size(); ++i) {
      if (column[i] != 0) changes.change.push_back({i, column[i]});
    }
    return static_cast<uint32_t>(changes.change.size());
  };
  for (uint32_t place = 0; place < state.files().size(); ++place) {
    const RecordedFile& file = *state.files()[place];
    const size_t before = changes.change.size();
    const uint32_t value_end = add(file.value);
    const uint32_t time_end = add(file.time);
    if (time_end > before) changes.file.push_back({place, value_end, time_end});
  }
  return changes;
}

}  // namespace promfold
