// Any bytes at all are a valid input: walking them must terminate, stay inside the file, and only
// ever hand out aligned value offsets, whatever the width of values and wherever a walk begins.
#include <cstdlib>

#include "core/file_format.h"
#include "fuzz/aligned.h"

namespace {

using promfold::Entry;
using promfold::NextEntry;

void Walk(std::span<const std::byte> file, uint32_t used, uint32_t value_bytes) {
  uint32_t cursor = promfold::kHeaderBytes;
  while (cursor < used) {
    const uint32_t before = cursor;
    Entry entry = {"untouched", 1};
    const promfold::Fault fault = NextEntry(file, used, value_bytes, &cursor, &entry);
    if (!fault.ok()) {
      // An error moves nothing, and blames a byte of this entry.
      if (cursor != before || entry.key != "untouched") std::abort();
      if (fault.offset != before) std::abort();
      if (promfold::FoundPhrase(fault).empty()) std::abort();
      return;
    }
    if (cursor <= before || cursor > used || cursor % 8 != 0) std::abort();
    if (entry.value_offset % 8 != 0 || entry.value_offset + value_bytes != cursor) std::abort();
    const auto* const key = reinterpret_cast<const std::byte*>(entry.key.data());
    if (entry.key.empty() || key != file.data() + before + promfold::kLengthBytes) std::abort();
    // At least one byte of padding.
    if (key + entry.key.size() >= file.data() + entry.value_offset) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const promfold::fuzz::Aligned file(data, size);
  if (size < promfold::kUsedBytes) return 0;
  uint32_t used = 0;
  if (!promfold::ReadUsed(file.span().data(), size, &used).ok()) return 0;
  if (used > size && used != promfold::kHeaderBytes) std::abort();
  Walk(file.span(), used, promfold::kPairBytes);
  Walk(file.span(), used, promfold::kValueBytes);
  return 0;
}
