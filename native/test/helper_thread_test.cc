#include "core/helper_thread.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <thread>

#include "check.h"

namespace promfold::test {
namespace {

// The processors this thread may run on, as they were once it is gone.
class Processors {
 public:
  Processors() { pthread_getaffinity_np(pthread_self(), sizeof all_, &all_); }
  ~Processors() { pthread_setaffinity_np(pthread_self(), sizeof all_, &all_); }

  int count() const { return CPU_COUNT(&all_); }
  static void KeepOnly(int one) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<size_t>(one), &only);
    pthread_setaffinity_np(pthread_self(), sizeof only, &only);
  }

 private:
  cpu_set_t all_{};
};

TEST("helper thread: a caller with one processor does the work alone") {
  const Processors processors;
  Processors::KeepOnly(sched_getcpu());
  int times = 0;
  auto count = [&] { ++times; };
  { HelperThread none(&count); }
  CHECK_EQ(times, 0);
}

TEST("helper thread: works on another processor; what it did is seen after Join") {
  const Processors processors;
  if (processors.count() < 2) return;
  for (int round = 0; round < 200; ++round) {
    const int here = sched_getcpu();
    std::atomic<bool> has_begun = false;
    int done = 0;
    int where = -1;
    auto work = [&] {
      where = sched_getcpu();
      has_begun = true;
      done = round + 1;
    };
    HelperThread helper(&work);
    while (!has_begun) std::this_thread::yield();
    helper.Join();
    CHECK_EQ(done, round + 1);
    // The kernel may have moved the caller meanwhile.
    if (sched_getcpu() == here) CHECK(where != here);
  }
}

TEST("helper thread: what it has not begun is taken back, and never done later") {
  const Processors processors;
  if (processors.count() < 2) return;
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> times = 0;
    auto work = [&] { ++times; };
    HelperThread helper(&work);
    helper.Join();
    const int at_join = times;
    CHECK(at_join <= 1);
    std::this_thread::yield();
    CHECK_EQ(times.load(), at_join);
  }
}

TEST("helper thread: of two callers one has it, and the other is not held up") {
  const Processors processors;
  if (processors.count() < 2) return;
  std::atomic<bool> has_begun = false;
  std::atomic<bool> may_end = false;
  auto work = [&] {
    has_begun = true;
    while (!may_end) std::this_thread::yield();
  };
  HelperThread helper(&work);
  while (!has_begun) std::this_thread::yield();
  int times = 0;
  auto count = [&] { ++times; };
  {
    HelperThread second(&count);
    second.Join();
  }
  CHECK_EQ(times, 0);
  may_end = true;
  helper.Join();
  // And it is to be had again.
  std::atomic<bool> is_counted = false;
  auto again = [&] { is_counted = true; };
  HelperThread third(&again);
  while (!is_counted) std::this_thread::yield();
}

}  // namespace
}  // namespace promfold::test
