// All that one metric file holds, for people: each entry with its place, value and timestamp, and
// where the chain breaks, what is readable before.
//
// A scrape wants less and follows files as they grow (metric_file.h); this reads one once. Both
// decode by file_format.h.
#ifndef PROMFOLD_CORE_INSPECT_FILE_H_
#define PROMFOLD_CORE_INSPECT_FILE_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fault.h"
#include "open_file.h"
#include "scratch.h"

namespace promfold {

struct Inspection {
  Fault fault;               // ok: all entries are here; else those before it
  struct stat status = {};   // all zeros when stat failed
  int64_t stored_used = -1;  // as in the header, right or not; -1 where there is no header
  uint32_t value_bytes = 0;  // 8 or 16; 0 while there is no entry
  uint64_t end = 0;          // byte after the last entry here, after the header if there is none

  // Columns, one element an entry. An entry begins where the one before it ends, value_bytes after
  // its value_offset; offsets are bytes from the start of the file.
  std::vector<std::string_view> key;  // in the bytes that were read
  std::vector<uint32_t> value_offset;
  std::vector<double> value;
  std::vector<double> timestamp;  // 0 in files with 8-byte values

  // Bytes of the file from excerpt_offset: the bytes around a fault that has an offset, or what was
  // asked for with keep_bytes. May be fewer than kExcerptBytes.
  uint64_t excerpt_offset = 0;
  std::vector<std::byte> excerpt;

  // As new, but for the memory of the columns.
  void Clear();
};

inline constexpr uint64_t kExcerptBytes = 4096;

// Of a damaged file at most so much is looked at.
inline constexpr uint64_t kMaxSalvagedBytes = uint64_t{16} << 20;

// Reads a file by path, relative to the working directory. Opens regular files only, and may never
// come back. `keep_bytes`: the excerpt is all that counts of the file, from byte 0: up to the last
// entry, or of a damaged file up to its last byte that is not zero. `is_stamped`: as in
// DetectFormat. Keys lie in `scratch`, until it is used again.
void InspectFile(const char* path, bool is_stamped, bool keep_bytes, Scratch* scratch,
                 Inspection* inspection);
// The same for a file that was found (open_file.h). REQUIRES: where its fault is ok, it has a
// descriptor.
void InspectFound(FoundFile found, bool is_stamped, bool keep_bytes, Scratch* scratch,
                  Inspection* inspection);

// The same for bytes at hand: `bytes` are the first of a file of `file_bytes`, of which later ones
// do not count. Keys lie in them. REQUIRES: bytes is 8-byte aligned; inspection is clear but for
// `status`.
void InspectBytes(std::span<const std::byte> bytes, uint64_t file_bytes, bool is_stamped,
                  bool keep_bytes, Inspection* inspection);

}  // namespace promfold

#endif  // PROMFOLD_CORE_INSPECT_FILE_H_
