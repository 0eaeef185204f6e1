#include "writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace promfold::test {

void Must(bool condition, const std::string& what) {
  if (condition) return;
  std::perror(what.c_str());
  std::abort();
}

namespace {

template <typename T>
std::string BytesOf(T number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

}  // namespace

std::string EntryOf(const Written& entry, uint32_t value_bytes) {
  std::string bytes = BytesOf(static_cast<int32_t>(entry.key.size())) + entry.key;
  bytes.append(8 - bytes.size() % 8, ' ');
  bytes += BytesOf(entry.value);
  if (value_bytes == 16) bytes += BytesOf(entry.timestamp);
  return bytes;
}

std::string FileOf(const std::vector<Written>& entries, uint32_t value_bytes) {
  std::string bytes(8, '\0');
  for (const Written& entry : entries) bytes += EntryOf(entry, value_bytes);
  return WithInt32(bytes, 0, static_cast<int32_t>(bytes.size()));
}

std::string WithInt32(std::string bytes, size_t offset, int32_t number) {
  std::memcpy(bytes.data() + offset, &number, sizeof number);
  return bytes;
}

TemporaryDirectory::TemporaryDirectory(bool in_memory) {
  path_ = in_memory ? "/dev/shm/promfold-XXXXXX" : "/tmp/promfold-XXXXXX";
  Must(mkdtemp(path_.data()) != nullptr, path_);
}

TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

void TemporaryDirectory::Write(const std::string& name, const std::string& bytes,
                               size_t size) const {
  // By rename, so that the old inode lives while the new one gets its number: they differ.
  const std::string temporary = Path("." + name + ".new");
  const int file = open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
  Must(file >= 0, temporary);
  Must(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), temporary);
  if (size > bytes.size()) Must(ftruncate(file, static_cast<off_t>(size)) == 0, temporary);
  close(file);
  Must(rename(temporary.c_str(), Path(name).c_str()) == 0, temporary);
}

void TemporaryDirectory::Store(const std::string& name, size_t offset,
                               const std::string& bytes) const {
  const int file = open(Path(name).c_str(), O_RDWR);
  Must(file >= 0, name);
  const size_t end = offset + bytes.size();
  void* const memory = mmap(nullptr, end, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  Must(memory != MAP_FAILED, name);
  std::memcpy(static_cast<char*>(memory) + offset, bytes.data(), bytes.size());
  munmap(memory, end);
  close(file);
}

void TemporaryDirectory::StoreInt32(const std::string& name, size_t offset, int32_t number) const {
  Store(name, offset, BytesOf(number));
}

void TemporaryDirectory::StoreDouble(const std::string& name, size_t offset, double number) const {
  Store(name, offset, BytesOf(number));
}

void TemporaryDirectory::Truncate(const std::string& name, size_t size) const {
  Must(truncate(Path(name).c_str(), static_cast<off_t>(size)) == 0, name);
}

void TemporaryDirectory::Remove(const std::string& name) const {
  Must(unlink(Path(name).c_str()) == 0, name);
}

}  // namespace promfold::test
