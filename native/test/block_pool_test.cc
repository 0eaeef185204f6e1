#include "core/block_pool.h"

#include "check.h"

namespace promfold::test {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST("a large block is used again for a body of about its size") {
  size_t bytes = 3 * kMiB + 100;
  char* const first = TakeBlock(&bytes);
  CHECK(bytes >= 3 * kMiB + 100);
  first[bytes - 1] = 'x';
  ReturnBlock(first, bytes);
  size_t again = 3 * kMiB + 5;
  CHECK_EQ(static_cast<void*>(TakeBlock(&again)), static_cast<void*>(first));
  CHECK_EQ(again, bytes);
  ReturnBlock(first, again);
  // Not for one that is far smaller, or larger.
  size_t small = kMiB;
  char* const other = TakeBlock(&small);
  CHECK(other != first);
  ReturnBlock(other, small);
  size_t large = 4 * kMiB;
  char* const larger = TakeBlock(&large);
  CHECK(larger != first);
  ReturnBlock(larger, large);
}

TEST("small blocks are malloc's own, and none at all is a block too") {
  size_t none = 0;
  char* const block = TakeBlock(&none);
  CHECK(block != nullptr);
  CHECK_EQ(none, 0u);
  ReturnBlock(block, none);
}

TEST("spares are bounded") {
  // Under ASan this would be seen as a leak, or as a use after free, were it otherwise.
  char* block[20];
  size_t bytes[20];
  for (int i = 0; i < 20; ++i) {
    bytes[i] = 10 * kMiB;
    block[i] = TakeBlock(&bytes[i]);
  }
  for (int i = 0; i < 20; ++i) ReturnBlock(block[i], bytes[i]);
  for (int i = 0; i < 20; ++i) {
    bytes[i] = 10 * kMiB;
    block[i] = TakeBlock(&bytes[i]);
    block[i][0] = 'x';
  }
  for (int i = 0; i < 20; ++i) ReturnBlock(block[i], bytes[i]);
}

}  // namespace
}  // namespace promfold::test
