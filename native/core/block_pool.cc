#include "block_pool.h"

#include <sys/mman.h>

#include <cstdlib>
#include <mutex>

namespace promfold {

namespace {

// Below, malloc keeps blocks by itself (its first threshold for mapping one is 128 KiB).
constexpr size_t kSmallestPooled = 128 << 10;
// Bodies of one page differ by a few digits from scrape to scrape; rounded up, they fit each other.
constexpr size_t kStepBytes = 64 << 10;
// The largest ones are whole large pages, where the kernel has such (2 MiB on x86-64): an
// exposition is written and sent without looking up a small page every 4 KiB.
constexpr size_t kLargePageBytes = size_t{2} << 20;
constexpr size_t kSmallestOfLargePages = 2 * kLargePageBytes;
// All spares together. Four or five bodies of 12 MB are what one collection frees.
constexpr size_t kMaxSpareBytes = size_t{64} << 20;

struct Spare {
  char* memory;
  size_t bytes;
  std::vector<CachedPiece> cached_pieces;

  bool Begins(uint64_t text) const {
    return !cached_pieces.empty() && cached_pieces.front().text == text;
  }
};

class Pool {
 public:
  // The newest that begins with `text`, or else the newest. Null where none fits and wastes less
  // than half of itself.
  Spare Take(size_t bytes, uint64_t text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    size_t found = spares_.size();
    for (size_t i = spares_.size(); i-- > 0;) {
      if (spares_[i].bytes < bytes || spares_[i].bytes / 2 > bytes) continue;
      const bool begins = spares_[i].Begins(text);
      if (begins || found == spares_.size()) found = i;
      if (begins) break;
    }
    if (found == spares_.size()) return {nullptr, 0, {}};
    Spare spare = std::move(spares_[found]);
    spares_.erase(spares_.begin() + static_cast<std::ptrdiff_t>(found));
    spare_bytes_ -= spare.bytes;
    return spare;
  }

  void Return(Spare spare) {
    const std::lock_guard<std::mutex> lock(mutex_);
    spare_bytes_ += spare.bytes;
    spares_.push_back(std::move(spare));
    // The oldest go first: their size may not be asked for any more.
    size_t dropped = 0;
    while (spare_bytes_ > kMaxSpareBytes) {
      spare_bytes_ -= spares_[dropped].bytes;
      std::free(spares_[dropped].memory);
      ++dropped;
    }
    spares_.erase(spares_.begin(), spares_.begin() + static_cast<std::ptrdiff_t>(dropped));
  }

  void Release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Spare& spare : spares_) std::free(spare.memory);
    spares_.clear();
    spare_bytes_ = 0;
  }

 private:
  std::mutex mutex_;
  std::vector<Spare> spares_;  // oldest first
  size_t spare_bytes_ = 0;
};

// Never destroyed: finalizers may run while the process exits.
Pool& ThePool() {
  static Pool* const pool = new Pool();
  return *pool;
}

size_t RoundedUp(size_t bytes) {
  const size_t step = bytes < kSmallestOfLargePages ? kStepBytes : kLargePageBytes;
  return (bytes + step - 1) / step * step;
}

// REQUIRES: bytes are rounded up.
char* Allocate(size_t bytes) {
  if (bytes < kSmallestOfLargePages) return static_cast<char*>(std::malloc(bytes));
  void* const memory = std::aligned_alloc(kLargePageBytes, bytes);
  // Only a hint; without it the pages are small ones.
  if (memory != nullptr) madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<char*>(memory);
}

}  // namespace

Block::Block(size_t bytes, uint64_t text) : bytes_(bytes) {
  if (bytes < kSmallestPooled) {
    // malloc(0) may be null, which would look like no memory.
    memory_ = static_cast<char*>(std::malloc(bytes == 0 ? 1 : bytes));
    return;
  }
  bytes_ = RoundedUp(bytes);
  Spare spare = ThePool().Take(bytes_, text);
  if (spare.memory == nullptr) {
    memory_ = Allocate(bytes_);
    return;
  }
  memory_ = spare.memory;
  bytes_ = spare.bytes;
  cached_pieces = std::move(spare.cached_pieces);
}

void ReleaseSpareBlocks() { ThePool().Release(); }

Block::~Block() {
  if (memory_ == nullptr) return;
  if (bytes_ < kSmallestPooled || bytes_ > kMaxSpareBytes) {
    std::free(memory_);
  } else {
    ThePool().Return({memory_, bytes_, std::move(cached_pieces)});
  }
}

}  // namespace promfold
