// How a thread that waits for another one tells the processor so.
#ifndef PROMFOLD_CORE_PAUSE_H_
#define PROMFOLD_CORE_PAUSE_H_

namespace promfold {

// Some 10 to 140 cycles, and the compiler reads memory again after it.
inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
  asm volatile("" ::: "memory");
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_PAUSE_H_
