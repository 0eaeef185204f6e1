#include "core/file_set.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <set>

#include "check.h"
#include "core/errno_name.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : " ") + part;
  return text;
}

template <typename T>
std::string Join(const std::vector<T>& numbers) {
  std::vector<std::string> parts;
  for (const T number : numbers) parts.push_back(std::to_string(number));
  return Join(parts);
}

TEST("names that glob('*.db') matches are listed, in the order of their bytes") {
  TemporaryDirectory directory;
  for (const char* name : {"counter_2.db", "counter_10.db", ".hidden.db", ".db", "a.DB", "b.db.bak",
                           "c.dbx", "\xff.db", "\xc3\xa9.db", "A.db"}) {
    directory.Write(name, "");
  }
  FileSet set(directory.path(), 10);
  ListingChange change;
  CHECK_EQ(set.List(&change), 0);
  CHECK_EQ(Join(change.added_name), "A.db counter_10.db counter_2.db \xc3\xa9.db \xff.db");
  CHECK_EQ(Join(change.added_id), "0 1 2 3 4");
}

TEST("a listing tells what came and what went; a replaced file is both") {
  TemporaryDirectory directory;
  for (const char* name : {"a.db", "b.db", "c.db"}) directory.Write(name, "");
  FileSet set(directory.path(), 10);
  ListingChange first;
  set.List(&first);
  directory.Remove("a.db");
  directory.Write("b.db", "");
  directory.Write("aa.db", "");
  ListingChange second;
  CHECK_EQ(set.List(&second), 0);
  CHECK_EQ(Join(second.removed_id), "0 1");
  CHECK_EQ(Join(second.added_name), "aa.db b.db");
  CHECK_EQ(Join(second.added_id), "3 4");
  ListingChange third;
  CHECK_EQ(set.List(&third), 0);
  CHECK(third.added_id.empty() && third.removed_id.empty());
}

TEST("listings under random change add up to what is there, in whatever order it is read") {
  for (const bool in_memory : {false, true}) {
    TemporaryDirectory directory(in_memory);
    std::mt19937 random(in_memory ? 7 : 8);
    const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
    std::set<std::string> there;
    std::map<uint32_t, std::string> listed;
    FileSet set(directory.path(), 1000);
    for (int step = 0; step < 60; ++step) {
      // Now and then more goes at once than is looked for ahead, or all of it.
      const uint32_t changes = step % 10 == 9 ? 150 : below(6);
      for (uint32_t i = 0; i < changes; ++i) {
        const std::string name = "counter_" + std::to_string(below(200)) + ".db";
        const bool is_there = there.count(name) > 0;
        if (is_there && below(3) > 0) {
          directory.Remove(name);
          there.erase(name);
          continue;
        }
        directory.Write(name, "");
        there.insert(name);
      }
      ListingChange change;
      CHECK_EQ(set.List(&change), 0);
      for (const uint32_t id : change.removed_id) CHECK_EQ(listed.erase(id), 1u);
      for (size_t i = 0; i < change.added_id.size(); ++i) {
        if (i > 0) CHECK(change.added_name[i - 1] < change.added_name[i]);
        listed[change.added_id[i]] = change.added_name[i];
      }
      std::vector<std::string> names;
      for (const auto& [id, name] : listed) {
        names.push_back(name);
        CHECK(set.Find(id) != nullptr && set.Find(id)->name() == name);
      }
      std::sort(names.begin(), names.end());
      CHECK_EQ(Join(names), Join(std::vector<std::string>(there.begin(), there.end())));
      ListingChange again;
      CHECK_EQ(set.List(&again), 0);
      CHECK(again.added_id.empty() && again.removed_id.empty());
    }
  }
}

TEST("a directory that cannot be listed changes nothing") {
  TemporaryDirectory directory;
  directory.Write("a.db", "");
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  CHECK_EQ(rename(directory.path().c_str(), (directory.path() + "x").c_str()), 0);
  ListingChange none;
  CHECK_EQ(ErrnoName(set.List(&none)), "ENOENT");
  CHECK(none.removed_id.empty());
  CHECK(set.Find(0) != nullptr);
  CHECK_EQ(rename((directory.path() + "x").c_str(), directory.path().c_str()), 0);
  FileSet file(directory.Path("a.db"), 10);
  CHECK_EQ(ErrnoName(file.List(&none)), "ENOTDIR");
}

TEST("only accepted files are read") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}}));
  directory.Write("b.db", FileOf({{"[1]", 1}}));
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  const uint32_t id[] = {1};
  const uint8_t flags[] = {0};
  CHECK(!set.Accept(id, flags));
  const RefreshResult result = set.Refresh();
  CHECK_EQ(result.changes.size(), 1u);
  CHECK_EQ(result.changes[0].id, 1u);
  const uint32_t unknown[] = {9};
  CHECK_EQ(set.Accept(unknown, flags).value_or(""), "no file has id 9");
}

TEST("a released file is unmapped and counts for nothing until it is accepted again") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1}, {"[2]", 1}}));
  directory.Write("b.db", FileOf({{"[1]", 2}}));
  Session session(directory.path(), 1);
  CHECK_EQ(session.Scrape("[1]"), "3.0");
  CHECK_EQ(session.set().Counts().unmapped_files, 1u);
  const uint32_t a[] = {session.IdOf("a.db")};
  CHECK(!session.set().Release(a));
  CHECK_EQ(session.set().Counts().unmapped_files, 1u);
  CHECK_EQ(session.Scrape("[1]"), "2.0");
  CHECK_EQ(session.Value("[2]"), "absent");
  CHECK_EQ(session.set().Counts().unmapped_files, 0u);  // the one mapping there may be is free
  std::vector<uint32_t> order;
  CHECK(!session.set().Order(3, &order));
  CHECK_EQ(Join(order), "1");

  directory.StoreDouble("a.db", 8 + 8, 5);
  const uint8_t flags[] = {kKeepLastGood};
  CHECK(!session.set().Accept(a, flags));
  CHECK_EQ(session.Update(), "a.db good 0..2");
  CHECK_EQ(session.Scrape("[1]"), "7.0");
  const uint32_t unknown[] = {9};
  CHECK_EQ(session.set().Release(unknown).value_or(""), "no file has id 9");
}

TEST("a minimum timestamp hides what was set before it in that file") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[1]", 1, 100}, {"[2]", 2, 200}}));
  directory.Write("b.db", FileOf({{"[1]", 3, 50}}));
  Session session(directory.path());
  for (const char* name : {"a.db", "b.db"}) session.SetOperation(name, Operation::kMostRecent);
  CHECK_EQ(session.Scrape("[1]"), "1.0");
  const uint32_t a[] = {session.IdOf("a.db")};
  const double seconds[] = {150};
  CHECK(!session.set().SetMinTimestamps(a, seconds));
  CHECK_EQ(session.Scrape("[1]"), "3.0");
  CHECK_EQ(session.Value("[2]"), "2.0");
  const uint32_t slots[] = {1, 2};
  std::vector<double> times;
  CHECK(!session.set().Times(slots, &times));
  CHECK_EQ(Join(times), "50.000000 200.000000");
  const uint32_t unknown[] = {3};
  CHECK_EQ(session.set().Times(unknown, &times).value_or(""), "slot 3 is not below 3");
  CHECK_EQ(session.set().SetMinTimestamps(a, {}).value_or(""), "id and seconds differ in length");
}

TEST("files fold in name order, whatever order they came in") {
  TemporaryDirectory directory;
  directory.Write("c.db", FileOf({{"[1]", -1e16}}));
  Session session(directory.path());
  session.Update();
  directory.Write("a.db", FileOf({{"[1]", 1e16}}));
  session.Update();
  directory.Write("b.db", FileOf({{"[1]", 1}}));
  CHECK_EQ(session.Scrape("[1]"), "0.0");
}

TEST("with a helper thread files still fold in name order, and damage it finds is told") {
  // Enough entries for a helper (file_set.cc). 1e16 + 1 - 1e16 depends on the order.
  TemporaryDirectory directory;
  std::vector<Written> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"[\"k" + std::to_string(i) + "\"]", 0});
  for (int file = 0; file < 100; ++file) {
    const double last = file == 0 ? 1e16 : file == 98 ? -1e16 : 1;
    many.back().value = last;
    directory.Write("f" + std::to_string(100 + file) + ".db", FileOf(many), 65536);
  }
  Session session(directory.path());
  // 1e16 swallows each 1 until -1e16 comes; the last file alone is left.
  for (int round = 0; round < 20; ++round) {
    session.Update();
    session.Collect();
    CHECK_EQ(session.Value("[\"k999\"]"), "1.0");
  }
  directory.Truncate("f199.db", 0);
  CHECK_EQ(session.Collect(), "f199.db held 1000..1000, the page was gone when it was read");
  CHECK_EQ(session.Value("[\"k999\"]"), "1.0");
  CHECK_EQ(session.set().Counts().read_faults, 1u);
}

TEST("a directory is refreshed as listed while its times are the same, all of them") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"k", 1}}));
  FileSet set(directory.path(), 10);
  AsListed first;
  CHECK_EQ(set.RefreshAsListed({}, nullptr, &first), 0);
  CHECK(!first.refreshed);
  CHECK(first.now.inode != 0);

  ListingChange change;
  set.List(&change);
  CHECK(!set.Accept(change.added_id, std::vector<uint8_t>(1)));
  const DirectoryTimes listed = first.now;
  for (int field = 0; field < 4; ++field) {
    DirectoryTimes other = listed;
    if (field == 0) ++other.device;
    if (field == 1) ++other.inode;
    if (field == 2) --other.modified_ns;
    if (field == 3) --other.changed_ns;
    AsListed otherwise;
    CHECK_EQ(set.RefreshAsListed(other, nullptr, &otherwise), 0);
    CHECK(!otherwise.refreshed);
    CHECK(otherwise.now == listed);
  }
  AsListed same;
  CHECK_EQ(set.RefreshAsListed(listed, nullptr, &same), 0);
  CHECK(same.refreshed.has_value());
  CHECK_EQ(same.refreshed->changes.size(), 1u);

  FileSet nowhere("/nonexistent/prom", 10);
  CHECK_EQ(nowhere.RefreshAsListed(listed, nullptr, &same), ENOENT);
}

TEST("survey: first rank, file, entry and key of a family, and who sets its mode") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x1", 1}, {"x2", 1}}));
  directory.Write("b.db", "");
  directory.Write("c.db", FileOf({{"x2", 1}, {"y1", 1}}));
  directory.Write("d.db", FileOf({{"y1", 1}}));
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  CHECK(!set.Accept(change.added_id, std::vector<uint8_t>{kSetsMode, 0, kSetsMode, 0}));
  set.Refresh();
  SurveyResult result;
  // Keys x1, x2, y1 are 0, 1, 2; the last one is beyond the span and counts for nothing.
  CHECK(!set.Survey(std::vector<int32_t>{-1, 0}, 2, &result));
  CHECK_EQ(Join(result.first_rank), "0 -1");
  CHECK_EQ(Join(result.first_file), "0 -1");
  CHECK_EQ(Join(result.first_entry), "1 -1");
  CHECK_EQ(Join(result.first_key), "1 -1");
  CHECK_EQ(Join(result.last_file), "2 -1");
  CHECK_EQ(Join(result.first_mode_file), "0 -1");
  CHECK_EQ(Join(result.last_mode_file), "2 -1");
  CHECK_EQ(result.live_keys, 3u);
  SurveyResult other;
  CHECK(!set.Survey(std::vector<int32_t>{0, 0, 1}, 2, &other));
  CHECK_EQ(Join(other.first_rank), "0 1");  // b.db has no rank
  CHECK_EQ(Join(other.first_entry), "0 1");
  CHECK_EQ(Join(other.last_file), "2 3");
  CHECK_EQ(Join(other.first_mode_file), "0 2");
  CHECK_EQ(Join(other.last_mode_file), "2 2");
  CHECK_EQ(set.Survey(std::vector<int32_t>{5}, 2, &other).value_or(""), "family 5 is not below 2");
}

TEST("survey: files with the keys of the file before") {
  TemporaryDirectory directory;
  const auto alike = FileOf({{"x1", 1}, {"y1", 1}});
  directory.Write("a.db", alike);
  directory.Write("b.db", alike);
  directory.Write("c.db", alike);  // sets the mode
  directory.Write("d.db", alike);
  directory.Write("e.db", FileOf({{"y1", 1}}));
  directory.Write("f.db", "");
  directory.Write("g.db", alike);
  directory.Write("h.db", alike);
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  const uint8_t m = kSetsMode;
  CHECK(!set.Accept(change.added_id, std::vector<uint8_t>{0, 0, m, m, 0, 0, 0, m}));
  set.Refresh();
  SurveyResult result;
  CHECK(!set.Survey(std::vector<int32_t>{0, 1}, 2, &result));
  CHECK_EQ(Join(result.first_rank), "0 0");
  CHECK_EQ(Join(result.first_file), "0 0");
  CHECK_EQ(Join(result.first_entry), "0 1");
  CHECK_EQ(Join(result.first_key), "0 1");
  CHECK_EQ(Join(result.last_file), "7 7");
  CHECK_EQ(Join(result.first_mode_file), "2 2");
  CHECK_EQ(Join(result.last_mode_file), "7 7");

  directory.Remove("g.db");
  directory.Remove("h.db");
  set.List(&change);
  CHECK(!set.Survey(std::vector<int32_t>{0, 1}, 2, &result));
  CHECK_EQ(Join(result.last_file), "3 4");
  CHECK_EQ(Join(result.last_mode_file), "3 3");
}

TEST("survey and order: files of two kinds in turn, and one that grows out of its kind") {
  TemporaryDirectory directory;
  const auto one = FileOf({{"x1", 1}, {"y1", 1}});
  const auto other = FileOf({{"y1", 1}, {"z1", 1}});
  for (const char* name : {"a.db", "c.db", "e.db"}) directory.Write(name, one);
  for (const char* name : {"b.db", "d.db"}) directory.Write(name, other);
  Session session(directory.path());
  CHECK_EQ(session.Scrape("y1"), "5.0");
  const FileSet& set = session.set();
  SurveyResult result;
  std::vector<uint32_t> order;
  // Keys x1, y1, z1 are families 0, 1, 2.
  CHECK(!set.Survey(std::vector<int32_t>{0, 1, 2}, 3, &result));
  CHECK_EQ(Join(result.first_rank), "0 0 1");
  CHECK_EQ(Join(result.first_file), "0 0 1");
  CHECK_EQ(Join(result.last_file), "4 4 3");
  CHECK(!set.Order(4, &order));
  CHECK_EQ(Join(order), "1 2 3");
  CHECK(set.Find(0)->key_ids().data() == set.Find(4)->key_ids().data());
  CHECK(set.Find(1)->slots().data() == set.Find(3)->slots().data());

  directory.Write("c.db", FileOf({{"x1", 1}, {"y1", 1}, {"z1", 5}}));
  CHECK_EQ(session.Scrape("z1"), "7.0");
  CHECK_EQ(session.Value("y1"), "5.0");
  CHECK(!set.Survey(std::vector<int32_t>{0, 1, 2}, 3, &result));
  CHECK_EQ(Join(result.first_rank), "0 0 1");
  CHECK_EQ(Join(result.last_file), "4 4 3");
  CHECK(set.Find(0)->key_ids().data() == set.Find(4)->key_ids().data());
  CHECK(set.Find(0)->key_ids().data() != set.Find(session.IdOf("c.db"))->key_ids().data());
}

TEST("liveKeys counts the keys that a file still has") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x1", 1}, {"x2", 1}}));
  directory.Write("b.db", FileOf({{"x2", 1}}));
  Session session(directory.path());
  session.Update();
  directory.Remove("a.db");
  session.Update();
  SurveyResult result;
  CHECK(!session.set().Survey({}, 0, &result));
  CHECK_EQ(result.live_keys, 1u);
}

TEST("order: slots by their first row") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x1", 1}, {"x2", 1}, {"x3", 1}}));
  directory.Write("b.db", FileOf({{"x3", 1}, {"x4", 1}}));
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  CHECK(!set.Accept(change.added_id, std::vector<uint8_t>(2)));
  set.Refresh();
  const std::vector<uint32_t> from = {0, 0};
  const std::vector<uint32_t> count = {3, 2};
  const std::vector<uint32_t> slot = {5, kSlotNowhere, 2, 2, 3};
  CHECK(!set.SetRows(change.added_id, from, count, slot, std::vector<uint8_t>(5)));
  std::vector<uint32_t> order;
  CHECK(!set.Order(6, &order));
  CHECK_EQ(Join(order), "5 2 3");
  CHECK_EQ(set.Order(5, &order).value_or(""), "slot 5 is not below 5");
}

TEST("rows may be set again, in parts and with other operations") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x1", 1}, {"x2", 2}, {"x3", 3}, {"x4", 4}}));
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  CHECK(!set.Accept(change.added_id, std::vector<uint8_t>(1)));
  set.Refresh();
  const auto set_rows = [&](uint32_t from, std::vector<uint32_t> slot, Operation operation) {
    const uint32_t count = static_cast<uint32_t>(slot.size());
    return set.SetRows(change.added_id, {&from, 1}, {&count, 1}, slot,
                       std::vector<uint8_t>(count, static_cast<uint8_t>(operation)));
  };
  CHECK(!set_rows(0, {1, 1, 1, 1}, Operation::kSum));
  CHECK(!set_rows(1, {2, 2}, Operation::kMax));
  CHECK(!set.SetBuckets(3, {}));
  CollectResult collected;
  CHECK(!set.Collect({}, &collected));
  CHECK_EQ(set.slots().value[1], 5.0);
  CHECK_EQ(set.slots().value[2], 3.0);
  CHECK(set_rows(3, {1, 1}, Operation::kSum).has_value());
  CHECK(set_rows(5, {}, Operation::kSum).has_value());
  CHECK(set_rows(0, {UINT32_MAX}, Operation::kSum).has_value());
  CHECK(set_rows(0, {1}, static_cast<Operation>(5)).has_value());
}

TEST("all sets of a process share the limit of mappings") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}));
  directory.Write("b.db", FileOf({{"x", 1}}));
  const auto read = [](FileSet* set) {
    ListingChange change;
    set->List(&change);
    CHECK(!set->Accept(change.added_id, std::vector<uint8_t>(change.added_id.size())));
    set->Refresh();
  };
  FileSet second(directory.path(), 3);
  {
    FileSet first(directory.path(), 3);
    read(&first);
    read(&second);
    CHECK_EQ(first.Counts().unmapped_files, 0u);
    CHECK_EQ(second.Counts().unmapped_files, 1u);
  }
  FileSet third(directory.path(), 3);
  read(&third);
  CHECK_EQ(third.Counts().unmapped_files, 0u);
}

TEST("entries without a row yet count for nothing") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x1", 1}, {"x2", 2}}));
  FileSet set(directory.path(), 10);
  ListingChange change;
  set.List(&change);
  CHECK(!set.Accept(change.added_id, std::vector<uint8_t>(1)));
  set.Refresh();
  const uint32_t from = 0;
  const uint32_t count = 1;
  const uint32_t slot = 1;
  const uint8_t operation = 0;
  CHECK(!set.SetRows(change.added_id, {&from, 1}, {&count, 1}, {&slot, 1}, {&operation, 1}));
  CHECK(!set.SetBuckets(2, {}));
  CollectResult collected;
  CHECK(!set.Collect({}, &collected));
  CHECK_EQ(set.slots().value[1], 1.0);
}

TEST(
    "slots that the layout does not have are an error of the caller, and nothing is written "
    "there") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x1", 1}}));
  Session session(directory.path());
  session.Update();
  CHECK(!session.set().SetBuckets(1, {}));
  CollectResult collected;
  CHECK_EQ(session.set().Collect({}, &collected).value_or(""), "slot 1 is not below 1");
  CHECK(session.set().SetBuckets(2, {{5}, {1}, {1}}).has_value());
  CHECK(session.set().SetBuckets(2, {{1}, {2}, {1}}).has_value());
  CHECK(session.set().SetBuckets(2, {{1}, {1}, {}}).has_value());
  CHECK(session.set().SetBuckets(0, {}).has_value());
}

TEST("the free room of the file system is known once the directory was listed") {
  TemporaryDirectory directory;
  FileSet set(directory.path(), 10);
  CHECK_EQ(set.Counts().free_bytes, -1.0);
  ListingChange change;
  set.List(&change);
  CHECK(set.Counts().free_bytes > 0);
}

}  // namespace
}  // namespace promfold::test
