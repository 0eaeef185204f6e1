// Independent pieces of work on two threads, for the length of one call.
#ifndef PROMFOLD_CORE_PARALLEL_FOR_H_
#define PROMFOLD_CORE_PARALLEL_FOR_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "helper_thread.h"

namespace promfold {

// Calls work(0) .. work(count - 1), each once, on this thread and with `two` on another as well.
template <typename Work>
void ParallelFor(uint32_t count, bool two, const Work& work) {
  std::atomic<uint32_t> next = 0;
  auto take_all = [&] {
    // Relaxed: what the pieces read was there before, and what they wrote is read after the join.
    for (uint32_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) work(i);
  };
  std::optional<HelperThread> helper;
  if (two && count > 1) helper.emplace(&take_all);
  take_all();
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_PARALLEL_FOR_H_
