// The entries of an open directory, one after another; each may be waited for.
#ifndef PROMFOLD_CORE_DIRECTORY_STREAM_H_
#define PROMFOLD_CORE_DIRECTORY_STREAM_H_

#include <dirent.h>

#include <cerrno>
#include <memory>

namespace promfold {

class DirectoryStream {
 public:
  // Takes what opendir or fdopendir returned.
  explicit DirectoryStream(DIR* stream) : stream_(stream) {}

  bool is_open() const { return stream_ != nullptr; }
  // Valid until the next call. Null at the end, and on an error. REQUIRES: is_open().
  const dirent* Next() {
    errno = 0;
    const dirent* const entry = readdir(stream_.get());
    if (entry == nullptr) error_ = errno;
    return entry;
  }
  // Why Next returned null: an errno, or 0 at the end.
  int error() const { return error_; }

 private:
  struct Close {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  std::unique_ptr<DIR, Close> stream_;
  int error_ = 0;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_DIRECTORY_STREAM_H_
