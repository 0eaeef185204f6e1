// One metric file: what was read of it, and whether that is still so.
//
//                 reads well                    damaged, was served, kKeepLastGood
//   (unread) ─────────────────▶ good ──────────────────────────────────▶ held
//      │  used 0                 ▲ │ damaged                               │ reads well
//      ├────────▶ empty ─────────┤ ▼                                       ▼
//      └────────▶ bad ───────────┘ bad                                   good, read again
//
// A good file is mapped and kept mapped; a scrape then costs two loads to see that nothing changed.
// A file that is not good is read from scratch on every refresh, because a writer that stores
// through a mapping changes neither mtime nor ctime.
//
// What it holds is in columns (file_columns.h). Those of the values have the last good ones: a
// gather that fails leaves them alone.
#ifndef PROMFOLD_CORE_METRIC_FILE_H_
#define PROMFOLD_CORE_METRIC_FILE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fault.h"
#include "file_access.h"
#include "file_columns.h"
#include "fold.h"
#include "key_table.h"
#include "mapping.h"
#include "read_budget.h"
#include "read_file.h"
#include "retained_values.h"
#include "scratch.h"
#include "shared_column.h"
#include "wanted_slots.h"

namespace promfold {

// src/native.ts, FILE_STATE: same numbers, same meaning.
enum class FileState : uint8_t { kGood = 0, kEmpty = 1, kHeld = 2, kBad = 3 };

// src/native.ts, FILE_FLAG: same bits, same meaning.
inline constexpr uint8_t kKeepLastGood = 1;
inline constexpr uint8_t kSetsMode = 2;
inline constexpr uint8_t kIsStamped = 4;
// The bits above: which retained file the file has, counted from 1; 0 for none.
inline constexpr uint8_t kRetainedShift = 3;

class MetricFile;

// What a file needs from the set it belongs to.
struct FileContext {
  FileAccess* files;
  KeyTable* keys;
  MapBudget* maps;
  Scratch* scratch;
  uint64_t* read_faults;
  uint64_t pass;  // over the files of the set; what was gathered in it is fresh
  ReadBudget* budget;
  // Where a file that has a retained file leaves what it was when its name is another file's now.
  std::vector<std::unique_ptr<MetricFile>>* replaced = nullptr;
};

// A file whose state or entries changed since the last report.
struct FileChange {
  uint32_t id;
  FileState state;
  uint32_t entry_from;  // entries from here on are new; 0: all earlier ones are void
  uint32_t entry_count;
  Fault fault;
  double changed_seconds;
};

class MetricFile {
 public:
  MetricFile(uint32_t id, FileName name, uint64_t listed_inode, bool may_be_link);
  // A file that is on no disk: it holds what files that are gone held last, key by key.
  static std::unique_ptr<MetricFile> MakeRetained(uint32_t id);

  uint32_t id() const { return id_; }
  const std::string& name() const { return name_.text(); }
  // Whether its name is that of a plain file, which needs no question in advance (NextQuestion).
  bool is_plain() const { return name_.is_plain(); }
  FileName* file_name() { return &name_; }
  uint64_t listed_inode() const { return listed_inode_; }

  // From now on the file is read; before, it is never opened. A later call only changes the flags.
  void Accept(uint8_t flags);
  bool accepted() const { return accepted_; }
  uint8_t flags() const { return flags_; }
  bool is_retained() const { return is_retained_; }
  bool has_retained_file() const { return flags_ >> kRetainedShift != 0; }
  // Takes Accept back: unmapped, nothing read of it is kept, also not of a held file.
  void Release();

  // To kMostRecent, values with an earlier timestamp were never set: another process set them.
  void SetMinTimestamp(double seconds) { min_timestamp_ = seconds; }

  // On overlayfs: a writer that opens a file of a lower layer gets a copy under the same name,
  // device and inode, and what is mapped stays as it was. The directory's ctime changes with it,
  // and the file's. The next Refresh looks.
  void MarkForRestat() { needs_restat_ = true; }

  // What Refresh will ask first, and may wait for.
  std::optional<Question> NextQuestion() const;

  // Brings entries and state up to date. An unmapped file is gathered here as well.
  void Refresh(const FileContext& context);

  // Whether Refresh would look at nothing but what is mapped, which GatherIfAsIndexed does too.
  bool verified_by_gather() const {
    return is_retained_ || !accepted_ ||
           (is_read_ && state_ == FileState::kGood && mapping_ && !always_restats_ &&
            !needs_restat_);
  }

  RowRange WantedRows(const WantedSlots& wanted) const { return columns_.rows.Wanted(wanted); }
  RowRange AllRows() const { return {0, entry_count()}; }

  // Gathers rows of a good mapped file, unless it was done in this pass; others keep their columns.
  // The file may turn out bad or held.
  void Gather(const FileContext& context, RowRange rows);
  // The same, and whether Refresh would find the file as it was indexed. Only for one that
  // verified_by_gather() can it tell; of others it says yes.
  bool GatherIfAsIndexed(const FileContext& context, RowRange rows);

  // The change since the last call, if any.
  std::optional<FileChange> TakeChange();
  bool is_changed() const { return is_changed_; }

  // The ids of `to` for the keys of its entries, instead of those of `from`. Entries, columns and
  // state stay; its rows are void, and it is reported again if it has entries.
  void Rekey(const KeyTable& from, KeyTable* to);

  // Of a file that is gone from the directory: reads from its mapping what there is to read. Where
  // nothing can be read any more the columns stay.
  void ReadOnceMore(const FileContext& context);

  // Of a retained file (retained_values.h).
  void Retain(const MetricFile& gone, uint32_t keys) { Retain(gone.columns_, keys); }
  void Retain(const FileColumns& gone, uint32_t keys);
  bool RaiseRetained(const Slots& before, const Slots& now) {
    return promfold::RaiseRetained(before, now, &columns_);
  }

  // The inode of a good file that no other one of its device can have now, because it is mapped; 0
  // for none.
  uint64_t pinned_inode() const {
    const bool is_pinned = state_ == FileState::kGood && mapping_ && !may_be_link_;
    return is_pinned ? identity_.inode : 0;
  }

  // As it was last read.
  const FileIdentity& identity() const { return identity_; }

  bool is_good() const { return state_ == FileState::kGood; }
  // Good or held: its entries count.
  bool has_entries() const { return state_ == FileState::kGood || state_ == FileState::kHeld; }
  bool is_unmapped() const {
    return accepted_ && state_ == FileState::kGood && !mapping_ && !is_retained_;
  }

  std::span<const uint32_t> key_ids() const { return columns_.index.key_ids(); }
  uint32_t entry_count() const { return columns_.index.size(); }
  // Another one when entry i may be another entry than before: what was read of the file is void,
  // and it has not the same keys again.
  uint32_t generation() const { return generation_; }
  // As the header said when its entries were last walked.
  uint32_t used() const { return columns_.index.used(); }
  std::span<const uint32_t> value_offsets() const { return columns_.index.value_offsets(); }
  uint32_t value_bytes() const { return columns_.index.value_bytes(); }
  // Byte at which an entry begins. REQUIRES: entry < entry_count().
  uint32_t EntryOffset(uint32_t entry) const { return columns_.index.EntryOffset(entry); }

  // Rows::Set.
  bool SetRows(uint32_t from, std::span<const uint32_t> slot, std::span<const uint8_t> operation);
  std::span<const uint32_t> slots() const { return columns_.rows.slots(); }
  // All slots are below.
  uint32_t slot_limit() const { return columns_.rows.slot_limit(); }

  // Has its columns in common with files whose columns are equal, where they changed.
  void ShareColumns(ColumnPool* pool);
  // Differ where the columns do. Files that have not shared theirs have some of their own.
  const void* keys_identity() const { return columns_.index.keys_identity(); }
  const void* slots_identity() const { return columns_.rows.identity(); }

  // Folds those of the rows whose values were ever gathered.
  void FoldInto(Slots* slots, RowRange rows) const {
    if (!has_entries()) return;
    const ValueColumns& values = columns_.values;
    columns_.rows.FoldInto(slots, rows, values.value, values.timestamp, min_timestamp_);
  }

  // How many of the first entries FoldInto may fold: those that have a row and a value.
  uint32_t folded_entries() const {
    if (!has_entries()) return 0;
    return static_cast<uint32_t>(std::min(slots().size(), columns_.values.value.size()));
  }

  // The last gathered columns; timestamps are empty unless an entry folds by kMostRecent.
  std::span<const double> values() const { return columns_.values.value; }
  std::span<const double> timestamps() const {
    return columns_.rows.needs_timestamps() ? std::span<const double>(columns_.values.timestamp)
                                            : std::span<const double>();
  }

 private:
  // Refresh, by how the file is read.
  void ReadAgain(const FileContext& context);
  void Follow(const FileContext& context, uint32_t used);
  bool AppendMapped(const FileContext& context, uint32_t used);
  void RefreshUnmapped(const FileContext& context);

  Fault CheckMapped(const FileContext& context, uint32_t* used) const;
  bool IsReplacedByName(const FileContext& context);
  bool RemapByName(const FileContext& context, uint32_t used);

  // What was read in takes the place of what there was.
  void AdoptUnlessErased(const FileContext& context, Reading* reading);
  void Adopt(const FileContext& context, Reading* reading);
  bool IsAnother(const Reading& reading) const;
  std::unique_ptr<MetricFile> Leave();
  void Append(const FileContext& context, const std::byte* file, uint32_t end);
  void TryMap(const FileContext& context, const Reading& reading);

  // Whether what is beyond the indexed entries was refused, and still would be.
  bool IsGrowthRefused(const FileContext& context) const {
    return fault_.is_over_budget() && refused_epoch_ == context.budget->epoch;
  }
  bool IsRefusedAsBefore(const FileContext& context);
  void RefuseGrowth(const FileContext& context, Fault fault);

  // Whether values come as pairs whose timestamps are wanted.
  bool takes_timestamps() const {
    return columns_.rows.needs_timestamps() && value_bytes() == kPairBytes;
  }
  bool GatherNow(const FileContext& context, RowRange rows, uint32_t* used);

  // Whether damage found now leaves its last good values.
  bool WouldBeHeld() const;
  void Fail(Fault fault, double changed_seconds);
  void DropEntries();

  const uint32_t id_;
  FileName name_;
  const uint64_t listed_inode_;
  const bool may_be_link_;

  bool is_retained_ = false;
  bool accepted_ = false;
  uint8_t flags_ = 0;

  FileState state_ = FileState::kBad;
  bool is_read_ = false;       // the state says something
  bool is_changed_ = false;    // since the last TakeChange
  bool was_gathered_ = false;  // since it was forgotten: it may have been served
  bool needs_restat_ = false;  // see MarkForRestat
  // The name may come to lead to another inode, and no listing shows it: each Refresh calls stat.
  bool always_restats_ = false;
  Fault fault_;
  double changed_seconds_ = 0;

  Mapping mapping_;
  FileIdentity identity_;
  uint32_t good_entries_ = 0;   // when it was last good
  uint64_t refused_epoch_ = 0;  // of the budget, when the file or its growth was refused
  uint64_t refused_bytes_ = 0;  // of the file then
  uint32_t reported_entries_ = 0;
  uint32_t generation_ = 0;
  uint64_t refreshed_pass_ = 0;
  uint64_t gathered_pass_ = 0;  // when these rows were gathered
  RowRange gathered_rows_ = {0, 0};

  FileColumns columns_;
  double min_timestamp_ = 0;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_METRIC_FILE_H_
