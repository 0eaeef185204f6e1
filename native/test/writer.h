// What tests write: metric files of all formats as bytes, and directories that clean up.
#ifndef PROMFOLD_TEST_WRITER_H_
#define PROMFOLD_TEST_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace promfold::test {

// A test that cannot prepare itself says nothing about the core.
void Must(bool condition, const std::string& what);

struct Written {
  std::string key;
  double value = 0;
  double timestamp = 0;
};

// A whole file, `used` included, without the zeros after it.
std::string FileOf(const std::vector<Written>& entries, uint32_t value_bytes = 16);

// One entry.
std::string EntryOf(const Written& entry, uint32_t value_bytes = 16);

// `bytes` with the 4 bytes at `offset` replaced.
std::string WithInt32(std::string bytes, size_t offset, int32_t number);

// Bytes at an address that is a multiple of 8, as a mapping's are.
class Aligned {
 public:
  explicit Aligned(std::string_view bytes) : word_(bytes.size() / 8 + 1), bytes_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(word_.data(), bytes.data(), bytes.size());
  }
  std::span<const std::byte> span() const { return {data(), bytes_}; }
  const std::byte* data() const { return reinterpret_cast<const std::byte*>(word_.data()); }
  std::byte* data() { return reinterpret_cast<std::byte*>(word_.data()); }

 private:
  std::vector<uint64_t> word_;
  size_t bytes_;
};

// A new directory, removed with everything in it. Made in /dev/shm where `in_memory` is set.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(bool in_memory = false);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // A file of these bytes, padded with zeros to `size` where that is more. An existing one is
  // replaced by another inode.
  void Write(const std::string& name, const std::string& bytes, size_t size = 0) const;
  // Overwrites part of a file in place, through a mapping, as a writer does; ctime may stay.
  void Store(const std::string& name, size_t offset, const std::string& bytes) const;
  void StoreInt32(const std::string& name, size_t offset, int32_t number) const;
  void StoreDouble(const std::string& name, size_t offset, double number) const;
  void Truncate(const std::string& name, size_t size) const;
  void Remove(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace promfold::test

#endif  // PROMFOLD_TEST_WRITER_H_
