// Large blocks of memory that are used again instead of being freed, with what was printed in them.
//
// A body lives until JavaScript releases it, so several are alive at once, and glibc gives blocks
// of that size back to the kernel; every scrape would then fault in each of its pages again (12 MB:
// 3,000 faults, which can cost ten times what printing costs). Spares are shared by the whole
// process and bounded; small blocks are left to malloc.
#ifndef PROMFOLD_CORE_BLOCK_POOL_H_
#define PROMFOLD_CORE_BLOCK_POOL_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace promfold {

// Some lines of a text with their numbers, and where in a block they are.
struct CachedPiece {
  uint64_t text = 0;     // Template::id
  uint64_t numbers = 0;  // PrintedNumbers::id
  uint64_t version = 0;  // PrintedNumbers::version, as of which the numbers are
  uint32_t from = 0;     // lines of the text
  uint32_t to = 0;
  size_t begin = 0;  // bytes of the block
  size_t bytes = 0;
};

// Goes back to the pool when it is destroyed. Any thread.
class Block {
 public:
  // No memory, and no bytes.
  Block() = default;
  // Of at least `bytes`. Of spares that fit, one that begins with a cached piece of `text` is taken
  // first. Its memory is null where memory ran out.
  Block(size_t bytes, uint64_t text);
  Block(Block&& other) noexcept
      : cached_pieces(std::move(other.cached_pieces)),
        memory_(std::exchange(other.memory_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(cached_pieces, other.cached_pieces);
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Block();

  char* memory() const { return memory_; }
  size_t bytes() const { return bytes_; }

  // In the order of the block, none inside another. Code that writes anywhere but after the last
  // one changes this list.
  std::vector<CachedPiece> cached_pieces;

 private:
  char* memory_ = nullptr;
  size_t bytes_ = 0;
};

// Frees all spare blocks. Any thread.
void ReleaseSpareBlocks();

}  // namespace promfold

#endif  // PROMFOLD_CORE_BLOCK_POOL_H_
