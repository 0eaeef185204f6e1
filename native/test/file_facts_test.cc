#include "core/file_facts.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "check.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

TEST("facts are those of stat, in name order, of accepted files and others") {
  TemporaryDirectory directory;
  const std::string bytes = FileOf({{"x", 1}});
  directory.Write("c.db", bytes, 8192);
  directory.Write("a.db", FileOf({{"x", 1}}, 8));
  directory.Write("empty.db", "");
  Session session(directory.path());
  session.Update();
  directory.Write("b.db", bytes);
  ListingChange added;
  CHECK_EQ(session.set().List(&added), 0);

  const FileFacts facts = session.set().Facts();
  CHECK_EQ(facts.id.size(), 4u);
  const char* const names[] = {"a.db", "b.db", "c.db", "empty.db"};
  for (size_t i = 0; i < 4; ++i) {
    struct stat status;
    CHECK_EQ(stat(directory.Path(names[i]).c_str(), &status), 0);
    CHECK_EQ(session.set().Find(facts.id[i])->name(), names[i]);
    CHECK_EQ(facts.size_bytes[i], static_cast<double>(status.st_size));
    CHECK_EQ(facts.disk_bytes[i], static_cast<double>(status.st_blocks) * 512);
    CHECK_EQ(facts.modified_seconds[i], Seconds(status.st_mtim));
    CHECK_EQ(facts.changed_seconds[i], Seconds(status.st_ctim));
    CHECK_EQ(facts.inode[i], status.st_ino);
    CHECK_EQ(makedev(facts.device_major[i], facts.device_minor[i]), status.st_dev);
  }
  CHECK_EQ(facts.used_bytes[0], static_cast<double>(FileOf({{"x", 1}}, 8).size()));
  CHECK_EQ(facts.used_bytes[1], -1);
  CHECK_EQ(facts.used_bytes[2], static_cast<double>(bytes.size()));
  CHECK_EQ(facts.used_bytes[3], -1);
  CHECK_EQ(int{facts.value_bytes[0]}, 8);
  CHECK_EQ(int{facts.value_bytes[1]}, 0);
  CHECK_EQ(int{facts.value_bytes[2]}, 16);
}

TEST("facts of a link are those of its target; of a name that is gone they are unknown") {
  TemporaryDirectory elsewhere;
  elsewhere.Write("target", FileOf({{"x", 1}}), 12'288);
  TemporaryDirectory directory;
  directory.Write("gone.db", "");
  CHECK_EQ(symlink(elsewhere.Path("target").c_str(), directory.Path("link.db").c_str()), 0);
  Session session(directory.path(), 10, kKeepLastGood | 1 << kRetainedShift);
  session.Update();
  directory.Remove("gone.db");
  const FileFacts facts = session.set().Facts();
  CHECK_EQ(facts.id.size(), 2u);  // no retained file
  CHECK_EQ(facts.size_bytes[0], -1);
  CHECK_EQ(facts.disk_bytes[0], -1);
  CHECK_EQ(facts.modified_seconds[0] + facts.changed_seconds[0], 0);
  CHECK_EQ(facts.inode[0], 0u);
  CHECK_EQ(facts.size_bytes[1], 12'288);
}

TEST(
    "facts of a plain file that became a link are asked for, and then by others than plain files") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}), 4096);
  Session session(directory.path());
  session.Update();
  directory.Write("other", "12345");
  directory.Remove("a.db");
  CHECK_EQ(symlink("other", directory.Path("a.db").c_str()), 0);
  for (int i = 0; i < 2; ++i) CHECK_EQ(session.set().Facts().size_bytes[0], 5);
  CHECK(!session.set().Find(session.IdOf("a.db"))->is_plain());
}

}  // namespace
}  // namespace promfold::test
