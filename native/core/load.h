// The loads from bytes that another process may be writing, all of them.
//
// One relaxed, aligned machine load each: a double is seen whole or not yet, never half
// (src/reference.md L4). Little-endian hosts only, as the files are; the static_assert says so.
#ifndef PROMFOLD_CORE_LOAD_H_
#define PROMFOLD_CORE_LOAD_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace promfold {

static_assert(std::endian::native == std::endian::little, "metric files are little-endian");

// REQUIRES: bytes + offset is 4-byte aligned.
inline int32_t LoadInt32(const std::byte* bytes, uint32_t offset) {
  return __atomic_load_n(reinterpret_cast<const int32_t*>(bytes + offset), __ATOMIC_RELAXED);
}

// REQUIRES: bytes + offset is 8-byte aligned.
inline double LoadDouble(const std::byte* bytes, uint32_t offset) {
  return std::bit_cast<double>(
      __atomic_load_n(reinterpret_cast<const uint64_t*>(bytes + offset), __ATOMIC_RELAXED));
}

inline std::byte LoadByte(const std::byte* file, size_t offset) {
  return static_cast<std::byte>(
      __atomic_load_n(reinterpret_cast<const unsigned char*>(file + offset), __ATOMIC_RELAXED));
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_LOAD_H_
