#include "block_pool.h"

#include <cstdlib>
#include <mutex>
#include <vector>

namespace promfold {

namespace {

// Below, malloc keeps blocks by itself (its first threshold for mapping one is 128 KiB).
constexpr size_t kSmallestPooled = 128 << 10;
// Bodies of one page differ by a few digits from scrape to scrape; rounded up, they fit each other.
constexpr size_t kStepBytes = 64 << 10;
// All spares together. Four or five bodies of 12 MB are what one collection frees.
constexpr size_t kMostSpareBytes = size_t{64} << 20;

struct Spare {
  char* block;
  size_t bytes;
};

struct Pool {
  std::mutex mutex;
  std::vector<Spare> spares;  // oldest first
  size_t spare_bytes = 0;
};

// Never destroyed: finalizers may run while the process exits.
Pool& ThePool() {
  static Pool* const pool = new Pool();
  return *pool;
}

}  // namespace

char* TakeBlock(size_t* bytes) {
  if (*bytes < kSmallestPooled) {
    // malloc(0) may be null, which would look like no memory.
    return static_cast<char*>(std::malloc(*bytes == 0 ? 1 : *bytes));
  }
  *bytes = (*bytes + kStepBytes - 1) / kStepBytes * kStepBytes;
  {
    Pool& pool = ThePool();
    const std::lock_guard<std::mutex> lock(pool.mutex);
    // The newest that fits and wastes less than half of itself.
    for (size_t i = pool.spares.size(); i-- > 0;) {
      const Spare spare = pool.spares[i];
      if (spare.bytes < *bytes || spare.bytes / 2 > *bytes) continue;
      pool.spares.erase(pool.spares.begin() + static_cast<std::ptrdiff_t>(i));
      pool.spare_bytes -= spare.bytes;
      *bytes = spare.bytes;
      return spare.block;
    }
  }
  return static_cast<char*>(std::malloc(*bytes));
}

void ReturnBlock(char* block, size_t bytes) {
  if (bytes < kSmallestPooled || bytes > kMostSpareBytes) {
    std::free(block);
    return;
  }
  Pool& pool = ThePool();
  const std::lock_guard<std::mutex> lock(pool.mutex);
  pool.spares.push_back({block, bytes});
  pool.spare_bytes += bytes;
  // The oldest go first: their size may be one that nobody asks for any more.
  size_t dropped = 0;
  while (pool.spare_bytes > kMostSpareBytes) {
    pool.spare_bytes -= pool.spares[dropped].bytes;
    std::free(pool.spares[dropped].block);
    ++dropped;
  }
  pool.spares.erase(pool.spares.begin(),
                    pool.spares.begin() + static_cast<std::ptrdiff_t>(dropped));
}

}  // namespace promfold
