#include "file_set.h"

#include <dirent.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <utility>

#include "column_block.h"
#include "gather_pass.h"
#include "retain_files.h"
#include "wanted_slots.h"

namespace promfold {

namespace {

// Of all sets: the kernel's limit is one for the process.
std::atomic<uint32_t> mappings_held = 0;

std::string Number(uint64_t number) { return std::to_string(number); }

}  // namespace

bool CollectResult::has_memory() const {
  return (!columns || columns->memory.memory() != nullptr) && HaveMemory(bodies);
}

FileSet::FileSet(std::string directory, uint32_t map_limit, uint32_t retained_files)
    : path_(std::move(directory)), maps_{map_limit, &mappings_held}, list_(retained_files) {}

FileContext FileSet::Context() {
  return {&files_, &keys_, &maps_, &scratch_, &read_faults_, pass_, &budget_};
}

int FileSet::List(ListingChange* change) {
  ListedDirectory listed;
  PendingOperation pending;
  const int error = ListDirectory(path_, compacted_, &pending, &listed);
  if (error == 0) TakeListing(std::move(listed), change);
  return error;
}

void FileSet::TakeListing(ListedDirectory listed, ListingChange* change) {
  ++pass_;
  ForgetOverview();
  const bool is_same_device = opened() != nullptr && opened()->device == listed.opened->device;
  free_ = listed.free;
  const std::shared_ptr<const CompactedDirectory> before =
      std::exchange(compacted_, std::move(listed.compacted));
  if (is_same_device) AddLeft(&listed.listing);
  files_.SetDirectory(std::move(listed.opened));
  files_.BeginPass();
  if (opened()->is_overlay) {
    for (const auto& file : list_.in_order()) file->MarkForRestat();
  }
  RemovedFiles removed = list_.Take(std::move(listed.listing), is_same_device, files_, change);
  if (compacted_ != nullptr) {
    // Those that were folded since they were listed.
    std::erase_if(removed.gone, [&](const std::unique_ptr<MetricFile>& file) {
      const int64_t known = before ? before->FoldedAt(file->name(), file->identity()) : 0;
      return compacted_->FoldedAt(file->name(), file->identity()) > known;
    });
  }
  const FileContext context = Context();
  for (const auto& file : removed.gone) file->ReadOnceMore(context);
  Retain(removed);
}

// A file that is to be moved into the directory counts meanwhile, where it counted before. One that
// was never listed comes a moment later.
void FileSet::AddLeft(Listing* listing) const {
  if (compacted_ == nullptr) return;
  for (const auto& [name, inode] : compacted_->left()) {
    const MetricFile* const known = list_.FindByName(name);
    const bool is_same = known != nullptr && known->listed_inode() == inode;
    if (is_same && !listing->Has(name)) listing->Add(name, inode, DT_REG);
  }
}

void FileSet::Retain(const RemovedFiles& removed) {
  RetainFiles(removed, list_, keys_.size());
  files_retained_ += removed.gone.size();
}

PreconditionError FileSet::AddRetained(uint32_t id, const KeyTexts& keys,
                                       std::span<const double> value) {
  if (id >= list_.retained_count()) return "no retained file has id " + Number(id);
  if (keys.end.size() != value.size()) return "keys and values differ in length";
  FileColumns gone;
  uint32_t from = 0;
  for (const uint32_t to : keys.end) {
    gone.index.AppendKey(keys_.Intern(std::string_view(keys.text).substr(from, to - from)));
    from = to;
  }
  gone.values.value.assign(value.begin(), value.end());
  ForgetOverview();
  list_.Find(id)->Retain(gone, keys_.size());
  return std::nullopt;
}

PreconditionError FileSet::Accept(std::span<const uint32_t> id, std::span<const uint8_t> flags) {
  if (id.size() != flags.size()) return "id and flags differ in length";
  if (PreconditionError error = FindAll(id)) return error;
  for (const uint8_t of_file : flags) {
    const uint32_t retained_file = of_file >> kRetainedShift;
    if (retained_file > list_.retained_count()) {
      return "there is no retained file " + Number(retained_file);
    }
  }
  ForgetOverview();
  for (size_t i = 0; i < id.size(); ++i) list_.Find(id[i])->Accept(flags[i]);
  return std::nullopt;
}

PreconditionError FileSet::Release(std::span<const uint32_t> id) {
  if (PreconditionError error = FindAll(id)) return error;
  ForgetOverview();
  for (const uint32_t file_id : id) list_.Find(file_id)->Release();
  return std::nullopt;
}

PreconditionError FileSet::SetMinTimestamps(std::span<const uint32_t> id,
                                            std::span<const double> seconds) {
  if (id.size() != seconds.size()) return "id and seconds differ in length";
  if (PreconditionError error = FindAll(id)) return error;
  for (size_t i = 0; i < id.size(); ++i) list_.Find(id[i])->SetMinTimestamp(seconds[i]);
  return std::nullopt;
}

PreconditionError FileSet::FindAll(std::span<const uint32_t> id) const {
  for (const uint32_t file_id : id) {
    const MetricFile* const file = Find(file_id);
    if (file == nullptr || file->is_retained()) return "no file has id " + Number(file_id);
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
  return keys_.Texts(from, count, max_bytes);
}

RefreshResult FileSet::Refresh() {
  ++pass_;
  files_.BeginPass();
  return Refresh({});
}

// A thread that may be lost asks for the next ones while these are taken.
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
  list_.AddNotPlain(file);
}

RefreshResult FileSet::Refresh(Files replaced) {
  ForgetOverview();
  RefreshResult result;
  FileContext context = Context();
  context.replaced = &replaced;
  AskAhead(list_.not_plain());
  const FilesView files = list_.in_order();
  const size_t first_retained = files.size() - list_.retained_count();
  for (size_t i = 0; i < files.size(); ++i) {
    if (i == first_retained) Retain({.gone = std::move(replaced), .renamed = {}});
    MetricFile& file = *files[i];
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

int FileSet::RefreshAsListed(const DirectoryTimes& listed, const PrintRequest* to_print,
                             AsListed* result) {
  PendingOperation pending;
  FreeSpace free;
  const int error = StatDirectory(path_, listed, opened().get(), &pending, &result->now, &free);
  if (error == 0 && result->now == listed) RefreshAndCollect(free, to_print, result);
  return error;
}

void FileSet::RefreshAndCollect(const FreeSpace& free, const PrintRequest* to_print,
                                AsListed* result) {
  ++pass_;
  free_ = free;
  files_.BeginPass();
  Files replaced;
  CollectResult collected;
  if (to_print != nullptr && CollectUnlessChanged(*to_print, &collected, &replaced)) {
    result->collected = std::move(collected);
  } else {
    result->refreshed = Refresh(std::move(replaced));
  }
}

// A gather finds by itself whether a file changed, so files are not looked at before it.
bool FileSet::CollectUnlessChanged(const PrintRequest& request, CollectResult* result,
                                   Files* replaced) {
  if (CheckRequest(request)) return false;
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

  if (!GatherAndFold(request, true)) return false;
  Print(request, result);
  // Where there was no memory to print into, the next Collect says so.
  return result->has_memory();
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

FileFacts FileSet::Facts() {
  files_.BeginPass();
  return FindFacts(&list_, &files_);
}

PreconditionError FileSet::Survey(std::span<const int32_t> family_of_key, uint32_t family_count,
                                  SurveyResult* result) const {
  return promfold::Survey(list_.in_order(), family_of_key, family_count, keys_.size(), result);
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
  for (const uint8_t number : operation) {
    if (number >= kOperations) return "no operation has number " + Number(number);
  }
  for (const uint32_t s : slot) {
    if (s == UINT32_MAX) return "slot " + Number(s) + " is too large";
  }
  ForgetOverview();
  size_t at = 0;
  for (size_t i = 0; i < id.size(); ++i) {
    MetricFile* const file = list_.Find(id[i]);
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
  for (const auto& file : list_.in_order()) {
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
  OrderSlots(list_.in_order(), slot_count, order);
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

PreconditionError FileSet::CheckRequest(const PrintRequest& request) const {
  if (request.columns && request.only_what_is_printed) {
    return "columns are of all values, and only what is printed was asked for";
  }
  uint32_t limit = overview().slot_limit;
  for (const auto& page : request.pages) {
    for (const auto& part : *page) limit = std::max(limit, part->slot_limit);
  }
  if (limit <= slot_count_) return std::nullopt;
  return "slot " + Number(limit - 1) + " is not below " + Number(slot_count_);
}

PreconditionError FileSet::Collect(const PrintRequest& request, CollectResult* result) {
  if (PreconditionError error = CheckRequest(request)) return error;
  GatherAndFold(request, false);
  for (const auto& file : list_.in_order()) {
    const std::optional<FileChange> change = file->TakeChange();
    if (change) result->changes.push_back(*change);
  }
  if (!result->changes.empty()) ForgetOverview();
  Print(request, result);
  return std::nullopt;
}

void FileSet::Print(const PrintRequest& request, CollectResult* result) {
  Accumulate(buckets_, &slots_);
  slots_.Finish();
  if (!request.pages.empty()) numbers_.Update(slots_);
  for (const auto& page : request.pages) {
    result->bodies.push_back(Render(*page, numbers_, request.tail));
  }
  if (request.columns) result->columns = CopyInstant(list_.in_order(), slots_);
  ++pass_;
}

bool FileSet::GatherAndFold(const PrintRequest& request, bool fails_on_change) {
  std::optional<WantedSlots> wanted;
  if (request.only_what_is_printed) wanted.emplace(request.pages, buckets_, slot_count_);
  const GatherPass pass = {.files = list_.in_order(),
                           .slot_count = slot_count_,
                           .entries = overview().entries,
                           .wanted = wanted ? &*wanted : nullptr,
                           .fails_on_change = fails_on_change,
                           .helper_scratch = &helper_scratch_};
  return promfold::GatherAndFold(pass, Context(), &slots_);
}

PreconditionError FileSet::GatherEntries(const SomeEntries& wanted, GatheredEntries* result) {
  if (wanted.generation.size() != wanted.id.size() || wanted.entry_end.size() != wanted.id.size()) {
    return "columns differ in length";
  }
  uint32_t from = 0;
  for (const uint32_t to : wanted.entry_end) {
    if (to < from) return "ends of entries do not ascend";
    from = to;
  }
  if (from != wanted.entry.size()) return "the last end is not the number of entries";

  // Never empty: no memory would mean that it ran out.
  ColumnBlock block(std::max<size_t>(2 * wanted.entry.size(), 1), 0);
  if (!block.has_memory()) return std::nullopt;
  result->value = block.Take<double>(wanted.entry.size());
  result->timestamp = block.Take<double>(wanted.entry.size());
  result->memory = block.TakeBlock();
  // What the last pass gathered is older, and the next one must not take these for its own.
  ++pass_;
  const FileContext context = Context();
  result->are_as_indexed = true;
  uint32_t begin = 0;
  for (size_t i = 0; i < wanted.id.size() && result->are_as_indexed; ++i) {
    const uint32_t end = wanted.entry_end[i];
    MetricFile* const file = list_.Find(wanted.id[i]);
    result->are_as_indexed =
        file != nullptr && file->generation() == wanted.generation[i] &&
        GatherOf(context, file, wanted.entry.subspan(begin, end - begin),
                 result->value.data() + begin, result->timestamp.data() + begin);
    begin = end;
  }
  // A file may have turned out bad.
  if (!result->are_as_indexed) ForgetOverview();
  ++pass_;
  return std::nullopt;
}

// False where the file is not as it was indexed.
bool FileSet::GatherOf(const FileContext& context, MetricFile* file,
                       std::span<const uint32_t> entry, double* value, double* timestamp) {
  if (!file->verified_by_gather()) return false;
  if (entry.empty()) return true;
  const auto [first, last] = std::ranges::minmax(entry);
  if (last >= file->entry_count()) return false;
  if (!file->GatherIfAsIndexed(context, {first, last + 1})) return false;
  const std::span<const double> values = file->values();
  const std::span<const double> timestamps = file->timestamps();
  if (last >= values.size()) return false;
  for (const uint32_t e : entry) {
    *value++ = values[e];
    *timestamp++ = e < timestamps.size() ? timestamps[e] : 0;
  }
  return true;
}

void FileSet::CompactKeys() {
  ForgetOverview();
  KeyTable keys;
  for (const auto& file : list_.in_order()) file->Rekey(keys_, &keys);
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
