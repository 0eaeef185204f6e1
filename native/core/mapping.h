// Descriptors and mappings as values that clean up after themselves.
#ifndef PROMFOLD_CORE_MAPPING_H_
#define PROMFOLD_CORE_MAPPING_H_

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace promfold {

// An open descriptor, closed at the end; -1 for none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  // For when another owner closes it.
  void Release() { number_ = -1; }

 private:
  int number_;
};

// What makes two names one file.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

inline FileIdentity IdentityOf(const struct stat& status) {
  return {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino)};
}

inline double Seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

inline double ChangedSeconds(const struct stat& status) { return Seconds(status.st_ctim); }

// How many mappings may be held, and how many are. The kernel has a limit per process
// (vm.max_map_count), and V8 aborts when none are left.
struct MapBudget {
  uint32_t limit;
  std::atomic<uint32_t>*
      held;  // files that turn out bad are unmapped by the thread that gathers them
};

// A whole file, mapped read-only and shared. It pins the inode: while it is held, no other file can
// get that (device, inode).
//
// Never touch a page beyond `used`: on tmpfs the read of a hole through a mapping allocates it.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping() { Unmap(); }

  // False where the budget is used up or the kernel refuses; then nothing is mapped.
  // REQUIRES: nothing is mapped yet, bytes > 0; *budget outlives it.
  bool Map(int descriptor, uint64_t bytes, MapBudget* budget);
  // Enters the pages of the first bytes into the page table, where the kernel can. REQUIRES: the
  // file has them, and they are not a hole.
  void Prefault(uint64_t bytes) const;
  void Unmap();

  const std::byte* base() const { return base_; }
  uint64_t bytes() const { return bytes_; }
  explicit operator bool() const { return base_ != nullptr; }

 private:
  const std::byte* base_ = nullptr;
  uint64_t bytes_ = 0;
  MapBudget* budget_ = nullptr;
};

// Reads bytes [from, to) of a file to the same offsets of `into`. Returns the offset reached, less
// than `to` only where the file ends before; -1 with errno set on an error.
int64_t ReadRange(int descriptor, std::byte* into, uint64_t from, uint64_t to);

}  // namespace promfold

#endif  // PROMFOLD_CORE_MAPPING_H_
