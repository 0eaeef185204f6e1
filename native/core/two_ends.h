// A row of things that two threads work off from both ends until they meet.
#ifndef PROMFOLD_CORE_TWO_ENDS_H_
#define PROMFOLD_CORE_TWO_ENDS_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace promfold {

class TwoEnds {
 public:
  struct Range {
    uint32_t from;
    uint32_t to;
    bool empty() const { return from == to; }
  };

  explicit TwoEnds(uint32_t count) : left_(Pack({0, count})) {}

  // The next few from the front, or from the back; empty once nothing is left. Ranges never
  // overlap.
  Range TakeFront(uint32_t most) {
    return Take(most, [](Range* left, uint32_t n) {
      left->from += n;
      return Range{left->from - n, left->from};
    });
  }
  Range TakeBack(uint32_t most) {
    return Take(most, [](Range* left, uint32_t n) {
      left->to -= n;
      return Range{left->to, left->to + n};
    });
  }

 private:
  static uint64_t Pack(Range range) { return uint64_t{range.to} << 32 | range.from; }

  template <typename Cut>
  Range Take(uint32_t most, Cut cut) {
    uint64_t packed = left_.load(std::memory_order_relaxed);
    for (;;) {
      Range left = {static_cast<uint32_t>(packed), static_cast<uint32_t>(packed >> 32)};
      const Range taken = cut(&left, std::min(most, left.to - left.from));
      // Relaxed: who takes a range owns it, and what the other thread did is read after a join.
      if (left_.compare_exchange_weak(packed, Pack(left), std::memory_order_relaxed)) return taken;
    }
  }

  std::atomic<uint64_t> left_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_TWO_ENDS_H_
