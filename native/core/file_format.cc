#include "file_format.h"

#include <cassert>
#include <cstring>

#include "load.h"

namespace promfold {

namespace {

// 1 to 8, never 0: see the drawing in file_format.h.
uint32_t KeyPadding(uint32_t key_length) { return 8 - (key_length + kLengthBytes) % 8; }

struct Chain {
  Detection detection;
  uint32_t cursor;   // where the walk stopped
  uint32_t entries;  // before that
  Fault fault;
};

// Walks to `used`, to the first broken entry, or to the end of what is here.
Chain WalkChain(std::span<const std::byte> file, uint32_t used, uint32_t value_bytes) {
  Chain chain = {Detection::kFits, kHeaderBytes, 0, {}};
  while (chain.cursor < used) {
    if (used - chain.cursor >= kLengthBytes && chain.cursor + kLengthBytes > file.size()) {
      chain.detection = Detection::kNeedsMore;
      return chain;
    }
    Entry entry;
    chain.fault = NextEntry(file, used, value_bytes, &chain.cursor, &entry);
    if (!chain.fault.ok()) {
      chain.detection = Detection::kBroken;
      return chain;
    }
    ++chain.entries;
  }
  return chain;
}

// Whether the entry at which a walk with 16-byte values broke is one whose end `used` cuts off.
bool EndsInShortTail(std::span<const std::byte> file, uint64_t file_bytes, uint32_t used,
                     uint32_t start, uint32_t* end) {
  if (used - start < kLengthBytes) return false;
  const int32_t stored = LoadInt32(file.data(), start);
  // The reference compares key length + start of the entry with `used`, so it overlooks the length
  // word: a key may end 4 bytes past.
  if (stored <= 0 || static_cast<uint32_t>(stored) > used - start) return false;
  const uint32_t key_length = static_cast<uint32_t>(stored);
  if (key_length > kLongestKeyBytes) return false;
  const uint64_t value_end =
      uint64_t{start} + kLengthBytes + key_length + KeyPadding(key_length) + kPairBytes;
  if (value_end <= used || value_end > file_bytes || value_end > INT32_MAX) return false;
  *end = static_cast<uint32_t>(value_end);
  return true;
}

constexpr uint64_t kFirstCapacity = 64 << 10;

template <typename Number>
void AppendBytes(Number number, std::string* bytes) {
  char of_number[sizeof number];
  std::memcpy(of_number, &number, sizeof number);
  bytes->append(of_number, sizeof number);
}

}  // namespace

Fault ReadUsed(const std::byte* header, uint64_t file_bytes, uint32_t* used) {
  const int32_t stored = LoadInt32(header, 0);
  if (stored == 0) return {Found::kUsedZero, 0};
  if (stored < static_cast<int32_t>(kHeaderBytes)) return {Found::kUsedTooSmall, 0, stored};
  *used = static_cast<uint32_t>(stored);
  // A file of 4 bytes that says 8 has no entries and does no harm; its writer will extend it.
  if (*used > kHeaderBytes && *used > file_bytes) {
    return {Found::kUsedPastFile, 0, stored, static_cast<int64_t>(file_bytes)};
  }
  return {};
}

Fault NextEntry(std::span<const std::byte> file, uint32_t used, uint32_t value_bytes,
                uint32_t* cursor, Entry* entry) {
  assert(*cursor >= kHeaderBytes && *cursor < used && *cursor % 8 == 0);
  assert(value_bytes == kValueBytes || value_bytes == kPairBytes);
  const uint32_t start = *cursor;

  // `left` is at most 2^31, so the sums below cannot wrap.
  const uint32_t left = used - start;
  if (left < kLengthBytes) return {Found::kValuePastUsed, start, start + kLengthBytes, used};
  assert(start + kLengthBytes <= file.size());
  const int32_t stored = LoadInt32(file.data(), start);
  if (stored <= 0) return {Found::kKeyLengthNotPositive, start, stored};
  const uint32_t key_length = static_cast<uint32_t>(stored);
  if (key_length > left - kLengthBytes) return {Found::kKeyPastUsed, start, stored, used};
  if (key_length > kLongestKeyBytes) return {Found::kKeyTooLong, start, stored, kLongestKeyBytes};
  const uint32_t value_at = kLengthBytes + key_length + KeyPadding(key_length);
  if (value_at + value_bytes > left) {
    return {Found::kValuePastUsed, start, int64_t{start} + value_at + value_bytes, used};
  }

  const char* key = reinterpret_cast<const char*>(file.data()) + start + kLengthBytes;
  *entry = {std::string_view(key, key_length), start + value_at};
  *cursor = start + value_at + value_bytes;
  return {};
}

Detection DetectFormat(std::span<const std::byte> file, uint64_t file_bytes, uint32_t used,
                       bool is_stamped, FileFormat* format, Fault* fault) {
  if (used == kHeaderBytes) {
    *format = {0, kHeaderBytes, 0};
    return Detection::kFits;
  }
  const Chain pairs = WalkChain(file, used, kPairBytes);
  if (pairs.detection == Detection::kFits) {
    *format = {kPairBytes, used, pairs.entries};
    return Detection::kFits;
  }
  const Chain values = is_stamped ? pairs : WalkChain(file, used, kValueBytes);
  if (pairs.detection == Detection::kBroken && values.detection == Detection::kFits) {
    *format = {kValueBytes, used, values.entries};
    return Detection::kFits;
  }
  if (pairs.detection != Detection::kBroken || values.detection != Detection::kBroken) {
    return Detection::kNeedsMore;
  }

  uint32_t end = 0;
  if (EndsInShortTail(file, file_bytes, used, pairs.cursor, &end)) {
    if (file.size() < end) return Detection::kNeedsMore;
    *format = {kPairBytes, end, pairs.entries + 1};
    return Detection::kFits;
  }
  if (used % 8 != 0) {
    *fault = {Found::kUsedUnaligned, 0, used};
  } else {
    *fault = values.cursor > pairs.cursor ? values.fault : pairs.fault;
  }
  return Detection::kBroken;
}

size_t AppendEntry(std::string_view key, uint32_t value_bytes, double value, double timestamp,
                   std::string* file) {
  assert(file->size() >= kHeaderBytes && file->size() % 8 == 0 && !key.empty());
  assert(value_bytes == kValueBytes || value_bytes == kPairBytes);
  const auto key_length = static_cast<uint32_t>(key.size());
  AppendBytes(static_cast<int32_t>(key_length), file);
  file->append(key).append(KeyPadding(key_length), ' ');
  const size_t offset = file->size();
  AppendBytes(value, file);
  if (value_bytes == kPairBytes) AppendBytes(timestamp, file);
  return offset;
}

uint64_t CapacityFor(uint64_t used) {
  uint64_t capacity = kFirstCapacity;
  while (capacity < used) capacity *= 2;
  return capacity;
}

}  // namespace promfold
