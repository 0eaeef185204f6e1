// A condition variable whose deadlines are of the monotonic clock, by what POSIX has for that.
//
// std::condition_variable calls pthread_cond_clockwait for such a deadline, which glibc has only
// from 2.30 on. Where it has not, the C++ library waits by the wall clock, which jumps.
#ifndef PROMFOLD_CORE_MONOTONIC_CONDITION_H_
#define PROMFOLD_CORE_MONOTONIC_CONDITION_H_

#include <pthread.h>
#include <time.h>

#include <cassert>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace promfold {

class MonotonicCondition {
 public:
  MonotonicCondition() {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition_, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  ~MonotonicCondition() { pthread_cond_destroy(&condition_); }
  MonotonicCondition(const MonotonicCondition&) = delete;
  MonotonicCondition& operator=(const MonotonicCondition&) = delete;

  void NotifyOne() { pthread_cond_signal(&condition_); }

  // Until it is notified or the time has come; may also return for no reason.
  // REQUIRES: lock is held; all callers hold the same mutex.
  void WaitUntil(std::unique_lock<std::mutex>* lock, std::chrono::steady_clock::time_point until) {
    assert(lock->owns_lock());
    using std::chrono::nanoseconds;
    constexpr int64_t kSecond = 1'000'000'000;
    // steady_clock is CLOCK_MONOTONIC.
    const int64_t at = std::chrono::duration_cast<nanoseconds>(until.time_since_epoch()).count();
    const timespec deadline = {.tv_sec = at / kSecond, .tv_nsec = at % kSecond};
    pthread_cond_timedwait(&condition_, lock->mutex()->native_handle(), &deadline);
  }

 private:
  pthread_cond_t condition_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_MONOTONIC_CONDITION_H_
