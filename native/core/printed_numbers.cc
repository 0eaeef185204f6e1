#include "printed_numbers.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "parallel_for.h"

namespace promfold {

namespace {

constexpr uint32_t kSlotsAtOnce = 4096;

// Below, all is printed before the helper is there (about 100 µs against 50 ns a number).
constexpr uint32_t kSlotsWorthAThread = 10'000;

}  // namespace

PrintedNumbers::PrintedNumbers()
    : id_([] {
        static std::atomic<uint64_t> ids = 0;
        return ++ids;
      }()) {}

void PrintedNumbers::Update(const Slots& slots) {
  const uint32_t count = slots.count();
  ++version_;
  if (count > bits_.size()) {
    since_.resize(count, version_);
    bits_.resize(count);
    text_.resize(count);
    text_bytes_.resize(count);
    shown_bytes_.resize(count);
  }
  ParallelFor((count + kSlotsAtOnce - 1) / kSlotsAtOnce, count >= kSlotsWorthAThread,
              [&](uint32_t i) {
                const uint32_t from = i * kSlotsAtOnce;
                UpdateRange(slots, from, std::min(count, from + kSlotsAtOnce));
              });
}

void PrintedNumbers::Forget() {
  // An assignment of {} would be one of an empty list, and keep the memory.
  since_ = std::vector<uint64_t>();
  bits_ = std::vector<uint64_t>();
  text_ = std::vector<std::array<char, kNumberBytes>>();
  text_bytes_ = std::vector<uint8_t>();
  shown_bytes_ = std::vector<uint8_t>();
}

void PrintedNumbers::UpdateRange(const Slots& slots, uint32_t from, uint32_t to) {
  for (uint32_t s = from; s < to; ++s) {
    if (slots.present[s] == 0) {
      if (shown_bytes_[s] != 0) since_[s] = version_;
      shown_bytes_[s] = 0;
      continue;
    }
    const uint64_t bits = std::bit_cast<uint64_t>(slots.value[s]);
    if (bits != bits_[s] || text_bytes_[s] == 0) {
      const char* const end = FormatNumber(slots.value[s], text_[s].data());
      text_bytes_[s] = static_cast<uint8_t>(end - text_[s].data());
      bits_[s] = bits;
      since_[s] = version_;
    }
    if (shown_bytes_[s] != text_bytes_[s]) since_[s] = version_;
    shown_bytes_[s] = text_bytes_[s];
  }
}

}  // namespace promfold
