// Any bytes at all, said to be of a file of any size: what is read stays inside, offsets ascend and
// are aligned, and columns are equally long.
#include <algorithm>
#include <cstdlib>

#include "core/file_format.h"
#include "core/inspect_file.h"
#include "fuzz/aligned.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const promfold::fuzz::Aligned file(data + 1, size - 1);
  const uint64_t bytes = size - 1;
  for (const uint64_t more : {uint64_t{0}, uint64_t{8}, uint64_t{4096}}) {
    promfold::Inspection found;
    promfold::InspectBytes(file.span(), bytes + more, (data[0] & 2) != 0, (data[0] & 1) != 0,
                           &found);

    const size_t count = found.key.size();
    if (found.value_offset.size() != count) std::abort();
    if (found.value.size() != count || found.timestamp.size() != count) std::abort();
    if (found.end > std::max<uint64_t>(bytes, promfold::kHeaderBytes)) std::abort();
    if (!found.fault.ok() && promfold::FoundPhrase(found.fault).empty()) std::abort();
    uint64_t at = promfold::kHeaderBytes;
    for (size_t i = 0; i < count; ++i) {
      if (found.value_offset[i] % 8 != 0) std::abort();
      const uint64_t key_end = at + promfold::kLengthBytes + found.key[i].size();
      if (key_end >= found.value_offset[i]) std::abort();
      at = found.value_offset[i] + uint64_t{found.value_bytes};
    }
    if (count > 0 && (at != found.end || found.end > bytes)) std::abort();
    if (found.excerpt_offset + found.excerpt.size() > bytes) std::abort();
  }
  return 0;
}
