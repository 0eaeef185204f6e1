// The handler that was there before ours, so the only test here that must run in a process of its
// own: it is installed before the first ReadGuarded, which guard_test.cc may already have called.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/guard.h"

namespace promfold::test {
namespace {

void ExitWith42(int) { _exit(42); }

// Before main, and so before any ReadGuarded: what other code in a process would have installed.
// It acts only in the child that arms it.
volatile sig_atomic_t armed = 0;

void Earlier(int number) {
  if (armed != 0) ExitWith42(number);
  signal(SIGBUS, SIG_DFL);
  raise(SIGBUS);
}

struct InstallEarly {
  InstallEarly() { signal(SIGBUS, Earlier); }
};
const InstallEarly install_early;

TEST("a SIGBUS that is not ours goes to the handler that was there before") {
  ReadGuarded(nullptr, 0, [] {});
  const pid_t child = fork();
  if (child == 0) {
    armed = 1;
    raise(SIGBUS);
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 42);
}

}  // namespace
}  // namespace promfold::test
