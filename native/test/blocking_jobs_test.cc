// Jobs that hang until they are released, as system calls do.
#include "core/blocking_jobs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "check.h"
#include "core/detached_thread.h"

namespace promfold::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Outcome = BlockingJobs::Outcome;

constexpr Timeouts kShort = {milliseconds(200), milliseconds(400), milliseconds(10)};

class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

class Job : public BlockingJob {
 public:
  explicit Job(std::shared_ptr<Gate> gate, uint64_t device = 0, size_t bytes = 0)
      : BlockingJob(device), gate_(std::move(gate)), bytes_(bytes) {}

  void Run() override {
    has_begun = true;
    if (gate_ != nullptr) gate_->Pass();
    result = 42;
  }
  size_t bytes() const override { return bytes_; }

  std::atomic<bool> has_begun = false;
  int result = 0;  // not atomic: is_over and Wait say when it may be read

 private:
  const std::shared_ptr<Gate> gate_;
  const size_t bytes_;
};

using Jobs = std::vector<std::shared_ptr<BlockingJob>>;

template <typename Condition>
bool ComesTrue(Condition condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(1));
  return condition();
}

int64_t MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start).count();
}

TEST("blocking jobs: each is done once, and its result is there after the wait") {
  StallClock clock;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 300; ++i) jobs.push_back(std::make_shared<Job>(nullptr));
  BlockingJobs all(Jobs(jobs.begin(), jobs.end()), kShort, &clock);
  for (size_t i = 0; i < jobs.size(); ++i) {
    CHECK(all.Wait(i) == Outcome::kDone);
    CHECK_EQ(jobs[i]->result, 42);
  }
}

TEST("blocking jobs: one that hangs is lost, the others are done; it comes back late") {
  const auto gate = std::make_shared<Gate>();
  StallClock clock;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(std::make_shared<Job>(i == 1 ? gate : nullptr));
  {
    BlockingJobs all(Jobs(jobs.begin(), jobs.end()), kShort, &clock);
    const auto start = Clock::now();
    for (size_t i = 0; i < jobs.size(); ++i) {
      CHECK(all.Wait(i) == (i == 1 ? Outcome::kLost : Outcome::kDone));
    }
    CHECK(MillisecondsSince(start) >= 200);
    CHECK(clock.spent() >= milliseconds(150));
  }
  CHECK_EQ(LostJobs(), 1u);
  CHECK(!jobs[1]->is_over());
  gate->Open();
  CHECK(ComesTrue([&] { return jobs[1]->is_over(); }));
  CHECK_EQ(jobs[1]->result, 42);
  CHECK(ComesTrue([] { return LostJobs() == 0; }));
}

TEST("blocking jobs: those that hang are found out at the same time") {
  const auto gate = std::make_shared<Gate>();
  StallClock clock;
  Jobs jobs;
  for (int i = 0; i < 10; ++i) jobs.push_back(std::make_shared<Job>(i < 6 ? gate : nullptr));
  {
    BlockingJobs all(jobs, {milliseconds(300), milliseconds(2000), milliseconds(10)}, &clock);
    const auto start = Clock::now();
    for (size_t i = 0; i < jobs.size(); ++i) {
      CHECK(all.Wait(i) == (i < 6 ? Outcome::kLost : Outcome::kDone));
    }
    // And not 6 times 300.
    CHECK(MillisecondsSince(start) < 1200);
  }
  CHECK_EQ(LostJobs(), 6u);
  gate->Open();
  CHECK(ComesTrue([] { return LostJobs() == 0; }));
}

TEST("blocking jobs: when all time is spent, what has not begun is skipped and never run") {
  const auto gate = std::make_shared<Gate>();
  StallClock clock;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 60; ++i) jobs.push_back(std::make_shared<Job>(gate));
  {
    const auto start = Clock::now();
    BlockingJobs all(Jobs(jobs.begin(), jobs.end()),
                     {milliseconds(100), milliseconds(200), milliseconds(20)}, &clock);
    int skipped = 0;
    for (size_t i = 0; i < jobs.size(); ++i) {
      const Outcome outcome = all.Wait(i);
      CHECK(outcome != Outcome::kDone);
      CHECK(outcome == Outcome::kSkipped || jobs[i]->has_begun);
      if (outcome == Outcome::kSkipped) ++skipped;
    }
    CHECK(skipped > 0 && skipped < 60);
    CHECK(MillisecondsSince(start) < 2000);
    // The next pass has time again.
    clock.Reset();
    const auto another = std::make_shared<Job>(nullptr);
    CHECK(BlockingJobs({another}, kShort, &clock).Wait(0) == Outcome::kDone);
  }
  gate->Open();
  CHECK(ComesTrue([] { return LostJobs() == 0; }));
}

TEST("blocking jobs: a device with many lost ones is not tried; others are") {
  const auto gate = std::make_shared<Gate>();
  StallClock clock;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 12; ++i) jobs.push_back(std::make_shared<Job>(gate, 7));
  {
    BlockingJobs all(Jobs(jobs.begin(), jobs.end()),
                     {milliseconds(100), milliseconds(5000), milliseconds(20)}, &clock);
    for (size_t i = 0; i < jobs.size(); ++i) CHECK(all.Wait(i) != Outcome::kDone);
    const auto same = std::make_shared<Job>(nullptr, 7);
    CHECK(BlockingJobs({same}, kShort, &clock).Wait(0) == Outcome::kSkipped);
    CHECK(!same->has_begun);
    const auto other = std::make_shared<Job>(nullptr, 8);
    CHECK(BlockingJobs({other}, kShort, &clock).Wait(0) == Outcome::kDone);
    const auto unknown = std::make_shared<Job>(nullptr, 0);
    CHECK(BlockingJobs({unknown}, kShort, &clock).Wait(0) == Outcome::kDone);
  }
  gate->Open();
  CHECK(ComesTrue([] { return LostJobs() == 0; }));
  const auto again = std::make_shared<Job>(nullptr, 7);
  CHECK(BlockingJobs({again}, kShort, &clock).Wait(0) == Outcome::kDone);
}

TEST("blocking jobs: who asks may go while one hangs; what has not begun never runs") {
  const auto gate = std::make_shared<Gate>();
  std::vector<std::weak_ptr<Job>> left;
  {
    StallClock clock;
    std::vector<std::shared_ptr<Job>> jobs;
    for (int i = 0; i < 4; ++i) jobs.push_back(std::make_shared<Job>(i == 0 ? gate : nullptr));
    BlockingJobs all(Jobs(jobs.begin(), jobs.end()),
                     {milliseconds(100), milliseconds(100), milliseconds(1000)}, &clock);
    CHECK(all.Wait(0) == Outcome::kLost);
    for (const auto& job : jobs) left.push_back(job);
  }
  CHECK(!left[0].expired());  // the thread's
  gate->Open();
  for (const auto& job : left) CHECK(ComesTrue([&] { return job.expired(); }));
  CHECK(ComesTrue([] { return LostJobs() == 0; }));
}

TEST("blocking jobs: results that are not taken hold up later jobs") {
  StallClock clock;
  std::vector<std::shared_ptr<Job>> jobs;
  constexpr size_t kBytes = size_t{3} << 20;
  for (int i = 0; i < 20; ++i) jobs.push_back(std::make_shared<Job>(nullptr, 0, kBytes));
  const auto begun = [&] {
    return std::count_if(jobs.begin(), jobs.end(),
                         [](const auto& job) { return job->has_begun.load(); });
  };
  BlockingJobs all(Jobs(jobs.begin(), jobs.end()), kShort, &clock);
  CHECK(all.Wait(0) == Outcome::kDone);
  std::this_thread::sleep_for(milliseconds(50));
  CHECK(begun() <= 5);
  // Some are passed over.
  for (size_t i = 2; i < jobs.size(); i += 3) CHECK(all.Wait(i) == Outcome::kDone);
}

TEST("detached threads: any number of jobs at once, each with what it owns") {
  const auto gate = std::make_shared<Gate>();
  const auto done = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < 40; ++i) {
    CHECK(RunDetached([gate, done] {
      gate->Pass();
      ++*done;
    }));
  }
  CHECK_EQ(done->load(), 0);
  gate->Open();
  CHECK(ComesTrue([&] { return *done == 40; }));
  // Idle threads hold on to nothing.
  CHECK(ComesTrue([&] { return gate.use_count() == 1; }));
  CHECK(RunDetached([done] { ++*done; }));
  CHECK(ComesTrue([&] { return *done == 41; }));
}

}  // namespace
}  // namespace promfold::test
