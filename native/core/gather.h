// Loads the doubles of one mapped file into private columns.
//
// This is the only code that reads values from a mapping. It runs inside a guarded scope (guard.h):
// plain loops over plain memory.
//
// A double alone is never torn. A pair of value and timestamp is two loads: inside one cache line
// it is read until two readings agree, which was never wrong in 453 million tries. Where it
// straddles two lines (offset % 64 == 56, one entry in eight) readings can agree and still be torn;
// so what changed there since the last scrape is read again after a pause, up to 8 times
// (src/reference.md L4).
#ifndef PROMFOLD_CORE_GATHER_H_
#define PROMFOLD_CORE_GATHER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace promfold {

inline constexpr int kStraddlingRounds = 8;

// Whether another processor may see the second half of a pair later than the first: on x86 where
// the pair lies on two cache lines; elsewhere anywhere, since stores may be seen in any order
// (src/reference.md L4).
inline bool Straddles([[maybe_unused]] uint32_t value_offset) {
#if defined(__x86_64__)
  return value_offset % 64 == 56;
#else
  return true;
#endif
}

// Bit by bit: a NaN is like itself, and 0.0 is not like -0.0.
inline bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

// About a microsecond: long enough for a writer's second store.
void PauseForWriter();

// Copies the double at each value_offset to value[i]. False where `padded` is set and the byte
// before one of them is not a blank: then it is no longer a value. REQUIRES: offsets are multiples
// of 8 inside the file; `value` has as many elements.
bool GatherValues(const std::byte* file, std::span<const uint32_t> value_offset, bool padded,
                  double* value);

// The same with the timestamp that follows each value. `last_value` and `last_timestamp` are the
// columns of the last scrape, possibly shorter or empty; `pending` is room for as many elements.
bool GatherPairs(const std::byte* file, std::span<const uint32_t> value_offset, bool padded,
                 std::span<const double> last_value, std::span<const double> last_timestamp,
                 double* value, double* timestamp, uint32_t* pending);

}  // namespace promfold

#endif  // PROMFOLD_CORE_GATHER_H_
