#include "segment_format.h"

#include <algorithm>
#include <cmath>

#include "../crc32c.h"

namespace promfold {

void AppendBlock(BlockKind kind, std::string_view payload, std::string* out) {
  ByteWriter writer(out);
  std::string length;
  ByteWriter(&length).Word(payload.size(), 4);
  const auto kind_byte = static_cast<char>(kind);
  const uint32_t crc = Crc32c(payload, Crc32c({&kind_byte, 1}, Crc32c(length)));
  *out += length;
  writer.Word(crc, 4);
  *out += kind_byte;
  *out += payload;
}

void AppendSegmentStart(const SegmentHeader& header, std::string* out) {
  *out += kSegmentMagic;
  std::string payload;
  ByteWriter writer(&payload);
  writer.Byte(kFormatVersion);
  writer.Varint(header.number);
  writer.Double(header.time);
  AppendBlock(BlockKind::kHeader, payload, out);
}

void AppendKeys(std::span<const std::string_view> keys, std::string* out) {
  if (keys.empty()) return;
  std::string payload;
  ByteWriter writer(&payload);
  writer.Varint(keys.size());
  std::string_view before;
  for (const std::string_view key : keys) {
    const auto shared = static_cast<size_t>(std::ranges::mismatch(before, key).in2 - key.begin());
    writer.Varint(shared);
    writer.Text(key.substr(shared));
    before = key;
  }
  AppendBlock(BlockKind::kKeys, payload, out);
}

bool ReadBlock(std::string_view bytes, size_t* offset, SegmentBlock* block) {
  ByteReader reader(bytes.substr(*offset));
  const std::string_view length = reader.Take(4);
  const auto crc = static_cast<uint32_t>(reader.Word(4));
  const std::string_view kind_and_payload = reader.Rest();
  if (!reader.ok() || kind_and_payload.empty()) return false;
  const uint64_t payload_bytes = ByteReader(length).Word(4);
  if (payload_bytes > kind_and_payload.size() - 1) return false;
  const std::string_view checked = kind_and_payload.substr(0, payload_bytes + 1);
  if (Crc32c(checked, Crc32c(length)) != crc) return false;
  const auto kind = static_cast<uint8_t>(checked[0]);
  if (kind < static_cast<uint8_t>(BlockKind::kHeader) ||
      kind > static_cast<uint8_t>(BlockKind::kSealed)) {
    return false;
  }
  *block = {static_cast<BlockKind>(kind), checked.substr(1)};
  *offset += kBlockHeadBytes + payload_bytes;
  return true;
}

bool ReadHeader(std::string_view payload, SegmentHeader* header) {
  ByteReader reader(payload);
  if (reader.Byte() != kFormatVersion) return false;
  header->number = reader.Varint();
  header->time = reader.Double();
  return reader.ok() && reader.AtEnd() && std::isfinite(header->time);
}

}  // namespace promfold
