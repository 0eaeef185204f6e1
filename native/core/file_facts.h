// What stat says of each listed file, and what is known of it without reading it.
#ifndef PROMFOLD_CORE_FILE_FACTS_H_
#define PROMFOLD_CORE_FILE_FACTS_H_

#include <cstdint>
#include <vector>

#include "file_access.h"
#include "file_list.h"

namespace promfold {

// Row i is about file id[i]. What is unknown is 0 unless the comment says otherwise.
struct FileFacts {
  std::vector<uint32_t> id;
  // `used` when its entries were last walked; -1 where the file is not good.
  std::vector<double> used_bytes;
  std::vector<uint8_t> value_bytes;

  // Of what the name leads to now; all unknown where it does not answer.
  std::vector<double> size_bytes;  // -1: unknown
  std::vector<double> disk_bytes;  // -1: unknown
  std::vector<double> modified_seconds;
  std::vector<double> changed_seconds;
  std::vector<uint32_t> device_major;
  std::vector<uint32_t> device_minor;
  std::vector<uint64_t> inode;
};

// Of all files but the retained ones, in the order of the list. Waits for those that hang as a
// refresh does. REQUIRES: a pass of `access` was begun.
FileFacts FindFacts(FileList* list, FileAccess* access);

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_FACTS_H_
