#include "core/compacted_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "check.h"
#include "compaction_directory.h"
#include "core/compact/names.h"
#include "core/directory.h"
#include "session.h"

namespace promfold::test {
namespace {

constexpr uint8_t kRetains = kKeepLastGood | 1 << kRetainedShift;

void Fill(CompactionDirectory* directory) {
  directory->Dead("counter_1.db", {{"c", 1}});
  directory->Dead("counter_2.db", {{"c", 2}});
  directory->Dead("counter_30.db", {{"c", 4}});
  directory->Living("counter_4.db", {{"c", 8}});
}

TEST("a set that retains removed files has each value once, at each moment of a compaction") {
  for (const bool readers_stopped : {false, true}) {
    CompactionDirectory directory;
    Fill(&directory);
    Session session(directory.path(), 1000, kRetains);
    CHECK_EQ(session.Scrape("c"), "15.0");
    int stages = 0;
    const CompactionOutcome outcome = directory.Compact(
        [&](CompactionStage) {
          ++stages;
          // Where files are moved one by one no reader may run.
          if (!readers_stopped) CHECK_EQ(session.Scrape("c"), "15.0");
        },
        readers_stopped);
    CHECK(outcome.fault.ok());
    CHECK_EQ(outcome.folded.size(), 3u);
    CHECK(stages > 2);
    CHECK_EQ(session.Scrape("c"), "15.0");
    CHECK_EQ(session.set().Counts().files_retained, 0u);
  }
}

TEST("while files are moved one by one, and when that was killed, a listing fails") {
  for (const CompactionStage at : {CompactionStage::kMoved, CompactionStage::kCommitted}) {
    for (const bool is_killed : {false, true}) {
      CompactionDirectory directory;
      Fill(&directory);
      Session session(directory.path(), 1000, kRetains);
      CHECK_EQ(session.Scrape("c"), "15.0");
      ListingChange change;
      const auto compact = [&] {
        directory.Compact(
            [&](CompactionStage stage) {
              if (stage != at) return;
              if (is_killed) _exit(9);
              CHECK_EQ(session.set().List(&change), kFilesMovedAway);
            },
            true);
        return 0;
      };
      if (is_killed) {
        CHECK_EQ(InChild(compact), 9);
        CHECK_EQ(session.set().List(&change), kFilesMovedAway);
        Session fresh(directory.path(), 1000, kRetains);
        CHECK_EQ(fresh.set().List(&change), kFilesMovedAway);
        CHECK(RecoverCompaction(directory.path(), 0).recovered);
      } else {
        compact();
      }
      CHECK_EQ(session.Scrape("c"), "15.0");
      CHECK_EQ(session.set().Counts().files_retained, 0u);
    }
  }
}

TEST("a directory of another user that is called like a journal hides nothing") {
  CompactionDirectory directory;
  Fill(&directory);
  const std::string journal = directory.Path(JournalName("0123456789abcdef"));
  CHECK_EQ(mkdir(journal.c_str(), 0755), 0);
  CHECK_EQ(chown(journal.c_str(), 65534, 65534), 0);
  Session session(directory.path());
  CHECK_EQ(session.Scrape("c"), "15.0");
  LeftManifest left;
  CHECK_EQ(ReadLeftManifest(directory.path(), &left), 0);
  CHECK(!left.is_unfinished);
}

TEST("a listing fails where the manifest cannot be read: what was folded is not lost") {
  CompactionDirectory directory;
  Fill(&directory);
  Session session(directory.path(), 1000, kRetains);
  CHECK_EQ(session.Scrape("c"), "15.0");
  CHECK(directory.Compact().fault.ok());
  const std::string manifest = directory.Path(kManifestName);
  const std::string elsewhere = directory.parent().Path("manifest");
  CHECK_EQ(rename(manifest.c_str(), elsewhere.c_str()), 0);
  // As one on a bad disk: it is there, and open fails.
  CHECK_EQ(mknod(manifest.c_str(), S_IFSOCK | 0644, 0), 0);
  ListingChange change;
  CHECK_EQ(session.set().List(&change), ENXIO);
  CHECK_EQ(rename(elsewhere.c_str(), manifest.c_str()), 0);
  CHECK_EQ(session.Scrape("c"), "15.0");
  CHECK_EQ(session.set().Counts().files_retained, 0u);
}

TEST("a set that missed a compaction knows from the next one what the first one folded") {
  CompactionDirectory directory;
  Fill(&directory);
  Session session(directory.path(), 1000, kRetains);
  CHECK_EQ(session.Scrape("c"), "15.0");
  CHECK_EQ(directory.Compact().folded.size(), 3u);
  directory.Dead("counter_7.db", {{"c", 16}});
  CHECK(directory.Compact().fault.ok());
  CHECK_EQ(session.Scrape("c"), "31.0");
  CHECK_EQ(session.set().Counts().files_retained, 0u);
}

TEST("a file with the name and inode of a folded one is another file") {
  for (const bool is_folded : {false, true}) {
    CompactionDirectory directory;
    Fill(&directory);
    const std::string path = directory.Path("counter_1.db");
    const std::string elsewhere = directory.parent().Path("elsewhere");
    CHECK_EQ(link(path.c_str(), elsewhere.c_str()), 0);
    Session session(directory.path(), 1000, kRetains);
    CHECK_EQ(session.Scrape("c"), "15.0");
    CHECK(directory.Compact().fault.ok());
    CHECK_EQ(session.Scrape("c"), "15.0");
    directory.Write(elsewhere, FileOf({{"c", 100}}));
    CHECK_EQ(rename(elsewhere.c_str(), path.c_str()), 0);
    CHECK_EQ(session.Scrape("c"), "115.0");
    if (is_folded) {
      // Within the second of the first one.
      CHECK_EQ(directory.Compact().folded.size(), 1u);
    } else {
      CHECK_EQ(unlink(path.c_str()), 0);
    }
    CHECK_EQ(session.Scrape("c"), "115.0");
    CHECK_EQ(session.set().Counts().files_retained, is_folded ? 0u : 1u);
  }
}

TEST("what goes after a compaction is retained as before, an archive too") {
  CompactionDirectory directory;
  Fill(&directory);
  Session session(directory.path(), 1000, kRetains);
  CHECK_EQ(session.Scrape("c"), "15.0");
  const CompactionOutcome outcome = directory.Compact();
  CHECK_EQ(session.Scrape("c"), "15.0");
  for (const std::string& name : {std::string("counter_4.db"), outcome.archives[0].name}) {
    unlink(directory.Path(name).c_str());
    CHECK_EQ(session.Scrape("c"), "15.0");
  }
  CHECK_EQ(session.set().Counts().files_retained, 2u);
}

TEST("a file that is made just before the exchange counts while it is being moved") {
  for (const uint8_t flags : {kKeepLastGood, kRetains}) {
    CompactionDirectory directory;
    Fill(&directory);
    Session session(directory.path(), 1000, flags);
    CHECK_EQ(session.Scrape("c"), "15.0");
    bool was_missing = false;
    const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
      if (stage == CompactionStage::kExchanging) {
        directory.Living("counter_5.db", {{"c", 16}});
        CHECK_EQ(session.Scrape("c"), "31.0");
      }
      if (stage == CompactionStage::kExchanged) was_missing = !directory.Has("counter_5.db");
      if (stage > CompactionStage::kExchanging) CHECK_EQ(session.Scrape("c"), "31.0");
    });
    CHECK(outcome.fault.ok() && was_missing);
    CHECK_EQ(outcome.carried, 1u);
    CHECK_EQ(session.Scrape("c"), "31.0");
    CHECK_EQ(session.set().Counts().files_retained, 0u);
  }
}

TEST("an archive of an exchange that is taken back is not retained") {
  CompactionDirectory directory;
  Fill(&directory);
  Session session(directory.path(), 1000, kRetains);
  CHECK_EQ(session.Scrape("c"), "15.0");
  Reopening reopening;
  bool was_undone = false;
  const CompactionOutcome outcome = directory.Compact([&](CompactionStage stage) {
    if (stage == CompactionStage::kExchanging) reopening.Start(directory.Path("counter_2.db"), 32);
    was_undone |= stage == CompactionStage::kUndone;
    const std::string sum = session.Scrape("c");
    CHECK(sum == "15.0" || sum == "47.0");
  });
  CHECK(reopening.Join());
  CHECK(outcome.fault.ok());
  CHECK(was_undone && outcome.undone > 0);
  CHECK_EQ(session.Scrape("c"), "47.0");
  CHECK_EQ(session.set().Counts().files_retained, 0u);
}

}  // namespace
}  // namespace promfold::test
