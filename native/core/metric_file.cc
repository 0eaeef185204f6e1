#include "metric_file.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "gather.h"
#include "guard.h"
#include "load.h"
#include "text.h"

namespace promfold {

namespace {

// Whether header and last entry are as they were when they were indexed. Runs inside a guarded
// scope.
Fault CheckEnd(const std::byte* file, uint32_t indexed_used, uint32_t last_entry,
               std::string_view last_key, uint32_t* used) {
  const int32_t stored = LoadInt32(file, 0);
  if (stored < static_cast<int32_t>(indexed_used)) {
    return {Found::kUsedShrank, 0, stored, indexed_used};
  }
  *used = static_cast<uint32_t>(stored);
  if (last_entry == 0) return {};
  if (LoadInt32(file, last_entry) != static_cast<int32_t>(last_key.size()) ||
      std::memcmp(file + last_entry + kLengthBytes, last_key.data(), last_key.size()) != 0) {
    return {Found::kLastEntryChanged, last_entry};
  }
  return {};
}

// Whether entries lead from `cursor` exactly to `used`.
bool LeadsTo(uint32_t used, std::span<const std::byte> file, uint32_t value_bytes, uint32_t cursor,
             uint32_t* entries) {
  *entries = 0;
  while (cursor < used) {
    Entry entry;
    if (!NextEntry(file, used, value_bytes, &cursor, &entry).ok()) return false;
    ++*entries;
  }
  return true;
}

// Whether the last of `count` values was something and is next to nothing now, as when the bytes
// that hold its exponent are gone.
bool BecameTiny(double now, std::span<const double> before, size_t count) {
  constexpr int kTopByte = 56;
  return std::bit_cast<uint64_t>(now) >> kTopByte == 0 && before.size() == count &&
         !SameBits(now, before.back());
}

// Appends a run, joined to the one before where the operation is the same.
void AppendRun(std::vector<Run>* runs, Operation operation, uint32_t from, uint32_t to) {
  if (from >= to) return;
  if (!runs->empty() && runs->back().operation == operation && runs->back().to == from) {
    runs->back().to = to;
  } else {
    runs->push_back({operation, from, to});
  }
}

}  // namespace

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
  if (is_restated_ || needs_restat_) return Question::kStatus;
  return std::nullopt;
}

void MetricFile::Refresh(const FileContext& context) {
  if (is_retained_) return;
  // Others than plain files may have been waited for.
  if (!is_plain() && std::exchange(refreshed_pass_, context.pass) == context.pass) return;
  if (IsRefusedAsBefore(context)) return;
  if (!is_read_ || state_ != FileState::kGood) return ReadAnew(context);
  if (!mapping_) return RefreshUnmapped(context);
  if ((is_restated_ || needs_restat_) && IsReplacedByName(context)) return ReadAnew(context);

  uint32_t used = 0;
  if (!CheckMapped(context, &used).ok()) return ReadAnew(context);
  if (used != indexed_used_ && !IsGrowthRefused(context)) Follow(context, used);
}

// From scratch, by name. What was damaged in place may read well as a whole (truncated and grown
// again); else the fault of this reading is the more exact one.
void MetricFile::ReadAnew(const FileContext& context) {
  Reading reading = context.files->Read(&name_, context.scratch);
  if (reading.fault.ok()) {
    reading.fault =
        FindExcess(context, context.scratch->FileBytes(reading.format.end), kHeaderBytes,
                   reading.format.end, reading.format.value_bytes, 0, reading.format.entries);
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

Fault MetricFile::FindExcess(const FileContext& context, const std::byte* file, uint32_t from,
                             uint32_t end, uint32_t value_bytes, uint32_t before,
                             uint32_t entries) const {
  const ReadLimits& limits = context.budget->limits;
  const auto excess = [](Found found, uint64_t a, uint64_t b) {
    return Fault{found, -1, static_cast<int64_t>(a), static_cast<int64_t>(b)};
  };
  const uint64_t all_entries = uint64_t{before} + entries;
  if (all_entries > limits.file_entries) {
    return excess(Found::kTooManyEntries, all_entries, limits.file_entries);
  }
  // With padding, which is less than the rest of an entry.
  const uint64_t key_bytes = end - from - uint64_t{entries} * (kLengthBytes + value_bytes);
  if (key_bytes > limits.file_key_bytes) {
    return excess(Found::kTooManyKeyBytes, key_bytes, limits.file_key_bytes);
  }
  // Entries that are read anew are not more than before.
  const uint64_t others = context.budget->entries - (before == 0 ? entry_count() : 0);
  const uint64_t room = limits.entries - std::min(limits.entries, others);
  if (entries > room) return excess(Found::kNoRoomForEntries, all_entries, room);

  const uint64_t key_room =
      limits.key_bytes - std::min(limits.key_bytes, context.keys->text_bytes());
  if (key_bytes <= key_room) return {};
  // Most files of a program have the keys that others have.
  uint64_t new_bytes = 0;
  for (uint32_t cursor = from; cursor < end;) {
    Entry entry;
    if (!NextEntry({file, end}, end, value_bytes, &cursor, &entry).ok()) break;
    if (!context.keys->Has(entry.key)) new_bytes += entry.key.size();
  }
  return new_bytes > key_room ? excess(Found::kNoRoomForKeys, new_bytes, key_room) : Fault{};
}

// A file that was refused is not read again at each scrape: only when there may be room for it, or
// when it has become another one.
bool MetricFile::IsRefusedAsBefore(const FileContext& context) {
  if (state_ == FileState::kGood || !IsGrowthRefused(context)) return false;
  const FoundFile now = context.files->Status(&name_);
  return now.has_status && IdentityOf(now.status) == identity_ &&
         static_cast<uint64_t>(now.status.st_size) == refused_bytes_;
}

// The entries there are go on; what is beyond them is not looked at until there may be room.
void MetricFile::RefuseGrowth(const FileContext& context, Fault fault) {
  refused_epoch_ = context.budget->epoch;
  if (fault == fault_) return;
  fault_ = fault;
  is_changed_ = true;
}

Fault MetricFile::CheckMapped(const FileContext& context, uint32_t* used) const {
  const std::string_view last_key =
      key_id_.empty() ? std::string_view() : context.keys->Text(key_id_.back());
  Fault fault;
  const bool whole = ReadGuarded(mapping_.base(), mapping_.bytes(), [&] {
    fault = CheckEnd(mapping_.base(), indexed_used_, last_entry_, last_key, used);
  });
  if (whole) return fault;
  ++*context.read_faults;
  return {Found::kPageGone};
}

bool MetricFile::IsReplacedByName(const FileContext& context) {
  const FoundFile now = context.files->Status(&name_);
  const bool needs_restat = std::exchange(needs_restat_, false);
  if (!now.has_status) return true;
  if (is_restated_ && !(IdentityOf(now.status) == identity_)) return true;
  return needs_restat && ChangedSeconds(now.status) != changed_seconds_;
}

// New entries were appended: walks them on a private copy, so that nothing the writer does
// meanwhile can come between a check and a use.
void MetricFile::Follow(const FileContext& context, uint32_t used) {
  // A short tail (file_format.h) grew: where its last entry really ends is to be found anew. And
  // the first entries of a file decide its format, with all that ReadFile knows about it.
  if (end_ != indexed_used_ || value_bytes_ == 0) return ReadAnew(context);
  if (used > mapping_.bytes() && !RemapByName(context, used)) return;
  if (!AppendMapped(context, used)) ReadAnew(context);
}

// False where entries do not lead to `used`, or cannot be read.
bool MetricFile::AppendMapped(const FileContext& context, uint32_t used) {
  // First in place, by its length words alone: a header may say anything, and a stretched file has
  // as many bytes as it says, all of them a hole.
  const uint32_t from = end_;
  bool leads = false;
  uint32_t entries = 0;
  bool whole = ReadGuarded(mapping_.base(), mapping_.bytes(), [&] {
    leads = LeadsTo(used, {mapping_.base(), mapping_.bytes()}, value_bytes_, from, &entries);
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

  if (!LeadsTo(used, {copy, used}, value_bytes_, from, &entries)) return false;
  const Fault excess = FindExcess(context, copy, from, used, value_bytes_, entry_count(), entries);
  if (!excess.ok()) {
    RefuseGrowth(context, excess);
    return true;
  }
  if (fault_.is_over_budget()) fault_ = {};
  indexed_used_ = used;
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
    ReadAnew(context);
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
  const std::byte* const file = context.scratch->FileBytes(reading.format.end);
  const bool continues = Continues(context, reading);
  const uint32_t before = continues ? entry_count() : 0;
  const Fault excess =
      FindExcess(context, file, continues ? end_ : kHeaderBytes, reading.format.end,
                 reading.format.value_bytes, before, reading.format.entries - before);
  if (!excess.ok() && continues) {
    RefuseGrowth(context, excess);
    reading.format.end = end_;
    reading.used = indexed_used_;
  } else if (!excess.ok()) {
    return Fail(excess, reading.changed_seconds);
  }
  if (!continues) return AdoptUnlessErased(context, &reading);
  if (excess.ok() && fault_.is_over_budget()) fault_ = {};

  indexed_used_ = reading.used;
  value_bytes_ = reading.format.value_bytes;
  const std::vector<double> last_value = value_;
  const std::vector<double> last_timestamp = timestamp_;
  if (reading.format.end > end_) Append(context, file, reading.format.end);
  TakeColumns(file);
  // Of one that is not local no descriptor is left: another read could hang.
  if (needs_timestamps_ && reading.descriptor) {
    SettlePairs(reading.descriptor.number(), last_value, last_timestamp);
  }
  TryMap(context, reading);
}

// Whether what was just read is what is indexed, and perhaps more. Nothing pins the inode of an
// unmapped file, so its number may be another file's by now: every key is compared.
bool MetricFile::Continues(const FileContext& context, const Reading& reading) const {
  if (!(reading.identity == identity_) || reading.format.end < end_) return false;
  if (key_id_.empty()) return true;
  if (reading.format.value_bytes != value_bytes_ || reading.format.entries < key_id_.size()) {
    return false;
  }
  const std::byte* const file = context.scratch->FileBytes(reading.format.end);
  uint32_t cursor = kHeaderBytes;
  for (size_t i = 0; i < key_id_.size(); ++i) {
    Entry entry;
    const Fault fault =
        NextEntry({file, reading.format.end}, reading.format.end, value_bytes_, &cursor, &entry);
    if (!fault.ok() || entry.value_offset != value_offset_[i] ||
        entry.key != context.keys->Text(key_id_[i])) {
      return false;
    }
  }
  return true;
}

// A file cut inside a key and stretched again, or with a double stored over a key by another
// process, still has all its length words: the chain is whole, and where a key was stand bytes that
// are no text. So this is damage and not another file written in place; one that was served so far
// is then better held than read without that entry.
Fault MetricFile::FindErasedKey(const FileContext& context, const Reading& reading) const {
  if (!(reading.identity == identity_)) return {};
  const std::byte* const file = context.scratch->FileBytes(reading.format.end);
  uint32_t cursor = kHeaderBytes;
  for (size_t i = 0; i < key_id_.size() && cursor < reading.format.end; ++i) {
    const uint32_t begin = cursor;
    Entry entry;
    const Fault fault = NextEntry({file, reading.format.end}, reading.format.end,
                                  reading.format.value_bytes, &cursor, &entry);
    if (!fault.ok()) break;
    if (entry.key != context.keys->Text(key_id_[i]) && !IsText(entry.key)) {
      return {Found::kKeyErased, begin};
    }
  }
  return {};
}

void MetricFile::AdoptUnlessErased(const FileContext& context, Reading* reading) {
  const Fault fault = WouldBeHeld() ? FindErasedKey(context, *reading) : Fault{};
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
  std::swap(left->key_id_, key_id_);
  std::swap(left->slot_, slot_);
  left->run_.swap(run_);
  left->value_.swap(value_);
  left->slot_limit_ = slot_limit_;
  return left;
}

// Takes a reading in place of everything that was.
void MetricFile::Adopt(const FileContext& context, Reading* reading) {
  if (has_retained_file() && is_read_ && has_entries() && IsAnother(*reading)) {
    context.replaced->push_back(Leave());
  }
  context.budget->entries -= entry_count();
  DropEntries();
  mapping_.Unmap();
  state_ = FileState::kGood;
  is_read_ = true;
  is_changed_ = true;
  fault_ = {};
  changed_seconds_ = reading->changed_seconds;
  identity_ = reading->identity;
  needs_restat_ = false;
  is_restated_ = may_be_link_ || identity_.inode != listed_inode_;
  indexed_used_ = reading->used;
  value_bytes_ = reading->format.value_bytes;
  key_id_.Own()->reserve(reading->format.entries);
  value_offset_.Own()->reserve(reading->format.entries);
  value_.reserve(reading->format.entries);
  const std::byte* const file = context.scratch->FileBytes(reading->format.end);
  Append(context, file, reading->format.end);
  TryMap(context, *reading);
  if (!mapping_) TakeColumns(file);
}

// Indexes the entries in [end_, end), and takes their values: should the file be damaged before it
// is gathered, they are the last good ones. REQUIRES: the walk over them was seen to succeed.
void MetricFile::Append(const FileContext& context, const std::byte* file, uint32_t end) {
  const uint32_t before = entry_count();
  const bool is_stamped =
      needs_timestamps_ && value_bytes_ == kPairBytes && timestamp_.size() == value_.size();
  std::vector<uint32_t>* const key_id = key_id_.Own();
  std::vector<uint32_t>* const value_offset = value_offset_.Own();
  while (end_ < end) {
    last_entry_ = end_;
    Entry entry;
    const Fault fault = NextEntry({file, end}, end, value_bytes_, &end_, &entry);
    assert(fault.ok());
    if (!fault.ok()) break;
    key_id->push_back(context.keys->Intern(entry.key));
    value_offset->push_back(entry.value_offset);
    value_.push_back(LoadDouble(file, entry.value_offset));
    if (is_stamped) timestamp_.push_back(LoadDouble(file, entry.value_offset + kValueBytes));
    is_padded_ = is_padded_ && file[entry.value_offset - 1] == std::byte{' '};
    is_changed_ = true;
  }
  context.budget->entries += entry_count() - before;
  good_entries_ = entry_count();
}

void MetricFile::TakeColumns(const std::byte* file) {
  const size_t count = value_offset_.size();
  value_.resize(count);
  GatherValues(file, value_offset_.view(), false, value_.data());
  if (value_bytes_ != kPairBytes) return;
  timestamp_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    timestamp_[i] = LoadDouble(file, value_offset_[i] + kValueBytes);
  }
}

// What gather.h says of pairs on two cache lines holds for pread as well.
void MetricFile::SettlePairs(int descriptor, std::span<const double> last_value,
                             std::span<const double> last_timestamp) {
  for (size_t i = 0; i < timestamp_.size(); ++i) {
    if (!Straddles(value_offset_[i])) continue;
    const bool as_before = i < last_value.size() && i < last_timestamp.size() &&
                           SameBits(value_[i], last_value[i]) &&
                           SameBits(timestamp_[i], last_timestamp[i]);
    if (as_before) continue;
    for (int round = 0; round < kStraddlingRounds; ++round) {
      PauseForWriter();
      double pair[2];
      if (pread(descriptor, pair, sizeof pair, value_offset_[i]) != sizeof pair) break;
      const bool agrees = SameBits(pair[0], value_[i]) && SameBits(pair[1], timestamp_[i]);
      value_[i] = pair[0];
      timestamp_[i] = pair[1];
      if (agrees) break;
    }
  }
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
  const bool was_served = was_gathered_ && !slot_.empty();
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
  // Of a file that has a retained file the mapping goes on pinning the inode: what has its number
  // later is the file itself, mended.
  if (!is_held || !has_retained_file()) mapping_.Unmap();
  if (!is_held) DropEntries();
  // How long a file has been empty tells a moment of creation from a dead writer's leftover; how
  // long it has been damaged tells nothing, and its writer may go on touching it.
  const bool is_as_before = is_read_ && state == state_ && fault == fault_ &&
                            (state != FileState::kEmpty || changed_seconds == changed_seconds_);
  if (is_as_before) return;
  state_ = state;
  is_read_ = true;
  is_changed_ = true;
  fault_ = fault;
  changed_seconds_ = changed_seconds;
}

RowRange MetricFile::RowsFor(const WantedSlots& wanted) const {
  if (!wanted.HasAny(lowest_slot_, slot_limit_)) return {0, 0};
  const auto is_wanted = [&](uint32_t slot) { return wanted.Has(slot); };
  const std::span<const uint32_t> slot = slots();
  const auto first = std::find_if(slot.begin(), slot.end(), is_wanted);
  const auto last = std::find_if(slot.rbegin(), slot.rend(), is_wanted);
  const auto from = static_cast<uint32_t>(first - slot.begin());
  return {from, std::max(from, static_cast<uint32_t>(slot.rend() - last))};
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
  return is_good && (used == indexed_used_ || IsGrowthRefused(context));
}

// Whether the file is still good, and then its `used` now. REQUIRES: good, mapped, some rows.
bool MetricFile::GatherNow(const FileContext& context, RowRange rows, uint32_t* used) {
  const bool pairs = needs_timestamps_ && value_bytes_ == kPairBytes;
  const size_t stamps = pairs ? entry_count() : 0;
  // Columns are whole or not at all.
  if (value_.size() != entry_count() || timestamp_.size() != stamps) rows = AllRows();
  const size_t count = rows.to - rows.from;
  const auto part = [&](const auto& column) {
    return std::span(column).subspan(std::min<size_t>(rows.from, column.size()));
  };
  const std::byte* const file = mapping_.base();
  const std::span<const uint32_t> value_offset = value_offset_.view().subspan(rows.from, count);
  // The file keeps its last good values until all are gathered. Then it takes the new column and
  // leaves its own to the next file (a copy costs 3 % of a large scrape), unless that has far too
  // much room for it.
  std::vector<double>& column = context.scratch->column;
  const bool is_exchanged = count == value_.size() && column.capacity() <= 2 * count;
  if (is_exchanged) column.resize(count);
  double* const value = is_exchanged ? column.data() : context.scratch->value.AtLeast(count);
  double* const timestamp = pairs ? context.scratch->timestamp.AtLeast(count) : nullptr;
  uint32_t* const pending = pairs ? context.scratch->pending.AtLeast(count) : nullptr;
  const std::string_view last_key = context.keys->Text(key_id_.back());

  Fault fault;
  bool is_padded = false;
  const bool whole = ReadGuarded(file, mapping_.bytes(), [&] {
    is_padded = pairs ? GatherPairs(file, value_offset, is_padded_, part(value_), part(timestamp_),
                                    value, timestamp, pending)
                      : GatherValues(file, value_offset, is_padded_, value);
    // After, not before: what was overwritten while it was gathered is noticed.
    fault = CheckEnd(file, indexed_used_, last_entry_, last_key, used);
  });
  if (!whole) {
    ++*context.read_faults;
    fault = {Found::kPageGone};
  } else if (fault.ok() && !is_padded) {
    fault = {Found::kPaddingChanged};
  }
  if (fault.ok() && rows.to == entry_count() &&
      (BecameTiny(value[count - 1], value_, rows.to) ||
       (pairs && BecameTiny(timestamp[count - 1], timestamp_, rows.to)))) {
    // Set to zero, or cut inside its last value: the rest of the page reads as zeros, nothing else
    // has changed, and only the size tells.
    const uint32_t end = value_offset_.back() + value_bytes_;
    const FoundFile now = context.files->Status(&name_);
    if (now.has_status && IdentityOf(now.status) == identity_ &&
        now.status.st_size < int64_t{end}) {
      fault = {Found::kValuePastFile, last_entry_, end, now.status.st_size};
    }
  }
  if (!fault.ok()) {
    const FoundFile now = context.files->Status(&name_);
    Fail(fault, now.has_status ? ChangedSeconds(now.status) : 0);
    return false;
  }

  was_gathered_ = true;
  gathered_pass_ = context.pass;
  gathered_rows_ = rows;
  if (is_exchanged) {
    value_.swap(column);
  } else {
    value_.resize(entry_count());
    std::copy_n(value, count, value_.begin() + rows.from);
  }
  // Where they are not wanted now, they must not be there later beside newer values.
  timestamp_.resize(stamps);
  if (pairs) std::copy_n(timestamp, count, timestamp_.begin() + rows.from);
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
  if (key_id_.empty()) return;
  for (uint32_t& key : *key_id_.Own()) key = to->Intern(from.Text(key));
  // Still planned, with every row leading nowhere until it is set again.
  std::ranges::fill(*slot_.Own(), kSlotNowhere);
  for (Run& run : run_) run.is_contiguous = false;
  lowest_slot_ = 0;
  slot_limit_ = slot_.empty() ? 0 : kSlotNowhere + 1;
  reported_entries_ = 0;
  is_changed_ = true;
}

void MetricFile::ReadOnceMore(const FileContext& context) {
  if (!is_read_ || state_ != FileState::kGood || !mapping_) return;
  uint32_t used = 0;
  // Beyond the mapping nothing can be had without a name.
  if (CheckMapped(context, &used).ok() && used != indexed_used_ && used <= mapping_.bytes() &&
      end_ == indexed_used_ && value_bytes_ != 0) {
    AppendMapped(context, used);
  }
  if (entry_count() > 0) GatherNow(context, AllRows(), &used);
}

void MetricFile::Retain(const MetricFile& gone, uint32_t keys) {
  assert(is_retained_);
  constexpr uint32_t kNone = UINT32_MAX;
  std::vector<uint32_t> row_of_key(keys, kNone);
  for (uint32_t row = 0; row < entry_count(); ++row) row_of_key[key_id_[row]] = row;

  std::vector<uint32_t> slot;
  std::vector<uint8_t> operation;
  const uint32_t old_rows = entry_count();
  auto run = gone.run_.begin();
  for (uint32_t i = 0; i < gone.value_.size(); ++i) {
    // It would stand for ever.
    if (std::isnan(gone.value_[i])) continue;
    while (run != gone.run_.end() && run->to <= i) ++run;
    // One that has no row yet is new: what it is will be known when the retained file gets its
    // rows.
    const bool has_row = i < gone.slot_.size() && run != gone.run_.end();
    if (has_row && gone.slot_[i] == kSlotNowhere) continue;
    uint32_t& row = row_of_key[gone.key_id_[i]];
    if (row == kNone) {
      row = entry_count();
      key_id_.Own()->push_back(gone.key_id_[i]);
      value_.push_back(0);
      slot.push_back(has_row ? gone.slot_[i] : kSlotNowhere);
      operation.push_back(static_cast<uint8_t>(has_row ? run->operation : Operation::kSum));
      is_changed_ = true;
    }
    value_[row] += gone.value_[i];
  }
  // Rows until they are set: what Raise goes by.
  SetRows(old_rows, slot, operation);
}

bool MetricFile::Raise(const Slots& before, const Slots& now) {
  bool has_raised = false;
  for (const Run& run : run_) {
    if (run.operation != Operation::kSum) continue;
    for (uint32_t i = run.from; i < run.to; ++i) {
      const double lost = before.value[slot_[i]] - now.value[slot_[i]];
      if (slot_[i] == kSlotNowhere || !(lost > 0) || std::isinf(lost)) continue;
      value_[i] = std::max(value_[i] + lost,
                           std::nextafter(value_[i], std::numeric_limits<double>::infinity()));
      has_raised = true;
    }
  }
  return has_raised;
}

// Memory is given back: a file may well stay bad for weeks.
void MetricFile::DropEntries() {
  end_ = kHeaderBytes;
  indexed_used_ = 0;
  last_entry_ = 0;
  value_bytes_ = 0;
  is_padded_ = true;
  reported_entries_ = 0;
  gathered_rows_ = {0, 0};
  key_id_.Drop();
  value_offset_.Drop();
  slot_.Drop();
  std::vector<Run>().swap(run_);
  std::vector<double>().swap(value_);
  std::vector<double>().swap(timestamp_);
  lowest_slot_ = 0;
  slot_limit_ = 0;
  needs_timestamps_ = false;
}

bool MetricFile::SetRows(uint32_t from, std::span<const uint32_t> slot,
                         std::span<const uint8_t> operation) {
  assert(slot.size() == operation.size());
  if (from > slot_.size() || slot.size() > key_id_.size() - from) return false;
  const uint32_t to = from + static_cast<uint32_t>(slot.size());
  std::vector<uint32_t>* const column = slot_.Own();
  column->resize(std::max(to, slot_.size()));
  std::copy(slot.begin(), slot.end(), column->begin() + from);

  std::vector<Run> runs;
  for (const Run& run : run_) AppendRun(&runs, run.operation, run.from, std::min(run.to, from));
  for (uint32_t i = from; i < to; ++i) {
    AppendRun(&runs, static_cast<Operation>(operation[i - from]), i, i + 1);
  }
  for (const Run& run : run_) AppendRun(&runs, run.operation, std::max(run.from, to), run.to);
  run_ = MarkContiguous(runs, *column);

  // Never narrowed: rows that are set again keep their bounds, which costs a look into the file.
  if (slot_limit_ == 0 && !slot.empty()) lowest_slot_ = slot[0];
  for (const uint32_t s : slot) {
    lowest_slot_ = std::min(lowest_slot_, s);
    slot_limit_ = std::max(slot_limit_, s + 1);
  }
  const bool needs_timestamps = std::any_of(run_.begin(), run_.end(), [](const Run& run) {
    return run.operation == Operation::kMostRecent;
  });
  if (needs_timestamps != needs_timestamps_) gathered_rows_ = {0, 0};
  needs_timestamps_ = needs_timestamps;
  return true;
}

void MetricFile::ShareColumns(ColumnPool* pool) {
  key_id_.ShareIn(pool);
  value_offset_.ShareIn(pool);
  slot_.ShareIn(pool);
}

void MetricFile::FoldInto(Slots* slots, RowRange rows) const {
  if (!has_entries()) return;
  const std::span<const uint32_t> slot = slot_.view();
  const uint32_t to = std::min({rows.to, slot_.size(), static_cast<uint32_t>(value_.size())});
  // A timestamp column may be older than the last rows' values, never newer.
  const bool stamped = needs_timestamps_ && timestamp_.size() >= to;
  const auto timestamp = stamped ? std::span<const double>(timestamp_) : std::span<const double>();
  for (const Run& run : run_) {
    Run part = run;
    part.from = std::max(run.from, rows.from);
    Fold({&part, 1}, to, value_.data(), timestamp, slot.data(), slots, min_timestamp_);
  }
}

}  // namespace promfold
