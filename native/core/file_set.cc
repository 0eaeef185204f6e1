#include "file_set.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "block_pool.h"
#include "helper_thread.h"

namespace promfold {

namespace {

// How far on in the last listing a name is looked for; more may be gone between two.
constexpr size_t kNamesAhead = 32;

// Far enough ahead for two cache misses, near enough not to be evicted.
constexpr size_t kPrefetchedFiles = 6;

// Below, all is gathered before the helper is there (about 100 µs against 5 ns an entry).
constexpr uint64_t kEntriesWorthAThread = 50'000;

// Files taken at a time by one of two threads; fewer where there are few.
constexpr uint32_t kFilesAtOnce = 16;
constexpr uint32_t kTakesEach = 8;

// By name, and retained files behind.
bool IsBefore(const MetricFile* a, const MetricFile* b) {
  if (a->is_retained() || b->is_retained()) return !a->is_retained() && b->is_retained();
  return a->name() < b->name();  // char_traits<char> compares as memcmp does
}

bool ByName(const std::unique_ptr<MetricFile>& a, const std::unique_ptr<MetricFile>& b) {
  return IsBefore(a.get(), b.get());
}

// An ulp mends what another order of adding lost; a second round, where two values share a series.
constexpr int kRaisingRounds = 8;

// Of all sets: the kernel's limit is one for the process.
std::atomic<uint32_t> mappings_held = 0;

// Files with the same keys and flags.
struct Alike {
  const MetricFile* first;
  int32_t last_rank;
  int32_t last_file;
};

std::string Number(uint64_t number) { return std::to_string(number); }

}  // namespace

FileSet::FileSet(std::string directory, uint32_t map_limit, uint32_t retained_files)
    : path_(std::move(directory)),
      maps_{map_limit, &mappings_held},
      retained_files_(retained_files) {
  for (; next_id_ < retained_files_; ++next_id_) {
    in_order_.push_back(MetricFile::MakeRetained(next_id_));
    by_id_.emplace(next_id_, in_order_.back().get());
  }
}

FileContext FileSet::Context() {
  return {&files_, &keys_, &maps_, &scratch_, &read_faults_, pass_, &budget_};
}

int FileSet::List(ListingChange* change) {
  ListedDirectory listed;
  PendingOperation pending;
  const int error = ListDirectory(path_, &pending, &listed);
  if (error == 0) TakeListing(std::move(listed), change);
  return error;
}

void FileSet::TakeListing(ListedDirectory listed, ListingChange* change) {
  ++pass_;
  ForgetOverview();
  Listing& listing = listed.listing;
  const bool is_same_device = opened() != nullptr && opened()->device == listed.opened->device;
  free_ = listed.free;
  files_.SetDirectory(std::move(listed.opened));
  files_.BeginPass();
  if (opened()->is_overlay) {
    for (const auto& file : in_order_) file->MarkForRestat();
  }

  Comparison compared = Compare(listing, is_same_device);
  listed_file_ = std::move(compared.file);
  std::vector<uint32_t>& is_new = compared.is_new;
  const std::vector<const MetricFile*>& missing = compared.missing;
  if (is_new.empty() && missing.empty()) {
    listing_ = std::move(listing);
    return;
  }
  const auto is_missing = [&](const MetricFile* file) {
    return std::binary_search(missing.begin(), missing.end(), file);
  };

  // Ids in name order: what a first listing finds is numbered as it will be folded.
  const auto name_at = [&](uint32_t at) { return listing.Name(listing.names()[at]); };
  std::sort(is_new.begin(), is_new.end(),
            [&](uint32_t a, uint32_t b) { return name_at(a) < name_at(b); });
  const auto is_same_name = [&](uint32_t a, uint32_t b) { return name_at(a) == name_at(b); };
  is_new.erase(std::unique(is_new.begin(), is_new.end(), is_same_name), is_new.end());

  std::vector<std::unique_ptr<MetricFile>> gone;
  std::vector<std::unique_ptr<MetricFile>> renamed;
  std::vector<uint64_t> new_inode;
  new_inode.reserve(is_new.size());
  for (const uint32_t at : is_new) new_inode.push_back(listing.names()[at].inode);
  std::sort(new_inode.begin(), new_inode.end());
  // It counts under its new name.
  const auto is_renamed = [&](const MetricFile& file) {
    return is_same_device &&
           std::binary_search(new_inode.begin(), new_inode.end(), file.pinned_inode());
  };
  std::erase_if(not_plain_, is_missing);
  std::vector<std::unique_ptr<MetricFile>> in_order;
  in_order.reserve(in_order_.size() + is_new.size());
  for (auto& file : in_order_) {
    if (!is_missing(file.get())) {
      in_order.push_back(std::move(file));
      continue;
    }
    change->removed_id.push_back(file->id());
    by_id_.erase(file->id());
    if (!file->has_retained_file()) continue;
    (is_renamed(*file) ? renamed : gone).push_back(std::move(file));
  }
  const std::ptrdiff_t kept_count = static_cast<std::ptrdiff_t>(in_order.size());
  for (const uint32_t at : is_new) {
    const ListedName& name = listing.names()[at];
    auto file =
        std::make_unique<MetricFile>(next_id_++, files_.Named(listing.Name(name), name.is_regular),
                                     name.inode, name.may_be_link);
    by_id_.emplace(file->id(), file.get());
    listed_file_[at] = file.get();
    if (!file->is_plain()) not_plain_.push_back(file.get());
    change->added_id.push_back(file->id());
    change->added_name.push_back(file->name());
    in_order.push_back(std::move(file));
  }
  std::ranges::sort(not_plain_, IsBefore);
  Merge(kept_count, &in_order);
  in_order_ = std::move(in_order);
  listing_ = std::move(listing);
  const FileContext context = Context();
  for (const auto& file : gone) file->ReadOnceMore(context);
  Retain(gone, renamed);
}

// Directories give their names in about the same order each time. So names are compared with those
// of the last listing, and no file is touched for a name that is still in its place.
FileSet::Comparison FileSet::Compare(const Listing& listing, bool is_same_device) const {
  const std::vector<ListedName>& before = listing_.names();
  const auto is_same = [&](const ListedName& listed, size_t at) {
    return is_same_device && before[at].inode == listed.inode && listed_file_[at] != nullptr &&
           listing_.Name(before[at]) == listing.Name(listed);
  };
  Comparison compared;
  std::vector<const MetricFile*>& missing = compared.missing;
  compared.file.reserve(listing.names().size());
  size_t at = 0;
  const auto miss = [&](size_t to) {
    for (; at < to; ++at) {
      if (listed_file_[at] != nullptr) missing.push_back(listed_file_[at]);
    }
  };
  for (const ListedName& listed : listing.names()) {
    const size_t limit = std::min(before.size(), at + kNamesAhead);
    size_t found = at;
    while (found < limit && !is_same(listed, found)) ++found;
    if (found == limit) {
      compared.is_new.push_back(static_cast<uint32_t>(compared.file.size()));
      compared.file.push_back(nullptr);
      continue;
    }
    miss(found);
    compared.file.push_back(listed_file_[at++]);
  }
  miss(before.size());
  std::sort(missing.begin(), missing.end());

  // What only stands in another place is neither new nor missing.
  const auto is_known = [&](uint32_t new_at) {
    const ListedName& listed = listing.names()[new_at];
    MetricFile* const file = FindByName(listing.Name(listed));
    if (file == nullptr) return false;
    const auto place = std::lower_bound(missing.begin(), missing.end(), file);
    // A directory that changes while it is read may give a name twice.
    if (place == missing.end() || *place != file) return true;
    if (!is_same_device || file->listed_inode() != listed.inode) return false;
    compared.file[new_at] = file;
    missing.erase(place);
    return true;
  };
  std::erase_if(compared.is_new, is_known);
  return compared;
}

MetricFile* FileSet::FindByName(std::string_view name) const {
  const auto end = in_order_.end() - retained_files_;
  const auto place =
      std::lower_bound(in_order_.begin(), end, name,
                       [](const auto& file, std::string_view one) { return file->name() < one; });
  return place == end || (*place)->name() != name ? nullptr : place->get();
}

// Two rows that are in order each, the second from `middle` on, become one.
void FileSet::Merge(std::ptrdiff_t middle, std::vector<std::unique_ptr<MetricFile>>* files) {
  constexpr std::ptrdiff_t kFew = 32;
  const auto end = files->end();
  if (end - files->begin() - middle > kFew) {
    std::inplace_merge(files->begin(), files->begin() + middle, end, ByName);
    return;
  }
  // A merge looks at the name of every file.
  for (auto one = files->begin() + middle; one != end; ++one) {
    std::rotate(std::upper_bound(files->begin(), one, *one, ByName), one, one + 1);
  }
}

// Adding in another order may lose an ulp, and no sum may go back. So what the files give is folded
// twice, from the columns there are: as it was, and as it is now. Later values are no smaller, and
// floating-point addition never gives less for more.
void FileSet::Retain(const std::vector<std::unique_ptr<MetricFile>>& gone,
                     const std::vector<std::unique_ptr<MetricFile>>& renamed) {
  if (gone.empty()) return;
  uint32_t limit = std::max(slot_count_, MakeOverview().slot_limit);
  for (const auto& file : gone) limit = std::max(limit, file->slot_limit());
  for (const auto& file : renamed) limit = std::max(limit, file->slot_limit());
  const auto fold = [](const MetricFile& file, Slots* slots) {
    file.FoldInto(slots, file.AllRows());
  };
  Slots before;
  Slots left;
  before.Reset(limit);
  left.Reset(limit);
  // Of a file under its new name nothing is read yet; its values are the old one's.
  std::unordered_map<uint64_t, const MetricFile*> old;
  std::vector<const MetricFile*> were;
  for (const auto& file : renamed) old.emplace(file->pinned_inode(), file.get());
  const auto were_there = [&](const std::vector<std::unique_ptr<MetricFile>>& files) {
    for (const auto& file : files) were.push_back(file.get());
  };
  were_there(gone);
  were_there(renamed);
  were_there(in_order_);
  std::stable_sort(were.begin(), were.end(), IsBefore);
  for (const MetricFile* file : were) fold(*file, &before);
  for (const auto& file : in_order_) {
    if (file->is_retained()) continue;
    const auto found = old.find(file->listed_inode());
    const bool is_new = found != old.end() && !file->has_entries();
    fold(is_new ? *found->second : *file, &left);
  }

  for (const auto& file : gone) {
    FindMutable((file->flags() >> kRetainedShift) - 1u)->Retain(*file, keys_.size());
  }
  files_retained_ += gone.size();

  const auto retained_files = std::span(in_order_).last(retained_files_);
  for (int round = 0; round < kRaisingRounds; ++round) {
    Slots now = left;
    for (const auto& retained : retained_files) fold(*retained, &now);
    const auto raise = [&](const auto& retained) { return retained->Raise(before, now); };
    if (std::count_if(retained_files.begin(), retained_files.end(), raise) == 0) break;
  }
}

PreconditionError FileSet::Accept(std::span<const uint32_t> id, std::span<const uint8_t> flags) {
  if (id.size() != flags.size()) return "id and flags differ in length";
  if (PreconditionError error = FindAll(id)) return error;
  for (const uint8_t one : flags) {
    if (one >> kRetainedShift > retained_files_)
      return "there is no retained file " + Number(one >> kRetainedShift);
  }
  ForgetOverview();
  for (size_t i = 0; i < id.size(); ++i) FindMutable(id[i])->Accept(flags[i]);
  return std::nullopt;
}

PreconditionError FileSet::Release(std::span<const uint32_t> id) {
  if (PreconditionError error = FindAll(id)) return error;
  ForgetOverview();
  for (const uint32_t one : id) FindMutable(one)->Release();
  return std::nullopt;
}

PreconditionError FileSet::SetMinTimestamps(std::span<const uint32_t> id,
                                            std::span<const double> seconds) {
  if (id.size() != seconds.size()) return "id and seconds differ in length";
  if (PreconditionError error = FindAll(id)) return error;
  for (size_t i = 0; i < id.size(); ++i) FindMutable(id[i])->SetMinTimestamp(seconds[i]);
  return std::nullopt;
}

PreconditionError FileSet::FindAll(std::span<const uint32_t> id) const {
  for (const uint32_t one : id) {
    const MetricFile* const file = Find(one);
    if (file == nullptr || file->is_retained()) return "no file has id " + Number(one);
  }
  return std::nullopt;
}

void FileSet::SetLimits(const ReadLimits& limits, uint64_t entries, bool retry) {
  budget_.limits = limits;
  budget_.entries = entries;
  files_.SetMaxUsed(budget_.MaxUsed());
  if (retry) ++budget_.epoch;
}

KeyTexts FileSet::Texts(uint32_t from, uint32_t count, size_t max_bytes) const {
  KeyTexts texts;
  const uint32_t to = from + std::min(count, keys_.size() - std::min(from, keys_.size()));
  for (uint32_t id = from; id < to && texts.text.size() < max_bytes; ++id) {
    texts.text += keys_.Text(id);
    texts.end.push_back(static_cast<uint32_t>(texts.text.size()));
  }
  return texts;
}

RefreshResult FileSet::Refresh() {
  ++pass_;
  files_.BeginPass();
  return Refresh({});
}

// A thread that may be lost is at work on the next ones while these are taken.
void FileSet::AskAhead(const std::vector<MetricFile*>& files) {
  FileAccess::Asked asked;
  for (MetricFile* const file : files) {
    const std::optional<Question> question = file->is_plain() ? std::nullopt : file->NextQuestion();
    if (question) asked.emplace_back(file->file_name(), *question);
  }
  files_.AskAhead(asked);
}

void FileSet::RefreshOne(const FileContext& context, MetricFile* file) {
  const bool was_plain = file->is_plain();
  file->Refresh(context);
  if (file->is_plain() == was_plain) return;
  const auto place = std::ranges::upper_bound(not_plain_, file, IsBefore);
  not_plain_.insert(place, file);
}

RefreshResult FileSet::Refresh(std::vector<std::unique_ptr<MetricFile>> replaced) {
  ForgetOverview();
  RefreshResult result;
  FileContext context = Context();
  context.replaced = &replaced;
  AskAhead(not_plain_);
  const size_t first_retained = in_order_.size() - retained_files_;
  for (size_t i = 0; i < in_order_.size(); ++i) {
    if (i + kPrefetchedFiles < in_order_.size()) in_order_[i + kPrefetchedFiles]->Prefetch();
    if (i == first_retained) Retain(replaced);
    MetricFile& file = *in_order_[i];
    if (!file.accepted()) continue;
    RefreshOne(context, &file);
    const std::optional<FileChange> change = file.TakeChange();
    if (!change) continue;
    file.ShareColumns(&columns_);
    result.changes.push_back(*change);
    const std::span<const uint32_t> key_id = file.key_ids().subspan(change->entry_from);
    result.key_id.insert(result.key_id.end(), key_id.begin(), key_id.end());
  }
  files_.EndAhead();
  scratch_.Trim();
  return result;
}

int FileSet::RefreshAsListed(const DirectoryTimes& listed, const Printing* to_print,
                             AsListed* result) {
  PendingOperation pending;
  FreeSpace free;
  const int error = StatDirectory(path_, listed, opened().get(), &pending, &result->now, &free);
  if (error == 0 && result->now == listed) RefreshAndCollect(free, to_print, result);
  return error;
}

void FileSet::RefreshAndCollect(const FreeSpace& free, const Printing* to_print, AsListed* result) {
  ++pass_;
  free_ = free;
  files_.BeginPass();
  std::vector<std::unique_ptr<MetricFile>> replaced;
  CollectResult collected;
  if (to_print != nullptr && CollectUnlessChanged(*to_print, &collected, &replaced)) {
    result->collected = std::move(collected);
  } else {
    result->refreshed = Refresh(std::move(replaced));
  }
}

// Where nothing changed a file need not be looked at before it is gathered: that shows it as well.
bool FileSet::CollectUnlessChanged(const Printing& printing, CollectResult* result,
                                   std::vector<std::unique_ptr<MetricFile>>* replaced) {
  if (CheckSlots(printing)) return false;
  const std::vector<MetricFile*> needing_refresh = overview().needing_refresh;
  if (!needing_refresh.empty()) {
    FileContext context = Context();
    context.replaced = replaced;
    AskAhead(needing_refresh);
    for (MetricFile* const file : needing_refresh) RefreshOne(context, file);
    files_.EndAhead();
    ForgetOverview();
  }
  const auto is_changed = [](const MetricFile* file) { return file->is_changed(); };
  if (std::any_of(needing_refresh.begin(), needing_refresh.end(), is_changed)) return false;

  if (!GatherAndFold(printing, Growth::kNoticed)) return false;
  Print(printing, result);
  // No memory to print into: that is for the next Collect to say.
  return std::all_of(result->bodies.begin(), result->bodies.end(),
                     [](const Body& body) { return body.block.memory() != nullptr; });
}

FileSetCounts FileSet::Counts() const {
  FileSetCounts counts;
  counts.unmapped_files = overview().unmapped_files;
  counts.read_faults = read_faults_;
  counts.free_bytes = free_.bytes;
  counts.free_inodes = free_.inodes;
  counts.files_retained = files_retained_;
  counts.key_bytes = keys_.text_bytes();
  return counts;
}

MetricFile* FileSet::FindMutable(uint32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

const MetricFile* FileSet::Find(uint32_t id) const { return FindMutable(id); }

PreconditionError FileSet::Survey(std::span<const int32_t> family_of_key, uint32_t family_count,
                                  SurveyResult* result) const {
  for (const int32_t family : family_of_key) {
    if (family >= 0 && static_cast<uint32_t>(family) >= family_count) {
      return "family " + Number(static_cast<uint32_t>(family)) + " is not below " +
             Number(family_count);
    }
  }
  result->first_rank.assign(family_count, -1);
  result->first_file.assign(family_count, -1);
  result->first_entry.assign(family_count, -1);
  result->first_key.assign(family_count, -1);
  result->last_file.assign(family_count, -1);
  result->first_mode_file.assign(family_count, -1);
  result->last_mode_file.assign(family_count, -1);

  std::vector<uint8_t> is_live(keys_.size());
  int32_t ranks = 0;
  // Files of one program are alike. Those after the first only say how far its families reach.
  std::map<std::pair<const void*, uint8_t>, Alike> alike;
  for (const auto& file : in_order_) {
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
  for (const auto& [_, files] : alike) by_last.push_back(files);
  std::ranges::sort(by_last, {}, &Alike::last_rank);
  for (const Alike& files : by_last) {
    const bool sets_mode = (files.first->flags() & kSetsMode) != 0;
    for (const uint32_t key : files.first->key_ids()) {
      const int32_t family = key < family_of_key.size() ? family_of_key[key] : -1;
      if (family < 0) continue;
      result->last_file[static_cast<size_t>(family)] = files.last_file;
      if (sets_mode) result->last_mode_file[static_cast<size_t>(family)] = files.last_file;
    }
  }
  result->live_keys = static_cast<uint32_t>(std::count(is_live.begin(), is_live.end(), 1));
  return std::nullopt;
}

PreconditionError FileSet::SetRows(std::span<const uint32_t> id, std::span<const uint32_t> from,
                                   std::span<const uint32_t> count, std::span<const uint32_t> slot,
                                   std::span<const uint8_t> operation) {
  if (from.size() != id.size() || count.size() != id.size() || slot.size() != operation.size()) {
    return "columns differ in length";
  }
  uint64_t total = 0;
  for (const uint32_t rows : count) total += rows;
  if (total != slot.size())
    return "counts add up to " + Number(total) + " rows, not " + Number(slot.size());
  for (const uint8_t one : operation) {
    if (one >= kOperations) return "no operation has number " + Number(one);
  }
  for (const uint32_t one : slot) {
    if (one == UINT32_MAX) return "slot " + Number(one) + " is too large";
  }
  ForgetOverview();
  size_t at = 0;
  for (size_t i = 0; i < id.size(); ++i) {
    MetricFile* const file = FindMutable(id[i]);
    if (file == nullptr) return "no file has id " + Number(id[i]);
    if (!file->SetRows(from[i], slot.subspan(at, count[i]), operation.subspan(at, count[i]))) {
      return "file " + Number(id[i]) + " has " + Number(file->entry_count()) + " entries and " +
             Number(file->slots().size()) + " rows, so none from " + Number(from[i]) + " on for " +
             Number(count[i]);
    }
    file->ShareColumns(&columns_);
    at += count[i];
  }
  return std::nullopt;
}

FileSet::Overview FileSet::MakeOverview() const {
  Overview overview;
  for (const auto& file : in_order_) {
    overview.slot_limit = std::max(overview.slot_limit, file->slot_limit());
    overview.entries += file->entry_count();
    overview.unmapped_files += file->is_unmapped() ? 1 : 0;
    if (!file->verified_by_gather() || file->is_changed())
      overview.needing_refresh.push_back(file.get());
  }
  return overview;
}

const FileSet::Overview& FileSet::overview() const {
  if (!overview_) overview_ = MakeOverview();
  assert(*overview_ == MakeOverview());
  return *overview_;
}

PreconditionError FileSet::Order(uint32_t slot_count, std::vector<uint32_t>* order) const {
  const uint32_t limit = overview().slot_limit;
  if (limit > slot_count) {
    return "slot " + Number(limit - 1) + " is not below " + Number(slot_count);
  }
  std::vector<uint8_t> is_seen(size_t{slot_count} + 1);
  is_seen[kSlotNowhere] = 1;
  std::unordered_set<const void*> looked_at;
  for (const auto& file : in_order_) {
    if (!looked_at.insert(file->slots_identity()).second) continue;
    for (const uint32_t s : file->slots()) {
      if (is_seen[s] != 0) continue;
      is_seen[s] = 1;
      order->push_back(s);
    }
  }
  return std::nullopt;
}

PreconditionError FileSet::SetBuckets(uint32_t slot_count, BucketLayout layout) {
  if (slot_count == 0) return "slot 0 counts too";
  if (layout.bucket_end.size() != layout.count_slot.size()) return "columns differ in length";
  uint32_t end = 0;
  for (const uint32_t group_end : layout.bucket_end) {
    if (group_end < end) return "bucket ends do not ascend";
    end = group_end;
  }
  if (end != layout.bucket_slot.size()) return "the last bucket end is not the number of buckets";
  const auto is_outside = [&](uint32_t s) { return s >= slot_count; };
  if (std::any_of(layout.bucket_slot.begin(), layout.bucket_slot.end(), is_outside) ||
      std::any_of(layout.count_slot.begin(), layout.count_slot.end(), is_outside)) {
    return "a slot is not below " + Number(slot_count);
  }
  slot_count_ = slot_count;
  buckets_ = std::move(layout);
  return std::nullopt;
}

PreconditionError FileSet::CheckSlots(const Printing& printing) const {
  uint32_t limit = overview().slot_limit;
  for (const auto& page : printing.pages) {
    for (const auto& part : *page) limit = std::max(limit, part->slot_limit);
  }
  if (limit <= slot_count_) return std::nullopt;
  return "slot " + Number(limit - 1) + " is not below " + Number(slot_count_);
}

PreconditionError FileSet::Collect(const Printing& printing, CollectResult* result) {
  if (PreconditionError error = CheckSlots(printing)) return error;
  GatherAndFold(printing, Growth::kIgnored);
  for (const auto& file : in_order_) {
    const std::optional<FileChange> change = file->TakeChange();
    if (change) result->changes.push_back(*change);
  }
  if (!result->changes.empty()) ForgetOverview();
  Print(printing, result);
  return std::nullopt;
}

void FileSet::Print(const Printing& printing, CollectResult* result) {
  Accumulate(buckets_, &slots_);
  slots_.Finish();
  numbers_.Update(slots_);
  for (const auto& page : printing.pages) {
    result->bodies.push_back(Render(*page, numbers_, printing.tail));
  }
  ++pass_;
}

// Gathering waits for memory, and two threads wait at once; folding must keep the order of the
// files. So both take the next few files in order, and this thread folds them as far as all are
// gathered, while their columns are in the cache.
bool FileSet::GatherAndFold(const Printing& printing, Growth growth) {
  std::optional<WantedSlots> wanted;
  if (printing.only_what_is_printed) wanted.emplace(printing.pages, buckets_, slot_count_);
  const auto rows_of = [&](const MetricFile& file) {
    return wanted ? file.RowsFor(*wanted) : file.AllRows();
  };
  std::atomic<bool> is_changed = false;
  const auto gather = [&](const FileContext& context, MetricFile* file) {
    if (growth == Growth::kIgnored) {
      file->Gather(context, rows_of(*file));
    } else if (!file->GatherIfAsIndexed(context, rows_of(*file))) {
      is_changed.store(true, std::memory_order_relaxed);
    }
  };

  const size_t count = in_order_.size();
  const size_t at_once = std::clamp<size_t>(count / (2 * kTakesEach), 1, kFilesAtOnce);
  const size_t batches = (count + at_once - 1) / at_once;
  const auto files_of = [&](size_t batch) {
    const size_t from = batch * at_once;
    return std::span(in_order_).subspan(from, std::min(at_once, count - from));
  };
  std::atomic<size_t> next = 0;
  std::vector<std::atomic<bool>> is_gathered(batches);
  const auto gather_next = [&](const FileContext& context) {
    const size_t batch = next.fetch_add(1, std::memory_order_relaxed);
    if (batch >= batches) return false;
    for (const auto& file : files_of(batch)) gather(context, file.get());
    is_gathered[batch].store(true, std::memory_order_release);
    return true;
  };

  uint64_t helper_faults = 0;
  auto help = [&, context = Context()]() mutable {
    context.scratch = &helper_scratch_;
    context.read_faults = &helper_faults;
    while (gather_next(context)) continue;
  };
  std::optional<HelperThread> helper;
  if (overview().entries >= kEntriesWorthAThread) helper.emplace(&help);

  slots_.Reset(slot_count_);
  size_t folded = 0;
  const auto fold_gathered = [&] {
    for (; folded < batches && is_gathered[folded].load(std::memory_order_acquire); ++folded) {
      for (const auto& file : files_of(folded)) file->FoldInto(&slots_, rows_of(*file));
    }
  };
  const FileContext context = Context();
  while (gather_next(context)) fold_gathered();
  helper.reset();
  read_faults_ += helper_faults;
  if (is_changed.load(std::memory_order_relaxed)) return false;
  fold_gathered();
  return true;
}

void FileSet::CompactKeys() {
  ForgetOverview();
  KeyTable keys;
  for (const auto& file : in_order_) file->Rekey(keys_, &keys);
  keys_ = std::move(keys);
  slots_ = {};
  numbers_.Forget();
}

PreconditionError FileSet::Times(std::span<const uint32_t> slot,
                                 std::vector<double>* seconds) const {
  seconds->clear();
  seconds->reserve(slot.size());
  for (const uint32_t s : slot) {
    if (s >= slots_.count()) {
      return "slot " + Number(s) + " is not below " + Number(slots_.count());
    }
    seconds->push_back(slots_.timestamp[s]);
  }
  return std::nullopt;
}

}  // namespace promfold
