#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "compaction_directory.h"
#include "core/compact/compaction.h"
#include "core/compact/entries.h"
#include "core/compact/names.h"
#include "core/compact/pins.h"
#include "core/compact/unseen_writer.h"

namespace promfold::test {

namespace {

// A /proc of one process more than ourselves, of which directory `open` is open as descriptor 9.
class Proc {
 public:
  explicit Proc(const std::string& own_mounts) {
    Make("self/fdinfo");
    Make("4711/ns");
    Put("self/fdinfo/9", "pos:\t0\nflags:\t0200000\nmnt_id:\t40\nino:\t7\n");
    Put("self/mountinfo", own_mounts);
  }
  void Mounts(const std::string& text) { Put("4711/mountinfo", text); }
  void Maps(const std::string& text) { Put("4711/maps", text); }
  const std::string& path() const { return folder_.path(); }

 private:
  void Make(const std::string& folder) {
    mkdir(folder_.Path(folder.substr(0, folder.find('/'))).c_str(), 0755);
    mkdir(folder_.Path(folder).c_str(), 0755);
  }
  void Put(const std::string& name, const std::string& text) {
    const int file = open(folder_.Path(name).c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK_EQ(write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(file);
  }

  TemporaryDirectory folder_;
};

// The fault for a directory that is /var/run/prom here.
CompactionFault FindPinBy(const Proc& proc) {
  TemporaryDirectory any;
  const int directory = open(any.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  dup2(directory, 9);
  const CompactionFault fault = FindPin(9, "/var/run/prom", proc.path());
  close(directory);
  close(9);
  return fault;
}

constexpr char kOwn[] =
    "30 1 253:1 / / rw - ext4 /dev/vda rw\n"
    "40 30 0:50 /data /var/run rw,relatime shared:5 - tmpfs tmpfs rw\n";

}  // namespace

TEST("a mount of the directory in another mount namespace keeps to it") {
  const std::pair<const char*, bool> kCases[] = {
      {"90 1 0:50 /data/prom /metrics rw - tmpfs tmpfs rw\n", true},
      {"90 1 0:50 /data/prom /with\\040blank rw - tmpfs tmpfs rw\n", true},
      // Of a directory above it, below it, of another name, on another device.
      {"90 1 0:50 /data /metrics rw - tmpfs tmpfs rw\n", false},
      {"90 1 0:50 / /metrics rw - tmpfs tmpfs rw\n", false},
      {"90 1 0:50 /data/prom/sub /metrics rw - tmpfs tmpfs rw\n", false},
      {"90 1 0:50 /data/prometheus /metrics rw - tmpfs tmpfs rw\n", false},
      {"90 1 0:51 /data/prom /metrics rw - tmpfs tmpfs rw\n", false},
      // Something else is mounted on it there, and would move with it.
      {"80 1 0:50 / /host rw - tmpfs tmpfs rw\n"
       "90 80 8:1 / /host/data/prom rw - ext4 /dev/sda rw\n",
       true},
      {"80 1 0:50 / /host rw - tmpfs tmpfs rw\n"
       "90 80 8:1 / /host/data/other rw - ext4 /dev/sda rw\n",
       false},
      {"not mountinfo\n\n1 2\n", false},
  };
  for (const auto& [mounts, is_pinned] : kCases) {
    Proc proc(kOwn);
    proc.Mounts(mounts);
    const CompactionFault fault = FindPinBy(proc);
    CHECK_EQ(static_cast<int>(fault.step),
             static_cast<int>(is_pinned ? CompactionStep::kMounted : CompactionStep::kNone));
    CHECK_EQ(fault.process, is_pinned ? 4711 : 0);
  }
}

TEST("where the mounts cannot be known, nothing is exchanged") {
  Proc proc("30 1 253:1 / / rw - ext4 /dev/vda rw\n");
  CHECK_EQ(static_cast<int>(FindPinBy(proc).step), static_cast<int>(CompactionStep::kMounted));
}

TEST("a real bind mount of the directory is refused, and compacted with the readers stopped") {
  CompactionDirectory directory;
  directory.Dead("counter_1.db", {{"c", 1}});
  directory.Dead("counter_2.db", {{"c", 2}});
  const std::string at = directory.parent().Path("mounted");
  CHECK_EQ(mkdir(at.c_str(), 0755), 0);
  const int step = InChild([&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return -1;
    if (mount(directory.path().c_str(), at.c_str(), nullptr, MS_BIND, nullptr) != 0) return -2;
    // By either path: the directory it is of, and the mount point.
    CompactionRequest request = directory.Request();
    const int of_directory = static_cast<int>(Compact(request).fault.step);
    request.directory = at;
    const int of_mount = static_cast<int>(Compact(request).fault.step);
    if (of_directory != of_mount) return -3;
    request.readers_stopped = true;
    if (!Compact(request).fault.ok()) return -4;
    return of_mount;
  });
  rmdir(at.c_str());
  CHECK_EQ(step, static_cast<int>(CompactionStep::kMounted));
  CHECK_EQ(directory.Total("counter", "c"), 3.0);
}

TEST("a writer that we do not see is found by what it has open, and one that we see is not") {
  CompactionDirectory directory;
  directory.Living("counter_1.db", {{"c", 1}});
  directory.Living("counter_2.db", {{"c", 1}});
  const int open_directory = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::vector<NamedEntry> entries;
  CHECK_EQ(ListEntries(open_directory, &entries), 0);
  const auto find = [&](const std::string& proc) {
    return FindUnseenWriter(open_directory, directory.path(), entries, proc);
  };
  Proc proc(kOwn);
  CHECK(find(proc.path()).ok());

  const int file = open(directory.Path("counter_2.db").c_str(), O_RDWR | O_CLOEXEC);
  const CompactionFault fault = find(proc.path());
  CHECK_EQ(static_cast<int>(fault.step), static_cast<int>(CompactionStep::kUnseenWriter));
  CHECK_EQ(fault.path, directory.Path("counter_2.db"));
  // In /proc itself we see that it is ourselves.
  CHECK(find("/proc").ok());

  const std::string inode = std::to_string(directory.InodeOf("counter_2.db"));
  const auto maps = [&](const char* permissions, const std::string& name) {
    proc.Maps("55d0-55d1 r--p 00000000 fd:01 7                  /usr/bin/python3\n7f00-7f01 " +
              std::string(permissions) + " 00000000 00:2a " + inode + "    /elsewhere/" + name +
              "\n");
    return find(proc.path()).ok();
  };
  CHECK(maps("rw-s", "counter_2.db"));
  CHECK(maps("rw-s", "counter_2.db (deleted)"));
  // A reader, another file of the number, another name.
  CHECK(!maps("r--s", "counter_2.db"));
  CHECK(!maps("rw-s", "my_counter_2.db"));
  close(file);
  close(open_directory);
}

TEST("on an overlay a directory of an image layer is refused, and one that was made there is not") {
  TemporaryDirectory folder(true);
  const auto step_of = [&](bool is_of_layer) {
    return InChild([&] {
      if (unshare(CLONE_NEWNS) != 0) return -1;
      if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return -2;
      const std::string in = folder.path();
      if (mount("tmpfs", in.c_str(), "tmpfs", 0, "size=4m") != 0) return -3;
      for (const char* const name : {"/lower", "/upper", "/work", "/merged"}) {
        mkdir((in + name).c_str(), 0755);
      }
      const auto fill = [](CompactionDirectory* directory) {
        directory->Dead("counter_1.db", {{"c", 1}});
        directory->Dead("counter_2.db", {{"c", 2}});
      };
      if (is_of_layer) {
        CompactionDirectory in_layer(in + "/lower");
        fill(&in_layer);
      }
      const std::string options =
          "lowerdir=" + in + "/lower,upperdir=" + in + "/upper,workdir=" + in + "/work";
      if (mount("overlay", (in + "/merged").c_str(), "overlay", 0, options.c_str()) != 0) return -4;
      if (!is_of_layer) mkdir((in + "/merged/d").c_str(), 0755);
      CompactionDirectory directory(in + "/merged", CompactionDirectory::kIsThere);
      fill(&directory);
      const auto before = directory.Names();
      const CompactionOutcome outcome = directory.Compact();
      if (directory.Total("counter", "c") != 3 || !directory.SiblingNames().empty()) return -5;
      if (!outcome.fault.ok() && directory.Names() != before) return -6;
      return static_cast<int>(outcome.fault.step);
    });
  };
  CHECK_EQ(step_of(true), static_cast<int>(CompactionStep::kExchange));
  CHECK_EQ(step_of(false), 0);
}

TEST("a full file system, by bytes or by inodes, and a read-only one: nothing is changed") {
  struct Case {
    const char* options;
    bool is_read_only;
    CompactionStep step;
  };
  const Case kCases[] = {
      {"size=16k", false, CompactionStep::kWrite},
      {"size=1m,nr_inodes=4", false, CompactionStep::kSibling},
      {"size=1m,nr_inodes=6", false, CompactionStep::kWrite},
      {"size=1m", true, CompactionStep::kSibling},
  };
  for (const Case& full : kCases) {
    TemporaryDirectory folder(true);
    const int result = InChild([&] {
      if (unshare(CLONE_NEWNS) != 0) return -1;
      if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return -2;
      if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, full.options) != 0) return -3;
      CompactionDirectory directory(folder.path());
      directory.Dead("counter_1.db", {{"c", 1}});
      directory.Dead("counter_2.db", {{"c", 2}});
      const bool is_small = std::string(full.options) == "size=16k";
      // Four pages in all: two are taken, and these two.
      if (is_small) directory.Write(directory.Path("notes"), std::string(8192, 'x'));
      const auto before = directory.Names();
      if (full.is_read_only &&
          mount(nullptr, folder.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
        return -4;
      }
      const CompactionOutcome outcome = directory.Compact();
      const bool is_unchanged = directory.Names() == before && directory.SiblingNames().empty();
      if (!is_unchanged) return -5;
      if (outcome.fault.error != (full.is_read_only ? EROFS : ENOSPC)) return outcome.fault.error;
      return 100 + static_cast<int>(outcome.fault.step);
    });
    CHECK_EQ(result, 100 + static_cast<int>(full.step));
  }
}

}  // namespace promfold::test
