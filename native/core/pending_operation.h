// Since when a thread has been inside an operation that may never come back. It says when it begins
// one; another thread asks.
#ifndef PROMFOLD_CORE_PENDING_OPERATION_H_
#define PROMFOLD_CORE_PENDING_OPERATION_H_

#include <atomic>
#include <chrono>
#include <cstdint>

namespace promfold {

class PendingOperation {
 public:
  PendingOperation() { Begin(); }

  // The last one came back, and the next begins.
  void Begin() { since_.store(Now(), std::memory_order_relaxed); }

  int64_t milliseconds() const {
    return (Now() - since_.load(std::memory_order_relaxed)) / 1'000'000;
  }

 private:
  static int64_t Now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  }

  std::atomic<int64_t> since_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_PENDING_OPERATION_H_
