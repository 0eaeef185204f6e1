// What files held last stays with their retained file: no sum goes back when a file goes.
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <vector>

#include "check.h"
#include "core/file_set.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

constexpr uint8_t kWithRetained = kKeepLastGood | 1 << kRetainedShift;

class RetainingSession : public Session {
 public:
  explicit RetainingSession(const TemporaryDirectory& directory, uint32_t map_limit = 1000)
      : Session(directory.path(), map_limit, kWithRetained) {}
  uint32_t RetainedEntries() { return set().Find(0)->entry_count(); }
};

// Byte of the first value in a file whose first key has 3 bytes.
constexpr size_t kFirstValue = 8 + 8;

TEST("what a removed file held last still counts, read once more") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}, {"[2]", 10}}));
  directory.Write("b.db", FileOf({{"[1]", 2}}));
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "3.0");
  directory.StoreDouble("a.db", kFirstValue, 4);
  directory.Remove("a.db");
  CHECK_EQ(session.Update(), "retained file good 0..2");
  session.Collect();
  CHECK_EQ(session.Value("[1]"), "6.0");
  CHECK_EQ(session.Value("[2]"), "10.0");
  CHECK_EQ(session.set().Counts().files_retained, 1u);
  CHECK_EQ(session.Update(), "");
  directory.Remove("b.db");
  CHECK_EQ(session.Scrape("[1]"), "6.0");
}

TEST("values of files that went before count from the next refresh on") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}}));
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  const KeyTexts keys{"[1][2]", {3, 6}};
  CHECK(!session.set().AddRetained(0, keys, std::vector<double>{5, 10}));
  CHECK_EQ(session.Update(), "retained file good 0..2");
  session.Collect();
  CHECK_EQ(session.Value("[1]"), "6.0");
  CHECK_EQ(session.Value("[2]"), "10.0");
  CHECK(!session.set().AddRetained(0, keys, std::vector<double>{NAN, 1}));
  directory.Remove("a.db");
  CHECK_EQ(session.Scrape("[1]"), "6.0");
  CHECK_EQ(session.Value("[2]"), "11.0");
  CHECK(session.set().AddRetained(1, keys, std::vector<double>{1, 2}).has_value());
  CHECK(session.set().AddRetained(0, keys, std::vector<double>{1}).has_value());
}

TEST("without a retained file it does not") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}}));
  Session session(directory.path());
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  directory.Remove("a.db");
  CHECK_EQ(session.Scrape("[1]"), "absent");
}

TEST("entries that came since the last scrape are retained, too") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}}), 4096);
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  const std::string grown = FileOf({{"[1]", 2}, {"[3]", 7}});
  directory.Store("a.db", 8, grown.substr(8));
  directory.StoreInt32("a.db", 0, static_cast<int32_t>(grown.size()));
  directory.Remove("a.db");
  CHECK_EQ(session.Scrape("[1]"), "2.0");
  CHECK_EQ(session.Value("[3]"), "7.0");
}

TEST("a name that is used again counts on top, and a retained file has each key once") {
  TemporaryDirectory directory;
  RetainingSession session(directory);
  double sum = 0;
  for (int life = 1; life <= 20; ++life) {
    directory.Write("a.db", FileOf({{"[1]", 1.0 * life}, {"[2]", 1}}));
    session.Scrape("[1]");
    sum += life;
    CHECK_EQ(session.Value("[2]"), std::to_string(life) + ".0");
    if (life % 2 == 0) directory.Remove("a.db");
  }
  CHECK_EQ(session.Scrape("[1]"), std::to_string(static_cast<int>(sum)) + ".0");
  CHECK_EQ(session.RetainedEntries(), 2u);
  CHECK_EQ(session.set().Counts().files_retained, 20u);
}

TEST("a directory that is created again takes nothing with it") {
  TemporaryDirectory parent;
  const std::string path = parent.Path("prom");
  const auto make = [&](double value) {
    parent.Write("a.db", FileOf({{"[1]", value}}));
    CHECK_EQ(mkdir(path.c_str(), 0700), 0);
    CHECK_EQ(rename(parent.Path("a.db").c_str(), (path + "/a.db").c_str()), 0);
  };
  const auto remove = [&] {
    CHECK_EQ(unlink((path + "/a.db").c_str()), 0);
    CHECK_EQ(rmdir(path.c_str()), 0);
  };
  make(5);
  Session session(path, 1000, kWithRetained);
  CHECK_EQ(session.Scrape("[1]"), "5.0");
  remove();
  ListingChange none;
  CHECK(session.set().List(&none) != 0);
  make(1);
  CHECK_EQ(session.Scrape("[1]"), "6.0");
  remove();
  CHECK_EQ(mkdir(path.c_str(), 0700), 0);
  CHECK_EQ(session.Scrape("[1]"), "6.0");
  CHECK_EQ(rmdir(path.c_str()), 0);
}

TEST("files that are not mapped are retained as they were read last") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}, {"[2]", 3}}));
  RetainingSession session(directory, 0);
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  CHECK_EQ(session.set().Counts().unmapped_files, 1u);
  // The number of its inode may well be that of the next one.
  directory.Remove("a.db");
  directory.Write("a.db", FileOf({{"[9]", 1}}));
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  CHECK_EQ(session.Value("[9]"), "1.0");
  directory.Remove("a.db");
  CHECK_EQ(session.Scrape("[2]"), "3.0");
  CHECK_EQ(session.Value("[9]"), "1.0");
  CHECK_EQ(session.set().Counts().unmapped_files, 0u);
}

TEST("a held file is retained as it is held, and not a second time when it is repaired") {
  TemporaryDirectory directory;
  const std::string whole = FileOf({{"[1]", 4}, {"[2]", 1}});
  directory.Write("a.db", whole);
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "4.0");
  directory.Truncate("a.db", 4);
  CHECK_EQ(session.Scrape("[1]"), "4.0");
  directory.Store("a.db", 0, whole);
  CHECK_EQ(session.Scrape("[1]"), "4.0");
  CHECK_EQ(session.set().Counts().files_retained, 0u);
  directory.Truncate("a.db", 4);
  CHECK_EQ(session.Scrape("[1]"), "4.0");
  directory.Remove("a.db");
  directory.Write("a.db", FileOf({{"[1]", 3}}));
  CHECK_EQ(session.Scrape("[1]"), "7.0");
}

TEST("what cannot be read once more is retained as it was read last") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 4}}), 4096);
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "4.0");
  directory.Truncate("a.db", 0);
  directory.Remove("a.db");
  CHECK_EQ(session.Scrape("[1]"), "4.0");
}

TEST("of a link that leads elsewhere now the values stay") {
  TemporaryDirectory directory;
  directory.Write("one", FileOf({{"[1]", 1}}));
  directory.Write("two", FileOf({{"[1]", 2}, {"[2]", 2}}));
  const std::string link = directory.Path("a.db");
  CHECK_EQ(symlink("one", link.c_str()), 0);
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  CHECK_EQ(unlink(link.c_str()), 0);
  CHECK_EQ(symlink("two", link.c_str()), 0);
  CHECK_EQ(session.Scrape("[1]"), "3.0");
  // The same link, to a file of the same name.
  CHECK_EQ(rename(directory.Path("one").c_str(), directory.Path("two").c_str()), 0);
  CHECK_EQ(session.Scrape("[1]"), "4.0");
  CHECK_EQ(session.Value("[2]"), "2.0");
  CHECK_EQ(session.set().Counts().files_retained, 2u);
}

TEST("a file that is only renamed counts once") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 5}}));
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "5.0");
  CHECK_EQ(rename(directory.Path("a.db").c_str(), directory.Path("b.db").c_str()), 0);
  CHECK_EQ(session.Scrape("[1]"), "5.0");
  CHECK_EQ(session.set().Counts().files_retained, 0u);
}

TEST("another order of adding loses nothing") {
  TemporaryDirectory directory;
  RetainingSession session(directory);
  // Whatever is taken out, something is lost to rounding in some order.
  const std::vector<double> value = {1e16, 1, 1, 0.1, 1e-3, 3e15, 0.7, 1};
  for (size_t i = 0; i < value.size(); ++i) {
    directory.Write("f" + std::to_string(i) + ".db", FileOf({{"[1]", value[i]}}));
  }
  session.Scrape("[1]");
  double served = session.set().slots().value[1];
  for (const size_t i : {3u, 0u, 6u, 1u, 7u, 2u, 5u, 4u}) {
    directory.Remove("f" + std::to_string(i) + ".db");
    session.Scrape("[1]");
    const double now = session.set().slots().value[1];
    CHECK(now >= served);
    CHECK(now - served <= 8);  // an ulp is 2 here
    served = now;
  }
}

TEST("neither does another order that a rename brings about") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 0.1}}));
  directory.Write("b.db", FileOf({{"[1]", 0.2}}));
  directory.Write("c.db", FileOf({{"[1]", 0.3}}));
  RetainingSession session(directory);
  CHECK_EQ(session.Scrape("[1]"), "0.6000000000000001");
  CHECK_EQ(rename(directory.Path("b.db").c_str(), directory.Path("z.db").c_str()), 0);
  directory.Remove("a.db");
  CHECK(0.3 + 0.2 + 0.1 < 0.1 + 0.2 + 0.3);
  CHECK_EQ(session.Scrape("[1]"), "0.6000000000000001");
}

TEST("what is not a number, and what counts for nothing, is left out") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", NAN}, {"[2]", 1}, {"[3]", 2}}));
  RetainingSession session(directory);
  session.Update();
  const uint32_t id = session.IdOf("a.db");
  const uint32_t from = 1;
  const uint32_t count = 1;
  const uint32_t nowhere[] = {kSlotNowhere};
  const uint8_t sum[] = {0};
  CHECK(!session.set().SetRows({&id, 1}, {&from, 1}, {&count, 1}, nowhere, sum));
  session.Collect();
  CHECK_EQ(session.Value("[1]"), "NaN");
  directory.Remove("a.db");
  CHECK_EQ(session.Update(), "retained file good 0..1");
  session.Collect();
  CHECK_EQ(session.Value("[1]"), "absent");
  CHECK_EQ(session.Value("[3]"), "2.0");
}

TEST("keys that only a retained file has stay when keys are renumbered") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}, {"[2]", 2}}));
  directory.Write("b.db", FileOf({{"[2]", 5}, {"[3]", 3}}));
  RetainingSession session(directory);
  session.Scrape("[1]");
  directory.Remove("a.db");
  session.Scrape("[1]");
  session.set().CompactKeys();
  CHECK_EQ(session.Refresh(), "b.db good 0..2\nretained file good 0..2");
  session.Collect();
  CHECK_EQ(session.Value("[1]"), "1.0");
  CHECK_EQ(session.Value("[2]"), "7.0");
  directory.Remove("b.db");
  CHECK_EQ(session.Scrape("[2]"), "7.0");
  CHECK_EQ(session.Value("[3]"), "3.0");
}

TEST("retained files are not files of the directory") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}}));
  FileSet set(directory.path(), 10, 2);
  ListingChange change;
  CHECK_EQ(set.List(&change), 0);
  CHECK_EQ(change.added_id.size(), 1u);
  CHECK_EQ(change.added_id[0], 2u);
  const uint32_t retained[] = {1};
  const uint8_t none[] = {0};
  CHECK_EQ(set.Accept(retained, none).value_or(""), "no file has id 1");
  CHECK_EQ(set.Release(retained).value_or(""), "no file has id 1");
  const uint8_t third[] = {3 << kRetainedShift};
  CHECK_EQ(set.Accept(change.added_id, third).value_or(""), "there is no retained file 3");
  const uint8_t second[] = {2 << kRetainedShift};
  CHECK(!set.Accept(change.added_id, second));
  set.Refresh();
  directory.Remove("a.db");
  ListingChange removed;
  CHECK_EQ(set.List(&removed), 0);
  CHECK_EQ(removed.removed_id.size(), 1u);
  CHECK_EQ(set.Find(0)->entry_count(), 0u);
  CHECK_EQ(set.Find(1)->entry_count(), 1u);
  CHECK_EQ(set.Counts().unmapped_files, 0u);
}

}  // namespace
}  // namespace promfold::test
