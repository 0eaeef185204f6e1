// Work to count: the inner loops of a scrape over made-up columns, always the same, RUNS times.
// scripts/bench/instructions runs it under callgrind with two counts of runs and divides the
// difference by the entries, so that neither start-up nor making the columns is in the figure.
//
//   instructions gather|fold|foldContiguous|render RUNS      prints the entries (for render: lines)
//   of one run
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/fold.h"
#include "core/gather.h"
#include "core/render.h"

namespace {

using namespace promfold;

constexpr uint32_t kFiles = 50;
constexpr uint32_t kRows = 200;
constexpr uint32_t kSlots = 2000;
// A key of 80 bytes or so before each pair, as files have.
constexpr uint32_t kStride = 104;

// Numerical Recipes' generator: the same numbers on every machine.
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : state_(seed) {}

  uint32_t Next() {
    state_ = state_ * 1664525 + 1013904223;
    return state_ >> 8;
  }
  // What metrics are: half of them counts, half with a fraction, a few zeros.
  double Value() {
    const uint32_t next = Next();
    if (next % 20 == 0) return 0.0;
    return next % 2 == 0 ? next % 100000 : next / 65536.0 + 0.1;
  }

 private:
  uint32_t state_;
};

struct Columns {
  std::vector<double> value;
  std::vector<double> timestamp;
  std::vector<uint32_t> slot;
};

uint32_t GatherRuns(int runs) {
  Numbers numbers(1);
  std::vector<double> file((kStride * kRows + kStride) / sizeof(double));
  std::vector<uint32_t> value_offset;
  for (uint32_t i = 0; i < kRows; ++i) {
    value_offset.push_back(88 + i * kStride);
    file[value_offset[i] / sizeof(double)] = numbers.Value();
    std::memset(reinterpret_cast<char*>(file.data()) + value_offset[i] - 8, ' ', 8);
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(file.data());
  std::vector<double> value(kRows);
  for (int run = 0; run < runs; ++run) {
    for (uint32_t f = 0; f < kFiles; ++f) {
      if (!GatherValues(bytes, value_offset, true, value.data())) std::abort();
    }
  }
  return kFiles * kRows;
}

uint32_t FoldRuns(int runs, bool contiguous) {
  Numbers numbers(2);
  std::vector<Columns> files(kFiles);
  for (Columns& columns : files) {
    for (uint32_t i = 0; i < kRows; ++i) {
      columns.value.push_back(numbers.Value());
      columns.timestamp.push_back(numbers.Value());
      columns.slot.push_back(contiguous ? 1 + i : 1 + numbers.Next() % (kSlots - 1));
    }
  }
  // Every operation takes a fifth of each file.
  std::vector<Run> operations;
  for (uint32_t o = 0; o < kOperations; ++o) {
    const uint32_t part = kRows / kOperations;
    operations.push_back({static_cast<Operation>(o), o * part, (o + 1) * part});
  }
  if (contiguous) operations = {{Operation::kSum, 0, kRows, true}};
  Slots slots;
  for (int run = 0; run < runs; ++run) {
    slots.Reset(kSlots);
    for (const Columns& columns : files) {
      Fold(operations, kRows, columns.value.data(), columns.timestamp, columns.slot.data(), &slots);
    }
    slots.Finish();
  }
  return kFiles * kRows;
}

Slots SomeSlots(uint32_t seed) {
  Numbers numbers(seed);
  Slots slots;
  slots.Reset(kSlots);
  for (uint32_t s = 1; s < kSlots; ++s) {
    slots.value[s] = numbers.Value();
    slots.present[s] = 1;
  }
  slots.Finish();
  return slots;
}

uint32_t RenderRuns(int runs) {
  constexpr uint32_t kLines = 50;
  Page page;
  uint32_t lines = 0;
  while (lines + kLines < kSlots) {
    auto family = std::make_shared<Template>();
    family->text = "# HELP app_requests_total Requests that were served\n";
    family->header_end = static_cast<uint32_t>(family->text.size());
    for (uint32_t i = 0; i < kLines; ++i) {
      family->text += "app_requests_total{method=\"GET\",route=\"/items\"} ";
      family->line_end.push_back(static_cast<uint32_t>(family->text.size()));
      family->slot.push_back(++lines);
    }
    if (!family->Seal()) std::abort();
    page.push_back(std::move(family));
  }
  // In turn, so that no number is the one of the run before.
  const Slots slots[] = {SomeSlots(3), SomeSlots(4)};
  PrintedNumbers numbers;
  for (int run = 0; run < runs; ++run) {
    numbers.Update(slots[run % 2]);
    if (Render(page, numbers, 0).block.memory() == nullptr) std::abort();
  }
  return lines;
}

}  // namespace

int main(int count, char** argument) {
  if (count == 3) {
    const std::string what = argument[1];
    const int runs = std::atoi(argument[2]);
    uint32_t entries = 0;
    if (what == "gather") entries = GatherRuns(runs);
    if (what == "fold") entries = FoldRuns(runs, false);
    if (what == "foldContiguous") entries = FoldRuns(runs, true);
    if (what == "render") entries = RenderRuns(runs);
    if (entries > 0) {
      std::printf("%u\n", entries);
      return 0;
    }
  }
  std::fprintf(stderr, "usage: instructions gather|fold|foldContiguous|render RUNS\n");
  return 2;
}
