#include "core/wanted_slots.h"

#include <memory>
#include <utility>
#include <vector>

#include "check.h"
#include "session.h"
#include "writer.h"

namespace promfold::test {
namespace {

Pages PageOf(std::vector<uint32_t> slots) {
  auto part = std::make_shared<Template>();
  part->line_end.assign(slots.size(), 0);
  part->slot = std::move(slots);
  CHECK(part->Seal());
  return {std::make_shared<const Page>(Page{part})};
}

TEST("wanted: what is printed, and all buckets of a group of which something is") {
  const BucketLayout buckets = {{3, 4, 6, 7}, {2, 4}, {5, 8}};
  const WantedSlots count(PageOf({5}), buckets, 10);
  for (uint32_t s = 0; s < 10; ++s) CHECK_EQ(count.Has(s), s >= 3 && s <= 5);
  const WantedSlots bucket(PageOf({2, 7}), buckets, 10);
  for (uint32_t s = 0; s < 10; ++s) CHECK_EQ(bucket.Has(s), s == 2 || s == 6 || s == 7);
  CHECK(bucket.HasAny(0, 3));
  CHECK(!bucket.HasAny(3, 6));
  CHECK(!bucket.HasAny(2, 2));
  CHECK(bucket.HasAny(6, 10));
}

TEST("wanted: only their rows are gathered and folded, and the rest keeps its last values") {
  TemporaryDirectory directory;
  const auto file = [](double a, double b, double c) {
    return FileOf({{"[\"a\"]", a}, {"[\"b\"]", b}, {"[\"c\"]", c}});
  };
  directory.Write("1.db", file(1, 2, 3), 65536);
  directory.Write("2.db", file(10, 20, 30), 65536);
  Session session(directory.path());
  session.Update();
  const auto only_b = PageOf({2});
  // The first gather is whole, whatever is asked for: a column is whole or not at all.
  for (const double more : {0.0, 5.0}) {
    directory.StoreDouble("1.db", 56, 2 + more);
    directory.StoreDouble("1.db", 24, 1 + more);
    CollectResult result;
    CHECK(!session.set().Collect({only_b, 0, true}, &result));
    CHECK_EQ(session.Value("[\"b\"]"), more == 0 ? "22.0" : "27.0");
    CHECK_EQ(session.Value("[\"a\"]"), "absent");
    CHECK_EQ(session.set().Find(session.IdOf("1.db"))->values()[0], 1.0);
    CHECK_EQ(session.set().Find(session.IdOf("1.db"))->values()[1], 2 + more);
  }
  session.Collect();
  CHECK_EQ(session.Value("[\"a\"]"), "16.0");

  directory.Truncate("2.db", 0);
  CollectResult result;
  CHECK(!session.set().Collect({only_b, 0, true}, &result));
  CHECK_EQ(result.changes.size(), 1u);
  CHECK_EQ(session.Value("[\"b\"]"), "27.0");
}

}  // namespace
}  // namespace promfold::test
