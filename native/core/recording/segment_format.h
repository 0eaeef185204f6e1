// The bytes of a recording: segments, end to end, in one file or several. All little-endian.
//
//   segment := magic header [keys] (tick | keys)*     // as it grows
//            | magic header keys sealed               // once it is complete
//   magic   := 89 70 72 6f 6d 66 72 0a               // "\x89promfr\n"
//
//   block   := length:u32 crc:u32 kind:u8 payload[length]
//              // crc: CRC-32C of the 4 bytes of length, then kind and payload
//     header := version:u8 number:varint time:f64    // kind 1; of the segment, of its first tick
//     keys   := count (shared rest:text)*            // kind 2; these follow those before
//               // key: the first `shared` bytes of the key before, then rest; varints
//     tick   := tick_format.h                        // kind 3
//     sealed := sealed_ticks.h                       // kind 4
//
// A segment is readable alone: its first tick has all files and values, and it has the keys that
// its ticks have by number, from 0. Its ticks ascend in time. A tick is what changed since the one
// before; so what follows a damaged block in a segment is not used. A reader goes on at the next
// magic.
//
// An open segment is appended to with one write a tick. One that was cut off, by kill -9 or a full
// disk, lacks the ticks whose bytes are incomplete.
#ifndef PROMFOLD_CORE_RECORDING_SEGMENT_FORMAT_H_
#define PROMFOLD_CORE_RECORDING_SEGMENT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bytes.h"

namespace promfold {

inline constexpr std::string_view kSegmentMagic = "\x89promfr\n";
inline constexpr uint8_t kFormatVersion = 1;
inline constexpr size_t kBlockHeadBytes = 9;

enum class BlockKind : uint8_t { kHeader = 1, kKeys = 2, kTick = 3, kSealed = 4 };

struct SegmentHeader {
  uint64_t number = 0;
  double time = 0;
};

// REQUIRES: fewer than 2^32 bytes.
void AppendBlock(BlockKind kind, std::string_view payload, std::string* out);

// Magic and header.
void AppendSegmentStart(const SegmentHeader& header, std::string* out);

// Appends a block of keys, unless there are none.
void AppendKeys(std::span<const std::string_view> keys, std::string* out);

struct SegmentBlock {
  BlockKind kind;
  std::string_view payload;
};

// The block at *offset, which moves to its end. False, and no move, where there is none that is
// whole: then *offset may be at the end, at a magic, or before damage.
bool ReadBlock(std::string_view bytes, size_t* offset, SegmentBlock* block);

bool ReadHeader(std::string_view payload, SegmentHeader* header);

// Calls take(key) for each, until that is false. False where the payload is not keys, too.
template <typename Take>
bool ReadKeys(std::string_view payload, Take take) {
  constexpr size_t kMostKeyBytes = size_t{1} << 20;
  ByteReader reader(payload);
  std::string key;
  for (uint64_t count = reader.Varint(); count > 0; --count) {
    const uint64_t shared = reader.Varint();
    const std::string_view rest = reader.Text();
    if (!reader.ok() || shared > key.size() || shared + rest.size() > kMostKeyBytes) return false;
    key.resize(shared);
    key += rest;
    if (!take(std::string_view(key))) return false;
  }
  return reader.ok() && reader.AtEnd();
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_SEGMENT_FORMAT_H_
