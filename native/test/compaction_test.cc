#include "core/compact/compaction.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "compaction_directory.h"
#include "core/compact/lease.h"
#include "core/compact/names.h"
#include "core/directory.h"

namespace promfold::test {

namespace {

constexpr int kKilled = 9;
constexpr CompactionStage kSwapStages[] = {
    CompactionStage::kLeased,  CompactionStage::kRead,       CompactionStage::kBuilt,
    CompactionStage::kSettled, CompactionStage::kExchanging, CompactionStage::kExchanged,
    CompactionStage::kCarried, CompactionStage::kDisposing,
};
constexpr CompactionStage kInPlaceStages[] = {CompactionStage::kLeased, CompactionStage::kMoved,
                                              CompactionStage::kCommitted};

// Three counters of the dead and one of the living: 1 + 2 + 4 + 8.
void Fill(CompactionDirectory* directory) {
  directory->Dead("counter_1.db", {{"c", 1}, {"other", 1}});
  directory->Dead("counter_2.db", {{"c", 2}});
  directory->Dead("counter_30.db", {{"c", 4}});
  directory->Dead("gauge_all_1.db", {{"g", 1}});
  directory->Dead("gauge_mostrecent_2.db", {{"r", 1, 7}});
  directory->Living("counter_4.db", {{"c", 8}});
  directory->Living("gauge_livesum_4.db", {{"l", 1}});
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string Kept(const CompactionOutcome& outcome) {
  std::string text;
  for (const KeptFile& kept : outcome.kept) {
    text +=
        (text.empty() ? "" : " ") + kept.name + ":" + std::to_string(static_cast<int>(kept.reason));
  }
  return text;
}

int StepOf(const CompactionOutcome& outcome) { return static_cast<int>(outcome.fault.step); }

// Nothing is where it should not be, and the sum is this.
void CheckSound(const CompactionDirectory& directory, double total) {
  CHECK_EQ(directory.Total("counter", "c"), total);
  CHECK_EQ(Joined(directory.SiblingNames()), "");
  for (const std::string& name : directory.Names()) {
    CHECK(name[0] != '.' || name == kManifestName);
  }
}

// What fails leaves everything as it was.
void CheckUnchanged(const CompactionDirectory& directory, const std::string& names) {
  CHECK_EQ(Joined(directory.Names()), names);
  CHECK_EQ(Joined(directory.SiblingNames()), "");
}

// In a process of its own, which ends there and then.
void CompactKilledAt(CompactionStage at, const CompactionDirectory& directory,
                     bool readers_stopped = false) {
  const int ended = InChild([&] {
    directory.Compact(
        [at](CompactionStage stage) {
          if (stage == at) _exit(kKilled);
        },
        readers_stopped);
    return 0;
  });
  CHECK_EQ(ended, kKilled);
}

// As its process has a file: open, or mapped with its descriptor closed.
class OpenForWriting {
 public:
  OpenForWriting(const std::string& path, bool is_mapped)
      : file_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    CHECK(static_cast<bool>(file_));
    if (!is_mapped) return;
    memory_ = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.number(), 0);
    file_ = Descriptor();
  }
  ~OpenForWriting() {
    if (memory_ != nullptr) munmap(memory_, kBytes);
  }

 private:
  static constexpr size_t kBytes = 4096;
  Descriptor file_;
  void* memory_ = nullptr;
};

std::vector<std::string> GatesOf(const CompactionDirectory& directory) {
  std::vector<std::string> names = directory.Names();
  std::erase_if(names, [](const std::string& name) { return !IsGateName(name); });
  return names;
}

}  // namespace

TEST("files of the dead become an archive of each kind, those of the living stay") {
  CompactionDirectory directory;
  Fill(&directory);
  const uint64_t living = directory.InodeOf("counter_4.db");
  const CompactionOutcome outcome = directory.Compact();
  CHECK(outcome.fault.ok());
  CHECK_EQ(Joined(outcome.folded), "counter_1.db counter_2.db counter_30.db gauge_mostrecent_2.db");
  CHECK_EQ(Joined(outcome.removed), "gauge_all_1.db");
  CHECK_EQ(outcome.archives.size(), 2u);
  CHECK_EQ(outcome.linked, 2u);
  const std::string counter = ArchiveName("counter", outcome.generation, 1);
  CHECK_EQ(Joined(directory.Names()), ".promfold-compaction " + counter +
                                          " counter_4.db gauge_livesum_4.db " +
                                          ArchiveName("gauge_mostrecent", outcome.generation, 1));
  CHECK_EQ(directory.InodeOf("counter_4.db"), living);
  CheckSound(directory, 15);
  CHECK_EQ(directory.Total("counter", "other"), 1.0);

  struct stat status;
  CHECK_EQ(stat(directory.Path(counter).c_str(), &status), 0);
  CHECK_EQ(status.st_size, 65536);
  CHECK_EQ(status.st_mode & 0777u, 0644u);

  LeftManifest left;
  CHECK_EQ(ReadLeftManifest(directory.path(), &left), 0);
  CHECK_EQ(left.manifest.generation, outcome.generation);
  CHECK_EQ(left.manifest.gone.size(), 4u);
  CHECK(!left.is_unfinished);
}

TEST("an archive is folded with what died since, and its file is gone, too") {
  CompactionDirectory directory;
  Fill(&directory);
  const CompactionOutcome first = directory.Compact();
  directory.Dead(ArchiveName("counter", first.generation, 1), {{"c", 7}});
  directory.Dead("counter_5.db", {{"c", 16}});
  const CompactionOutcome second = directory.Compact();
  CHECK(second.fault.ok());
  CHECK_EQ(second.archives.size(), 1u);
  CheckSound(directory, 31);
  LeftManifest left;
  CHECK_EQ(ReadLeftManifest(directory.path(), &left), 0);
  // A reader may have seen neither compaction.
  CHECK_EQ(left.manifest.gone.size(), 6u);
}

TEST("a writer whose path is of a directory that was deleted since is seen, mapped or open") {
  for (const bool is_mapped : {false, true}) {
    CompactionDirectory directory;
    Fill(&directory);
    const OpenForWriting writer(directory.Path("counter_4.db"), is_mapped);
    CHECK(directory.Compact().fault.ok());
    directory.Dead("counter_5.db", {{"c", 16}});
    CHECK(directory.Compact().fault.ok());
    CheckSound(directory, 31);
  }
}

TEST("without files that are to be folded nothing happens") {
  CompactionDirectory directory;
  directory.Living("counter_4.db", {{"c", 8}});
  CHECK(directory.Compact().fault.ok());
  CheckUnchanged(directory, "counter_4.db");
}

TEST("only gauges that are removed need no archive") {
  CompactionDirectory directory;
  directory.Dead("gauge_all_1.db", {{"g", 1}});
  const CompactionOutcome outcome = directory.Compact();
  CHECK(outcome.fault.ok());
  CHECK_EQ(Joined(directory.Names()), ".promfold-compaction");
}

TEST("a dry run changes nothing, and says what would be kept") {
  CompactionDirectory directory;
  Fill(&directory);
  const std::string before = Joined(directory.Names());
  const int open_file = open(directory.Path("counter_2.db").c_str(), O_RDWR | O_CLOEXEC);
  CompactionRequest request = directory.Request();
  request.is_dry_run = true;
  const CompactionOutcome outcome = Compact(request);
  close(open_file);
  CHECK_EQ(Kept(outcome), "counter_2.db:1");
  CHECK_EQ(outcome.folded.size(), 3u);
  CheckUnchanged(directory, before);
}

TEST("a file that is open for writing is kept, and one that is mapped so") {
  for (const bool is_mapped : {false, true}) {
    CompactionDirectory directory;
    Fill(&directory);
    const OpenForWriting writer(directory.Path("counter_2.db"), is_mapped);
    const CompactionOutcome outcome = directory.Compact();
    CHECK_EQ(Kept(outcome), "counter_2.db:1");
    CHECK(directory.Has("counter_2.db"));
    CheckSound(directory, 15);
  }
}

TEST("what cannot be folded is kept, for a reason") {
  CompactionDirectory directory;
  Fill(&directory);
  directory.Dead("counter_5.db", {{"c", 16}});
  directory.Write(directory.Path("counter_5.db"), "\xff\xff\xff\x7f no metric file");
  directory.Dead("counter_6.db", {{"c", 16}});
  directory.Write(directory.Path("counter_6.db"), FileOf({{"c", 32}, {"d", 1}}, 8));
  directory.Dead("gauge_min_7.db", {{"m", 1}});
  directory.Living("gauge_min_4.db", {{"m", std::numeric_limits<double>::quiet_NaN()}});
  // Never finished by its process: it holds nothing.
  directory.Dead("counter_8.db", {{"c", 16}});
  directory.Write(directory.Path("counter_8.db"), "");
  CompactionRequest request = directory.Request();
  request.files[1].identity.inode += 1'000'000;
  const CompactionOutcome outcome = Compact(request);
  CHECK(outcome.fault.ok());
  CHECK_EQ(Kept(outcome), "gauge_min_7.db:5 counter_2.db:2 counter_5.db:3 counter_6.db:4");
  CHECK(directory.Has("counter_5.db") && directory.Has("counter_6.db"));
  CHECK(directory.Has("gauge_min_7.db") && !directory.Has("counter_8.db"));
}

TEST("each owner and group has an archive, and no mode is widened") {
  CompactionDirectory directory;
  Fill(&directory);
  directory.Dead("counter_31.db", {{"c", 16}});
  directory.Dead("counter_32.db", {{"c", 32}});
  CHECK_EQ(chown(directory.Path("counter_2.db").c_str(), 65534, 65534), 0);
  CHECK_EQ(chown(directory.Path("counter_31.db").c_str(), 65534, 65533), 0);
  CHECK_EQ(chown(directory.Path("counter_32.db").c_str(), 65534, 65534), 0);
  CHECK_EQ(chmod(directory.Path("counter_1.db").c_str(), 0640), 0);
  CHECK_EQ(chmod(directory.Path("counter_30.db").c_str(), 0604), 0);
  const CompactionOutcome outcome = directory.Compact();
  CHECK_EQ(Kept(outcome), "");
  constexpr struct {
    uid_t owner;
    gid_t group;
    mode_t mode;
    uint32_t entries;
  } kExpected[] = {{0, 0, 0600, 2}, {65534, 65534, 0644, 1}, {65534, 65533, 0644, 1}};
  for (uint32_t i = 0; i < std::size(kExpected); ++i) {
    struct stat status;
    const std::string archive = ArchiveName("counter", outcome.generation, i + 1);
    CHECK_EQ(stat(directory.Path(archive).c_str(), &status), 0);
    CHECK_EQ(status.st_uid, kExpected[i].owner);
    CHECK_EQ(status.st_gid, kExpected[i].group);
    CHECK_EQ(status.st_mode & 0777u, kExpected[i].mode);
    CHECK_EQ(outcome.archives[i].name, archive);
    CHECK_EQ(outcome.archives[i].entries, kExpected[i].entries);
  }
  CheckSound(directory, 63);
}

TEST("an archive with no other file of its owner stays, and nothing is written for it") {
  for (const bool readers_stopped : {false, true}) {
    CompactionDirectory directory;
    Fill(&directory);
    directory.Dead("counter_31.db", {{"c", 16}});
    CHECK_EQ(chown(directory.Path("counter_31.db").c_str(), 65534, 65534), 0);
    const CompactionOutcome first = directory.Compact({}, readers_stopped);
    CHECK_EQ(first.archives.size(), 3u);
    for (const MadeArchive& archive : first.archives) directory.Found(archive.name);
    const std::string names = Joined(directory.Names());
    const CompactionOutcome again = directory.Compact({}, readers_stopped);
    CHECK_EQ(again.kept.size(), 3u);
    for (const KeptFile& kept : again.kept) CHECK(kept.reason == KeptReason::kLoneArchive);
    CHECK_EQ(again.folded.size() + again.removed.size(), 0u);
    CheckUnchanged(directory, names);
    // With another file of one owner, that of the other one stays all the same.
    directory.Dead("counter_33.db", {{"c", 64}});
    CHECK_EQ(chown(directory.Path("counter_33.db").c_str(), 65534, 65534), 0);
    const CompactionOutcome third = directory.Compact({}, readers_stopped);
    CHECK_EQ(Joined(third.folded), ArchiveName("counter", first.generation, 2) + " counter_33.db");
    CHECK_EQ(third.archives.size(), 1u);
    CheckSound(directory, 95);
  }
}

TEST("a dry run says which archives there would be") {
  CompactionDirectory directory;
  Fill(&directory);
  CHECK_EQ(chown(directory.Path("counter_2.db").c_str(), 65534, 65534), 0);
  CompactionRequest request = directory.Request();
  request.is_dry_run = true;
  const CompactionOutcome told = Compact(request);
  CHECK_EQ(told.archives.size(), 3u);
  const CompactionOutcome done = directory.Compact();
  CHECK_EQ(done.archives.size(), 3u);
  for (size_t i = 0; i < told.archives.size(); ++i) {
    CHECK_EQ(told.archives[i].entries, done.archives[i].entries);
  }
  CHECK_EQ(told.freed_bytes, done.freed_bytes);
}

TEST("the new directory has owner, mode and attributes of the old one") {
  CompactionDirectory directory;
  Fill(&directory);
  CHECK_EQ(chown(directory.path().c_str(), 65534, 65533), 0);
  CHECK_EQ(chmod(directory.path().c_str(), 03770), 0);
  CHECK_EQ(setxattr(directory.path().c_str(), "trusted.note", "kept", 4, 0), 0);
  CHECK(directory.Compact().fault.ok());
  struct stat status;
  CHECK_EQ(stat(directory.path().c_str(), &status), 0);
  CHECK_EQ(status.st_uid, 65534u);
  CHECK_EQ(status.st_gid, 65533u);
  CHECK_EQ(status.st_mode & 07777u, 03770u);
  char note[8] = {};
  CHECK_EQ(getxattr(directory.path().c_str(), "trusted.note", note, sizeof note), 4);
}

TEST("everything else in the directory stays: links, fifos, other files") {
  CompactionDirectory directory;
  Fill(&directory);
  directory.Write(directory.Path("notes.txt"), "notes");
  directory.Write(directory.Path(".hidden"), "hidden");
  CHECK_EQ(symlink("nowhere", directory.Path("link").c_str()), 0);
  CHECK_EQ(mkfifo(directory.Path("fifo").c_str(), 0600), 0);
  CHECK(directory.Compact().fault.ok());
  for (const char* const name : {"notes.txt", ".hidden", "link", "fifo"}) {
    CHECK(directory.Has(name));
  }
}

TEST("a symbolic link to the directory is refused, a path through one is not") {
  CompactionDirectory directory;
  Fill(&directory);
  const std::string link = directory.parent().Path("link");
  CHECK_EQ(symlink("d", link.c_str()), 0);
  CompactionRequest request = directory.Request();
  for (const std::string& path : {link, link + "/"}) {
    request.directory = path;
    CHECK_EQ(StepOf(Compact(request)), static_cast<int>(CompactionStep::kOpen));
  }
  unlink(link.c_str());
  const std::string above = directory.parent().path() + "-link";
  CHECK_EQ(symlink(directory.parent().path().c_str(), above.c_str()), 0);
  request.directory = above + "/d";
  CHECK(Compact(request).fault.ok());
  unlink(above.c_str());
  CheckSound(directory, 15);
}

TEST("a directory with a sub-directory is refused, and named") {
  CompactionDirectory directory;
  Fill(&directory);
  CHECK_EQ(mkdir(directory.Path("sub").c_str(), 0755), 0);
  const std::string before = Joined(directory.Names());
  const CompactionOutcome outcome = directory.Compact();
  CHECK_EQ(StepOf(outcome), static_cast<int>(CompactionStep::kSubDirectory));
  CHECK_EQ(outcome.fault.path, directory.Path("sub"));
  CheckUnchanged(directory, before);
}

TEST("a directory that a process works in is refused, and the process named") {
  CompactionDirectory directory;
  Fill(&directory);
  const std::string before = Joined(directory.Names());
  char old[4096];
  CHECK(getcwd(old, sizeof old) != nullptr);
  CHECK_EQ(chdir(directory.path().c_str()), 0);
  const CompactionOutcome outcome = directory.Compact();
  CHECK_EQ(chdir(old), 0);
  CHECK_EQ(StepOf(outcome), static_cast<int>(CompactionStep::kOccupied));
  CHECK_EQ(outcome.fault.process, getpid());
  CheckUnchanged(directory, before);
}

TEST("another user's directory, and one whose parent is not ours to write, are refused") {
  CompactionDirectory directory;
  Fill(&directory);
  const std::string before = Joined(directory.Names());
  CHECK_EQ(chmod(directory.parent().path().c_str(), 0755), 0);
  const auto as_nobody = [&directory] {
    return InChild([&directory] {
      if (setgid(65534) != 0 || setuid(65534) != 0) return -1;
      return StepOf(directory.Compact());
    });
  };
  CHECK_EQ(as_nobody(), static_cast<int>(CompactionStep::kOwner));
  CHECK_EQ(chown(directory.path().c_str(), 65534, 65534), 0);
  CHECK_EQ(as_nobody(), static_cast<int>(CompactionStep::kSibling));
  // Its files are another's still: the kernel gives no lease.
  CHECK_EQ(chmod(directory.parent().path().c_str(), 0777), 0);
  CHECK_EQ(as_nobody(), static_cast<int>(CompactionStep::kLease));
  CheckUnchanged(directory, before);
}

TEST("a second compaction of the directory is refused as long as the first is under way") {
  for (const CompactionStage at : kSwapStages) {
    CompactionDirectory directory;
    Fill(&directory);
    int step = -1;
    const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
      if (stage == at) step = StepOf(directory.Compact());
    });
    CHECK(outcome.fault.ok());
    CHECK_EQ(step, static_cast<int>(CompactionStep::kLock));
    CheckSound(directory, 15);
  }
}

// That of a reader at the gate, which gets an error.
constexpr double kNoTotal = -1;

TEST("totals are the same at each moment, or an error") {
  for (const CompactionStage at : kSwapStages) {
    CompactionDirectory directory;
    Fill(&directory);
    double total = 0;
    directory.Compact([&](CompactionStage stage) {
      if (stage == at) total = directory.Total("counter", "c");
    });
    CHECK_EQ(total, at == CompactionStage::kExchanged ? kNoTotal : 15.0);
  }
}

TEST("a file that is made just before the exchange is missed by no reader") {
  CompactionDirectory directory;
  Fill(&directory);
  std::vector<double> totals;
  directory.Compact([&](CompactionStage stage) {
    if (stage < CompactionStage::kExchanging) return;
    if (stage == CompactionStage::kExchanging) directory.Living("counter_9.db", {{"c", 16}});
    totals.push_back(directory.Total("counter", "c"));
  });
  CHECK(totals == std::vector<double>({31, kNoTotal, 31, 31}));
}

TEST("who opens the gate waits until it is no metric file any more") {
  CompactionDirectory directory;
  Fill(&directory);
  std::thread reader;
  std::atomic<bool> is_in = false;
  bool was_in = true;
  off_t bytes = -1;
  directory.Compact([&](CompactionStage stage) {
    if (stage == CompactionStage::kCarried) CHECK_EQ(GatesOf(directory).size(), 0u);
    if (stage != CompactionStage::kExchanged) return;
    const std::vector<std::string> gates = GatesOf(directory);
    CHECK_EQ(gates.size(), 1u);
    if (gates.size() != 1) return;
    reader = std::thread([&is_in, &bytes, path = directory.Path(gates[0])] {
      const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      is_in = true;
      if (file) bytes = lseek(file.number(), 0, SEEK_END);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    was_in = is_in;
  });
  CHECK(reader.joinable());
  if (reader.joinable()) reader.join();
  CHECK(!was_in && is_in);
  CHECK_EQ(bytes, 0);
  CheckSound(directory, 15);
}

TEST("the gate of a compaction that was killed is a file without entries, and goes") {
  CompactionDirectory directory;
  Fill(&directory);
  CompactKilledAt(CompactionStage::kExchanged, directory);
  CHECK_EQ(GatesOf(directory).size(), 1u);
  CHECK_EQ(directory.Total("counter", "c"), 15.0);
  CHECK(RecoverCompaction(directory.path(), 0).fault.ok());
  CHECK_EQ(GatesOf(directory).size(), 0u);
  CheckSound(directory, 15);
}

TEST("a listing for a scrape waits at the gate, and never has it") {
  CompactionDirectory directory;
  Fill(&directory);
  std::thread lister;
  size_t listed = 0;
  std::atomic<bool> has_listed = false;
  bool was_early = true;
  directory.Compact([&](CompactionStage stage) {
    if (stage == CompactionStage::kExchanging) directory.Living("counter_9.db", {{"c", 16}});
    if (stage != CompactionStage::kExchanged) return;
    lister = std::thread([&] {
      PendingOperation pending;
      ListedDirectory found;
      if (ListDirectory(directory.path(), nullptr, &pending, &found) == 0) {
        listed = found.listing.Has("counter_9.db") ? found.listing.names().size() : 0;
      }
      has_listed = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    was_early = has_listed;
  });
  CHECK(lister.joinable());
  if (lister.joinable()) lister.join();
  CHECK(!was_early);
  size_t metric_files = 0;
  for (const std::string& name : directory.Names()) metric_files += name.ends_with(".db") ? 1 : 0;
  CHECK_EQ(listed, metric_files);
}

TEST("a file that is made meanwhile is there afterwards, wherever it was made") {
  for (const CompactionStage at : kSwapStages) {
    CompactionDirectory directory;
    Fill(&directory);
    // As a writer has it that looked the path up before the exchange.
    const int old = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directory.Write(directory.parent().Path("new"), FileOf({{"c", 16}}));
    const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
      if (stage == at) {
        CHECK_EQ(renameat(AT_FDCWD, directory.parent().Path("new").c_str(), old, "counter_5.db"),
                 0);
      }
    });
    close(old);
    CHECK(outcome.fault.ok());
    CHECK(directory.Has("counter_5.db"));
    CheckSound(directory, 31);
    const bool is_late = at == CompactionStage::kExchanging || at == CompactionStage::kExchanged ||
                         at == CompactionStage::kCarried || at == CompactionStage::kDisposing;
    CHECK_EQ(outcome.carried, is_late ? 1u : 0u);
  }
}

TEST("a file that is removed meanwhile does not come back") {
  for (const CompactionStage at : {CompactionStage::kRead, CompactionStage::kBuilt,
                                   CompactionStage::kSettled, CompactionStage::kExchanging}) {
    CompactionDirectory directory;
    Fill(&directory);
    const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
      if (stage == at) unlink(directory.Path("gauge_livesum_4.db").c_str());
    });
    CHECK(outcome.fault.ok());
    CHECK(!directory.Has("gauge_livesum_4.db"));
    CheckSound(directory, 15);
  }
}

TEST("a removed file is removed once: another of its inode number is let be") {
  CompactionDirectory directory;
  Fill(&directory);
  // A second link stands for a new file that was given the same number.
  const std::string link = directory.parent().Path("link");
  CHECK_EQ(::link(directory.Path("counter_4.db").c_str(), link.c_str()), 0);
  std::thread writer;
  CompactionRequest request = directory.Request();
  request.grace_milliseconds = 400;
  request.at_stage = [&](CompactionStage stage) {
    if (stage == CompactionStage::kExchanging) unlink(directory.Path("counter_4.db").c_str());
    if (stage != CompactionStage::kExchanged) return;
    writer = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      CHECK_EQ(rename(link.c_str(), directory.Path("counter_4.db").c_str()), 0);
    });
  };
  CHECK(Compact(request).fault.ok());
  writer.join();
  CheckSound(directory, 15);
}

TEST("a file that another one takes the place of meanwhile is the other one") {
  for (const CompactionStage at : {CompactionStage::kRead, CompactionStage::kBuilt,
                                   CompactionStage::kSettled, CompactionStage::kExchanging}) {
    CompactionDirectory directory;
    Fill(&directory);
    directory.Write(directory.parent().Path("new"), FileOf({{"c", 16}}));
    const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
      if (stage == at) {
        rename(directory.parent().Path("new").c_str(), directory.Path("counter_4.db").c_str());
      }
    });
    CHECK(outcome.fault.ok());
    CheckSound(directory, 23);
  }
}

TEST("a dead process's file that is removed or replaced meanwhile is not folded") {
  for (const CompactionStage at :
       {CompactionStage::kRead, CompactionStage::kBuilt, CompactionStage::kSettled}) {
    for (const bool is_replaced : {false, true}) {
      CompactionDirectory directory;
      Fill(&directory);
      const std::string fresh = directory.parent().Path("new");
      directory.Write(fresh, FileOf({{"c", 16}}));
      const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
        if (stage != at) return;
        const std::string path = directory.Path("counter_2.db");
        is_replaced ? rename(fresh.c_str(), path.c_str()) : unlink(path.c_str());
      });
      unlink(fresh.c_str());
      CHECK(outcome.fault.ok());
      CHECK_EQ(outcome.folded.size(), 3u);
      CHECK_EQ(Kept(outcome), "counter_2.db:2");
      CheckSound(directory, is_replaced ? 29 : 13);
    }
  }
}

TEST("a process that comes back to a folded file keeps its numbers") {
  for (const CompactionStage at : kSwapStages) {
    const bool is_late = at == CompactionStage::kExchanged || at == CompactionStage::kCarried ||
                         at == CompactionStage::kDisposing;
    CompactionDirectory directory;
    Fill(&directory);
    // Late, only one that looked the path up before the exchange finds it.
    const int old = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::string path = "/proc/self/fd/" + std::to_string(old) + "/counter_2.db";
    Reopening reopening;
    bool has_started = false;
    CompactionRequest request = directory.Request();
    request.grace_milliseconds = 150;
    request.at_stage = [&](CompactionStage stage) {
      if (stage != at || has_started || at == CompactionStage::kCarried ||
          at == CompactionStage::kDisposing) {
        return;
      }
      has_started = true;
      reopening.Start(path, 100);
    };
    const CompactionOutcome outcome = Compact(request);
    close(old);
    CHECK(outcome.fault.ok());
    if (!has_started) continue;
    CHECK(reopening.Join());
    CheckSound(directory, 115);
    CHECK_EQ(outcome.undone, is_late || at == CompactionStage::kExchanging ? 1u : 0u);
  }
}

TEST("what happened in the new directory is there when the exchange was taken back") {
  CompactionDirectory directory;
  Fill(&directory);
  Reopening reopening;
  const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
    if (stage == CompactionStage::kExchanging) reopening.Start(directory.Path("counter_2.db"), 100);
    if (stage != CompactionStage::kExchanged || directory.Has("counter_5.db")) return;
    directory.Living("counter_5.db", {{"c", 16}});
    // A new process of a folded file's process id; and of a removed one's.
    directory.Living("counter_1.db", {{"c", 32}});
    directory.Living("gauge_all_1.db", {{"g", 5}});
    unlink(directory.Path("gauge_livesum_4.db").c_str());
  });
  CHECK(reopening.Join());
  CHECK(outcome.fault.ok());
  CHECK_EQ(outcome.undone, 1u);
  CHECK(directory.Has("counter_5.db") && directory.Has("counter_1.db"));
  CHECK_EQ(directory.Total("gauge_all", "g"), 5.0);
  CHECK(!directory.Has("gauge_livesum_4.db"));
  CheckSound(directory, 163);
}

TEST("the archives of an exchange that was taken back are noted as gone") {
  CompactionDirectory directory;
  Fill(&directory);
  Reopening reopening;
  std::vector<std::string> archives;
  LeftManifest undone;
  directory.Compact([&](CompactionStage stage) {
    if (stage == CompactionStage::kExchanging && archives.empty()) {
      reopening.Start(directory.Path("counter_2.db"), 100);
    }
    if (stage == CompactionStage::kExchanged && archives.empty()) archives = directory.Names();
    if (stage == CompactionStage::kUndone) ReadLeftManifest(directory.path(), &undone);
  });
  CHECK(reopening.Join());
  CHECK_EQ(undone.manifest.gone.size(), 2u);
  for (const GoneFile& gone : undone.manifest.gone) {
    CHECK(std::find(archives.begin(), archives.end(), gone.name) != archives.end());
  }
}

TEST("killed at any moment, totals are the same; the next one finishes it") {
  for (const bool readers_stopped : {false, true}) {
    const std::vector<CompactionStage> stages =
        readers_stopped
            ? std::vector<CompactionStage>(std::begin(kInPlaceStages), std::end(kInPlaceStages))
            : std::vector<CompactionStage>(std::begin(kSwapStages), std::end(kSwapStages));
    for (const CompactionStage at : stages) {
      CompactionDirectory directory;
      Fill(&directory);
      CompactKilledAt(at, directory, readers_stopped);
      const double total = directory.Total("counter", "c");
      // With the readers stopped, one that runs gets an error.
      CHECK(total == 15 || (readers_stopped && total == -1));
      const CompactionOutcome recovered = RecoverCompaction(directory.path(), 0);
      CHECK(recovered.fault.ok());
      CHECK_EQ(recovered.recovered, Joined(directory.SiblingNames()).empty() &&
                                        at != CompactionStage::kLeased &&
                                        at != CompactionStage::kRead);
      CheckSound(directory, 15);
      CHECK(directory.Compact({}, readers_stopped).fault.ok());
      CheckSound(directory, 15);
    }
  }
}

TEST("killed after the exchange: what happened in the old directory since is carried over") {
  CompactionDirectory directory;
  Fill(&directory);
  const int old = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CompactKilledAt(CompactionStage::kExchanged, directory);
  directory.Write(directory.parent().Path("new"), FileOf({{"c", 16}}));
  CHECK_EQ(renameat(AT_FDCWD, directory.parent().Path("new").c_str(), old, "counter_5.db"), 0);
  CHECK_EQ(unlinkat(old, "gauge_livesum_4.db", 0), 0);
  close(old);
  const CompactionOutcome recovered = RecoverCompaction(directory.path(), 0);
  CHECK(recovered.fault.ok());
  CHECK_EQ(recovered.carried, 1u);
  CHECK(!directory.Has("gauge_livesum_4.db"));
  CheckSound(directory, 31);
}

TEST("killed after the exchange: a file that was linked after the manifest counts once") {
  CompactionDirectory directory;
  Fill(&directory);
  InChild([&] {
    directory.Compact([&](CompactionStage stage) {
      if (stage == CompactionStage::kSettled) directory.Living("counter_5.db", {{"c", 16}});
      if (stage == CompactionStage::kExchanged) _exit(kKilled);
    });
    return 0;
  });
  CHECK_EQ(directory.Total("counter", "c"), 31.0);
  CHECK(RecoverCompaction(directory.path(), 0).fault.ok());
  CheckSound(directory, 31);
}

TEST("killed after the exchange: a folded file that was reopened counts, and is not folded twice") {
  CompactionDirectory directory;
  Fill(&directory);
  const int old = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CompactKilledAt(CompactionStage::kExchanged, directory);
  const std::string path = "/proc/self/fd/" + std::to_string(old) + "/counter_2.db";
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  CHECK(Increment(path, "c", 100));
  directory.Living("counter_5.db", {{"c", 16}});
  const CompactionOutcome recovered = RecoverCompaction(directory.path(), 0);
  CHECK(recovered.fault.ok());
  CHECK_EQ(recovered.undone, 1u);
  CheckSound(directory, 131);
  // The next one has the directory as it is now.
  const CompactionOutcome outcome = directory.Compact();
  CHECK_EQ(Kept(outcome), "counter_2.db:1");
  close(file);
  close(old);
  CheckSound(directory, 131);
}

TEST("killed after the exchange: what a process adds to a folded file and leaves there counts") {
  CompactionDirectory directory;
  Fill(&directory);
  const int old = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CompactKilledAt(CompactionStage::kExchanged, directory);
  CHECK(Increment("/proc/self/fd/" + std::to_string(old) + "/counter_2.db", "c", 100));
  close(old);
  const CompactionOutcome recovered = RecoverCompaction(directory.path(), 0);
  CHECK(recovered.fault.ok());
  CHECK_EQ(recovered.undone, 1u);
  CheckSound(directory, 115);
}

TEST("what an unfinished compaction did not get to remove takes nothing from the directory") {
  CompactionDirectory directory;
  Fill(&directory);
  CompactKilledAt(CompactionStage::kExchanging, directory);
  const std::string sibling = directory.SiblingNames().at(0);
  CHECK_EQ(unlink(directory.parent().Path(sibling + "/counter_4.db").c_str()), 0);
  // Removed since: it does not come back.
  CHECK_EQ(unlink(directory.Path("gauge_livesum_4.db").c_str()), 0);
  CHECK(RecoverCompaction(directory.path(), 0).fault.ok());
  CHECK(!directory.Has("gauge_livesum_4.db"));
  CheckSound(directory, 15);
}

TEST("what was linked last is in the manifest, too") {
  CompactionDirectory directory;
  Fill(&directory);
  LeftManifest left;
  directory.Compact([&](CompactionStage stage) {
    if (stage == CompactionStage::kSettled) {
      directory.Living("counter_9.db", {{"c", 16}});
      unlink(directory.Path("gauge_livesum_4.db").c_str());
    }
    if (stage == CompactionStage::kExchanged) ReadLeftManifest(directory.path(), &left);
  });
  std::vector<std::string> linked;
  for (const ManifestName& named : left.manifest.linked) linked.push_back(named.name);
  std::sort(linked.begin(), linked.end());
  CHECK_EQ(Joined(linked), "counter_4.db counter_9.db");
  CheckSound(directory, 31);
}

TEST("a directory of our own is not taken for a leftover where the directory is another user's") {
  CompactionDirectory directory;
  Fill(&directory);
  CHECK_EQ(chown(directory.path().c_str(), 65534, 65534), 0);
  const std::string name = SiblingName("d", "0123456789abcdef");
  CHECK_EQ(mkdir(directory.parent().Path(name).c_str(), 0700), 0);
  directory.Write(directory.parent().Path(name + "/secret"), "1");
  CHECK_EQ(mkdir(directory.Path(JournalName("0123456789abcdef")).c_str(), 0700), 0);
  directory.Write(directory.Path(JournalName("0123456789abcdef") + "/secret"), "1");
  CHECK(RecoverCompaction(directory.path(), 0).fault.ok());
  struct stat status;
  for (const std::string& path :
       {directory.parent().Path(name), directory.Path(JournalName("0123456789abcdef"))}) {
    CHECK_EQ(lstat((path + "/secret").c_str(), &status), 0);
  }
}

TEST("killed while the old directory is deleted: nothing that is missing there is removed") {
  CompactionDirectory directory;
  Fill(&directory);
  CompactKilledAt(CompactionStage::kDisposing, directory);
  const std::string sibling = directory.SiblingNames().at(0);
  CHECK_EQ(rename(directory.parent().Path(sibling).c_str(),
                  directory.parent().Path(sibling + kDone).c_str()),
           0);
  CHECK_EQ(unlink(directory.parent().Path(sibling + kDone + "/counter_4.db").c_str()), 0);
  CHECK(RecoverCompaction(directory.path(), 0).fault.ok());
  CHECK(directory.Has("counter_4.db"));
  CheckSound(directory, 15);
}

TEST("a directory next to it that is another user's is left alone, whatever its name") {
  CompactionDirectory directory;
  Fill(&directory);
  const std::string name = SiblingName("d", "0123456789abcdef");
  CHECK_EQ(mkdir(directory.parent().Path(name).c_str(), 0777), 0);
  CHECK_EQ(chown(directory.parent().Path(name).c_str(), 65533, 65533), 0);
  CHECK(directory.Compact().fault.ok());
  CHECK_EQ(Joined(directory.SiblingNames()), name);
  CHECK_EQ(directory.Total("counter", "c"), 15.0);
}

TEST("with the readers stopped the directory stays, and is compacted") {
  CompactionDirectory directory;
  Fill(&directory);
  CHECK_EQ(mkdir(directory.Path("sub").c_str(), 0755), 0);
  const uint64_t inode = directory.InodeOf(".");
  bool was_error = false;
  bool was_unfinished = false;
  const CompactionOutcome outcome = directory.Compact(
      [&](CompactionStage stage) {
        if (stage != CompactionStage::kMoved) return;
        was_error = directory.Total("counter", "c") == -1;
        LeftManifest left;
        ReadLeftManifest(directory.path(), &left);
        was_unfinished = left.is_unfinished;
      },
      true);
  CHECK(outcome.fault.ok());
  CHECK(was_error);
  CHECK(was_unfinished);
  CHECK_EQ(outcome.archives.size(), 2u);
  CHECK_EQ(directory.InodeOf("."), inode);
  CheckSound(directory, 15);
}

TEST(
    "with the readers stopped: a file that is open for writing is kept, and one that is reopened") {
  CompactionDirectory directory;
  Fill(&directory);
  const int file = open(directory.Path("counter_1.db").c_str(), O_RDWR | O_CLOEXEC);
  Reopening reopening;
  const CompactionOutcome outcome = directory.Compact(
      [&](CompactionStage stage) {
        if (stage == CompactionStage::kLeased) {
          reopening.Start(directory.Path("counter_2.db"), 100);
        }
      },
      true);
  close(file);
  CHECK(reopening.Join());
  CHECK_EQ(Kept(outcome), "counter_1.db:1 counter_2.db:1");
  CHECK(directory.Has("counter_2.db"));
  CheckSound(directory, 115);
}

TEST("with the readers stopped: killed, and the name of a moved file is another's now") {
  CompactionDirectory directory;
  Fill(&directory);
  CompactKilledAt(CompactionStage::kMoved, directory, true);
  directory.Living("counter_2.db", {{"c", 100}});
  CHECK(RecoverCompaction(directory.path(), 0).fault.ok());
  CheckSound(directory, 115);
}

TEST("with the readers stopped: an archive that would not give the same is not made") {
  CompactionDirectory directory;
  Fill(&directory);
  directory.Dead("gauge_min_7.db", {{"m", 1}});
  directory.Living("gauge_min_4.db", {{"m", std::numeric_limits<double>::quiet_NaN()}});
  const CompactionOutcome outcome = directory.Compact({}, true);
  CHECK(outcome.fault.ok());
  CHECK_EQ(Kept(outcome), "gauge_min_7.db:5");
  CHECK(directory.Has("gauge_min_7.db"));
  CheckSound(directory, 15);
}

TEST("as many files as there are descriptors for are folded, and the rest is told") {
  CompactionDirectory directory;
  for (int i = 0; i < 200; ++i) {
    directory.Dead("counter_" + std::to_string(100 + i) + ".db", {{"c", 1}});
  }
  const int remaining = InChild([&] {
    rlimit limit = {100, 100};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    const CompactionOutcome outcome = directory.Compact();
    return outcome.fault.ok() ? static_cast<int>(outcome.remaining) : -2;
  });
  CHECK_EQ(remaining, 150);
  CheckSound(directory, 200);
}

TEST("10,000 files, too: none is lost") {
  CompactionDirectory directory;
  for (int i = 0; i < 10'000; ++i) {
    directory.Dead("counter_" + std::to_string(10'000 + i) + ".db", {{"c", 0.5}});
  }
  directory.Living("counter_4.db", {{"c", 8}});
  while (directory.Compact().remaining > 0) {
  }
  CheckSound(directory, 5008);
}

}  // namespace promfold::test
