// One tick as bytes, as it is while its segment is open: what came and went, and the new bits of
// each entry that changed. All numbers are varints (LEB128) unless their size is said; `zigzag` is
// one of a signed number, `gap` the difference to the one before less 1 (of the first: the number).
//
//   tick      := prelude values
//   prelude   := time:f64 flags:u8 [structure] [blob:text]
//                // flags: 1 structure, 2 blob
//   text      := length bytes
//
//   structure := count list* count removed* count inserted* count grown*
//   list      := number*2+isNew [baseCount [base]] count (zigzag of key - (key before + 1))*
//                // base where baseCount > 0; the key before the first is -1
//   removed   := gap                     // places in the order of files before
//   inserted  := gap id generation name:text identity:text valueBytes:u8 list entries
//   grown     := gap list entries        // both: places in the order of files after
//
//   values    := file*                   // to the end of the tick; those with changes
//   file      := gap valueCount*2+hasTimes [timeCount] change*
//   change    := gap*4+mode payload      // gap of entries; begins anew for times
//     mode 0: zigzag; both are integers, and this is the difference
//     mode 1: zigzag; both are multiples of 2^-22, and this is the difference, in such parts
//     mode 2: sizes:u8 bytes             // of the XOR of the bits: sizes/16 low bytes that are 0
//                                        // are left out, and sizes%16 bytes follow; others are 0
//     mode 3: nothing; both are integers, and the difference is 1
//
// An entry that is new had the bits of 0 before. 2^-22 is the resolution of Python's time.time(),
// of timestamps and of what is added up from differences of them.
#ifndef PROMFOLD_CORE_RECORDING_TICK_FORMAT_H_
#define PROMFOLD_CORE_RECORDING_TICK_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bytes.h"
#include "recorded_state.h"

namespace promfold {

inline constexpr size_t kMostBlobBytes = size_t{16} << 20;

struct TickPrelude {
  double time = 0;
  StructureChange structure;
  std::optional<std::string> blob;  // where there is another one
};

void WritePrelude(const TickPrelude& prelude, std::string* out);
// False where the bytes are no prelude.
bool ReadPrelude(ByteReader* reader, TickPrelude* prelude);

// `state` is that before the changes, with the structure applied. REQUIRES: they fit.
void WriteValues(const RecordedState& state, const TickChanges& changes, std::string* out);
// False where the bytes are no values of these files.
bool ReadValues(ByteReader* reader, const RecordedState& state, TickChanges* changes);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_TICK_FORMAT_H_
