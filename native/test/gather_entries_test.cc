#include <cstdint>
#include <string>
#include <vector>

#include "check.h"
#include "core/file_set.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

// The values and times of some entries of one file; `changed` where the file has.
std::string Gather(Session* session, const std::string& name, const std::vector<uint32_t>& entry,
                   uint32_t generation) {
  const uint32_t id = session->IdOf(name);
  const auto end = static_cast<uint32_t>(entry.size());
  GatheredEntries gathered;
  const PreconditionError error =
      session->set().GatherEntries({{&id, 1}, {&generation, 1}, {&end, 1}, entry}, &gathered);
  if (error) return *error;
  if (!gathered.are_as_indexed) return "changed";
  std::string text;
  for (size_t i = 0; i < gathered.value.size(); ++i) {
    text += (i == 0 ? "" : " ") + std::to_string(static_cast<int>(gathered.value[i])) + "@" +
            std::to_string(static_cast<int>(gathered.timestamp[i]));
  }
  return text;
}

uint32_t GenerationOf(Session* session, const std::string& name) {
  return session->set().Find(session->IdOf(name))->generation();
}

TEST("some entries are gathered as they are now, and no other file is looked at") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1, 100}, {"y", 2, 200}, {"z", 3, 300}}));
  directory.Write("b.db", FileOf({{"x", 9}}));
  Session session(directory.path());
  session.SetOperation("a.db", Operation::kMostRecent);
  session.Update();
  session.Collect();
  const uint32_t generation = GenerationOf(&session, "a.db");
  CHECK_EQ(Gather(&session, "a.db", {2, 0}, generation), "3@300 1@100");
  directory.StoreDouble("a.db", 16, 7);
  directory.StoreInt32("b.db", 0, 4);
  CHECK_EQ(Gather(&session, "a.db", {0}, generation), "7@100");
  CHECK_EQ(Gather(&session, "a.db", {}, generation), "");
}

TEST("what was gathered for some entries is gathered again by the next scrape") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}, {"y", 2}}));
  Session session(directory.path());
  session.Update();
  session.Collect();
  CHECK_EQ(Gather(&session, "a.db", {0, 1}, GenerationOf(&session, "a.db")), "1@0 2@0");
  directory.StoreDouble("a.db", 16, 5);
  CHECK_EQ(session.Collect(), "");
  CHECK_EQ(session.Value("x"), "5.0");
  CHECK_EQ(Gather(&session, "a.db", {0}, GenerationOf(&session, "a.db")), "5@0");
  CHECK_EQ(session.ScrapeWarm(), "collected");
}

TEST("a file that grew has changed, and the next refresh says how") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}), 4096);
  Session session(directory.path());
  session.Update();
  session.Collect();
  directory.Store("a.db", 0, FileOf({{"x", 1}, {"y", 2}}));
  CHECK_EQ(Gather(&session, "a.db", {0}, GenerationOf(&session, "a.db")), "changed");
  CHECK_EQ(session.Refresh(), "a.db good 1..2");
}

TEST("a damaged file has changed, is held, and is not gathered before it is good again") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}), 4096);
  Session session(directory.path());
  session.Update();
  session.Collect();
  const uint32_t generation = GenerationOf(&session, "a.db");
  directory.StoreInt32("a.db", 0, 4);
  CHECK_EQ(Gather(&session, "a.db", {0}, generation), "changed");
  CHECK_EQ(Gather(&session, "a.db", {0}, generation), "changed");
  CHECK_EQ(session.Refresh().substr(0, 9), "a.db held");
  directory.Store("a.db", 0, FileOf({{"x", 8}}));
  CHECK_EQ(session.Refresh(), "a.db good 0..1");
  CHECK_EQ(Gather(&session, "a.db", {0}, generation), "8@0");
}

TEST("a truncated file costs its own entries and nothing else") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}), 8192);
  Session session(directory.path());
  session.Update();
  session.Collect();
  const uint32_t generation = GenerationOf(&session, "a.db");
  directory.Truncate("a.db", 0);
  CHECK_EQ(Gather(&session, "a.db", {0}, generation), "changed");
  CHECK_EQ(session.set().Counts().read_faults > 0, true);
}

TEST("a file of another generation, one that is not listed and an entry too many have changed") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}));
  Session session(directory.path());
  session.Update();
  session.Collect();
  const uint32_t generation = GenerationOf(&session, "a.db");
  CHECK_EQ(Gather(&session, "a.db", {0}, generation + 1), "changed");
  CHECK_EQ(Gather(&session, "a.db", {1}, generation), "changed");
  const uint32_t unknown = 999;
  const uint32_t one = 1;
  const std::vector<uint32_t> entry = {0};
  GatheredEntries gathered;
  CHECK(
      !session.set().GatherEntries({{&unknown, 1}, {&generation, 1}, {&one, 1}, entry}, &gathered));
  CHECK(!gathered.are_as_indexed);
}

TEST("a file that is not mapped is not gathered: only a refresh reads it") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}));
  Session session(directory.path(), 0);
  session.Update();
  session.Collect();
  CHECK_EQ(Gather(&session, "a.db", {0}, GenerationOf(&session, "a.db")), "changed");
}

TEST("entries that are not put together as files have them are refused") {
  TemporaryDirectory directory;
  Session session(directory.path());
  session.Update();
  const std::vector<uint32_t> none;
  const std::vector<uint32_t> one = {1};
  const std::vector<uint32_t> descending = {1, 0};
  GatheredEntries gathered;
  CHECK_EQ(session.set().GatherEntries({one, none, one, one}, &gathered).value_or(""),
           "columns differ in length");
  CHECK_EQ(session.set().GatherEntries({one, one, one, none}, &gathered).value_or(""),
           "the last end is not the number of entries");
  CHECK_EQ(session.set()
               .GatherEntries({descending, descending, descending, one}, &gathered)
               .value_or(""),
           "ends of entries do not ascend");
}

}  // namespace
}  // namespace promfold::test
