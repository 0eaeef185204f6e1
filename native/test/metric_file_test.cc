// What happens to a file between two scrapes, mapped and unmapped.
#include "core/metric_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>

#include "check.h"
#include "core/text.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

constexpr uint32_t kMapped = 1000;
constexpr uint32_t kUnmapped = 0;
constexpr uint32_t kBothWays[] = {kMapped, kUnmapped};
constexpr size_t kSize = 65536;

const std::string kA = FileOf({{"[\"a\"]", 1}});
const std::string kAB = FileOf({{"[\"a\"]", 1}, {"[\"b\"]", 2}});
const uint32_t kSecond = 40;  // where b begins

// A set that has served `bytes` as one file, a.db.
class Served {
 public:
  explicit Served(const std::string& bytes, uint32_t map_limit = kMapped,
                  uint8_t flags = kKeepLastGood)
      : session(directory.path(), map_limit, flags) {
    directory.Write("a.db", bytes, kSize);
    session.Update();
    session.Collect();
  }
  TemporaryDirectory directory;
  Session session;
};

TEST("a file is read once; unchanged it is not reported again") {
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory;
    directory.Write("a.db", kAB, kSize);
    Session session(directory.path(), limit);
    CHECK_EQ(session.Update(), "a.db good 0..2");
    CHECK_EQ(session.Update(), "");
    CHECK_EQ(session.Collect(), "");
    CHECK_EQ(session.Value("[\"b\"]"), "2.0");
    CHECK_EQ(session.set().Counts().unmapped_files, limit == kUnmapped ? 1u : 0u);
  }
}

TEST("a warm scrape collects in one pass, and sees a stored double") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    for (const double value : {9.0, 10.0}) {
      served.directory.StoreDouble("a.db", 56, value);
      CHECK_EQ(served.session.ScrapeWarm(), "collected");
      CHECK_EQ(served.session.Value("[\"b\"]"), value == 9 ? "9.0" : "10.0");
    }
  }
}

TEST("a warm scrape reports a key that was added, and what it gathered so far counts") {
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory;
    directory.Write("a.db", kAB, kSize);
    directory.Write("b.db", kA, kSize);
    directory.Write("c.db", kAB, kSize);
    Session session(directory.path(), limit);
    session.Scrape("");
    directory.StoreDouble("a.db", 24, 5);
    directory.StoreDouble("b.db", 24, 6);
    directory.Store("b.db", kSecond, EntryOf({"[\"c\"]", 7}));
    directory.StoreInt32("b.db", 0, 72);
    CHECK_EQ(session.ScrapeWarm(), "b.db good 1..2");
    CHECK_EQ(session.Collect(), "");
    CHECK_EQ(session.Value("[\"a\"]"), "12.0");
    CHECK_EQ(session.Value("[\"b\"]"), "4.0");
    CHECK_EQ(session.Value("[\"c\"]"), "7.0");
    // Only that once. What is not mapped waits for the next refresh.
    if (limit == kUnmapped) continue;
    directory.StoreDouble("c.db", 24, 100);
    CHECK_EQ(session.Collect(), "");
    CHECK_EQ(session.Value("[\"a\"]"), "111.0");
  }
}

TEST("a warm scrape reports a file that was cut off, and one that is whole again") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    served.directory.Truncate("a.db", 0);
    const std::string held = served.session.ScrapeWarm();
    CHECK_EQ(held.substr(0, 14), "a.db held 2..2");
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"b\"]"), "2.0");
    // A file that is not good is read by every scrape, and holds up none.
    CHECK_EQ(served.session.ScrapeWarm(), "collected");
    CHECK_EQ(served.session.Value("[\"b\"]"), "2.0");
    served.directory.Truncate("a.db", kSize);
    served.directory.Store("a.db", 0, FileOf({{"[\"a\"]", 1}, {"[\"b\"]", 3}}));
    CHECK_EQ(served.session.ScrapeWarm(), "a.db good 0..2");
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"b\"]"), "3.0");
  }
}

TEST("a warm scrape reports a file that was cut off, where nothing is held") {
  Served served(kAB, kMapped, 0);
  served.directory.StoreInt32("a.db", 0, 8);
  CHECK_EQ(served.session.ScrapeWarm(), "a.db good 0..0");
  served.directory.Write("b.db", kA, kSize);
  served.session.Scrape("");
  served.directory.Truncate("b.db", 0);
  CHECK_EQ(served.session.ScrapeWarm().substr(0, 13), "b.db bad 0..0");
}

TEST("a warm scrape looks at files of which it prints nothing") {
  Served served(kA);
  PrintRequest nothing;
  nothing.only_what_is_printed = true;
  served.directory.StoreDouble("a.db", 24, 5);
  CHECK_EQ(served.session.ScrapeWarm(nothing), "collected");
  CHECK_EQ(served.session.Value("[\"a\"]"), "absent");
  served.directory.Store("a.db", kSecond, EntryOf({"[\"b\"]", 2}));
  served.directory.StoreInt32("a.db", 0, 72);
  CHECK_EQ(served.session.ScrapeWarm(nothing), "a.db good 1..2");
  served.directory.Truncate("a.db", 0);
  CHECK_EQ(served.session.ScrapeWarm(nothing).substr(0, 14), "a.db held 2..2");
}

TEST("a warm scrape of rows that fold otherwise than when they were gathered gathers them again") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[\"a\"]", 1, 50}}), kSize);
  Session session(directory.path());
  session.Scrape("");
  directory.Store("a.db", kSecond, EntryOf({"[\"b\"]", 2, 60}));
  directory.StoreInt32("a.db", 0, 72);
  session.SetOperation("a.db", Operation::kMostRecent);
  CHECK_EQ(session.ScrapeWarm(), "a.db good 1..2");
  session.Collect();
  CHECK_EQ(session.Value("[\"b\"]"), "2.0");
}

TEST("a stored double is seen by the next scrape") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    served.directory.StoreDouble("a.db", 56, 9);
    CHECK_EQ(served.session.Scrape("[\"b\"]"), "9.0");
  }
}

TEST("new entries are new rows, old ones keep theirs") {
  for (const uint32_t limit : kBothWays) {
    Served served(kA, limit);
    served.directory.Store("a.db", kSecond, EntryOf({"[\"b\"]", 5}));
    served.directory.StoreInt32("a.db", 0, static_cast<int32_t>(kAB.size()));
    CHECK_EQ(served.session.Refresh(), "a.db good 1..2");
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"a\"]"), "1.0");
    CHECK_EQ(served.session.Value("[\"b\"]"), "5.0");
  }
}

TEST("a file grows beyond what is mapped") {
  for (const uint32_t limit : kBothWays) {
    Served served(kA, limit);
    std::vector<Written> many = {{"[\"a\"]", 1}};
    for (int i = 0; i < 5000; ++i) many.push_back({"[\"k" + std::to_string(i) + "\"]", 3});
    const std::string bytes = FileOf(many);
    served.directory.Truncate("a.db", 4 * kSize);
    served.directory.Store("a.db", kSecond, bytes.substr(kSecond));
    served.directory.StoreInt32("a.db", 0, static_cast<int32_t>(bytes.size()));
    CHECK(bytes.size() > kSize);
    CHECK_EQ(served.session.Update(), "a.db good 1..5001");
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"k4999\"]"), "3.0");
  }
}

TEST("a file that is being created is empty, then a header, then has entries") {
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory;
    directory.Write("a.db", "");
    Session session(directory.path(), limit);
    CHECK_EQ(session.Update(), "a.db empty 0..0, 0 bytes");
    CHECK_EQ(session.Update(), "");
    directory.Truncate("a.db", kSize);
    CHECK_EQ(session.Update(), "a.db empty 0..0, used 0");
    directory.StoreInt32("a.db", 0, 8);
    CHECK_EQ(session.Update(), "a.db good 0..0");
    CHECK_EQ(session.Collect(), "");
    directory.Store("a.db", 8, kAB.substr(8));
    directory.StoreInt32("a.db", 0, static_cast<int32_t>(kAB.size()));
    CHECK_EQ(session.Update(), "a.db good 0..2");
    session.Collect();
    CHECK_EQ(session.Value("[\"a\"]"), "1.0");
  }
}

TEST("a replaced file is another file") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    const uint32_t before = served.session.IdOf("a.db");
    served.directory.Write("a.db", FileOf({{"[\"b\"]", 7}}));
    CHECK_EQ(served.session.Update(), "a.db good 0..1");
    CHECK(served.session.IdOf("a.db") != before);
    CHECK(served.session.set().Find(before) == nullptr);
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"a\"]"), "absent");
    CHECK_EQ(served.session.Value("[\"b\"]"), "7.0");
  }
}

// The gathers of one scrape come after its refresh: damage may fall on either side.
struct Damage {
  const char* title;
  void (*inflict)(const TemporaryDirectory&);
  const char* found;            // by a refresh that reads the file again
  const char* found_gathering;  // by a collect right after the damage; "" where it cannot know
};

const Damage kDamage[] = {
    {"truncated to nothing", [](const TemporaryDirectory& d) { d.Truncate("a.db", 0); },
     "no entry where 2 were before", "the page was gone when it was read"},
    {"truncated below used", [](const TemporaryDirectory& d) { d.Truncate("a.db", kSecond); },
     "used 72 runs past the file's 40 bytes", "the last entry is another than before"},
    {"zeroed in place",
     [](const TemporaryDirectory& d) { d.Store("a.db", 0, std::string(kAB.size(), '\0')); },
     "no entry where 2 were before", "used fell from 72 to 0"},
    {"the last key overwritten",
     [](const TemporaryDirectory& d) { d.Store("a.db", kSecond, std::string(8, '\xff')); },
     "key length -1 is not positive", "the last entry is another than before"},
    {"used gone wild", [](const TemporaryDirectory& d) { d.StoreInt32("a.db", 0, -5); },
     "used -5 is below 8", "used fell from 72 to -5"},
    {"used far too large", [](const TemporaryDirectory& d) { d.StoreInt32("a.db", 0, 1 << 30); },
     "used 1073741824 runs past the file's 65536 bytes", ""},
    {"used into the zeros", [](const TemporaryDirectory& d) { d.StoreInt32("a.db", 0, 256); },
     "key length 0 is not positive", ""},
};

TEST("a served file that is damaged is held: it keeps its entries and last good values") {
  for (const uint32_t limit : kBothWays) {
    for (const Damage& damage : kDamage) {
      Served served(kAB, limit);
      damage.inflict(served.directory);
      CHECK_EQ(served.session.Update(), std::string("a.db held 2..2, ") + damage.found);
      CHECK_EQ(served.session.Update(), "");  // not reported twice
      CHECK_EQ(served.session.Collect(), "");
      CHECK_EQ(served.session.Value("[\"b\"]"), "2.0");
    }
  }
}

// Columns go from file to file.
TEST("of files of one size and of others, each keeps its own last good values") {
  constexpr int kEntries[] = {2, 2, 3, 2, 3, 1};
  constexpr int kFiles = std::size(kEntries);
  const auto name = [](int f) { return std::to_string(f) + ".db"; };
  const auto key = [](int f, int k) {
    return "[\"f" + std::to_string(f) + "k" + std::to_string(k) + "\"]";
  };
  const auto value = [](int f, int k, int scrape) { return 100 * scrape + 10 * f + k; };
  TemporaryDirectory directory;
  for (int f = 0; f < kFiles; ++f) {
    std::vector<Written> entries;
    for (int k = 0; k < kEntries[f]; ++k) entries.push_back({key(f, k), 0});
    directory.Write(name(f), FileOf(entries));
  }
  Session session(directory.path());
  session.Update();
  const auto is_damaged = [](int f) { return f == 1 || f == 4; };
  constexpr int kGood = 4;
  for (int scrape = 0; scrape < 2 * kGood; ++scrape) {
    for (int f = 0; f < kFiles; ++f) {
      if (scrape == kGood && is_damaged(f)) directory.Truncate(name(f), 0);
      if (scrape >= kGood && is_damaged(f)) continue;
      // 32 bytes an entry, and its value after a length and a key of 8.
      for (int k = 0; k < kEntries[f]; ++k) {
        directory.StoreDouble(name(f), static_cast<size_t>(24 + 32 * k), value(f, k, scrape));
      }
    }
    session.Collect();
    for (int f = 0; f < kFiles; ++f) {
      const int last = is_damaged(f) ? std::min(scrape, kGood - 1) : scrape;
      for (int k = 0; k < kEntries[f]; ++k) {
        CHECK_EQ(session.Value(key(f, k)), std::to_string(value(f, k, last)) + ".0");
      }
    }
  }
}

TEST("damage between refresh and gather is found by the gather") {
  for (const Damage& damage : kDamage) {
    Served served(kAB);
    served.directory.StoreDouble("a.db", 56, 3);
    served.session.Update();
    served.session.Collect();
    damage.inflict(served.directory);
    const std::string found = damage.found_gathering;
    CHECK_EQ(served.session.Collect(), found.empty() ? "" : "a.db held 2..2, " + found);
    CHECK_EQ(served.session.Value("[\"b\"]"), "3.0");
  }
}

TEST("a page zeroed in the middle is found by the blank before each value") {
  std::vector<Written> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"[\"k" + std::to_string(i) + "\"]", 3});
  Served served(FileOf(many));
  served.directory.Store("a.db", 8192, std::string(4096, '\0'));
  CHECK_EQ(served.session.Collect(), "a.db held 1000..1000, the blank before a value is gone");
  CHECK_EQ(served.session.Value("[\"k300\"]"), "3.0");
}

TEST("a file cut inside its last value is told by its size, for the page still reads as zeros") {
  Served served(kAB);
  served.directory.Truncate("a.db", 60);
  CHECK_EQ(served.session.Update(), "");
  CHECK_EQ(served.session.Collect(),
           "a.db held 2..2, value up to byte 72 runs past the file's 60 bytes");
  CHECK_EQ(served.session.Value("[\"b\"]"), "2.0");
}

TEST(
    "a served file cut inside its last key and stretched again is held, though its chain is "
    "whole") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    served.directory.Truncate("a.db", kSecond + 6);
    served.directory.Truncate("a.db", kSize);
    CHECK_EQ(served.session.Update(), "a.db held 2..2, no text where a key was");
    CHECK_EQ(served.session.Scrape("[\"b\"]"), "2.0");
    served.directory.Store("a.db", kSecond, EntryOf({"[\"b\"]", 3}));
    CHECK_EQ(served.session.Scrape("[\"b\"]"), "3.0");
  }
}

TEST("a served file with a double stored over its last key is held") {
  for (const uint32_t limit : kBothWays) {
    for (const double number : {1.0, 0.1, -1e300}) {
      Served served(kAB, limit);
      served.directory.StoreDouble("a.db", kSecond, number);
      // The length word is overwritten too.
      served.directory.StoreInt32("a.db", kSecond, 5);
      CHECK_EQ(served.session.Update(), "a.db held 2..2, no text where a key was");
      CHECK_EQ(served.session.Scrape("[\"b\"]"), "2.0");
      served.directory.Store("a.db", kSecond, EntryOf({"[\"b\"]", 3}));
      CHECK_EQ(served.session.Scrape("[\"b\"]"), "3.0");
    }
  }
}

TEST("bytes are text when they are UTF-8 without control characters") {
  for (const char* text : {"", "[\"a\"]", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    CHECK(IsText(text));
  }
  for (const char* other :
       {"\x1f", "a\n", "\x80", "\xc3", "\xc3(", "\xe2\x82", "\xff", "\xf5\x80"}) {
    CHECK(!IsText(other));
  }
  CHECK(!IsText(std::string_view("a\0", 2)));
}

TEST("a key with a zero byte that was always there holds nothing up") {
  const std::string odd("[\"\0\"]", 5);
  for (const uint32_t limit : kBothWays) {
    Served served(FileOf({{odd, 1}, {"[\"b\"]", 2}}), limit);
    served.directory.Store("a.db", FileOf({{odd, 1}}).size(), EntryOf({"[\"c\"]", 2}));
    CHECK_EQ(served.session.Scrape("[\"c\"]"), "2.0");
    CHECK_EQ(served.session.Update(), "");
  }
}

TEST("a file stretched to 2 GiB whose header says so costs no memory, not even the hole's") {
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory(true);
    directory.Write("a.db", kAB, kSize);
    Session session(directory.path(), limit);
    CHECK_EQ(session.Scrape("[\"b\"]"), "2.0");
    const auto blocks = [&] {
      struct stat status;
      CHECK_EQ(stat(directory.Path("a.db").c_str(), &status), 0);
      return status.st_blocks;
    };
    const auto before = blocks();
    constexpr decltype(before) kPageBlocks = 8;
    // The second leads once into the hole: the page where its next length word would be.
    for (const uint32_t key : {0u, 1u << 19, 1u << 30}) {
      directory.StoreInt32("a.db", kAB.size(), static_cast<int32_t>(key));
      directory.Truncate("a.db", INT32_MAX);
      directory.StoreInt32("a.db", 0, INT32_MAX - 7);
      session.Refresh();
      CHECK_EQ(session.Collect(), "");
      CHECK_EQ(session.Value("[\"b\"]"), "2.0");
      CHECK(blocks() <= before + (key == 0 ? 0 : kPageBlocks));
      directory.Truncate("a.db", kSize);
      directory.StoreInt32("a.db", 0, static_cast<int32_t>(kAB.size()));
      CHECK_EQ(session.Scrape("[\"b\"]"), "2.0");
    }
  }
}

TEST("a last value that is set to zero is not damage") {
  Served served(kAB);
  served.directory.StoreDouble("a.db", 56, 0);
  CHECK_EQ(served.session.Scrape("[\"b\"]"), "0.0");
}

TEST("without keepLastGood, or before it was ever served, a damaged file is bad and dropped") {
  for (const uint32_t limit : kBothWays) {
    for (const Damage& damage : kDamage) {
      Served served(kAB, limit, 0);
      damage.inflict(served.directory);
      CHECK_EQ(served.session.Update(), std::string("a.db bad 0..0, ") + damage.found);
      CHECK_EQ(served.session.Update(), "");
      served.session.Collect();
      CHECK_EQ(served.session.Value("[\"b\"]"), "absent");
    }
  }
  TemporaryDirectory directory;
  directory.Write("a.db", kAB, kSize);
  Session session(directory.path());
  session.Update();
  directory.Truncate("a.db", 0);
  CHECK_EQ(session.Update(), "a.db bad 0..0, no entry where 2 were before");
}

TEST("held and bad files that read well again are read again") {
  for (const uint32_t limit : kBothWays) {
    for (const uint8_t flags : {uint8_t{0}, kKeepLastGood}) {
      Served served(kAB, limit, flags);
      served.directory.Truncate("a.db", 0);
      served.session.Update();
      served.session.Collect();
      served.directory.Truncate("a.db", kSize);
      CHECK_EQ(served.session.Update(), "");  // still nothing to read: no new fault
      served.directory.Store("a.db", 0, FileOf({{"[\"c\"]", 4}, {"[\"b\"]", 5}}));
      CHECK_EQ(served.session.Update(), "a.db good 0..2");
      served.session.Collect();
      CHECK_EQ(served.session.Value("[\"a\"]"), "absent");
      CHECK_EQ(served.session.Value("[\"b\"]"), "5.0");
      CHECK_EQ(served.session.Value("[\"c\"]"), "4.0");
    }
  }
}

TEST("a file truncated and grown again between two scrapes is read again at once") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    served.directory.Truncate("a.db", 0);
    served.directory.Truncate("a.db", kSize);
    served.directory.Store("a.db", 0, FileOf({{"[\"c\"]", 4}, {"[\"d\"]", 5}, {"[\"e\"]", 6}}));
    CHECK_EQ(served.session.Update(), "a.db good 0..3");
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"a\"]"), "absent");
    CHECK_EQ(served.session.Value("[\"e\"]"), "6.0");
  }
}

TEST("used of one entry less reads well as a whole: the file is read again without it") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    served.directory.StoreInt32("a.db", 0, kSecond);
    CHECK_EQ(served.session.Update(), "a.db good 0..1");
    CHECK_EQ(served.session.Scrape("[\"b\"]"), "absent");
  }
}

TEST("a short tail is read, and read again when it grows") {
  for (const uint32_t limit : kBothWays) {
    Served served(WithInt32(kAB, 0, static_cast<int32_t>(kAB.size()) - 12), limit);
    CHECK_EQ(served.session.Scrape("[\"b\"]"), "2.0");
    CHECK_EQ(served.session.Update(), "");
    served.directory.StoreInt32("a.db", 0, static_cast<int32_t>(kAB.size()));
    const std::string change = served.session.Update();
    CHECK(change == "a.db good 0..2" || change.empty());
    CHECK_EQ(served.session.Scrape("[\"b\"]"), "2.0");
  }
}

TEST("8-byte values are followed as they grow") {
  for (const uint32_t limit : kBothWays) {
    const std::string one = FileOf({{"[\"a\"]", 1}}, 8);
    Served served(one, limit);
    served.directory.Store("a.db", one.size(), EntryOf({"[\"b\"]", 5}, 8));
    served.directory.StoreInt32("a.db", 0, static_cast<int32_t>(one.size() + 24));
    CHECK_EQ(served.session.Update(), "a.db good 1..2");
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"b\"]"), "5.0");
    const MetricFile* const file = served.session.set().Find(served.session.IdOf("a.db"));
    CHECK_EQ(file->value_bytes(), 8u);
    CHECK_EQ(file->EntryOffset(1), one.size());
  }
}

TEST("most recent: timestamps come with the values") {
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory;
    directory.Write("a.db", FileOf({{"[\"g\"]", 1, 200}}), kSize);
    directory.Write("b.db", FileOf({{"[\"g\"]", 2, 100}}), kSize);
    Session session(directory.path(), limit);
    session.SetOperation("a.db", Operation::kMostRecent);
    session.SetOperation("b.db", Operation::kMostRecent);
    CHECK_EQ(session.Scrape("[\"g\"]"), "1.0");
    directory.StoreDouble("b.db", 32, 300);
    CHECK_EQ(session.Scrape("[\"g\"]"), "2.0");
    const MetricFile* const file = session.set().Find(session.IdOf("b.db"));
    CHECK_EQ(file->timestamps().size(), 1u);
    CHECK_EQ(file->timestamps()[0], 300.0);
  }
}

TEST("a pair on two cache lines is read again until it agrees, mapped or not") {
  const std::string key = "[\"" + std::string(34, 'x') + "\"]";
  constexpr size_t kValue = 56;  // the timestamp is on the next line
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory;
    directory.Write("a.db", FileOf({{key, 1, 10}}), kSize);
    directory.Write("b.db", FileOf({{key, 2, 20}}), kSize);
    Session session(directory.path(), limit);
    for (const char* name : {"a.db", "b.db"}) {
      session.SetOperation(name, Operation::kMostRecent);
    }
    CHECK_EQ(session.Scrape(key), "2.0");
    directory.StoreDouble("a.db", kValue, 3);
    directory.StoreDouble("a.db", kValue + 8, 30);
    CHECK_EQ(session.Scrape(key), "3.0");
    CHECK_EQ(session.Scrape(key), "3.0");
  }
}

TEST("what is not a regular file is never opened") {
  TemporaryDirectory directory;
  CHECK_EQ(mkfifo(directory.Path("fifo.db").c_str(), 0644), 0);
  CHECK_EQ(mkdir(directory.Path("directory.db").c_str(), 0755), 0);
  CHECK_EQ(symlink("nowhere", directory.Path("dangling.db").c_str()), 0);
  Session session(directory.path());
  CHECK_EQ(session.Update(),
           "dangling.db bad 0..0, open failed with ENOENT\n"
           "directory.db bad 0..0, a directory\n"
           "fifo.db bad 0..0, a fifo");
  CHECK_EQ(session.Update(), "");
}

TEST("a symlink is followed, also when it comes to mean another file") {
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory;
    directory.Write("one.real", kA, kSize);
    directory.Write("two.real", kAB, kSize);
    CHECK_EQ(symlink("one.real", directory.Path("a.db").c_str()), 0);
    Session session(directory.path(), limit);
    CHECK_EQ(session.Update(), "a.db good 0..1");
    session.Collect();
    // The link's own inode stays listed: only a stat of the target shows the change.
    CHECK_EQ(rename(directory.Path("two.real").c_str(), directory.Path("one.real").c_str()), 0);
    CHECK_EQ(session.Update(), "a.db good 0..2");
    session.Collect();
    directory.Remove("one.real");
    CHECK_EQ(session.Refresh(), "a.db held 2..2, open failed with ENOENT");
  }
}

TEST("a file unlinked since the listing: mapped it is still good, else it cannot be read") {
  Served mapped(kAB, kMapped);
  mapped.directory.Remove("a.db");
  CHECK_EQ(mapped.session.Refresh(), "");
  Served unmapped(kAB, kUnmapped);
  unmapped.directory.Remove("a.db");
  CHECK_EQ(unmapped.session.Refresh(), "a.db held 2..2, open failed with ENOENT");
}

TEST("with compacted keys, every file that has entries is reported again, held ones too") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    served.directory.Write("c.db", FileOf({{"[\"c\"]", 4}}), kSize);
    served.directory.Write("empty.db", "");
    CHECK_EQ(served.session.Scrape("[\"c\"]"), "4.0");
    // Keys a and b have no file any more; c is held; d is damaged before it is planned again.
    served.directory.Write("d.db", FileOf({{"[\"d\"]", 5}}), kSize);
    CHECK_EQ(served.session.Scrape("[\"d\"]"), "5.0");
    served.directory.Remove("a.db");
    served.directory.StoreInt32("c.db", 0, -1);
    served.session.Update();
    served.session.set().CompactKeys();
    served.directory.StoreInt32("d.db", 0, -1);
    const std::string damage = ", used -1 is below 8";
    CHECK_EQ(served.session.Refresh(), "c.db held 0..1" + damage + "\nd.db held 0..1" + damage);
    CHECK_EQ(served.session.Collect(), "");
    CHECK_EQ(served.session.Value("[\"a\"]"), "unknown key");
    CHECK_EQ(served.session.Value("[\"c\"]"), "4.0");
    CHECK_EQ(served.session.Value("[\"d\"]"), "5.0");
  }
}

TEST("a file truncated again and again while it is gathered never kills, never half counts") {
  Served served(kAB);
  for (int i = 0; i < 200; ++i) {
    served.directory.Truncate("a.db", i % 2 == 0 ? 0 : kSize);
    if (i % 2 == 1) served.directory.Store("a.db", 0, kAB);
    if (i % 3 == 0) served.session.Update();
    served.session.Collect();
    CHECK_EQ(served.session.Value("[\"b\"]"), "2.0");
  }
}

TEST("a file truncated and written again by another thread all the time never kills") {
  for (const uint32_t limit : kBothWays) {
    Served served(kAB, limit);
    std::atomic<bool> is_done = false;
    std::thread vandal([&] {
      while (!is_done.load()) {
        served.directory.Truncate("a.db", 0);
        served.directory.Truncate("a.db", kSize);
        served.directory.Store("a.db", 8, kAB.substr(8));
        served.directory.StoreInt32("a.db", 0, static_cast<int32_t>(kAB.size()));
      }
    });
    for (int i = 0; i < 2000; ++i) {
      const std::string value = served.session.Scrape("[\"b\"]");
      // 0.0: gathered in a moment when all of the file was back but this value.
      if (value != "0.0") CHECK_EQ(value, "2.0");
    }
    is_done = true;
    vandal.join();
  }
}

TEST("on tmpfs no hole is allocated by reading") {
  if (access("/dev/shm", W_OK) != 0) return;
  for (const uint32_t limit : kBothWays) {
    TemporaryDirectory directory(true);
    constexpr size_t kLarge = size_t{8} << 20;
    directory.Write("a.db", kAB, kLarge);
    directory.Write("header.db", FileOf({}), kLarge);
    directory.Write("zeros.db", "", kLarge);
    const auto blocks = [&](const std::string& name) {
      struct stat status;
      CHECK_EQ(stat(directory.Path(name).c_str(), &status), 0);
      return status.st_blocks;
    };
    const auto a = blocks("a.db");
    const auto header = blocks("header.db");
    Session session(directory.path(), limit);
    for (int i = 0; i < 3; ++i) session.Scrape("[\"a\"]");
    CHECK_EQ(blocks("a.db"), a);
    CHECK_EQ(blocks("header.db"), header);
    CHECK_EQ(blocks("zeros.db"), 0);
  }
}

TEST("files beyond the budget are read without a mapping, and mapped when there is room") {
  TemporaryDirectory directory;
  directory.Write("a.db", kA, kSize);
  directory.Write("b.db", kAB, kSize);
  Session session(directory.path(), 1);
  CHECK_EQ(session.Scrape("[\"a\"]"), "2.0");
  CHECK_EQ(session.set().Counts().unmapped_files, 1u);
  directory.Remove("a.db");
  CHECK_EQ(session.Scrape("[\"a\"]"), "1.0");
  CHECK_EQ(session.set().Counts().unmapped_files, 0u);
  directory.StoreDouble("b.db", 24, 5);
  CHECK_EQ(session.Scrape("[\"a\"]"), "5.0");
}

TEST("no descriptor is kept for a file") {
  TemporaryDirectory directory;
  for (int i = 0; i < 50; ++i) directory.Write(std::to_string(i) + ".db", kA, kSize);
  Session session(directory.path(), 25);
  session.Update();
  const int first_free = dup(0);
  close(first_free);
  CHECK(first_free < 20);
}

}  // namespace
}  // namespace promfold::test
