// Some metric files at once, read for people: what inspect_file.h says of each, in columns, and
// keys by number.
#ifndef PROMFOLD_CORE_INSPECT_FILES_H_
#define PROMFOLD_CORE_INSPECT_FILES_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"
#include "inspect_file.h"
#include "key_table.h"

namespace promfold {

// The keys of all files of a reading. Any number of threads may use it.
class SharedKeys {
 public:
  uint32_t Intern(std::string_view key);
  // Appends the id of each key. Those of a file with the same keys, in the same order, are at
  // id[guess] and after, if there is one: then no key is looked up. REQUIRES: guess <= id->size().
  void Intern(const std::vector<std::string_view>& keys, size_t guess, std::vector<uint32_t>* id);

  uint32_t size() const;
  KeyTexts Texts(uint32_t from, uint32_t count, size_t max_bytes) const;

 private:
  mutable std::mutex mutex_;
  KeyTable table_;
};

// Of the file at this index.
struct Excerpt {
  uint32_t file;
  uint64_t offset;
  std::vector<std::byte> bytes;
};

struct InspectedFiles {
  // One element a file, as in Inspection.
  std::vector<Fault> fault;
  std::vector<struct stat> status;
  std::vector<double> stored_used;
  std::vector<uint8_t> value_bytes;
  std::vector<uint32_t> entry_end;  // in the columns of entries
  std::vector<uint32_t> time_end;   // in `timestamp`

  // One element an entry, file after file.
  std::vector<uint32_t> key_id;
  std::vector<uint32_t> value_offset;
  std::vector<double> value;
  std::vector<double> timestamp;  // of those files that have any

  std::vector<Excerpt> excerpt;  // those that are not empty
  std::vector<uint32_t> left;    // files that are not plain, if only those are read

  void AddEntries(const Inspection& inspection, SharedKeys* keys);
  // After its entries, if they are wanted.
  void AddFile(const Inspection& inspection);
};

struct InspectRequest {
  // If it is not empty, names are of files in it. Then a link must be its owner's (open_file.h).
  std::string directory;
  // Only plain files of the directory are read, which cannot hang where that is on a local file
  // system.
  bool only_plain = false;
  std::vector<std::string> name;
  std::vector<uint8_t> is_stamped;  // of each
  bool keep_bytes = false;          // instead of the entries
};

// Reads each file, in this order. May never come back. REQUIRES: only_plain needs a directory.
void InspectFiles(const InspectRequest& request, SharedKeys* keys, InspectedFiles* files);

}  // namespace promfold

#endif  // PROMFOLD_CORE_INSPECT_FILES_H_
