#include "recorder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

#include "segment_format.h"
#include "tick_format.h"

namespace promfold {

namespace {

constexpr uint32_t kNoNumber = UINT32_MAX;

// A segment ends after so many changes: to read its last tick takes about 0.1 µs for each.
constexpr uint64_t kChangesOfSegment = 600'000;

// Lists with the same first key that are looked at for one that fits.
constexpr int kListsTried = 32;

// What a key takes in the table besides its text.
constexpr uint64_t kKeyOverhead = 40;

// Entries of which one comparison tells that none has changed.
constexpr uint32_t kEntriesAtOnce = 32;

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string Number(uint64_t number) { return std::to_string(number); }

uint64_t Load(const double* column, uint32_t i) { return std::bit_cast<uint64_t>(column[i]); }

bool HasDifferent(const uint64_t* before, const double* now) {
  uint64_t different = 0;
  for (uint32_t i = 0; i < kEntriesAtOnce; ++i) different |= before[i] ^ Load(now, i);
  return different != 0;
}

// Appends the entries whose bits are others. `before` is empty where all are 0.
void Compare(std::span<const uint64_t> before, std::span<const double> now,
             std::vector<Change>* changes) {
  const auto count = static_cast<uint32_t>(now.size());
  const auto compare = [&](uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; ++i) {
      const uint64_t bits = Load(now.data(), i);
      if (bits != (before.empty() ? 0 : before[i])) changes->push_back({i, bits});
    }
  };
  uint32_t i = 0;
  for (; !before.empty() && i + kEntriesAtOnce <= count; i += kEntriesAtOnce) {
    if (HasDifferent(before.data() + i, now.data() + i)) compare(i, i + kEntriesAtOnce);
  }
  compare(i, count);
}

TickChanges CompareAll(const RecordedState& state, const RecordedTick& tick) {
  TickChanges changes;
  uint32_t from = 0;
  for (uint32_t place = 0; place < state.files().size(); ++place) {
    const RecordedFile& file = *state.files()[place];
    const size_t before = changes.change.size();
    Compare(file.value, tick.value.subspan(from, file.entries), &changes.change);
    const auto value_end = static_cast<uint32_t>(changes.change.size());
    if (!tick.timestamp.empty()) {
      Compare(file.time, tick.timestamp.subspan(from, file.entries), &changes.change);
    } else if (!file.time.empty()) {
      for (uint32_t i = 0; i < file.entries; ++i) {
        if (file.time[i] != 0) changes.change.push_back({i, 0});
      }
    }
    const auto time_end = static_cast<uint32_t>(changes.change.size());
    if (time_end > before) changes.file.push_back({place, value_end, time_end});
    from += file.entries;
  }
  return changes;
}

PreconditionError CheckRuns(const RecordedRuns& files) {
  if (files.generation.size() != files.id.size() || files.entry_end.size() != files.id.size()) {
    return "columns of files differ in length";
  }
  if (!std::ranges::is_sorted(files.entry_end)) return "ends of files do not ascend";
  if (files.id.size() > kMostRecordedFiles) {
    return "there are more than " + Number(kMostRecordedFiles) + " files";
  }
  if (!files.entry_end.empty() && files.entry_end.back() > kMostRecordedEntries) {
    return "there are more than " + Number(kMostRecordedEntries) + " entries";
  }
  return std::nullopt;
}

}  // namespace

PreconditionError TakeTexts(const RecordedRuns& files, std::span<const uint32_t> key_id,
                            std::span<const KeyChunk> chunks, RecordedStructure* structure) {
  const size_t entries = files.entry_end.empty() ? 0 : files.entry_end.back();
  if (key_id.size() != entries) {
    return "there are " + Number(key_id.size()) + " keys of " + Number(entries) + " entries";
  }
  std::vector<size_t> first;  // key of each chunk
  size_t keys = 0;
  for (const KeyChunk& chunk : chunks) {
    first.push_back(keys);
    keys += chunk.end.size();
  }
  // Of a million keys mostly a few are new. Memory of calloc is only taken where it is written to.
  const std::unique_ptr<uint32_t, decltype(&std::free)> number_of_key(
      static_cast<uint32_t*>(std::calloc(keys + 1, sizeof(uint32_t))), &std::free);
  if (number_of_key == nullptr) return "there is no memory";
  for (size_t i = 0; i < files.id.size(); ++i) {
    const uint32_t begin = files.entry_end[i] - files.EntriesOf(i);
    for (uint32_t e = begin + structure->plan.file[i].known_entries; e < files.entry_end[i]; ++e) {
      const uint32_t key = key_id[e];
      if (key >= keys) return "there is no text of key " + Number(key);
      uint32_t& number = number_of_key.get()[key];  // counted from 1
      if (number == 0) {
        const auto c =
            static_cast<size_t>(std::ranges::upper_bound(first, key) - first.begin()) - 1;
        const KeyChunk& chunk = chunks[c];
        const size_t k = key - first[c];
        const uint32_t text_begin = k == 0 ? 0 : chunk.end[k - 1];
        if (text_begin > chunk.end[k] || chunk.end[k] > chunk.text.size()) {
          return "ends of texts do not ascend";
        }
        structure->text += chunk.text.substr(text_begin, chunk.end[k] - text_begin);
        if (structure->text.size() > UINT32_MAX) return "the texts of keys have more than 4 GiB";
        structure->text_end.push_back(static_cast<uint32_t>(structure->text.size()));
        number = static_cast<uint32_t>(structure->text_end.size());
      }
      structure->key.push_back(number - 1);
    }
  }
  return std::nullopt;
}

PreconditionError Recorder::Plan(const RecordedRuns& files, std::span<const uint8_t> value_bytes,
                                 StructurePlan* plan) const {
  if (PreconditionError error = CheckRuns(files)) return error;
  if (value_bytes.size() != files.id.size()) return "columns of files differ in length";
  const std::span known = state_.files();
  std::unordered_map<uint32_t, size_t> place_of_id;
  size_t next = 0;  // files that are known stay in their order
  plan->file.assign(files.id.size(), {});
  for (size_t i = 0; i < files.id.size(); ++i) {
    size_t place = next;
    if (place >= known.size() || known[place]->id != files.id[i]) {
      if (place_of_id.empty()) {
        for (size_t k = 0; k < known.size(); ++k) place_of_id.emplace(known[k]->id, k);
      }
      const auto found = place_of_id.find(files.id[i]);
      if (found == place_of_id.end()) continue;
      place = found->second;
    }
    const RecordedFile& file = *known[place];
    const bool is_known = place >= next && file.generation == files.generation[i] &&
                          file.value_bytes == value_bytes[i] && file.entries <= files.EntriesOf(i);
    if (!is_known) continue;
    plan->file[i] = {static_cast<int64_t>(place), file.entries};
    next = place + 1;
  }
  return std::nullopt;
}

PreconditionError Recorder::Check(const RecordedTick& tick) const {
  if (PreconditionError error = CheckRuns(tick.files)) return error;
  if (!std::isfinite(tick.time)) return "the time is no number";
  const size_t entries = tick.files.entry_end.empty() ? 0 : tick.files.entry_end.back();
  if (tick.value.size() != entries) {
    return "there are " + Number(tick.value.size()) + " values of " + Number(entries) + " entries";
  }
  if (!tick.timestamp.empty() && tick.timestamp.size() != entries) {
    return "there are " + Number(tick.timestamp.size()) + " timestamps of " + Number(entries) +
           " entries";
  }
  if (tick.blob && tick.blob->size() > kMostBlobBytes) return "the blob is too large";
  if (tick.structure) return std::nullopt;
  const std::span known = state_.files();
  const auto is_as_known = [&](size_t i) {
    return known[i]->id == tick.files.id[i] && known[i]->generation == tick.files.generation[i] &&
           known[i]->entries == tick.files.EntriesOf(i);
  };
  bool is_same = known.size() == tick.files.id.size();
  for (size_t i = 0; is_same && i < known.size(); ++i) is_same = is_as_known(i);
  if (!is_same) return "the files are not those of the tick before, and no structure was given";
  return std::nullopt;
}

void Recorder::AppendToList(uint32_t list, std::span<const uint32_t> keys,
                            StructureChange* change) {
  if (keys.empty()) return;
  const StructureChange::List appended = {list, false, 0, 0, {keys.begin(), keys.end()}};
  change->lists.push_back(appended);
  StructureChange now;
  now.lists.push_back(appended);
  state_.Apply(std::move(now), keys_->size());
}

uint32_t Recorder::AddList(uint32_t base, uint32_t base_count, std::vector<uint32_t> keys,
                           StructureChange* change) {
  const auto list = static_cast<uint32_t>(state_.lists().size());
  change->lists.push_back({list, true, base, base_count, std::move(keys)});
  StructureChange now;
  now.lists.push_back(change->lists.back());
  state_.Apply(std::move(now), keys_->size());
  if (!state_.lists()[list].empty()) list_of_first_key_.emplace(state_.lists()[list][0], list);
  return list;
}

uint32_t Recorder::TakeNewList(std::vector<uint32_t> keys, StructureChange* change) {
  if (!keys.empty()) {
    int tried = 0;
    const auto [first, last] = list_of_first_key_.equal_range(keys[0]);
    for (auto at = first; at != last && tried < kListsTried; ++at, ++tried) {
      const std::vector<uint32_t>& list = state_.lists()[at->second];
      const size_t both = std::min(list.size(), keys.size());
      if (!std::equal(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(both),
                      list.begin())) {
        continue;
      }
      AppendToList(at->second, std::span<const uint32_t>(keys).subspan(both), change);
      return at->second;
    }
  }
  return AddList(0, 0, std::move(keys), change);
}

uint32_t Recorder::TakeGrownList(uint32_t list, uint32_t known, std::span<const uint32_t> keys,
                                 StructureChange* change) {
  const std::span rest = std::span(state_.lists()[list]).subspan(known);
  const size_t both = std::min(rest.size(), keys.size());
  if (std::ranges::equal(keys.first(both), rest.first(both))) {
    AppendToList(list, keys.subspan(both), change);
    return list;
  }
  return AddList(list, known, {keys.begin(), keys.end()}, change);
}

// Lists are added to the state at once, since each is found by the next; the rest is not.
StructureChange Recorder::TakeStructure(const RecordedRuns& files, RecordedStructure structure) {
  StructureChange change;
  std::vector<uint32_t> id(structure.text_end.size());
  for (size_t i = 0; i < id.size(); ++i) {
    const size_t begin = i == 0 ? 0 : structure.text_end[i - 1];
    id[i] = keys_->Intern(
        std::string_view(structure.text).substr(begin, structure.text_end[i] - begin));
  }
  std::vector<bool> stays(state_.files().size(), false);
  auto key = structure.key.begin();
  for (size_t i = 0; i < files.id.size(); ++i) {
    const auto [place, known] = structure.plan.file[i];
    const uint32_t entries = files.EntriesOf(i);
    std::vector<uint32_t> keys(entries - known);
    for (uint32_t& one : keys) one = id[*key++];
    const auto at = static_cast<uint32_t>(i);
    if (place >= 0) {
      stays[static_cast<size_t>(place)] = true;
      if (keys.empty()) continue;
      const uint32_t before = state_.files()[static_cast<size_t>(place)]->list;
      change.grown.push_back({at, TakeGrownList(before, known, keys, &change), entries});
      continue;
    }
    RecordedFile file;
    file.id = files.id[i];
    file.generation = files.generation[i];
    file.name = std::move(structure.name[i]);
    file.identity = std::move(structure.identity[i]);
    file.value_bytes = structure.value_bytes[i];
    file.entries = entries;
    file.list = TakeNewList(std::move(keys), &change);
    change.inserted.push_back({at, std::move(file)});
  }
  for (uint32_t place = 0; place < stays.size(); ++place) {
    if (!stays[place]) change.removed.push_back(place);
  }
  return change;
}

bool Recorder::MustBegin(const RecordedTick& tick) const {
  if (!is_open_ || must_begin_ || tick.begins_segment || tick.time <= last_time_) return true;
  const std::vector<double>& times = segment_.back().time;
  if (tick.time - times.front() >= options_.segment_seconds) return true;
  if (changed_in_segment_ >= std::max(kChangesOfSegment, 4 * state_.entries())) return true;
  // Lists are compacted when a segment begins.
  if (state_.list_keys() + tick.value.size() > 2 * kMostRecordedEntries) return true;
  // The open segment cannot be dropped, so that it must not be all of the budget.
  return open_bytes_ > max_bytes_ / 4 && times.size() > 1;
}

void Recorder::SealOpen(AddedTick* added) {
  if (!is_open_) return;
  is_open_ = false;
  const double before = CpuSeconds();
  Segment& open = segment_.back();
  std::optional<Segment> sealed = Seal(open);
  if (sealed) {
    const std::lock_guard lock(mutex_);
    open = *std::move(sealed);
  }
  CountSealed();
  if (options_.is_durable) {
    added->sealed_segment = open.number;
    added->sealed_bytes = ToBytes(open, keys_->Texts(*open.key));
  }
  added->seal_seconds = CpuSeconds() - before;
}

// Keys of the change become numbers of the open segment.
void Recorder::NumberKeys(StructureChange* change, std::vector<uint32_t>* new_keys) {
  for (StructureChange::List& list : change->lists) {
    for (uint32_t& key : list.keys) {
      if (key >= number_of_key_.size()) number_of_key_.resize(keys_->size(), kNoNumber);
      uint32_t& number = number_of_key_[key];
      if (number == kNoNumber) {
        number = static_cast<uint32_t>(segment_.back().key->size() + new_keys->size());
        new_keys->push_back(key);
      }
      key = number;
    }
  }
}

PreconditionError Recorder::Add(RecordedTick tick, AddedTick* added) {
  if (PreconditionError error = Check(tick)) return error;
  const double before = CpuSeconds();
  const bool begins = MustBegin(tick);
  if (begins) SealOpen(added);
  StructureChange change;
  if (tick.structure) {
    change = TakeStructure(tick.files, *std::move(tick.structure));
    StructureChange files;
    files.removed = change.removed;
    files.inserted = change.inserted;
    files.grown = change.grown;
    state_.Apply(std::move(files), keys_->size());
  }
  const bool has_blob = tick.blob && *tick.blob != blob_;
  if (has_blob) blob_ = *tick.blob;

  TickPrelude prelude;
  prelude.time = tick.time;
  TickChanges changes = CompareAll(state_, tick);
  added->changed = changes.change.size();
  if (begins) {
    {
      const std::lock_guard lock(mutex_);
      Segment& segment = segment_.emplace_back();
      segment.number = next_number_++;
      segment.key = std::make_shared<const std::vector<uint32_t>>();
    }
    is_open_ = true;
    must_begin_ = false;
    changed_in_segment_ = 0;
    open_bytes_ = 0;
    number_of_key_.assign(keys_->size(), kNoNumber);
    change = WholeStructure(state_, Lists::kUsed);
    RecordedState whole;
    whole.Apply(change, keys_->size());
    state_ = std::move(whole);
    list_of_first_key_.clear();
    for (uint32_t i = 0; i < state_.lists().size(); ++i) {
      if (!state_.lists()[i].empty()) list_of_first_key_.emplace(state_.lists()[i][0], i);
    }
    changes = CompareAll(state_, tick);
    if (!blob_.empty()) prelude.blob = blob_;
  } else if (has_blob) {
    prelude.blob = blob_;
  }

  std::vector<uint32_t> new_keys;
  NumberKeys(&change, &new_keys);
  prelude.structure = std::move(change);
  std::string payload;
  WritePrelude(prelude, &payload);
  WriteValues(state_, changes, &payload);
  payload.shrink_to_fit();
  state_.Apply(changes);
  changed_in_segment_ += changes.change.size();
  last_time_ = tick.time;

  Segment& open = segment_.back();
  if (options_.is_durable) {
    if (begins) AppendSegmentStart({open.number, tick.time}, &added->to_append);
    AppendKeys(keys_->Texts(new_keys), &added->to_append);
    AppendBlock(BlockKind::kTick, payload, &added->to_append);
  }
  added->segment = open.number;
  added->tick_bytes = payload.size();
  open_bytes_ += payload.size();
  {
    const std::lock_guard lock(mutex_);
    open.tick.push_back(std::make_shared<const std::string>(std::move(payload)));
    open.time.push_back(tick.time);
    if (!new_keys.empty()) {
      // A snapshot may have the old ones.
      std::vector<uint32_t> keys = *open.key;
      keys.insert(keys.end(), new_keys.begin(), new_keys.end());
      open.key = std::make_shared<const std::vector<uint32_t>>(std::move(keys));
    }
  }
  KeepWithinBudget(added);
  added->bytes = Bytes();
  added->from = segment_.front().time.front();
  added->cpu_seconds = CpuSeconds() - before;
  return std::nullopt;
}

void Recorder::CountSealed() {
  const size_t sealed = segment_.size() - (is_open_ ? 1 : 0);
  sealed_bytes_ = 0;
  for (size_t i = 0; i < sealed; ++i) sealed_bytes_ += segment_[i].bytes();
}

uint64_t Recorder::Bytes() const {
  constexpr uint64_t kTickOverhead = 96;
  const Segment& open = segment_.back();
  const uint64_t of_open = is_open_ ? open_bytes_ + open.time.size() * kTickOverhead +
                                          open.key->size() * sizeof(uint32_t)
                                    : 0;
  return state_.bytes() + sealed_bytes_ + of_open + keys_->text_bytes() +
         keys_->size() * kKeyOverhead + number_of_key_.capacity() * sizeof(uint32_t);
}

void Recorder::KeepWithinBudget(AddedTick* added) {
  while (Bytes() > max_bytes_) {
    const uint64_t key_bytes = keys_->text_bytes() + keys_->size() * kKeyOverhead;
    if (key_bytes > max_bytes_ / 4 && CompactKeys()) continue;
    if (segment_.size() < 2) {
      // The next tick can drop it.
      must_begin_ = segment_.back().time.size() > 1;
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      segment_.pop_front();
    }
    ++added->dropped_segments;
    CountSealed();
  }
}

// Keys that no segment has are dropped, and the others have new ids. False where that would gain
// little.
bool Recorder::CompactKeys() {
  std::vector<bool> is_used(keys_->size(), false);
  uint32_t used = 0;
  for (const Segment& segment : segment_) {
    for (const uint32_t key : *segment.key) {
      if (!is_used[key]) ++used;
      is_used[key] = true;
    }
  }
  if (used > is_used.size() / 2) return false;

  auto keys = std::make_shared<RecordedKeys>();
  std::vector<uint32_t> id_before;
  for (uint32_t id = 0; id < is_used.size(); ++id) {
    if (is_used[id]) id_before.push_back(id);
  }
  std::vector<uint32_t> to(is_used.size(), 0);
  std::vector<uint32_t> number(used, kNoNumber);
  const std::vector<std::string_view> texts = keys_->Texts(id_before);
  for (uint32_t i = 0; i < used; ++i) {
    to[id_before[i]] = keys->Intern(texts[i]);
    if (id_before[i] < number_of_key_.size()) number[i] = number_of_key_[id_before[i]];
  }
  number_of_key_ = std::move(number);
  state_.RenumberKeys(to);
  list_of_first_key_.clear();
  for (uint32_t i = 0; i < state_.lists().size(); ++i) {
    if (!state_.lists()[i].empty()) list_of_first_key_.emplace(state_.lists()[i][0], i);
  }
  const std::lock_guard lock(mutex_);
  for (Segment& segment : segment_) {
    std::vector<uint32_t> renumbered = *segment.key;
    for (uint32_t& key : renumbered) key = to[key];
    segment.key = std::make_shared<const std::vector<uint32_t>>(std::move(renumbered));
  }
  keys_ = std::move(keys);
  CountSealed();
  return true;
}

RecordedSegments Recorder::Snapshot() const {
  const std::lock_guard lock(mutex_);
  return {{segment_.begin(), segment_.end()}, keys_};
}

}  // namespace promfold
