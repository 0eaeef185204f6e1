#include "guard.h"

#include <setjmp.h>
#include <signal.h>

#include <atomic>
#include <cassert>
#include <cstdint>

namespace promfold {

namespace {

struct Scope {
  uintptr_t begin;
  uintptr_t end;
  sigjmp_buf outside;
};

// initial-exec: the handler must reach this without __tls_get_addr, which may allocate.
__attribute__((tls_model("initial-exec"))) thread_local Scope* current_scope = nullptr;

struct sigaction previous_action;

void Chain(int signal_number, siginfo_t* information, void* machine_context) {
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal_number, information, machine_context);
    return;
  }
  const bool sent_by_a_process = information->si_code <= 0;
  if (previous_action.sa_handler == SIG_IGN && sent_by_a_process) return;
  if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
    previous_action.sa_handler(signal_number);
    return;
  }
  // No other handler: die as if this one had never been installed. A real fault happens again when
  // the instruction is repeated; a signal that was sent does not.
  signal(SIGBUS, SIG_DFL);
  if (sent_by_a_process) raise(SIGBUS);
}

void OnBusError(int signal_number, siginfo_t* information, void* machine_context) {
  Scope* scope = current_scope;
  const uintptr_t address = reinterpret_cast<uintptr_t>(information->si_addr);
  if (scope != nullptr && information->si_code > 0 && address >= scope->begin &&
      address < scope->end) {
    current_scope = nullptr;
    siglongjmp(scope->outside, 1);
  }
  Chain(signal_number, information, machine_context);
}

bool InstallHandler() {
  struct sigaction action = {};
  action.sa_sigaction = OnBusError;
  // SA_NODEFER: the handler is left by a jump that restores no mask (sigsetjmp(_, 0); saving the
  // mask would cost a system call a file), so SIGBUS must not be blocked on the way in.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, &previous_action) == 0;
}

}  // namespace

// noinline: the frame that sigsetjmp returns into twice must hold no variable of a caller.
__attribute__((noinline)) bool ReadGuarded(const void* begin, size_t bytes, void (*body)(void*),
                                           void* context) {
  static const bool installed = InstallHandler();
  (void)installed;
  assert(current_scope == nullptr);

  const uintptr_t first = reinterpret_cast<uintptr_t>(begin);
  Scope scope;
  scope.begin = first;
  scope.end = first + bytes;
  if (sigsetjmp(scope.outside, 0) != 0) return false;

  current_scope = &scope;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  body(context);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  current_scope = nullptr;
  return true;
}

}  // namespace promfold
