#include "mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace promfold {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Mapping::Mapping(Mapping&& other) noexcept { *this = std::move(other); }

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  std::swap(budget_, other.budget_);
  return *this;
}

bool Mapping::Map(int descriptor, uint64_t bytes, MapBudget* budget) {
  assert(base_ == nullptr && bytes > 0);
  if (*budget->held >= budget->limit) return false;
  // No MAP_POPULATE: it would touch, and on tmpfs allocate, every page.
  void* address = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) return false;
  base_ = static_cast<const std::byte*>(address);
  bytes_ = bytes;
  budget_ = budget;
  ++*budget_->held;
  return true;
}

void Mapping::Prefault(uint64_t bytes) const {
#ifdef MADV_POPULATE_READ
  // Rounded up to a page by the kernel. What cannot be had, also on kernels before 5.14, is left to
  // the reader.
  madvise(const_cast<std::byte*>(base_), std::min(bytes, bytes_), MADV_POPULATE_READ);
#else
  (void)bytes;
#endif
}

void Mapping::Unmap() {
  if (base_ == nullptr) return;
  munmap(const_cast<std::byte*>(base_), bytes_);
  --*budget_->held;
  base_ = nullptr;
  bytes_ = 0;
  budget_ = nullptr;
}

int64_t ReadRange(int descriptor, std::byte* into, uint64_t from, uint64_t to) {
  uint64_t at = from;
  while (at < to) {
    const ssize_t got = pread(descriptor, into + at, to - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    at += static_cast<uint64_t>(got);
  }
  return static_cast<int64_t>(at);
}

}  // namespace promfold
