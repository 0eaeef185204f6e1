// Names of plain files and of others, and whose links count.
#include "core/file_access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "check.h"
#include "core/directory.h"
#include "core/inspect_files.h"
#include "writer.h"

namespace promfold::test {
namespace {

const std::string kFile = FileOf({{"[\"a\"]", 1}});
constexpr size_t kSize = 4096;

std::shared_ptr<const OpenedDirectory> Opened(const std::string& path) {
  ListedDirectory listed;
  PendingOperation pending;
  CHECK_EQ(ListDirectory(path, nullptr, &pending, &listed), 0);
  return listed.opened;
}

class AccessTo : public FileAccess {
 public:
  explicit AccessTo(const std::string& path) { SetDirectory(Opened(path)); }
};

// Empty for a file that reads well.
std::string Read(FileAccess* access, FileName* name) {
  Scratch scratch;
  const Reading reading = access->Read(name, &scratch);
  CHECK(!reading.fault.ok() || reading.format.entries == 1);
  return FoundPhrase(reading.fault);
}

std::string Read(FileAccess* access, const char* name, bool is_regular = false) {
  FileName named = access->Named(name, is_regular);
  return Read(access, &named);
}

std::string FoundWhenInspected(const InspectRequest& request) {
  SharedKeys keys;
  InspectedFiles files;
  InspectFiles(request, &keys, &files);
  return FoundPhrase(files.fault.at(0));
}

void Link(const TemporaryDirectory& directory, const std::string& target, const char* name) {
  CHECK_EQ(symlink(target.c_str(), (directory.path() + "/" + name).c_str()), 0);
}

TEST("a plain file stays plain; a link in its place does not, and is read all the same") {
  TemporaryDirectory directory;
  directory.Write("a.db", kFile, kSize);
  AccessTo access(directory.path());
  CHECK(access.directory()->is_local);
  FileName name = access.Named("a.db", true);
  CHECK_EQ(name.is_plain(), CanOpenPlain());
  CHECK_EQ(Read(&access, &name), "");
  CHECK_EQ(name.is_plain(), CanOpenPlain());
  CHECK_EQ(std::rename((directory.path() + "/a.db").c_str(), (directory.path() + "/b").c_str()), 0);
  CHECK_EQ(Read(&access, &name), "open failed with ENOENT");
  Link(directory, "b", "a.db");
  CHECK_EQ(Read(&access, &name), "");
  CHECK(!name.is_plain());
  CHECK(access.Status(&name).fault.ok());
  CHECK(access.Open(&name).descriptor.number() >= 0);
}

TEST("what was asked ahead is answered in order; what was not asked for is answered as well") {
  TemporaryDirectory directory;
  directory.Write("real", kFile, kSize);
  AccessTo access(directory.path());
  std::vector<FileName> names;
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i) + ".db";
    if (i % 10 != 3) Link(directory, "real", name.c_str());
    names.push_back(access.Named(name, false));
  }
  for (int pass = 0; pass < 2; ++pass) {
    FileAccess::Asked asked;
    for (size_t i = 0; i < names.size(); i += 2) {
      asked.emplace_back(&names[i], i % 4 == 0 ? Question::kRead : Question::kStatus);
    }
    access.BeginPass();
    access.AskAhead(asked);
    for (size_t i = 0; i < names.size(); ++i) {
      if (pass == 1 && i % 8 == 0) continue;  // not needed after all
      CHECK_EQ(Read(&access, &names[i]), i % 10 == 3 ? "open failed with ENOENT" : "");
    }
    access.EndAhead();
  }
}

TEST("no regular file is opened, whatever the directory says of it") {
  TemporaryDirectory directory;
  CHECK_EQ(mkfifo((directory.path() + "/a.db").c_str(), 0600), 0);
  CHECK_EQ(mkdir((directory.path() + "/b.db").c_str(), 0700), 0);
  AccessTo access(directory.path());
  for (const bool is_regular : {false, true}) {
    CHECK_EQ(Read(&access, "a.db", is_regular), "a fifo");
    CHECK_EQ(Read(&access, "b.db", is_regular), "a directory");
  }
  CHECK_EQ(rmdir((directory.path() + "/b.db").c_str()), 0);
  Link(directory, "a.db", "c.db");
  CHECK_EQ(Read(&access, "c.db"), "a fifo");
  CHECK_EQ(unlink((directory.path() + "/c.db").c_str()), 0);
  CHECK_EQ(unlink((directory.path() + "/a.db").c_str()), 0);
}

TEST("a link counts where link, target and directory have one owner") {
  if (geteuid() != 0) {
    std::fprintf(stderr, "not root: whose links count is not tested\n");
    return;
  }
  constexpr uid_t kOne = 12345;
  constexpr uid_t kTwo = 12346;
  const std::string of_one_to_two = "a link to a file of uid 12346 in a directory of uid 12345";
  const std::string of_two_in_one = "a link of uid 12346 in a directory of uid 12345";
  struct {
    uid_t directory, link, target;
    std::string found;
  } const kCases[] = {
      {kOne, kOne, kOne, ""},
      {kOne, kOne, kTwo, of_one_to_two},
      {kOne, kOne, 0, "a link to a file of uid 0 in a directory of uid 12345"},
      {kOne, kTwo, kOne, of_two_in_one},
      {kOne, kTwo, kTwo, of_two_in_one},
      {kOne, 0, 0, "a link of uid 0 in a directory of uid 12345"},
      {0, 0, 0, ""},
      {0, kOne, kOne, "a link of uid 12345 in a directory of uid 0"},
  };
  for (const auto& [directory_owner, link_owner, target_owner, found] : kCases) {
    TemporaryDirectory elsewhere;
    TemporaryDirectory directory;
    elsewhere.Write("target", kFile, kSize);
    const std::string target = elsewhere.path() + "/target";
    CHECK_EQ(chown(target.c_str(), target_owner, 0), 0);
    // By way of another link, whose owner does not matter: what it leads to is what counts.
    Link(elsewhere, target, "between");
    Link(directory, elsewhere.path() + "/between", "a.db");
    CHECK_EQ(lchown((directory.path() + "/a.db").c_str(), link_owner, 0), 0);
    // Files themselves may be anybody's.
    directory.Write("b.db", kFile, kSize);
    CHECK_EQ(chown((directory.path() + "/b.db").c_str(), kTwo, 0), 0);
    CHECK_EQ(chown(directory.path().c_str(), directory_owner, 0), 0);
    AccessTo access(directory.path());
    FileName name = access.Named("a.db", false);
    CHECK_EQ(Read(&access, &name), found);
    CHECK_EQ(access.Status(&name).has_status, found.empty());
    CHECK_EQ(Read(&access, "b.db", true), "");
    CHECK_EQ(Read(&access, "b.db", false), "");

    const std::string in = directory.path();
    CHECK_EQ(FoundWhenInspected({in, false, {"a.db"}, {0}, false}), found);
    // Given by the caller itself it is what it leads to.
    CHECK_EQ(FoundWhenInspected({"", false, {in + "/a.db"}, {0}, false}), "");
    unlink((elsewhere.path() + "/between").c_str());
  }
}

}  // namespace
}  // namespace promfold::test
