#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "core/compact/archive.h"
#include "core/compact/sum_rounding.h"
#include "core/file_format.h"
#include "writer.h"

namespace promfold::test {

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

const SameSeries kNoSeries;

FileFormat FormatOf(const std::string& bytes, uint32_t value_bytes) {
  return {bytes.size() == kHeaderBytes ? 0 : value_bytes, static_cast<uint32_t>(bytes.size()), 1};
}

class Kind {
 public:
  explicit Kind(Operation operation, const SameSeries* same = &kNoSeries, uint32_t value_bytes = 16)
      : kind_(operation, same), value_bytes_(value_bytes) {
    kind_.AddArchive("counter_-a.db", value_bytes);
  }

  void Fold(const std::string& name, const std::vector<Written>& entries, size_t archive = 0) {
    const std::string bytes = FileOf(entries, value_bytes_);
    const Aligned aligned(bytes);
    kind_.AddFolded(name, archive, aligned.span(), FormatOf(bytes, value_bytes_));
    before_.push_back(name);
  }
  void Stay(const std::string& name, const std::vector<Written>& entries) {
    staying_.emplace_back(name, FileOf(entries, value_bytes_));
    before_.push_back(name);
    after_.push_back(name);
  }
  void Join() {
    kind_.Join();
    for (const auto& [name, bytes] : staying_) {
      const Aligned aligned(bytes);
      kind_.SetStaying(name, aligned.span(), FormatOf(bytes, value_bytes_));
    }
  }
  // In the order in which files were given, and sorted; archives come first.
  size_t Settle(uint32_t* rounded = nullptr) {
    uint32_t ignored = 0;
    std::vector<std::string> after = {"counter_-a.db"};
    for (size_t i = 1; i < kind_.archives().size(); ++i) {
      after.push_back(kind_.archives()[i].name);
    }
    after.insert(after.end(), after_.begin(), after_.end());
    std::vector<ArchiveKind::Order> orders = {{before_, after}, {before_, after}};
    std::sort(orders[1].before.begin(), orders[1].before.end());
    std::sort(orders[1].after.begin(), orders[1].after.end());
    return kind_.Settle(orders, rounded == nullptr ? &ignored : rounded).size();
  }
  bool IsFolded(const std::string& name) const {
    return std::find(after_.begin(), after_.end(), name) == after_.end();
  }
  ArchiveKind& kind() { return kind_; }
  Archive& archive(size_t index = 0) { return kind_.archives()[index]; }
  std::string Key(size_t entry) { return std::string(kind_.keys().Text(archive().key[entry])); }

 private:
  ArchiveKind kind_;
  uint32_t value_bytes_;
  std::vector<std::pair<std::string, std::string>> staying_;
  std::vector<std::string> before_;
  std::vector<std::string> after_;
};

}  // namespace

TEST("an archive has each key once, in the order in which keys are seen") {
  Kind kind(Operation::kSum);
  kind.Fold("counter_1.db", {{"a", 1}, {"b", 2}});
  kind.Fold("counter_2.db", {{"c", 4}, {"a", 8}});
  kind.Join();
  CHECK_EQ(kind.archive().key.size(), 3u);
  CHECK_EQ(kind.Key(0), "a");
  CHECK_EQ(kind.Key(2), "c");
  CHECK_EQ(kind.archive().entries.value[0], 9.0);
  CHECK_EQ(kind.archive().entries.value[1], 2.0);
}

TEST("a key that a file has twice counts twice") {
  Kind kind(Operation::kSum);
  kind.Fold("counter_1.db", {{"a", 1}, {"a", 2}});
  kind.Join();
  CHECK_EQ(kind.archive().entries.value.size(), 1u);
  CHECK_EQ(kind.archive().entries.value[0], 3.0);
}

TEST("min, max and most recent keep the value that wins, and its timestamp") {
  Kind least(Operation::kMin);
  least.Fold("gauge_min_1.db", {{"a", 3}});
  least.Fold("gauge_min_2.db", {{"a", -1}});
  least.Join();
  CHECK_EQ(least.archive().entries.value[0], -1.0);

  Kind recent(Operation::kMostRecent);
  recent.Fold("gauge_mostrecent_1.db", {{"a", 3, 20}, {"never", 7, 0}});
  recent.Fold("gauge_mostrecent_2.db", {{"a", 5, 10}, {"never", 8, -1}});
  recent.Join();
  CHECK_EQ(recent.archive().entries.value[0], 3.0);
  CHECK_EQ(recent.archive().entries.timestamp[0], 20.0);
  // Its family has HELP and TYPE, and no sample.
  CHECK_EQ(recent.archive().entries.value[1], 7.0);
  CHECK_EQ(recent.archive().entries.timestamp[1], 0.0);
}

TEST("the bytes of an archive are those of a client, in both widths") {
  for (const uint32_t width : {8u, 16u}) {
    Kind kind(Operation::kSum, &kNoSeries, width);
    kind.Fold("counter_1.db", {{R"(["a","b",{},"c"])", 1.5}, {"12345678901234567890", 2}});
    kind.Join();
    const std::string expected =
        FileOf({{R"(["a","b",{},"c"])", 1.5}, {"12345678901234567890", 2}}, width);
    CHECK(kind.archive().Bytes(kind.kind().keys()) == expected);
    double value = 0;
    std::memcpy(&value, expected.data() + kind.archive().value_offset[1], sizeof value);
    CHECK_EQ(value, 2.0);
  }
  CHECK_EQ(CapacityFor(8), 65536u);
  CHECK_EQ(CapacityFor(65536), 65536u);
  CHECK_EQ(CapacityFor(65537), 131072u);
}

TEST("keys of one series are folded into the first one that is seen") {
  const SameSeries same = {{"a, other help", "a"}};
  Kind kind(Operation::kSum, &same);
  kind.Fold("counter_1.db", {{"a, other help", 1}, {"b", 1}});
  kind.Fold("counter_2.db", {{"a", 2}});
  kind.Stay("counter_3.db", {{"a, other help", 4}});
  kind.Join();
  CHECK_EQ(kind.archive().key.size(), 2u);
  CHECK_EQ(kind.Key(0), "a, other help");
  CHECK_EQ(kind.archive().entries.value[0], 3.0);
  CHECK_EQ(kind.Settle(), 0u);
}

TEST("an archive that would hide a NaN, or win a tie, must not be") {
  Kind least(Operation::kMin);
  least.Stay("counter_1.db", {{"a", kNaN}});
  least.Fold("counter_2.db", {{"a", 1}});
  least.Join();
  CHECK_EQ(least.Settle(), 1u);

  Kind recent(Operation::kMostRecent);
  recent.Stay("counter_1.db", {{"a", 1, 10}});
  recent.Fold("counter_2.db", {{"a", 2, 10}});
  recent.Join();
  CHECK_EQ(recent.Settle(), 1u);

  Kind later(Operation::kMostRecent);
  later.Stay("counter_1.db", {{"a", 1, 10}});
  later.Fold("counter_2.db", {{"a", 2, 11}});
  later.Join();
  CHECK_EQ(later.Settle(), 0u);
}

TEST("whole numbers are not moved, nor are sums whose first terms are folded") {
  uint32_t rounded = 1;
  Kind whole(Operation::kSum);
  whole.Stay("counter_1.db", {{"a", 3}});
  whole.Fold("counter_2.db", {{"a", 4}});
  whole.Stay("counter_3.db", {{"a", 5}});
  whole.Join();
  CHECK_EQ(whole.Settle(&rounded), 0u);
  CHECK_EQ(rounded, 0u);

  Kind first(Operation::kSum);
  first.Fold("counter_1.db", {{"a", 0.1}});
  first.Fold("counter_2.db", {{"a", 0.2}});
  first.Stay("counter_3.db", {{"a", 0.7}});
  first.Join();
  CHECK_EQ(first.Settle(&rounded), 0u);
  CHECK_EQ(rounded, 0u);
}

TEST("no total goes back by a bit, and one of them stays what it was") {
  std::mt19937_64 random(1);
  uint32_t moved = 0;
  int64_t most = 0;
  for (int round = 0; round < 2000; ++round) {
    Kind kind(Operation::kSum);
    ArchiveKind::Order order;
    const int files = 2 + static_cast<int>(random() % 40);
    std::vector<double> values;
    for (int i = 0; i < files; ++i) {
      const double value =
          std::ldexp(static_cast<double>(random() % 1'000'003), -static_cast<int>(random() % 40));
      values.push_back(value);
      const std::string name = "counter_" + std::to_string(100 + i) + ".db";
      if (i == 0 || random() % 2 == 0) {
        kind.Fold(name, {{"a", value}});
      } else {
        kind.Stay(name, {{"a", value}});
      }
      order.before.push_back(name);
    }
    kind.Join();
    // In the order of a directory, which is any.
    std::shuffle(order.before.begin(), order.before.end(), random);
    order.after = order.before;
    std::erase_if(order.after, [&](const std::string& name) { return kind.IsFolded(name); });
    order.after.insert(
        order.after.begin() + static_cast<ptrdiff_t>(random() % (order.after.size() + 1)),
        "counter_-a.db");
    ArchiveKind::Order sorted = order;
    std::sort(sorted.before.begin(), sorted.before.end());
    std::sort(sorted.after.begin(), sorted.after.end());
    uint32_t rounded = 0;
    const std::vector<ArchiveKind::Order> orders = {order, sorted};
    CHECK_EQ(kind.kind().Settle(orders, &rounded).size(), 0u);
    moved += rounded;
    // As a reader adds them up.
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const auto& names : orders) {
      const auto add = [&](const std::vector<std::string>& list) {
        double total = 0;
        for (const std::string& name : list) {
          total += name == "counter_-a.db"
                       ? kind.archive().entries.value[0]
                       : values[static_cast<size_t>(std::stoi(name.substr(8))) - 100];
        }
        return total;
      };
      const int64_t steps = StepsBetween(add(names.before), add(names.after));
      CHECK(steps >= 0);
      least = std::min(least, steps);
      most = std::max(most, steps);
    }
    CHECK(least <= 1);
  }
  CHECK(moved > 100);
  CHECK(most <= 8);
}

TEST("terms that cancel each other out are left as they are") {
  const SumOrder order = {0.0, {0.0, 1.0}, 0};
  CHECK_EQ(RoundTerm(0.0, {&order, 1}), 0.0);
  const SumOrder infinite = {std::numeric_limits<double>::infinity(), {1.0, 1.0}, 0};
  CHECK_EQ(RoundTerm(1.0, {&infinite, 1}), 1.0);
  CHECK(std::isnan(RoundTerm(kNaN, {&order, 1})));
  CHECK_EQ(StepsBetween(1.0, std::nextafter(1.0, 2.0)), 1);
  CHECK_EQ(StepsBetween(0.0, -0.0), 0);
  CHECK_EQ(StepsBetween(std::numeric_limits<double>::denorm_min(),
                        -std::numeric_limits<double>::denorm_min()),
           -2);
}

}  // namespace promfold::test
