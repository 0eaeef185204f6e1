#include "core/block_pool.h"

#include <cstdint>

#include "check.h"

namespace promfold::test {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST("a large block is used again for a body of about its size") {
  void* first = nullptr;
  size_t bytes = 0;
  {
    const Block block(3 * kMiB + 100, 0);
    first = block.memory();
    bytes = block.bytes();
    CHECK(bytes >= 3 * kMiB + 100);
    block.memory()[bytes - 1] = 'x';
  }
  {
    const Block again(3 * kMiB + 5, 0);
    CHECK_EQ(static_cast<void*>(again.memory()), first);
    CHECK_EQ(again.bytes(), bytes);
  }
  // Not for one that is far smaller, or larger.
  CHECK(static_cast<void*>(Block(kMiB, 0).memory()) != first);
  CHECK(static_cast<void*>(Block(4 * kMiB, 0).memory()) != first);
}

TEST("of two blocks the one that begins with the same text is used again, with all it has") {
  void* first = nullptr;
  {
    Block one(5 * kMiB, 0);
    Block two(5 * kMiB, 0);
    first = one.memory();
    one.cached_pieces = {{7, 1, 1, 0, 10, 0, 100}, {8, 1, 1, 0, 10, 100, 50}};
    two.cached_pieces = {{9, 1, 1, 0, 10, 0, 100}};
    const Block gone = std::move(one);
  }
  const Block like(5 * kMiB, 7);
  CHECK_EQ(static_cast<void*>(like.memory()), first);
  CHECK_EQ(like.cached_pieces.size(), 2u);
  CHECK_EQ(like.cached_pieces[1].text, 8u);
  const Block other(5 * kMiB, 7);
  CHECK_EQ(other.cached_pieces.size(), 1u);
  CHECK_EQ(other.cached_pieces[0].text, 9u);
}

TEST("a block of 4 MiB and more is made of large pages") {
  for (const size_t bytes : {4 * kMiB, 4 * kMiB + 1, 7 * kMiB}) {
    const Block block(bytes, 0);
    CHECK_EQ(reinterpret_cast<uintptr_t>(block.memory()) % (2 * kMiB), 0u);
    CHECK_EQ(block.bytes() % (2 * kMiB), 0u);
    CHECK(block.bytes() >= bytes);
    block.memory()[block.bytes() - 1] = 'x';
  }
}

TEST("small blocks are malloc's own, and none at all is a block too") {
  const Block none(0, 0);
  CHECK(none.memory() != nullptr);
  CHECK_EQ(none.bytes(), 0u);
}

TEST("spares are bounded") {
  // Under ASan this would be seen as a leak, or as a use after free, were it otherwise.
  for (int round = 0; round < 2; ++round) {
    std::vector<Block> blocks;
    for (int i = 0; i < 20; ++i) {
      blocks.emplace_back(10 * kMiB, 0);
      blocks.back().memory()[0] = 'x';
    }
  }
}

}  // namespace
}  // namespace promfold::test
