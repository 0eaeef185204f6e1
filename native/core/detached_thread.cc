#include "detached_thread.h"

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace promfold {

namespace {

// One for each directory that is read at the same time, in all but odd cases.
constexpr size_t kKeptIdle = 8;

// A gather or a page needs little of it; sanitizers need more. It is only reserved.
constexpr size_t kStackBytes = size_t{2} << 20;

class Pool {
 public:
  bool Run(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        // The last one: it is the likeliest to be in some processor's cache.
        Worker* const worker = idle_.back();
        idle_.pop_back();
        worker->job = std::move(job);
        worker->wake.notify_one();
        return true;
      }
    }
    return Start(std::move(job));
  }

 private:
  struct Worker {
    Pool* pool;
    std::function<void()> job;
    std::condition_variable wake;
  };

  // pthread_create and not std::thread, which would throw.
  bool Start(std::function<void()> job) {
    auto* const worker = new Worker{this, std::move(job), {}};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    const auto serve = [](void* argument) -> void* {
      auto* const started = static_cast<Worker*>(argument);
      started->pool->Serve(started);
      delete started;
      return nullptr;
    };
    pthread_t thread;
    const bool is_started = pthread_create(&thread, &attributes, serve, worker) == 0;
    pthread_attr_destroy(&attributes);
    if (!is_started) delete worker;
    return is_started;
  }

  void Serve(Worker* worker) {
    pthread_setname_np(pthread_self(), "promfold I/O");
    for (;;) {
      worker->job();
      // What it shares is released before the thread counts as idle.
      worker->job = nullptr;
      std::unique_lock lock(mutex_);
      if (idle_.size() >= kKeptIdle) return;
      idle_.push_back(worker);
      worker->wake.wait(lock, [worker] { return worker->job != nullptr; });
    }
  }

  std::mutex mutex_;
  std::vector<Worker*> idle_;
};

// Never destroyed: threads may be waiting on it, or come back, while the process exits.
Pool& ThePool() {
  static Pool* const pool = new Pool();
  return *pool;
}

}  // namespace

bool RunDetached(std::function<void()> job) { return ThePool().Run(std::move(job)); }

}  // namespace promfold
