// Memory that is needed for one file at a time and would be wasteful to have per file.
#ifndef PROMFOLD_CORE_SCRATCH_H_
#define PROMFOLD_CORE_SCRATCH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace promfold {

// An uninitialised array that only grows.
template <typename T>
class Growing {
 public:
  // The first `kept` elements survive; the rest is whatever it was.
  T* AtLeast(size_t count, size_t kept = 0) {
    if (count > capacity_) {
      // Half as much again: a growing file must not cost an allocation a scrape.
      const size_t capacity = count + count / 2;
      auto bigger = std::make_unique_for_overwrite<T[]>(capacity);
      if (kept > 0) std::memcpy(bigger.get(), element_.get(), kept * sizeof(T));
      element_ = std::move(bigger);
      capacity_ = capacity;
    }
    return element_.get();
  }
  T* get() const { return element_.get(); }
  size_t capacity() const { return capacity_; }
  void Release() {
    element_.reset();
    capacity_ = 0;
  }

 private:
  std::unique_ptr<T[]> element_;
  size_t capacity_ = 0;
};

struct Scratch {
  Growing<double> file;  // bytes of a file, at their own offsets; doubles for the alignment
  // Gathered into, and then exchanged for the column of the file.
  std::vector<double> column;
  Growing<double> value;
  Growing<double> timestamp;
  Growing<uint32_t> pending;  // pairs to be read again (gather.h)

  std::byte* FileBytes(size_t bytes, size_t kept = 0) {
    return reinterpret_cast<std::byte*>(file.AtLeast((bytes + sizeof(double) - 1) / sizeof(double),
                                                     (kept + sizeof(double) - 1) / sizeof(double)));
  }

  // The memory for one huge file must not be kept for good.
  void Trim() {
    constexpr size_t kKeptBytes = size_t{4} << 20;
    if (file.capacity() * sizeof(double) > kKeptBytes) file.Release();
  }
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_SCRATCH_H_
