#include "helper_thread.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdint>

#include "pause.h"

namespace promfold {

namespace {

// Some 20 µs: what is left is seldom more than a few files, and sleeping costs a waking.
constexpr int kLooksBeforeSleep = 1000;

//        Ask             the thread              the thread
//   idle ───▶ asked ───────────────▶ at work ─────────────────▶ done
//    ▲          │ TakeBack                                        │
//    └──────────┴─────────────────────────────────────────────────┘
class Helper {
 public:
  // Whether it will be done, by the thread or by the caller that takes it back.
  bool Ask(void (*call)(void*), void* argument) {
    if (is_taken_.test_and_set(std::memory_order_acquire)) return false;
    if (!PlaceElsewhere()) {
      is_taken_.clear(std::memory_order_release);
      return false;
    }
    call_ = call;
    argument_ = argument;
    state_.store(kAsked, std::memory_order_release);
    state_.notify_all();
    return true;
  }

  // REQUIRES: Ask returned true.
  void TakeBackOrWait() {
    uint32_t state = kAsked;
    if (!state_.compare_exchange_strong(state, kIdle, std::memory_order_acquire)) {
      for (int i = 0; i < kLooksBeforeSleep && state != kDone; ++i) {
        Pause();
        state = state_.load(std::memory_order_acquire);
      }
      while (state != kDone) {
        state_.wait(state, std::memory_order_acquire);
        state = state_.load(std::memory_order_acquire);
      }
      state_.store(kIdle, std::memory_order_relaxed);
    }
    is_taken_.clear(std::memory_order_release);
  }

 private:
  enum State : uint32_t { kIdle, kAsked, kAtWork, kDone };

  // Lets the thread run on every processor that the caller may use, but for the one it is on.
  bool PlaceElsewhere() {
    cpu_set_t others;
    // Of more than 1,024 processors nothing is known, and one of them will be free.
    if (pthread_getaffinity_np(pthread_self(), sizeof others, &others) != 0) return Exists();
    const int here = sched_getcpu();
    if (here >= 0) CPU_CLR(static_cast<size_t>(here), &others);
    if (CPU_COUNT(&others) == 0 || !Exists()) return false;
    if (!CPU_EQUAL(&others, &place_)) pthread_setaffinity_np(thread_, sizeof others, &others);
    place_ = others;
    return true;
  }

  // pthread_create and not std::thread, which would throw.
  bool Exists() {
    if (exists_) return true;
    const auto run = [](void* helper) -> void* {
      static_cast<Helper*>(helper)->Serve();
      return nullptr;
    };
    exists_ = pthread_create(&thread_, nullptr, run, this) == 0;
    return exists_;
  }

  [[noreturn]] void Serve() {
    for (;;) {
      uint32_t state = kAsked;
      if (!state_.compare_exchange_strong(state, kAtWork, std::memory_order_acquire)) {
        state_.wait(state, std::memory_order_relaxed);
        continue;
      }
      call_(argument_);
      state_.store(kDone, std::memory_order_release);
      state_.notify_all();
    }
  }

  // One caller has it at a time; the rest is that caller's and the thread's.
  std::atomic_flag is_taken_;
  std::atomic<uint32_t> state_ = kIdle;
  void (*call_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool exists_ = false;
  pthread_t thread_{};
  cpu_set_t place_{};
};

// Never destroyed: its thread may be waiting on it while the process exits.
Helper& TheHelper() {
  static Helper* const helper = new Helper();
  return *helper;
}

}  // namespace

HelperThread::HelperThread(Call call, void* argument)
    : is_asked_(TheHelper().Ask(call, argument)) {}

void HelperThread::Join() {
  if (is_asked_) TheHelper().TakeBackOrWait();
  is_asked_ = false;
}

}  // namespace promfold
