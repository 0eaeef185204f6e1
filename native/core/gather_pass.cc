#include "gather_pass.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "helper_thread.h"

namespace promfold {

namespace {

// Below, all is gathered before the helper is there (about 100 µs against 5 ns an entry).
constexpr uint64_t kEntriesWorthAThread = 50'000;

// Files taken at a time by one of two threads; fewer where there are few.
constexpr uint32_t kFilesAtOnce = 16;
constexpr uint32_t kTakesEach = 8;

}  // namespace

// Gathering waits for memory, and two threads wait at once; folding must keep the order of the
// files. So both take the next few files in order, and this thread folds them as far as all are
// gathered, while their columns are in the cache.
bool GatherAndFold(const GatherPass& pass, const FileContext& context, Slots* slots) {
  const auto rows_of = [&](const MetricFile& file) {
    return pass.wanted != nullptr ? file.WantedRows(*pass.wanted) : file.AllRows();
  };
  std::atomic<bool> is_changed = false;
  const auto gather = [&](const FileContext& thread, MetricFile* file) {
    if (!pass.fails_on_change) {
      file->Gather(thread, rows_of(*file));
    } else if (!file->GatherIfAsIndexed(thread, rows_of(*file))) {
      is_changed.store(true, std::memory_order_relaxed);
    }
  };

  const size_t count = pass.files.size();
  const size_t at_once = std::clamp<size_t>(count / (2 * kTakesEach), 1, kFilesAtOnce);
  const size_t batches = (count + at_once - 1) / at_once;
  const auto files_of = [&](size_t batch) {
    const size_t from = batch * at_once;
    return pass.files.subspan(from, std::min(at_once, count - from));
  };
  std::atomic<size_t> next = 0;
  std::vector<std::atomic<bool>> is_gathered(batches);
  const auto gather_next = [&](const FileContext& thread) {
    const size_t batch = next.fetch_add(1, std::memory_order_relaxed);
    if (batch >= batches) return false;
    for (const auto& file : files_of(batch)) gather(thread, file.get());
    is_gathered[batch].store(true, std::memory_order_release);
    return true;
  };

  uint64_t helper_faults = 0;
  FileContext helper_context = context;
  helper_context.scratch = pass.helper_scratch;
  helper_context.read_faults = &helper_faults;
  auto help = [&] {
    while (gather_next(helper_context)) continue;
  };
  std::optional<HelperThread> helper;
  if (pass.entries >= kEntriesWorthAThread) helper.emplace(&help);

  slots->Reset(pass.slot_count);
  size_t folded = 0;
  const auto fold_gathered = [&] {
    for (; folded < batches && is_gathered[folded].load(std::memory_order_acquire); ++folded) {
      for (const auto& file : files_of(folded)) file->FoldInto(slots, rows_of(*file));
    }
  };
  while (gather_next(context)) fold_gathered();
  helper.reset();
  *context.read_faults += helper_faults;
  if (is_changed.load(std::memory_order_relaxed)) return false;
  fold_gathered();
  return true;
}

}  // namespace promfold
