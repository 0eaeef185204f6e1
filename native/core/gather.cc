#include "gather.h"

#include "file_format.h"
#include "load.h"
#include "pause.h"

namespace promfold {

namespace {

// A writer that stores faster than this loads twice is not waited for.
constexpr int kAgreeingTries = 16;
constexpr int kPauses = 40;

// How many entries before it is loaded a value is prefetched. Each is on a cache line of its own,
// at a distance that the processor does not guess.
constexpr size_t kFetchedAhead = 32;
// To be read, and only once: all values together are more than the caches hold, and what other code
// left there is needed again.
constexpr int kToRead = 0;
constexpr int kOnce = 0;

struct Pair {
  double value;
  double timestamp;
};

Pair LoadPair(const std::byte* file, uint32_t offset) {
  const double value = LoadDouble(file, offset);
  // The loads keep their order on x86 whatever the compiler is told; elsewhere the fence does it.
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return {value, LoadDouble(file, offset + kValueBytes)};
}

Pair LoadAgreeingPair(const std::byte* file, uint32_t offset) {
  Pair pair = LoadPair(file, offset);
  for (int i = 0; i < kAgreeingTries; ++i) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    const Pair again = LoadPair(file, offset);
    if (SameBits(again.value, pair.value) && SameBits(again.timestamp, pair.timestamp)) break;
    pair = again;
  }
  return pair;
}

// Whether there were only blanks before values. In the loop it is two operations and no branch.
class OnlyBlanks {
 public:
  void SeeBefore(const std::byte* file, size_t value_offset) {
    const uint32_t seen = static_cast<uint32_t>(LoadByte(file, value_offset - 1));
    any_ |= seen;
    all_ &= seen;
  }
  bool yes() const { return any_ == ' ' && all_ == ' '; }

 private:
  uint32_t any_ = ' ';
  uint32_t all_ = ' ';
};

}  // namespace

void PauseForWriter() {
  for (int i = 0; i < kPauses; ++i) Pause();
}

bool GatherValues(const std::byte* file, std::span<const uint32_t> value_offset, bool padded,
                  double* value) {
  const size_t count = value_offset.size();
  if (!padded) {
    for (size_t i = 0; i < count; ++i) value[i] = LoadDouble(file, value_offset[i]);
    return true;
  }
  OnlyBlanks only_blanks;
  const auto take = [&](size_t i) {
    const uint32_t offset = value_offset[i];
    value[i] = LoadDouble(file, offset);
    only_blanks.SeeBefore(file, offset);
  };
  size_t i = 0;
  for (; i + kFetchedAhead < count; ++i) {
    __builtin_prefetch(file + value_offset[i + kFetchedAhead], kToRead, kOnce);
    take(i);
  }
  for (; i < count; ++i) take(i);
  return only_blanks.yes();
}

bool GatherPairs(const std::byte* file, std::span<const uint32_t> value_offset, bool padded,
                 std::span<const double> last_value, std::span<const double> last_timestamp,
                 double* value, double* timestamp, uint32_t* pending) {
  size_t pending_count = 0;
  OnlyBlanks only_blanks;
  for (size_t i = 0; i < value_offset.size(); ++i) {
    const uint32_t offset = value_offset[i];
    const Pair pair = LoadAgreeingPair(file, offset);
    value[i] = pair.value;
    timestamp[i] = pair.timestamp;
    only_blanks.SeeBefore(file, offset);
    if (!Straddles(offset)) continue;
    const bool as_before = i < last_value.size() && i < last_timestamp.size() &&
                           SameBits(pair.value, last_value[i]) &&
                           SameBits(pair.timestamp, last_timestamp[i]);
    if (!as_before) pending[pending_count++] = static_cast<uint32_t>(i);
  }

  for (int round = 0; round < kStraddlingRounds && pending_count > 0; ++round) {
    PauseForWriter();  // once for all of them
    size_t left = 0;
    for (size_t p = 0; p < pending_count; ++p) {
      const uint32_t i = pending[p];
      const Pair pair = LoadPair(file, value_offset[i]);
      const bool agrees = SameBits(pair.value, value[i]) && SameBits(pair.timestamp, timestamp[i]);
      value[i] = pair.value;
      timestamp[i] = pair.timestamp;
      if (!agrees) pending[left++] = i;
    }
    pending_count = left;
  }
  return !padded || only_blanks.yes();
}

}  // namespace promfold
