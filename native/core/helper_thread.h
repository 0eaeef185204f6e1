// A second thread that helps for the length of one call.
//
// There is one for the process. It is kept from call to call, because making one takes as long as
// gathering 10,000 values, and it is woken on another processor than the caller's: left to itself
// the kernel often queues it on the same one, where it only waits (half of the scrapes after a
// pause, 5.0 ms instead of 3.2).
//
// Where it cannot be had (a limit, one processor, another caller has it) or does not get to run,
// the caller does all the work by itself: nothing may depend on it.
#ifndef PROMFOLD_CORE_HELPER_THREAD_H_
#define PROMFOLD_CORE_HELPER_THREAD_H_

namespace promfold {

// Has `work` run at the same time as the caller, from the constructor to Join or the destructor.
// Both wait for it if it has begun, and take it back if it has not. `work` must end by itself and
// outlive this.
class HelperThread {
 public:
  template <typename Work>
  explicit HelperThread(Work* work)
      : HelperThread([](void* argument) { (*static_cast<Work*>(argument))(); }, work) {}
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;
  ~HelperThread() { Join(); }

  void Join();

 private:
  using Call = void (*)(void*);
  HelperThread(Call call, void* argument);

  bool is_asked_ = false;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_HELPER_THREAD_H_
