#include "path_query.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "directory_stream.h"
#include "file_system.h"
#include "mapping.h"

namespace promfold {

namespace {

constexpr size_t kPageBytes = 4096;

int IsLocalAt(const std::string& path, bool* is_local) {
  struct statfs status;
  if (statfs(path.c_str(), &status) != 0) return errno;
  // No metric file is in /proc, but directories of other mount namespaces are reached by way of it.
  *is_local = IsLocal(status) || status.f_type == PROC_SUPER_MAGIC;
  return 0;
}

// The path and all directories above it, from the top: what is below a remote one is not asked.
int IsLocalUpTo(const std::string& path, bool* is_local) {
  for (size_t end = 1; end != std::string::npos;) {
    const int error = IsLocalAt(path.substr(0, end), is_local);
    if (error != 0 || !*is_local) return error;
    end = end >= path.size() ? std::string::npos : std::min(path.find('/', end + 1), path.size());
  }
  return 0;
}

}  // namespace

int StatPath(const std::string& path, struct stat* status) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return errno;
  *status = found;
  return 0;
}

int ReadLink(const std::string& path, std::string* text) {
  char bytes[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), bytes, sizeof bytes);
  if (length < 0) return errno;
  text->assign(bytes, static_cast<size_t>(length));
  return 0;
}

int RealPath(const std::string& path, std::string* real) {
  char bytes[PATH_MAX];
  if (realpath(path.c_str(), bytes) == nullptr) return errno;
  *real = bytes;
  return 0;
}

int ReadNames(const std::string& path, std::vector<std::string>* names) {
  DirectoryStream stream(opendir(path.c_str()));
  if (!stream.is_open()) return errno;
  std::vector<std::string> found;
  while (const dirent* const entry = stream.Next()) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") found.emplace_back(name);
  }
  if (stream.error() != 0) return stream.error();
  *names = std::move(found);
  return 0;
}

int ReadWhole(const std::string& path, std::string* bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return errno;
  std::string all;
  for (size_t end = 0;;) {
    // A read of /proc gives a page at most.
    if (all.size() - end < kPageBytes) all.resize(2 * all.size() + kPageBytes);
    const ssize_t got = read(file.number(), all.data() + end, all.size() - end);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    end += static_cast<size_t>(got);
    if (got > 0) continue;
    all.resize(end);
    *bytes = std::move(all);
    return 0;
  }
}

int IsOnLocalFileSystems(const std::string& path, bool* is_local) {
  const int error = IsLocalUpTo(path, is_local);
  if (error != 0 || !*is_local) return error;
  std::string real;
  const int real_error = RealPath(path, &real);
  return real_error != 0 ? real_error : IsLocalUpTo(real, is_local);
}

}  // namespace promfold
