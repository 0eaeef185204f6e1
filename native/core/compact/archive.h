// What the archives of one kind of files (type, and mode of a gauge) hold: the entries of the files
// that they fold, by exact key bytes, joined as the reference joins files (fold.h).
//
//   sum, min, max   the value that they have together
//   most recent     value and timestamp of the one that won; where none was ever set, the first one
//
// Whether that is right depends on the files that stay: a reader joins those with the archives, in
// an order of its own. So all totals are compared in the orders that readers take, before and
// after. A sum is rounded so that it does not go back (sum_rounding.h); where another one would
// differ (a NaN that came first, equal timestamps, the sign of a zero), the archive must not be.
#ifndef PROMFOLD_CORE_COMPACT_ARCHIVE_H_
#define PROMFOLD_CORE_COMPACT_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../file_format.h"
#include "../fold.h"
#include "../key_table.h"

namespace promfold {

// Keys that are one series: each key but the first of its list, and that first one.
using SameSeries = std::unordered_map<std::string, std::string>;

// The entries of a file, or those of them that are in an archive.
struct EntryColumns {
  std::vector<uint32_t> slot;
  std::vector<double> value;
  std::vector<double> timestamp;  // of kMostRecent alone
};

struct Archive {
  std::string name;
  uint32_t value_bytes = kPairBytes;
  EntryColumns entries;       // a slot is there once
  std::vector<uint32_t> key;  // of each, the first one that was seen
  std::vector<size_t> value_offset;

  // The whole file without its unused end; sets value_offset.
  std::string Bytes(const KeyTable& keys);
};

class ArchiveKind {
 public:
  // `same_series` outlives this.
  ArchiveKind(Operation operation, const SameSeries* same_series)
      : operation_(operation), same_series_(same_series) {}

  // Returns its index.
  size_t AddArchive(const std::string& name, uint32_t value_bytes);

  // `file` has the bytes up to format.end. In the order of the archive: sorted by name.
  void AddFolded(const std::string& name, size_t archive, std::span<const std::byte> file,
                 const FileFormat& format);
  // A file that stays; takes the place of what it had before. REQUIRES: all that is folded was
  // added.
  void SetStaying(const std::string& name, std::span<const std::byte> file,
                  const FileFormat& format);

  // The values of the archives, by what they fold alone.
  void Join();

  // One order of reading: the names before, without archives, and after. Names that were not added
  // do not count.
  struct Order {
    std::vector<std::string> before;
    std::vector<std::string> after;
  };
  // Moves sums by rounding, from what Join made of them. Returns the archives that would not give
  // the same; *rounded is how many sums were moved.
  std::vector<size_t> Settle(std::span<const Order> orders, uint32_t* rounded);

  Operation operation() const { return operation_; }
  const KeyTable& keys() const { return keys_; }
  std::vector<Archive>& archives() { return archive_; }

 private:
  // The totals of each slot.
  Slots Total(const std::vector<std::string>& names) const;
  void FoldInto(const EntryColumns& entries, Slots* slots) const;
  const EntryColumns* Find(const std::string& name) const;
  uint32_t SlotOf(std::string_view key, uint32_t* key_id);

  const Operation operation_;
  const SameSeries* const same_series_;
  KeyTable keys_;
  std::vector<uint32_t> slot_of_key_;
  uint32_t slots_ = 0;
  std::vector<Archive> archive_;
  std::vector<std::vector<std::string>> folded_;  // of each archive, in order
  std::map<std::string, EntryColumns> column_;    // of files
  std::vector<std::vector<double>> joined_;       // of each archive, before it was settled
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_ARCHIVE_H_
