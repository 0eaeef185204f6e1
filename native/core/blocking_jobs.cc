#include "blocking_jobs.h"

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "detached_thread.h"
#include "monotonic_condition.h"

namespace promfold {

namespace {

using Clock = std::chrono::steady_clock;

// Of one file system: those that follow would hang as well.
constexpr uint32_t kMaxLostOfDevice = 8;
// Of the process; each is a thread.
constexpr uint32_t kMaxLost = 64;
// Of one caller at work at once, in jobs that take long.
constexpr size_t kMaxThreads = 16;
// Results that are not taken yet; a thread waits rather than make more.
constexpr size_t kMaxBytesReady = size_t{8} << 20;

// The jobs that were given up and have not come back, in all and by device.
class Lost {
 public:
  void Add(uint64_t device) {
    const std::lock_guard lock(mutex_);
    ++total_;
    ++of_device_[device];
  }
  void Remove(uint64_t device) {
    const std::lock_guard lock(mutex_);
    --total_;
    if (--of_device_[device] == 0) of_device_.erase(device);
  }
  uint32_t total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }
  bool MayTry(uint64_t device) const {
    const std::lock_guard lock(mutex_);
    if (total_ >= kMaxLost) return false;
    // Of an unknown one nothing follows.
    const auto found = device == 0 ? of_device_.end() : of_device_.find(device);
    return found == of_device_.end() || found->second < kMaxLostOfDevice;
  }

 private:
  mutable std::mutex mutex_;
  uint32_t total_ = 0;
  std::map<uint64_t, uint32_t> of_device_;
};

// Never destroyed: a job may come back while the process exits.
Lost& TheLost() {
  static Lost* const lost = new Lost();
  return *lost;
}

}  // namespace

uint32_t LostJobs() { return TheLost().total(); }

// Shared by the caller and its threads: it is there as long as one of them is.
class BlockingJobs::Queue : public std::enable_shared_from_this<Queue> {
 public:
  Queue(std::vector<std::shared_ptr<BlockingJob>> jobs, const Timeouts& timeouts, StallClock* clock)
      : timeouts_(timeouts), clock_(clock) {
    places_.reserve(jobs.size());
    for (auto& job : jobs) places_.push_back({std::move(job), State::kWaiting, {}, true});
  }

  Outcome Wait(size_t index);
  void Cancel();

 private:
  enum class State : uint8_t { kWaiting, kRunning, kDone, kLost, kSkipped };
  struct Place {
    std::shared_ptr<BlockingJob> job;
    State state;
    Clock::time_point began;
    bool is_wanted = true;
  };

  void Serve();
  bool Begin(std::unique_lock<std::mutex>* lock, Place** place);
  bool StartThread();
  Clock::time_point NextHelp(Clock::time_point now) const;
  void Leave(Place* place, State state);
  void Take(Place* place);
  void PassOver(Place* place);

  const Timeouts timeouts_;
  StallClock* const clock_;  // the caller's: only it may use this

  std::mutex mutex_;
  MonotonicCondition progress_;   // for the caller
  std::condition_variable room_;  // for the threads
  std::vector<Place> places_;
  std::vector<const Place*> running_;
  size_t next_ = 0;     // all before were begun or skipped
  size_t waited_ = 0;   // all before are no longer of interest
  size_t threads_ = 0;  // that have not been lost
  uint64_t ended_ = 0;
  size_t bytes_ready_ = 0;
  bool is_cancelled_ = false;
};

BlockingJobs::BlockingJobs(std::vector<std::shared_ptr<BlockingJob>> jobs, const Timeouts& timeouts,
                           StallClock* clock)
    : queue_(std::make_shared<Queue>(std::move(jobs), timeouts, clock)) {}

BlockingJobs::~BlockingJobs() { queue_->Cancel(); }

BlockingJobs::Outcome BlockingJobs::Wait(size_t index) { return queue_->Wait(index); }

void BlockingJobs::Queue::Cancel() {
  const std::lock_guard lock(mutex_);
  is_cancelled_ = true;
  room_.notify_all();
}

BlockingJobs::Outcome BlockingJobs::Queue::Wait(size_t index) {
  std::unique_lock lock(mutex_);
  assert(index >= waited_ && index < places_.size());
  for (; waited_ < index; ++waited_) PassOver(&places_[waited_]);
  waited_ = index + 1;
  Place& place = places_[index];
  for (;;) {
    if (place.state == State::kDone) {
      Take(&place);
      return Outcome::kDone;
    }
    if (place.state == State::kSkipped) return Outcome::kSkipped;

    const Clock::time_point now = Clock::now();
    const bool is_patient = clock_->spent() < timeouts_.for_all;
    Clock::time_point until = now + timeouts_.for_one;
    if (place.state == State::kRunning) {
      until = place.began + (is_patient ? timeouts_.for_one : timeouts_.before_help);
      if (now >= until) {
        Leave(&place, State::kLost);
        --threads_;
        TheLost().Add(place.job->device());
        return Outcome::kLost;
      }
    }
    if (next_ < places_.size()) {
      const Clock::time_point help = NextHelp(now);
      if (help > now) {
        until = std::min(until, help);
      } else if (is_patient && StartThread()) {
        continue;
      } else if (place.state == State::kWaiting) {
        // The jobs before it have ended or are lost: no thread will begin it.
        place.state = State::kSkipped;
        return Outcome::kSkipped;
      }
    }
    const uint64_t ended = ended_;
    progress_.WaitUntil(&lock, until);
    if (ended_ == ended) clock_->Add(Clock::now() - now);
  }
}

// When to start one more thread, if no thread is free to begin the next job by then.
Clock::time_point BlockingJobs::Queue::NextHelp(Clock::time_point now) const {
  // One is between two jobs, or is just being started.
  if (running_.size() < threads_) return now + timeouts_.before_help;
  Clock::time_point help = now;
  for (const Place* place : running_) help = std::max(help, place->began + timeouts_.before_help);
  return help;
}

void BlockingJobs::Queue::Leave(Place* place, State state) {
  place->state = state;
  std::erase(running_, place);
}

bool BlockingJobs::Queue::StartThread() {
  if (threads_ >= kMaxThreads) return false;
  if (!RunDetached([queue = shared_from_this()] { queue->Serve(); })) return false;
  ++threads_;
  return true;
}

// The result goes to the caller, or is dropped.
void BlockingJobs::Queue::Take(Place* place) {
  assert(place->state == State::kDone);
  bytes_ready_ -= place->job->bytes();
  place->job.reset();
  room_.notify_one();
}

void BlockingJobs::Queue::PassOver(Place* place) {
  place->is_wanted = false;
  if (place->state == State::kWaiting) place->state = State::kSkipped;
  if (place->state == State::kDone) Take(place);
}

// False where there is nothing more to do.
bool BlockingJobs::Queue::Begin(std::unique_lock<std::mutex>* lock, Place** place) {
  for (;;) {
    if (is_cancelled_ || next_ == places_.size()) return false;
    if (bytes_ready_ >= kMaxBytesReady) {
      room_.wait(*lock);
      continue;
    }
    Place& next = places_[next_++];
    if (next.state != State::kWaiting) continue;
    if (!TheLost().MayTry(next.job->device())) {
      next.state = State::kSkipped;
      progress_.NotifyOne();
      continue;
    }
    next.state = State::kRunning;
    next.began = Clock::now();
    running_.push_back(&next);
    *place = &next;
    return true;
  }
}

void BlockingJobs::Queue::Serve() {
  std::unique_lock lock(mutex_);
  for (Place* place = nullptr; Begin(&lock, &place);) {
    // The caller gives up its own share of a job, not this one.
    const std::shared_ptr<BlockingJob> job = place->job;
    lock.unlock();
    job->Run();
    lock.lock();
    const bool was_lost = place->state == State::kLost;
    job->is_over_.store(true, std::memory_order_release);
    if (was_lost) {
      TheLost().Remove(job->device());
      // Another thread does what is left, if any is wanted.
      return;
    }
    Leave(place, State::kDone);
    bytes_ready_ += job->bytes();
    if (!place->is_wanted) Take(place);
    ++ended_;
    progress_.NotifyOne();
  }
  --threads_;
}

}  // namespace promfold
