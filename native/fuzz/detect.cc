// What DetectFormat accepts can be walked with the format it names, exactly to the end it names;
// and judging the beginning of a file never says something else than judging all of it.
#include <algorithm>
#include <cstdlib>

#include "core/file_format.h"
#include "fuzz/aligned.h"

using promfold::Detection;
using promfold::Fault;
using promfold::FileFormat;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const promfold::fuzz::Aligned file(data, size);
  if (size < promfold::kUsedBytes) return 0;
  uint32_t used = 0;
  if (!promfold::ReadUsed(file.span().data(), size, &used).ok()) return 0;

  const bool is_stamped = size % 2 != 0;
  FileFormat format = {};
  Fault fault;
  const Detection whole =
      promfold::DetectFormat(file.span(), size, used, is_stamped, &format, &fault);
  if (whole == Detection::kNeedsMore) std::abort();
  if (whole == Detection::kBroken) {
    if (fault.ok() || promfold::FoundPhrase(fault).empty()) std::abort();
    if (fault.offset < 0 || fault.offset >= used) std::abort();
    if (format.entries != 0) std::abort();
  } else if (used > promfold::kHeaderBytes) {
    if (format.end < used || format.end > size) std::abort();
    if (format.end > used + promfold::kShortTailBytes) std::abort();
    if (is_stamped && format.value_bytes != promfold::kPairBytes) std::abort();
    uint32_t cursor = promfold::kHeaderBytes;
    uint32_t entries = 0;
    for (; cursor < format.end; ++entries) {
      promfold::Entry entry;
      if (!promfold::NextEntry(file.span(), format.end, format.value_bytes, &cursor, &entry).ok()) {
        std::abort();
      }
    }
    if (cursor != format.end || entries != format.entries) std::abort();
  }

  // As ReadFile does: a part first.
  const size_t part = std::min<size_t>(size, 64);
  FileFormat part_format = {};
  Fault part_fault;
  const Detection first = promfold::DetectFormat(file.span().first(part), size, used, is_stamped,
                                                 &part_format, &part_fault);
  if (first == Detection::kNeedsMore) return 0;
  if (first != whole || part_format.end != format.end || !(part_fault == fault)) std::abort();
  return 0;
}
