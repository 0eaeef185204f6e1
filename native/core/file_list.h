// The files of a set, in the order in which their values are folded, and what a new listing of the
// directory changes about them.
//
// The order is by name (bytes compared), because floating-point addition is not associative and the
// same files must always give the same bytes. Retained files come last.
#ifndef PROMFOLD_CORE_FILE_LIST_H_
#define PROMFOLD_CORE_FILE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory.h"
#include "file_access.h"
#include "metric_file.h"

namespace promfold {

using Files = std::vector<std::unique_ptr<MetricFile>>;
using FilesView = std::span<const std::unique_ptr<MetricFile>>;

struct ListingChange {
  std::vector<uint32_t> added_id;  // in name order
  std::vector<std::string> added_name;
  std::vector<uint32_t> removed_id;
};

// Files that have a retained file and are not listed any more, under their names.
struct RemovedFiles {
  Files gone;
  Files renamed;  // each is listed under another name, and counts there
};

// By name, and retained files last.
bool IsBefore(const MetricFile* a, const MetricFile* b);

class FileList {
 public:
  // Files with ids from 0 are retained files.
  explicit FileList(uint32_t retained_files);

  FilesView in_order() const { return in_order_; }
  uint32_t retained_count() const { return retained_count_; }
  FilesView retained() const { return in_order().last(retained_count_); }
  // Null for an id that is not listed.
  MetricFile* Find(uint32_t id) const;
  MetricFile* FindByName(std::string_view name) const;

  // Those that are not plain files, in order. A plain one may turn out not to be.
  const std::vector<MetricFile*>& not_plain() const { return not_plain_; }
  void AddNotPlain(MetricFile* file);

  // Compares with the last listing. A name with another inode is removed under its old id and added
  // under a new one, and so are all of another device; ids are never used twice.
  RemovedFiles Take(Listing listing, bool is_same_device, const FileAccess& access,
                    ListingChange* change);

 private:
  // What a listing says against the last one.
  struct Comparison {
    // Of each name; null for a new one, and where a name comes twice.
    std::vector<MetricFile*> file;
    std::vector<uint32_t> is_new;            // places of names in the listing
    std::vector<const MetricFile*> missing;  // by address
  };
  Comparison Compare(const Listing& listing, bool is_same_device) const;

  const uint32_t retained_count_;
  uint32_t next_id_ = 0;
  Files in_order_;
  std::unordered_map<uint32_t, MetricFile*> by_id_;
  std::vector<MetricFile*> not_plain_;
  Listing listing_;                       // the last one
  std::vector<MetricFile*> listed_file_;  // of each of its names; null where a name came twice
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_LIST_H_
