#include "core/path_query.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "core/errno_name.h"
#include "writer.h"

namespace promfold::test {
namespace {

TEST("path query: what a path names, and why it names nothing") {
  TemporaryDirectory directory;
  directory.Write("a", "abc");
  CHECK_EQ(symlink("a", directory.Path("link").c_str()), 0);

  struct stat status;
  CHECK_EQ(StatPath(directory.Path("link"), &status), 0);
  CHECK_EQ(status.st_size, 3);
  std::string text;
  CHECK_EQ(ReadLink(directory.Path("link"), &text), 0);
  CHECK_EQ(text, "a");
  CHECK_EQ(RealPath(directory.path() + "/./link", &text), 0);
  CHECK_EQ(text, directory.Path("a"));
  CHECK_EQ(ReadWhole(directory.Path("link"), &text), 0);
  CHECK_EQ(text, "abc");
  std::vector<std::string> names;
  CHECK_EQ(ReadNames(directory.path(), &names), 0);
  std::ranges::sort(names);
  CHECK_EQ(names.size(), 2u);
  CHECK_EQ(names.front() + names.back(), "alink");

  CHECK_EQ(ErrnoName(StatPath(directory.Path("b"), &status)), "ENOENT");
  CHECK_EQ(ErrnoName(ReadLink(directory.Path("a"), &text)), "EINVAL");
  CHECK_EQ(ErrnoName(RealPath(directory.Path("b"), &text)), "ENOENT");
  CHECK_EQ(ErrnoName(ReadWhole(directory.path(), &text)), "EISDIR");
  CHECK_EQ(ErrnoName(ReadNames(directory.Path("a"), &names)), "ENOTDIR");
  CHECK_EQ(text, "abc");
}

TEST("path query: a file of /proc is read to its end, however long it is") {
  std::string maps;
  CHECK_EQ(ReadWhole("/proc/self/maps", &maps), 0);
  CHECK(maps.size() > 1000 && maps.back() == '\n');
  TemporaryDirectory directory;
  const std::string large(300'000, 'x');
  directory.Write("large", large);
  std::string read;
  CHECK_EQ(ReadWhole(directory.Path("large"), &read), 0);
  CHECK(read == large);
}

TEST("path query: local is what is so all the way, with links and without") {
  TemporaryDirectory directory(true);
  bool is_local = false;
  CHECK_EQ(IsOnLocalFileSystems(directory.path(), &is_local), 0);
  CHECK(is_local);
  CHECK_EQ(IsOnLocalFileSystems("/", &is_local), 0);
  CHECK(is_local);
  CHECK_EQ(IsOnLocalFileSystems("/proc/self/root", &is_local), 0);
  CHECK(is_local);
  // No list has it.
  CHECK_EQ(IsOnLocalFileSystems("/sys/kernel", &is_local), 0);
  CHECK(!is_local);
  CHECK_EQ(symlink("/sys/kernel", directory.Path("link").c_str()), 0);
  is_local = true;
  CHECK_EQ(IsOnLocalFileSystems(directory.Path("link"), &is_local), 0);
  CHECK(!is_local);
  CHECK_EQ(ErrnoName(IsOnLocalFileSystems(directory.Path("none"), &is_local)), "ENOENT");
}

}  // namespace
}  // namespace promfold::test
