#include "core/instant_columns.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "check.h"
#include "core/file_set.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

template <typename T>
std::string Join(std::span<const T> numbers) {
  std::string text;
  for (const T number : numbers) {
    const auto whole = static_cast<int64_t>(number);
    text += (text.empty() ? "" : " ") + std::to_string(whole);
  }
  return text;
}

std::string Join(std::span<uint32_t> numbers) { return Join(std::span<const uint32_t>(numbers)); }
std::string Join(std::span<double> numbers) { return Join(std::span<const double>(numbers)); }

CollectResult CollectColumns(Session* session) {
  CollectResult result;
  const PreconditionError error = session->set().Collect({.pages = {}, .columns = true}, &result);
  CHECK_EQ(error.value_or(""), "");
  CHECK(result.columns.has_value());
  return result;
}

TEST("columns have the entries of all files in the order of folding, and what they add up to") {
  TemporaryDirectory directory;
  directory.Write("b.db", FileOf({{"x", 3}, {"y", 4}}));
  directory.Write("a.db", FileOf({{"y", 5}}));
  directory.Write("empty.db", "");
  Session session(directory.path());
  session.Update();
  const CollectResult result = CollectColumns(&session);
  const InstantColumns& columns = *result.columns;
  CHECK_EQ(Join(columns.files.id),
           std::to_string(session.IdOf("a.db")) + " " + std::to_string(session.IdOf("b.db")));
  CHECK_EQ(Join(columns.files.entry_end), "1 3");
  CHECK_EQ(Join(columns.value), "5 3 4");
  CHECK(columns.timestamp.empty());
  CHECK_EQ(Join(columns.slot.subspan(1)), "9 3");
  CHECK(IsAbsent(columns.slot[kSlotNowhere]));

  const RowColumns rows = session.set().Rows();
  CHECK_EQ(Join(rows.files.id), Join(columns.files.id));
  CHECK_EQ(Join(rows.files.generation), Join(columns.files.generation));
  CHECK_EQ(Join(rows.files.entry_end), Join(columns.files.entry_end));
  CHECK_EQ(Join(rows.key_id), "0 1 0");
  CHECK_EQ(Join(rows.slot), "1 2 1");
}

TEST("columns stay as they are while files are gathered again") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}));
  Session session(directory.path());
  session.Update();
  const CollectResult first = CollectColumns(&session);
  directory.StoreDouble("a.db", 16, 2);
  const CollectResult second = CollectColumns(&session);
  CHECK_EQ(Join(first.columns->value) + ", " + Join(first.columns->slot.subspan(1)), "1, 1");
  CHECK_EQ(Join(second.columns->value) + ", " + Join(second.columns->slot.subspan(1)), "2, 2");
}

TEST("a slot without a value is not one whose value is NaN, whatever bits that has") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", kAbsent}, {"y", std::nan("7")}}));
  // Never set: its timestamp is 0.
  directory.Write("b.db", FileOf({{"z", 5}}));
  Session session(directory.path());
  session.SetOperation("a.db", Operation::kLast);
  session.SetOperation("b.db", Operation::kMostRecent);
  session.Update();
  const CollectResult result = CollectColumns(&session);
  const std::span<const double> slot = result.columns->slot;
  CHECK_EQ(slot.size(), 4u);
  CHECK(!IsAbsent(slot[1]) && std::isnan(slot[1]));
  CHECK(!IsAbsent(slot[2]) && std::isnan(slot[2]));
  CHECK(IsAbsent(slot[3]));
  CHECK(IsAbsent(result.columns->value[0]));
}

TEST("timestamps are those of files with an entry that folds by mostRecent, 0 in the others") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1, 100}}));
  directory.Write("b.db", FileOf({{"x", 2, 200}, {"y", 3, 300}}));
  Session session(directory.path());
  session.SetOperation("b.db", Operation::kMostRecent);
  session.Update();
  const CollectResult result = CollectColumns(&session);
  CHECK_EQ(Join(result.columns->timestamp), "0 200 300");
}

TEST("entries without a row are in no column, nor is a file of such entries") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}, {"y", 2}}));
  directory.Write("b.db", FileOf({{"x", 3}}));
  FileSet set(directory.path(), 10);
  ListingChange listed;
  CHECK_EQ(set.List(&listed), 0);
  CHECK(!set.Accept(listed.added_id, std::vector<uint8_t>{0, 0}));
  CHECK_EQ(set.Refresh().changes.size(), 2u);
  const uint32_t id = listed.added_id[0];
  const std::vector<uint32_t> from = {0};
  const std::vector<uint32_t> count = {1};
  CHECK(!set.SetRows({&id, 1}, from, count, std::vector<uint32_t>{1}, std::vector<uint8_t>{0}));
  CHECK(!set.SetBuckets(2, {}));
  CollectResult result;
  CHECK(!set.Collect({.pages = {}, .columns = true}, &result));
  CHECK_EQ(Join(result.columns->files.id), std::to_string(id));
  CHECK_EQ(Join(result.columns->value), "1");
  const RowColumns rows = set.Rows();
  CHECK_EQ(Join(rows.files.id) + ", " + Join(rows.key_id), std::to_string(id) + ", 0");
}

TEST("a held file keeps its values and its generation; of another file's keys it is another one") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}, {"y", 2}}), 4096);
  Session session(directory.path());
  session.Update();
  const CollectResult good = CollectColumns(&session);
  directory.StoreInt32("a.db", 0, 4);
  CHECK_EQ(session.Refresh().substr(0, 9), "a.db held");
  const CollectResult held = CollectColumns(&session);
  CHECK_EQ(Join(held.columns->value), "1 2");
  CHECK_EQ(Join(held.columns->files.generation), Join(good.columns->files.generation));
  directory.Store("a.db", 0, FileOf({{"x", 5}, {"y", 6}, {"z", 7}}));
  CHECK_EQ(session.Refresh(), "a.db good 0..3");
  const CollectResult repaired = CollectColumns(&session);
  CHECK_EQ(Join(repaired.columns->value), "5 6 7");
  CHECK_EQ(Join(repaired.columns->files.generation), Join(good.columns->files.generation));
  directory.StoreInt32("a.db", 0, 4);
  session.Refresh();
  directory.Store("a.db", 0, FileOf({{"z", 7}}));
  session.Refresh();
  const CollectResult again = CollectColumns(&session);
  CHECK_EQ(Join(again.columns->files.id), Join(good.columns->files.id));
  CHECK_EQ(Join(again.columns->value), "7");
  CHECK(again.columns->files.generation[0] != good.columns->files.generation[0]);
}

TEST("a file that grows keeps its generation") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}), 4096);
  Session session(directory.path());
  session.Update();
  const CollectResult before = CollectColumns(&session);
  directory.Store("a.db", 0, FileOf({{"x", 1}, {"y", 2}}));
  session.Refresh();
  const CollectResult after = CollectColumns(&session);
  CHECK_EQ(Join(after.columns->value), "1 2");
  CHECK_EQ(Join(after.columns->files.generation), Join(before.columns->files.generation));
}

TEST("retained files come last") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}));
  directory.Write("b.db", FileOf({{"x", 2}}));
  Session session(directory.path(), 10, kKeepLastGood | 1 << kRetainedShift);
  session.Update();
  CollectColumns(&session);
  directory.Remove("a.db");
  session.Update();
  const CollectResult result = CollectColumns(&session);
  CHECK_EQ(Join(result.columns->files.id), std::to_string(session.IdOf("b.db")) + " 0");
  CHECK_EQ(Join(result.columns->value), "2 1");
  CHECK_EQ(Join(result.columns->slot.subspan(1)), "3");
}

TEST("a warm scrape without a page collects where columns are asked for") {
  TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"x", 1}}));
  Session session(directory.path());
  session.Update();
  CHECK_EQ(session.ScrapeWarm({.pages = {}, .columns = true}), "collected");
}

TEST("columns of what is printed alone cannot be had") {
  TemporaryDirectory directory;
  Session session(directory.path());
  session.Update();
  const PrintRequest request = {.pages = {}, .only_what_is_printed = true, .columns = true};
  CollectResult result;
  CHECK_EQ(session.set().Collect(request, &result).value_or(""),
           "columns are of all values, and only what is printed was asked for");
  CHECK_EQ(session.ScrapeWarm(request), "");
  CHECK(!result.columns.has_value());
}

TEST("columns of more entries than one piece of work has") {
  TemporaryDirectory directory;
  std::vector<Written> entries;
  for (uint32_t i = 0; i < 50'000; ++i) entries.push_back({"k" + std::to_string(i), i * 1.0, 1});
  const std::string bytes = FileOf(entries);
  for (const char* name : {"a.db", "b.db", "c.db", "d.db", "e.db"}) directory.Write(name, bytes);
  Session session(directory.path());
  session.SetOperation("c.db", Operation::kMostRecent);
  session.Update();
  const CollectResult result = CollectColumns(&session);
  const InstantColumns& columns = *result.columns;
  CHECK_EQ(columns.value.size(), 250'000u);
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < columns.value.size(); ++i) {
    const bool is_stamped = i / 50'000 == 2;
    wrong += columns.value[i] == i % 50'000 && columns.timestamp[i] == (is_stamped ? 1 : 0) ? 0 : 1;
  }
  for (uint32_t s = 1; s < columns.slot.size(); ++s) wrong += IsAbsent(columns.slot[s]) ? 1 : 0;
  CHECK_EQ(wrong, 0u);
}

}  // namespace
}  // namespace promfold::test
