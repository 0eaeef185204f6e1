#include "metric_file.h"

#include <cassert>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "guard.h"

namespace promfold {

MetricFile::MetricFile(uint32_t id, FileName name, uint64_t listed_inode, bool may_be_link)
    : id_(id), name_(std::move(name)), listed_inode_(listed_inode), may_be_link_(may_be_link) {}

std::unique_ptr<MetricFile> MetricFile::MakeRetained(uint32_t id) {
  auto retained = std::make_unique<MetricFile>(id, FileName("", true), 0, false);
  retained->is_retained_ = true;
  retained->accepted_ = true;
  retained->is_read_ = true;
  retained->state_ = FileState::kGood;
  return retained;
}

void MetricFile::Accept(uint8_t flags) {
  accepted_ = true;
  flags_ = flags;
  name_.SetStamped((flags & kIsStamped) != 0);
}

void MetricFile::Release() {
  accepted_ = false;
  mapping_.Unmap();
  DropEntries();
  is_read_ = false;
  is_changed_ = false;
  was_gathered_ = false;
  state_ = FileState::kBad;
}

std::optional<Question> MetricFile::NextQuestion() const {
  if (is_retained_ || !accepted_) return std::nullopt;
  if (!is_read_ || state_ != FileState::kGood || !mapping_) return Question::kRead;
  if (always_restats_ || needs_restat_) return Question::kStatus;
  return std::nullopt;
}

void MetricFile::Refresh(const FileContext& context) {
  if (is_retained_) return;
  // Others than plain files may have been waited for.
  if (!is_plain() && std::exchange(refreshed_pass_, context.pass) == context.pass) return;
  if (IsRefusedAsBefore(context)) return;
  if (!is_read_ || state_ != FileState::kGood) return ReadAgain(context);
  if (!mapping_) return RefreshUnmapped(context);
  if ((always_restats_ || needs_restat_) && IsReplacedByName(context)) return ReadAgain(context);

  uint32_t used = 0;
  if (!CheckMapped(context, &used).ok()) return ReadAgain(context);
  if (used != columns_.index.used() && !IsGrowthRefused(context)) Follow(context, used);
}

// From scratch, by name. What was damaged in place may read well as a whole (truncated and grown
// again); else the fault of this reading is the more exact one.
void MetricFile::ReadAgain(const FileContext& context) {
  Reading reading = context.files->Read(&name_, context.scratch);
  if (reading.fault.ok()) {
    const auto& [value_bytes, end, entries] = reading.format;
    const NewEntries all = {.file = context.scratch->FileBytes(end),
                            .from = kHeaderBytes,
                            .end = end,
                            .value_bytes = value_bytes,
                            .count = entries,
                            .before = 0,
                            .replaced = entry_count()};
    reading.fault = context.budget->FindExcess(all, *context.keys);
  }
  if (reading.fault.is_over_budget()) {
    refused_epoch_ = context.budget->epoch;
    refused_bytes_ = reading.file_bytes;
    identity_ = reading.identity;
  }
  if (reading.fault.ok()) {
    AdoptUnlessErased(context, &reading);
  } else {
    if (reading.fault.found == Found::kReadFailed) ++*context.read_faults;
    Fail(reading.fault, reading.changed_seconds);
  }
}

// A file that was refused is not read again at each scrape: only when there may be room for it, or
// when it has become another one.
bool MetricFile::IsRefusedAsBefore(const FileContext& context) {
  if (state_ == FileState::kGood || !IsGrowthRefused(context)) return false;
  const FoundFile now = context.files->Status(&name_);
  return now.has_status && IdentityOf(now.status) == identity_ &&
         static_cast<uint64_t>(now.status.st_size) == refused_bytes_;
}

// The entries there are stay; what is beyond them is not read until there may be room.
void MetricFile::RefuseGrowth(const FileContext& context, Fault fault) {
  refused_epoch_ = context.budget->epoch;
  if (fault == fault_) return;
  fault_ = fault;
  is_changed_ = true;
}

Fault MetricFile::CheckMapped(const FileContext& context, uint32_t* used) const {
  const EntryIndex& index = columns_.index;
  const std::string_view last_key = index.LastKey(*context.keys);
  Fault fault;
  const bool whole = ReadGuarded(mapping_.base(), mapping_.bytes(),
                                 [&] { fault = index.CheckEnd(mapping_.base(), last_key, used); });
  if (whole) return fault;
  ++*context.read_faults;
  return {Found::kPageGone};
}

bool MetricFile::IsReplacedByName(const FileContext& context) {
  const FoundFile now = context.files->Status(&name_);
  const bool needs_restat = std::exchange(needs_restat_, false);
  if (!now.has_status) return true;
  if (always_restats_ && !(IdentityOf(now.status) == identity_)) return true;
  return needs_restat && ChangedSeconds(now.status) != changed_seconds_;
}

// New entries were appended: walks them on a private copy, so that nothing the writer does
// meanwhile can come between a check and a use.
void MetricFile::Follow(const FileContext& context, uint32_t used) {
  if (!columns_.index.CanGrow()) return ReadAgain(context);
  if (used > mapping_.bytes() && !RemapByName(context, used)) return;
  if (!AppendMapped(context, used)) ReadAgain(context);
}

// False where entries do not lead to `used`, or cannot be read.
bool MetricFile::AppendMapped(const FileContext& context, uint32_t used) {
  // First in place, by its length words alone: a header may say anything, and a stretched file has
  // as many bytes as it says, all of them a hole.
  EntryIndex& index = columns_.index;
  const uint32_t from = index.end();
  bool leads = false;
  uint32_t entries = 0;
  bool whole = ReadGuarded(mapping_.base(), mapping_.bytes(), [&] {
    leads = index.LeadsTo(used, {mapping_.base(), mapping_.bytes()}, &entries);
  });
  if (whole && !leads) return false;
  if (whole && used > context.budget->MaxUsed()) {
    RefuseGrowth(context,
                 {Found::kFileTooLarge, -1, used, static_cast<int64_t>(context.budget->MaxUsed())});
    return true;
  }

  std::byte* copy = nullptr;
  if (whole) {
    copy = context.scratch->FileBytes(used);
    whole = ReadGuarded(mapping_.base(), mapping_.bytes(),
                        [&] { std::memcpy(copy + from, mapping_.base() + from, used - from); });
  }
  if (!whole) {
    ++*context.read_faults;
    return false;
  }

  if (!index.LeadsTo(used, {copy, used}, &entries)) return false;
  const NewEntries added = {.file = copy,
                            .from = from,
                            .end = used,
                            .value_bytes = value_bytes(),
                            .count = entries,
                            .before = entry_count(),
                            .replaced = 0};
  const Fault excess = context.budget->FindExcess(added, *context.keys);
  if (!excess.ok()) {
    RefuseGrowth(context, excess);
    return true;
  }
  if (fault_.is_over_budget()) fault_ = {};
  index.SetUsed(used, value_bytes());
  Append(context, copy, used);
  return true;
}

// Maps the file again, at its new size. False where there is nothing more to do for this refresh.
bool MetricFile::RemapByName(const FileContext& context, uint32_t used) {
  const FoundFile opened = context.files->Open(&name_);
  const struct stat& status = opened.status;
  // Unlinked since it was listed. What is mapped is still good; the next listing removes the file.
  if (opened.fault.found == Found::kOpenFailed && opened.fault.a == ENOENT) return false;
  if (!opened.fault.ok() || !opened.descriptor || !(IdentityOf(status) == identity_) ||
      static_cast<uint64_t>(status.st_size) < used) {
    ReadAgain(context);
    return false;
  }
  mapping_.Unmap();
  if (mapping_.Map(opened.descriptor.number(), static_cast<uint64_t>(status.st_size),
                   context.maps)) {
    return true;
  }
  RefreshUnmapped(context);
  return false;
}

void MetricFile::RefreshUnmapped(const FileContext& context) {
  Reading reading = context.files->Read(&name_, context.scratch);
  if (!reading.fault.ok()) {
    if (reading.fault.found == Found::kReadFailed) ++*context.read_faults;
    return Fail(reading.fault, reading.changed_seconds);
  }
  EntryIndex& index = columns_.index;
  const auto [value_bytes, end, entries] = reading.format;
  const std::byte* const file = context.scratch->FileBytes(end);
  // Nothing pins the inode of an unmapped file, so its number may be another file's by now: every
  // key is compared.
  const bool continues =
      reading.identity == identity_ && index.Continues({file, end}, reading.format, *context.keys);
  const uint32_t before = continues ? entry_count() : 0;
  const NewEntries added = {.file = file,
                            .from = continues ? index.end() : kHeaderBytes,
                            .end = end,
                            .value_bytes = value_bytes,
                            .count = entries - before,
                            .before = before,
                            .replaced = continues ? 0 : entry_count()};
  const Fault excess = context.budget->FindExcess(added, *context.keys);
  if (!continues && !excess.ok()) return Fail(excess, reading.changed_seconds);
  if (!continues) return AdoptUnlessErased(context, &reading);
  if (!excess.ok()) {
    RefuseGrowth(context, excess);
    reading.format.end = index.end();
    reading.used = index.used();
  } else if (fault_.is_over_budget()) {
    fault_ = {};
  }

  index.SetUsed(reading.used, value_bytes);
  const ValueColumns last = columns_.values;
  if (reading.format.end > index.end()) Append(context, file, reading.format.end);
  TakeValues(file, index.value_offsets(), value_bytes == kPairBytes, &columns_.values);
  // Of one that is not local no descriptor is left: another read could hang.
  if (columns_.rows.needs_timestamps() && reading.descriptor) {
    SettlePairs(reading.descriptor.number(), index.value_offsets(), last, &columns_.values);
  }
  TryMap(context, reading);
}

// An erased key is damage and not another file written in place: one that was served so far is then
// better held than read without that entry.
void MetricFile::AdoptUnlessErased(const FileContext& context, Reading* reading) {
  Fault fault;
  if (WouldBeHeld() && reading->identity == identity_) {
    const uint32_t end = reading->format.end;
    fault = columns_.index.FindErasedKey({context.scratch->FileBytes(end), end}, reading->format,
                                         *context.keys);
  }
  if (fault.ok()) return Adopt(context, reading);
  Fail(fault, reading->changed_seconds);
}

// Whether what was read is not the file that the entries are from. Nothing pins the inode of one
// that is not mapped, so there other keys tell (Continues), and its number alone does not.
bool MetricFile::IsAnother(const Reading& reading) const {
  return !(reading.identity == identity_) || (state_ == FileState::kGood && !mapping_);
}

// What it was, for its retained file.
std::unique_ptr<MetricFile> MetricFile::Leave() {
  auto left =
      std::make_unique<MetricFile>(id_, FileName(name(), true), listed_inode_, may_be_link_);
  left->flags_ = flags_;
  left->state_ = FileState::kHeld;
  left->columns_ = std::exchange(columns_, {});
  return left;
}

// Takes a reading in place of everything that was.
void MetricFile::Adopt(const FileContext& context, Reading* reading) {
  if (has_retained_file() && is_read_ && has_entries() && IsAnother(*reading)) {
    context.replaced->push_back(Leave());
  }
  // A file that was held and reads well again has mostly the entries that it had.
  const std::byte* const file = context.scratch->FileBytes(reading->format.end);
  const bool continues =
      has_entries() && reading->identity == identity_ &&
      columns_.index.Continues({file, reading->format.end}, reading->format, *context.keys);
  const uint32_t generation = generation_;
  context.budget->entries -= entry_count();
  DropEntries();
  if (continues) generation_ = generation;
  mapping_.Unmap();
  state_ = FileState::kGood;
  is_read_ = true;
  is_changed_ = true;
  fault_ = {};
  changed_seconds_ = reading->changed_seconds;
  identity_ = reading->identity;
  needs_restat_ = false;
  always_restats_ = may_be_link_ || identity_.inode != listed_inode_;
  const auto [value_bytes, end, entries] = reading->format;
  columns_.index.SetUsed(reading->used, value_bytes);
  columns_.index.Reserve(entries);
  columns_.values.value.reserve(entries);
  Append(context, file, end);
  TryMap(context, *reading);
  if (mapping_) return;
  TakeValues(file, columns_.index.value_offsets(), value_bytes == kPairBytes, &columns_.values);
}

// Indexes the entries up to `end`, and takes their values: should the file be damaged before it is
// gathered, they are the last good ones. REQUIRES: the walk over them was seen to succeed.
void MetricFile::Append(const FileContext& context, const std::byte* file, uint32_t end) {
  ValueColumns& values = columns_.values;
  const uint32_t before = entry_count();
  const bool is_stamped = takes_timestamps() && values.timestamp.size() == values.value.size();
  columns_.index.Append(file, end, context.keys);
  AppendValues(file, columns_.index.value_offsets().subspan(before), is_stamped, &values);
  is_changed_ = is_changed_ || entry_count() > before;
  context.budget->entries += entry_count() - before;
  good_entries_ = entry_count();
}

void MetricFile::TryMap(const FileContext& context, const Reading& reading) {
  // A header of 4 bytes (file_format.h, ReadUsed) is not worth a page.
  if (reading.file_bytes < kHeaderBytes || !reading.descriptor) return;
  if (!mapping_.Map(reading.descriptor.number(), reading.file_bytes, context.maps)) return;
  // All at once, which is cheaper than one by one by the first scrape.
  mapping_.Prefault(reading.format.end);
}

bool MetricFile::WouldBeHeld() const {
  if (!is_read_) return false;
  if (state_ == FileState::kHeld) return true;
  const bool was_served = was_gathered_ && !columns_.rows.empty();
  return state_ == FileState::kGood && was_served && (flags_ & kKeepLastGood) != 0;
}

void MetricFile::Fail(Fault fault, double changed_seconds) {
  if (fault.code() == FaultCode::kEmpty && good_entries_ > 0) {
    // Not a moment of creation.
    fault = {Found::kEntriesGone, 0, good_entries_};
  }
  const bool is_held = WouldBeHeld();
  const FileState state = is_held                             ? FileState::kHeld
                          : fault.code() == FaultCode::kEmpty ? FileState::kEmpty
                                                              : FileState::kBad;
  // Of a file that has a retained file the mapping still pins the inode: what has its number later
  // is the file itself, repaired.
  if (!is_held || !has_retained_file()) mapping_.Unmap();
  if (!is_held) DropEntries();
  // How long a file has been empty tells a moment of creation from a dead writer's leftover; how
  // long it has been damaged tells nothing, and its writer may still touch it.
  const bool is_as_before = is_read_ && state == state_ && fault == fault_ &&
                            (state != FileState::kEmpty || changed_seconds == changed_seconds_);
  if (is_as_before) return;
  state_ = state;
  is_read_ = true;
  is_changed_ = true;
  fault_ = fault;
  changed_seconds_ = changed_seconds;
}

void MetricFile::Gather(const FileContext& context, RowRange rows) {
  if (!is_read_ || state_ != FileState::kGood || rows.empty()) return;
  if (!mapping_) {
    was_gathered_ = true;  // in Refresh
    return;
  }
  const bool is_fresh = gathered_pass_ == context.pass && gathered_rows_.from <= rows.from &&
                        rows.to <= gathered_rows_.to;
  uint32_t used = 0;
  if (!is_fresh) GatherNow(context, rows, &used);
}

bool MetricFile::GatherIfAsIndexed(const FileContext& context, RowRange rows) {
  if (!accepted_ || is_retained_ || state_ != FileState::kGood || !mapping_) {
    Gather(context, rows);
    return true;
  }
  uint32_t used = 0;
  const bool is_good =
      rows.empty() ? CheckMapped(context, &used).ok() : GatherNow(context, rows, &used);
  return is_good && (used == columns_.index.used() || IsGrowthRefused(context));
}

// Whether the file is still good, and then its `used` now. REQUIRES: good, mapped, some rows.
bool MetricFile::GatherNow(const FileContext& context, RowRange rows, uint32_t* used) {
  const EntryIndex& index = columns_.index;
  ValueGather gather(&columns_.values, index.value_offsets(), rows, takes_timestamps(),
                     context.scratch);
  const std::string_view last_key = index.LastKey(*context.keys);
  const std::byte* const file = mapping_.base();

  Fault fault;
  bool is_padded = false;
  const bool whole = ReadGuarded(file, mapping_.bytes(), [&] {
    is_padded = gather.Load(file, index.is_padded());
    // After, not before: what was overwritten while it was gathered is noticed.
    fault = index.CheckEnd(file, last_key, used);
  });
  if (!whole) {
    ++*context.read_faults;
    fault = {Found::kPageGone};
  } else if (fault.ok() && !is_padded) {
    fault = {Found::kPaddingChanged};
  }
  if (fault.ok() && gather.LastBecameTiny()) {
    // Set to zero, or cut inside its last value: the rest of the page reads as zeros, nothing else
    // has changed, and only the size tells.
    const uint32_t end = index.value_offsets().back() + value_bytes();
    const FoundFile now = context.files->Status(&name_);
    if (now.has_status && IdentityOf(now.status) == identity_ &&
        now.status.st_size < int64_t{end}) {
      fault = {Found::kValuePastFile, index.last_entry(), end, now.status.st_size};
    }
  }
  if (!fault.ok()) {
    const FoundFile now = context.files->Status(&name_);
    Fail(fault, now.has_status ? ChangedSeconds(now.status) : 0);
    return false;
  }

  was_gathered_ = true;
  gathered_pass_ = context.pass;
  gathered_rows_ = gather.rows();
  gather.Take();
  return true;
}

std::optional<FileChange> MetricFile::TakeChange() {
  if (!is_changed_) return std::nullopt;
  is_changed_ = false;
  const FileChange change = {id_,           state_, reported_entries_,
                             entry_count(), fault_, changed_seconds_};
  reported_entries_ = entry_count();
  return change;
}

void MetricFile::Rekey(const KeyTable& from, KeyTable* to) {
  if (columns_.index.empty()) return;
  columns_.index.Rekey(from, to);
  // Still planned, with every row leading nowhere until it is set again.
  columns_.rows.SetAllNowhere();
  reported_entries_ = 0;
  is_changed_ = true;
}

void MetricFile::ReadOnceMore(const FileContext& context) {
  if (!is_read_ || state_ != FileState::kGood || !mapping_) return;
  uint32_t used = 0;
  // Beyond the mapping nothing can be had without a name.
  if (CheckMapped(context, &used).ok() && used != columns_.index.used() &&
      used <= mapping_.bytes() && columns_.index.CanGrow()) {
    AppendMapped(context, used);
  }
  if (entry_count() > 0) GatherNow(context, AllRows(), &used);
}

void MetricFile::Retain(const FileColumns& gone, uint32_t keys) {
  assert(is_retained_);
  if (AddToRetained(gone, keys, &columns_)) is_changed_ = true;
}

// Memory is given back: a file may well stay bad for weeks.
void MetricFile::DropEntries() {
  columns_ = {};
  reported_entries_ = 0;
  ++generation_;
  gathered_rows_ = {0, 0};
}

bool MetricFile::SetRows(uint32_t from, std::span<const uint32_t> slot,
                         std::span<const uint8_t> operation) {
  const bool needed_timestamps = columns_.rows.needs_timestamps();
  if (!columns_.rows.Set(from, slot, operation, entry_count())) return false;
  if (columns_.rows.needs_timestamps() != needed_timestamps) gathered_rows_ = {0, 0};
  return true;
}

void MetricFile::ShareColumns(ColumnPool* pool) {
  columns_.index.ShareIn(pool);
  columns_.rows.ShareIn(pool);
}

}  // namespace promfold
