// A second thread for the length of one call. Where none can be had (a limit, one processor) the
// caller does all the work by itself: nothing may depend on it.
#ifndef PROMFOLD_CORE_HELPER_THREAD_H_
#define PROMFOLD_CORE_HELPER_THREAD_H_

#include <pthread.h>

#include <thread>

namespace promfold {

// Runs `work` beside the caller, from the constructor to the destructor, which waits for it. `work`
// must end by itself and outlive this. pthread_create and not std::thread, which would throw.
template <typename Work>
class HelperThread {
 public:
  explicit HelperThread(Work* work) {
    if (std::thread::hardware_concurrency() < 2) return;
    const auto run = [](void* argument) -> void* {
      (*static_cast<Work*>(argument))();
      return nullptr;
    };
    is_running_ = pthread_create(&thread_, nullptr, run, work) == 0;
  }
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;
  ~HelperThread() { Join(); }

  void Join() {
    if (is_running_) pthread_join(thread_, nullptr);
    is_running_ = false;
  }

 private:
  pthread_t thread_{};
  bool is_running_ = false;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_HELPER_THREAD_H_
