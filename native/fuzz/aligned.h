// The fuzzer's bytes at an address that is a multiple of 8, as a mapping's are, in a block that
// ends where they end: ASan sees any read beyond.
#ifndef PROMFOLD_FUZZ_ALIGNED_H_
#define PROMFOLD_FUZZ_ALIGNED_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

namespace promfold::fuzz {

class Aligned {
 public:
  Aligned(const uint8_t* data, size_t size)
      : bytes_(static_cast<std::byte*>(std::malloc(size == 0 ? 1 : size))), size_(size) {
    if (size > 0) std::memcpy(bytes_, data, size);
  }
  ~Aligned() { std::free(bytes_); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;

  std::span<const std::byte> span() const { return {bytes_, size_}; }

 private:
  std::byte* const bytes_;
  const size_t size_;
};

}  // namespace promfold::fuzz

#endif  // PROMFOLD_FUZZ_ALIGNED_H_
