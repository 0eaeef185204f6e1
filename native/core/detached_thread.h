// Threads that may be lost: for calls that may never come back, such as stat on a network file
// system whose server is gone.
//
// Such a thread is never joined, and the exit of the process does not wait for it. So a job must
// own everything it uses, or share it: whatever began the job may be gone when it ends. A thread
// that comes back takes the next job; a few idle ones are kept, as starting one costs some 20 µs.
#ifndef PROMFOLD_CORE_DETACHED_THREAD_H_
#define PROMFOLD_CORE_DETACHED_THREAD_H_

#include <functional>

namespace promfold {

// Runs `job` on a thread that has nothing else to do, and destroys it there. False where no thread
// can be had; then the job was not run.
bool RunDetached(std::function<void()> job);

}  // namespace promfold

#endif  // PROMFOLD_CORE_DETACHED_THREAD_H_
