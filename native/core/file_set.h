// The metric files of one directory, and one scrape over all of them.
//
// In order: List, Accept, Refresh, SetRows and SetBuckets (when anything was new), Collect. Which
// files there are, and in which order, is file_list.h; how one is followed, metric_file.h; how
// their values become slots, gather_pass.h.
//
// A file that is gone, or has become another one, may have a retained file: a file of the set that
// is on no disk and takes over its values, so that no sum goes back (retain_files.h). Retained
// files are folded last; each costs memory by the keys it has, not by the files it had them from.
//
// Not for use by two threads at once. Nothing here throws; where a caller breaks a rule, the answer
// is a PreconditionError and nothing changes.
#ifndef PROMFOLD_CORE_FILE_SET_H_
#define PROMFOLD_CORE_FILE_SET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accumulate.h"
#include "directory.h"
#include "file_access.h"
#include "file_facts.h"
#include "file_list.h"
#include "fold.h"
#include "instant_columns.h"
#include "key_table.h"
#include "metric_file.h"
#include "precondition.h"
#include "printed_numbers.h"
#include "render.h"
#include "survey.h"

namespace promfold {

struct RefreshResult {
  std::vector<FileChange> changes;  // in name order
  std::vector<uint32_t> key_id;     // of the new entries, file after file
};

// What a scrape prints.
struct PrintRequest {
  Pages pages;
  size_t tail = 0;  // bytes of room after each body
  // The rows of other slots are left alone, and those slots stay absent.
  bool only_what_is_printed = false;
  // Copies all values and slots as well. Not to be combined with only_what_is_printed.
  bool columns = false;
};

struct CollectResult {
  std::vector<Body> bodies;
  std::optional<InstantColumns> columns;
  std::vector<FileChange> changes;

  // False where it ran out for a body or the columns.
  bool has_memory() const;
};

// Some entries: those of file i are [entry_end[i - 1], entry_end[i]) of `entry`, by their number in
// the file.
struct SomeEntries {
  std::span<const uint32_t> id;
  std::span<const uint32_t> generation;  // MetricFile::generation
  std::span<const uint32_t> entry_end;
  std::span<const uint32_t> entry;
};

// All columns are in `memory`, which is null where it ran out.
struct GatheredEntries {
  // False where one of the files has changed, or only a Refresh can tell: then nothing else counts.
  bool are_as_indexed = false;
  Block memory;
  std::span<double> value;
  std::span<double> timestamp;  // 0 where none is taken (InstantColumns)
};

struct AsListed {
  DirectoryTimes now;
  // At most one of them; none where the directory is not as it was listed.
  std::optional<RefreshResult> refreshed;
  std::optional<CollectResult> collected;
};

struct FileSetCounts {
  uint32_t unmapped_files = 0;
  uint64_t read_faults = 0;
  double free_bytes = -1;  // -1: unknown
  double free_inodes = -1;
  uint64_t files_retained = 0;  // since the start
  uint64_t key_bytes = 0;       // of all distinct keys
};

class FileSet {
 public:
  // Files are mapped while all sets of the process hold fewer than map_limit; the others are read
  // on every refresh. The files with ids 0 to retained_files - 1 are retained files.
  FileSet(std::string directory, uint32_t map_limit, uint32_t retained_files = 0);

  const std::string& directory() const { return path_; }
  // As last listed; null before. With it and the path the directory is looked at (directory.h),
  // which may never come back and so uses nothing of the set.
  const std::shared_ptr<const OpenedDirectory>& opened() const { return files_.directory(); }

  // Takes a listing and compares it with the last one, as FileList::Take.
  void TakeListing(ListedDirectory listed, ListingChange* change);
  // What the last listing found of compactions; null for none. For the next one.
  const std::shared_ptr<const CompactedDirectory>& compacted() const { return compacted_; }
  // Lists first. Returns 0 or an errno, then without any change.
  int List(ListingChange* change);

  // Ids that are not listed (any more) are an error.
  PreconditionError Accept(std::span<const uint32_t> id, std::span<const uint8_t> flags);
  // Takes Accept back. The files stay listed.
  PreconditionError Release(std::span<const uint32_t> id);

  // MetricFile::SetMinTimestamp of each file.
  PreconditionError SetMinTimestamps(std::span<const uint32_t> id, std::span<const double> seconds);

  // Adds values to a retained file, as those of a file that is gone: one for each key. The next
  // Refresh reports the keys that are new there.
  PreconditionError AddRetained(uint32_t id, const KeyTexts& keys, std::span<const double> value);

  // How much Refresh may read in, where all files have so many entries now. `retry`: files that
  // were refused are tried again.
  void SetLimits(const ReadLimits& limits, uint64_t entries, bool retry);

  RefreshResult Refresh();

  // Texts of keys from an id on: up to `count` of them, and no more once there are max_bytes.
  KeyTexts Texts(uint32_t from, uint32_t count, size_t max_bytes) const;

  // For a directory that is as it was listed. Refreshes; and where there is something `to_print`
  // and nothing to report, collects in the same pass over the files. Where there was something,
  // what the pass gathered need not be gathered by the next Collect.
  void RefreshAndCollect(const FreeSpace& free, const PrintRequest* to_print, AsListed* result);
  // Looks first. Where the directory's times are not `listed`, only says what they are. Returns 0
  // or the errno of looking.
  int RefreshAsListed(const DirectoryTimes& listed, const PrintRequest* to_print, AsListed* result);

  FileSetCounts Counts() const;

  // file_facts.h; also of files that are not accepted.
  FileFacts Facts();

  // Null for an id that is not listed. Valid until the next List.
  const MetricFile* Find(uint32_t id) const { return list_.Find(id); }

  // survey.h.
  PreconditionError Survey(std::span<const int32_t> family_of_key, uint32_t family_count,
                           SurveyResult* result) const;

  // Rows from[i].. of file id[i] take the next count[i] slots and operations.
  PreconditionError SetRows(std::span<const uint32_t> id, std::span<const uint32_t> from,
                            std::span<const uint32_t> count, std::span<const uint32_t> slot,
                            std::span<const uint8_t> operation);

  PreconditionError Order(uint32_t slot_count, std::vector<uint32_t>* order) const;

  PreconditionError SetBuckets(uint32_t slot_count, BucketLayout layout);

  // Gathers and folds all files in name order, accumulates, prints each page, copies the columns.
  PreconditionError Collect(const PrintRequest& request, CollectResult* result);

  // Gathers some entries, whose files alone are looked at, and folds nothing.
  PreconditionError GatherEntries(const SomeEntries& wanted, GatheredEntries* result);

  // The rows by which the next Collect will fold, if nothing changes before.
  RowColumns Rows() const { return CopyRows(list_.in_order()); }

  // As the last Collect left them; absent slots are NaN.
  const Slots& slots() const { return slots_; }
  // When what each of these slots holds was set; 0 where it is absent or folds by another
  // operation.
  PreconditionError Times(std::span<const uint32_t> slot, std::vector<double>* seconds) const;

  // Drops the keys that no file has any more; the others get new ids, from 0. The next Refresh
  // reports every file with entries again; until then rows are void.
  void CompactKeys();

 private:
  FileContext Context();
  // An error where one is not listed.
  PreconditionError FindAll(std::span<const uint32_t> id) const;
  void RefreshOne(const FileContext& context, MetricFile* file);
  void AskAhead(const std::vector<MetricFile*>& files);
  void Retain(const RemovedFiles& removed);
  void AddLeft(Listing* listing) const;
  // What all files together come to.
  struct Overview {
    uint32_t slot_limit = 0;  // all slots of all rows are below
    uint64_t entries = 0;
    uint32_t unmapped_files = 0;
    std::vector<MetricFile*> needing_refresh;  // those that do not show all when they are gathered

    bool operator==(const Overview&) const = default;
  };
  Overview MakeOverview() const;
  // Kept until some file may have changed: a pass over 10,000 files waits for memory at each.
  const Overview& overview() const;
  void ForgetOverview() { overview_.reset(); }
  // Where a slot of a row, or of what is to be printed, is not below slot_count_, or columns are
  // asked for that would lack values.
  PreconditionError CheckRequest(const PrintRequest& request) const;
  bool CollectUnlessChanged(const PrintRequest& request, CollectResult* result, Files* replaced);
  bool GatherAndFold(const PrintRequest& request, bool fails_on_change);
  bool GatherOf(const FileContext& context, MetricFile* file, std::span<const uint32_t> entry,
                double* value, double* timestamp);
  void Print(const PrintRequest& request, CollectResult* result);
  RefreshResult Refresh(Files replaced);

  const std::string path_;
  FileAccess files_;
  MapBudget maps_;
  KeyTable keys_;
  ColumnPool columns_;
  ReadBudget budget_;
  Scratch scratch_;
  Scratch helper_scratch_;
  uint64_t read_faults_ = 0;
  uint64_t pass_ = 1;  // what was gathered in it need not be gathered again
  FreeSpace free_;
  std::shared_ptr<const CompactedDirectory> compacted_;

  FileList list_;
  uint64_t files_retained_ = 0;
  mutable std::optional<Overview> overview_;

  uint32_t slot_count_ = 1;  // kSlotNowhere
  BucketLayout buckets_;
  Slots slots_;
  PrintedNumbers numbers_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_SET_H_
