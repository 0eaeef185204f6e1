// All ticks of a complete segment as one payload.
//
//   sealed  := count prelude:text* values    // prelude: tick_format.h
//
#ifndef PROMFOLD_CORE_RECORDING_SEALED_TICKS_H_
#define PROMFOLD_CORE_RECORDING_SEALED_TICKS_H_

#include <string>
#include <string_view>
#include <vector>

#include "recorded_state.h"
#include "tick_format.h"

namespace promfold {

class SealedWriter {
 public:
  // The next tick: bytes of its prelude; `state` is that before the changes, with the structure
  // applied.
  void Add(std::string_view prelude, const RecordedState& state, const TickChanges& changes);
  std::string Finish();

 private:
  std::string out_;
  uint64_t count_ = 0;
};

class SealedReader {
 public:
  explicit SealedReader(std::string_view payload) : reader_(payload), left_(reader_.Varint()) {}

  bool AtEnd() const { return left_ == 0; }
  bool ReadPrelude(std::string_view* bytes, TickPrelude* prelude);
  // Of the same tick. `state` as of SealedWriter.
  bool ReadValues(const RecordedState& state, TickChanges* changes);

 private:
  ByteReader reader_;
  uint64_t left_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_SEALED_TICKS_H_
