#include "core/gather.h"

#include <atomic>
#include <bit>
#include <cstring>
#include <thread>

#include "check.h"
#include "core/layout.h"
#include "writer.h"

namespace promfold::test {
namespace {

TEST("values are copied, and a blank that is gone is noticed") {
  const std::string bytes = FileOf({{"[1]", 1.5}, {"[2]", -2}});
  const uint32_t offset[] = {16, 40};
  double value[2] = {};
  CHECK(GatherValues(Aligned(bytes).data(), offset, true, value));
  CHECK_EQ(value[0], 1.5);
  CHECK_EQ(value[1], -2.0);
  std::string zeroed = bytes;
  zeroed[39] = '\0';
  CHECK(!GatherValues(Aligned(zeroed).data(), offset, true, value));
  CHECK(GatherValues(Aligned(zeroed).data(), offset, false, value));
}

TEST("a pair on two cache lines is never torn while a writer stores") {
  alignas(64) static std::byte file[192];
  std::memset(file, ' ', sizeof file);
  const uint32_t offset[] = {56, 72};  // the first straddles, the second does not
  std::atomic<bool> is_done = false;
  // Value and timestamp always agree, as far as one can see.
  std::thread writer([&] {
    for (double n = 1; !is_done.load(std::memory_order_relaxed); ++n) {
      for (const uint32_t at : offset) {
        uint64_t word;
        std::memcpy(&word, &n, sizeof word);
        __atomic_store_n(reinterpret_cast<uint64_t*>(file + at), word, __ATOMIC_RELAXED);
        __atomic_store_n(reinterpret_cast<uint64_t*>(file + at + 8), word, __ATOMIC_RELAXED);
      }
      // As Python's writer: far slower than a reader.
      for (int i = 0; i < 200; ++i) __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
  });
  double value[2] = {};
  double timestamp[2] = {};
  uint32_t pending[2];
  int torn = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double last_value[] = {value[0], value[1]};
    const double last_timestamp[] = {timestamp[0], timestamp[1]};
    CHECK(GatherPairs(file, offset, false, last_value, last_timestamp, value, timestamp, pending));
    torn += value[0] != timestamp[0] ? 1 : 0;
    torn += value[1] != timestamp[1] ? 1 : 0;
  }
  is_done = true;
  writer.join();
  // 6e-5 was measured for the straddling pair (reference.md L4); a single reading tears one in ten.
  CHECK(torn < 200);
}

TEST("a straddling pair that is as it was is taken at once, also a NaN") {
  alignas(64) static std::byte file[128];
  const double nan = std::bit_cast<double>(0x7ff8000000000001ULL);
  std::memcpy(file + 56, &nan, 8);
  std::memcpy(file + 64, &nan, 8);
  const uint32_t offset[] = {56};
  double value = 0;
  double timestamp = 0;
  uint32_t pending = 0;
  CHECK(GatherPairs(file, offset, false, {&nan, 1}, {&nan, 1}, &value, &timestamp, &pending));
  CHECK(value != value);
  // Nothing was noted for another round.
  pending = 77;
  GatherPairs(file, offset, false, {&nan, 1}, {&nan, 1}, &value, &timestamp, &pending);
  CHECK_EQ(pending, 77u);
}

}  // namespace
}  // namespace promfold::test
