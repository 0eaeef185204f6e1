// Jobs that may never come back, done in order by threads that may be lost (detached_thread.h).
//
// The caller waits for each in turn, as long as there is progress. A job that does not come back in
// time is lost, and the thread that is in it: the caller does without it. Another thread begins
// with the next job long before that, so that many jobs that hang are found at the same time.
//
//              a thread takes it            comes back
//   waiting ────────────────────▶ running ─────────────▶ done
//      │  no thread is left to try   │ not in time
//      ▼                             ▼
//   skipped                         lost ─ ─ comes back ─ ─▶ (is_over)
//
// What is lost is bounded, for one file system and for the process; beyond, jobs are skipped until
// some come back.
#ifndef PROMFOLD_CORE_BLOCKING_JOBS_H_
#define PROMFOLD_CORE_BLOCKING_JOBS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace promfold {

class BlockingJob {
 public:
  // `device`: that of the file system it will wait for; 0 where that is not known.
  explicit BlockingJob(uint64_t device) : device_(device) {}
  virtual ~BlockingJob() = default;
  BlockingJob(const BlockingJob&) = delete;
  BlockingJob& operator=(const BlockingJob&) = delete;

  // Runs on some thread, once. It may use what is in the job and nothing else.
  virtual void Run() = 0;
  // What its result takes.
  virtual size_t bytes() const { return 0; }

  uint64_t device() const { return device_; }
  // Whether it came back, also when that was too late. Then the result is the caller's to read.
  bool is_over() const { return is_over_.load(std::memory_order_acquire); }

 private:
  friend class BlockingJobs;
  const uint64_t device_;
  std::atomic<bool> is_over_ = false;
};

// For how long a caller waits without any progress.
struct Timeouts {
  std::chrono::nanoseconds for_one = std::chrono::seconds(1);
  // For all that are waited for within one StallClock. After that nothing is lost on new tries.
  std::chrono::nanoseconds for_all = std::chrono::seconds(2);
  // After this another thread begins with the next job.
  std::chrono::nanoseconds before_help = std::chrono::milliseconds(50);
};

// How long was waited without progress since it was reset.
class StallClock {
 public:
  void Reset() { spent_.store(0, std::memory_order_relaxed); }
  void Add(std::chrono::nanoseconds time) {
    spent_.fetch_add(time.count(), std::memory_order_relaxed);
  }
  std::chrono::nanoseconds spent() const {
    return std::chrono::nanoseconds(spent_.load(std::memory_order_relaxed));
  }

 private:
  std::atomic<int64_t> spent_ = 0;
};

// Of the process: jobs that were given up and have not come back. Each holds a thread.
uint32_t LostJobs();

class BlockingJobs {
 public:
  // They begin with the first Wait. `clock` outlives this.
  BlockingJobs(std::vector<std::shared_ptr<BlockingJob>> jobs, const Timeouts& timeouts,
               StallClock* clock);
  // What has not begun is never run.
  ~BlockingJobs();
  BlockingJobs(const BlockingJobs&) = delete;
  BlockingJobs& operator=(const BlockingJobs&) = delete;

  enum class Outcome { kDone, kLost, kSkipped };
  // REQUIRES: index is greater than that of the last call; one thread calls.
  Outcome Wait(size_t index);

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_BLOCKING_JOBS_H_
