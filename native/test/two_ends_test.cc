#include "core/two_ends.h"

#include <atomic>
#include <thread>
#include <vector>

#include "check.h"

namespace promfold::test {
namespace {

TEST("two ends: what is taken from the front ascends, from the back descends, until they meet") {
  TwoEnds row(10);
  const auto front = row.TakeFront(4);
  CHECK_EQ(front.from, 0u);
  CHECK_EQ(front.to, 4u);
  const auto back = row.TakeBack(4);
  CHECK_EQ(back.from, 6u);
  CHECK_EQ(back.to, 10u);
  const auto rest = row.TakeBack(4);
  CHECK_EQ(rest.from, 4u);
  CHECK_EQ(rest.to, 6u);
  CHECK(row.TakeFront(4).empty());
  CHECK(row.TakeBack(4).empty());
}

TEST("two ends: nothing is taken twice or left over, whoever is faster") {
  for (int round = 0; round < 50; ++round) {
    constexpr uint32_t kCount = 1000;
    TwoEnds row(kCount);
    std::vector<std::atomic<int>> taken(kCount);
    std::thread other([&] {
      for (auto some = row.TakeBack(3); !some.empty(); some = row.TakeBack(3)) {
        for (uint32_t i = some.from; i < some.to; ++i) ++taken[i];
      }
    });
    for (auto some = row.TakeFront(3); !some.empty(); some = row.TakeFront(3)) {
      for (uint32_t i = some.from; i < some.to; ++i) ++taken[i];
    }
    other.join();
    for (const auto& times : taken) CHECK_EQ(times.load(), 1);
  }
}

}  // namespace
}  // namespace promfold::test
