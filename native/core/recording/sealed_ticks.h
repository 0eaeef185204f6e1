// All ticks of a complete segment as one payload, at about half the bytes: each bit that is written
// is predicted from what its row did before.
//
//   sealed   := count prelude:text* coded     // prelude: tick_format.h
//   coded    := tick*                         // bits of range_coder.h; a chance is told apart by
//                                             // all that stands in its brackets
//   tick     := (changed[8 ticks before] column(values) column(times))*  // of each file in order
//   column   := flag[…]* value* anyNew[…] [count (gap value)*]
//
// A column is the values of a file, or its times, if it has changed at all; a row is an entry of
// it. A row is active if it changed in one of the kActiveTicks ticks before. There is a flag for
// each active row, told apart by its last eight flags (if none is set: by how long that is), and by
// the flags of the two active rows before. The others that changed are new, and have gaps, as in
// tick_format.h.
//
//   number n := size[…] bits      // 6 bits of size, the highest first: of how many bits n is; each
//                                 // told apart by those before. Then those below the highest one:
//                                 // up to three with a chance each, by size and bits before; the
//                                 // rest raw, the highest first
//   value    := isRepeatedBase isOther (difference | isRaw (64 raw bits | scale difference))
//
// A difference is the number of parts of 2^scale that a value is more or less than its base. The
// scale is that of the row (0 to begin with, then the last one written), but not below the lowest
// bit that the base has (its exponent less 52). Its size is told apart by whether that of the row's
// last one is the same, and by what it was; it has a sign before its bits.
//
// The base is the value of the row, or, of times, that of the row before it in the same tick, since
// a program sets one gauge right after another: isRepeatedBase, if there is such a row.
#ifndef PROMFOLD_CORE_RECORDING_SEALED_TICKS_H_
#define PROMFOLD_CORE_RECORDING_SEALED_TICKS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "range_coder.h"
#include "recorded_state.h"
#include "tick_format.h"

namespace promfold {

// The chances of a segment.
struct SealedChances;

class SealedWriter {
 public:
  SealedWriter();
  ~SealedWriter();

  // The next tick: bytes of its prelude; `state` is that before the changes, with the structure
  // applied. The same state each time: its files have what is predicted from.
  void Add(std::string_view prelude, const RecordedState& state, const TickChanges& changes);
  std::string Finish();

 private:
  std::string preludes_;
  uint64_t count_ = 0;
  std::unique_ptr<SealedChances> chances_;
  RangeWriter writer_;
};

class SealedReader {
 public:
  // The payload outlives it.
  explicit SealedReader(std::string_view payload);
  ~SealedReader();

  bool AtEnd() const { return left_ == 0; }

  // The next tick. False where there is none, or it is damaged.
  bool ReadPrelude(std::string_view* bytes, TickPrelude* prelude);
  // Of the same tick. `state` as of SealedWriter. False where it is damaged.
  bool ReadValues(const RecordedState& state, TickChanges* changes);

 private:
  ByteReader preludes_;
  uint64_t left_;
  std::unique_ptr<SealedChances> chances_;
  RangeReader reader_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_SEALED_TICKS_H_
