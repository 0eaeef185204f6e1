// The format of a metric file, and the walk over its entries. All little-endian:
//
//   file  := used:int32 pad:int32 entry*                 // used counts from byte 0
//   entry := keyLength:int32 key:utf8[keyLength] pad:' '+ value:f64 [timestamp:f64]
//
// `pad` brings `value` to a multiple of 8 and is never empty: a key that ends on a boundary is
// followed by eight blanks. Writers since 0.18.0 have the timestamp (a value of 16 bytes), older
// ones have not (8). Nothing in the file says which; the chain of entries does, since only one
// width leads exactly to `used`.
//
// Source: prometheus_client mmap_dict.py, MmapedDict._init_value and _read_all_values.
#ifndef PROMFOLD_CORE_FILE_FORMAT_H_
#define PROMFOLD_CORE_FILE_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fault.h"

namespace promfold {

inline constexpr uint32_t kHeaderBytes = 8;
inline constexpr uint32_t kUsedBytes = 4;
inline constexpr uint32_t kLengthBytes = 4;
inline constexpr uint32_t kValueBytes = 8;
inline constexpr uint32_t kPairBytes = 16;

// Most bytes that an entry which counts (DetectFormat, short tail) can reach past `used`: the last
// bytes of its key, its padding and its value.
inline constexpr uint32_t kShortTailBytes = 4 + 8 + kPairBytes;

// No client wrote a longer key: help and labels are text that people read. A length beyond it is
// damage, whatever follows; believed, it would have a sparse file of 2 GiB read and kept as a key.
inline constexpr uint32_t kLongestKeyBytes = 1 << 20;

struct Entry {
  std::string_view key;   // JSON text; points into the file's bytes
  uint32_t value_offset;  // bytes from the start of the file; 8-byte aligned
};

// Judges a header. `file_bytes` is the size of the file, of which at least kUsedBytes were read. Ok
// means kHeaderBytes <= *used; then *used <= file_bytes too, except for a header alone.
Fault ReadUsed(const std::byte* header, uint64_t file_bytes, uint32_t* used);

// Reads the entry at *cursor and moves *cursor to the next one. Only the length word is loaded
// here. REQUIRES: kHeaderBytes <= *cursor < used, *cursor is 8-byte aligned, file holds the length
// word.
//
// Entries never move or shrink, so a cursor kept from the last scrape stays valid for the life of
// the file: the next call resumes at the first new key. On error neither *cursor nor *entry
// changes.
Fault NextEntry(std::span<const std::byte> file, uint32_t used, uint32_t value_bytes,
                uint32_t* cursor, Entry* entry);

struct FileFormat {
  uint32_t value_bytes;  // 8 or 16; 0 while the file has no entry
  uint32_t end;          // byte after the last entry: used, or past it where the tail is short
  uint32_t entries;
};

enum class Detection : uint8_t { kFits, kBroken, kNeedsMore };

// Finds the one width of values with which entries lead exactly to `used`: 16, then 8. Where
// neither does, 16 with `used` inside the padding or value of the last entry (or the last 4 bytes
// of its key), because the reference reads that entry (src/reference.md B7, K7).
//
// `file` may be only the beginning of the file's `file_bytes`: kNeedsMore says that it was too
// little to tell. With min(file_bytes, used + kShortTailBytes) bytes it never is. On kBroken *fault
// is set, *format is untouched; the fault is of the walk that came further. `is_stamped`: the
// caller knows that values have 16 bytes, so 8 is not tried; a single entry whose `used` is 8 too
// small would fit it. REQUIRES: file is 8-byte aligned; used came from ReadUsed.
Detection DetectFormat(std::span<const std::byte> file, uint64_t file_bytes, uint32_t used,
                       bool is_stamped, FileFormat* format, Fault* fault);

// Puts an entry at the end of a file's bytes; the timestamp where values have 16 bytes. Returns the
// value's offset. REQUIRES: file has a header at least, and ends where an entry may begin.
size_t AppendEntry(std::string_view key, uint32_t value_bytes, double value, double timestamp,
                   std::string* file);

// The size that a client's file has with so many bytes in use: 64 KiB, doubled until they fit.
// Source: mmap_dict.py, _INITIAL_MMAP_SIZE and _init_value.
uint64_t CapacityFor(uint64_t used);

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_FORMAT_H_
