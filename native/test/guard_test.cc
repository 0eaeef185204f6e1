#include "core/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "check.h"
#include "writer.h"

namespace promfold::test {
namespace {

constexpr size_t kPage = 4096;

// Two pages mapped, and then cut to one.
class CutMapping {
 public:
  CutMapping() {
    directory_.Write("a.db", std::string(2 * kPage, 'x'));
    const int file = open(directory_.Path("a.db").c_str(), O_RDONLY);
    base_ = static_cast<const char*>(mmap(nullptr, 2 * kPage, PROT_READ, MAP_SHARED, file, 0));
    close(file);
    directory_.Truncate("a.db", kPage);
  }
  ~CutMapping() { munmap(const_cast<char*>(base_), 2 * kPage); }
  const volatile char* base() const { return base_; }
  const void* address() const { return base_; }

 private:
  TemporaryDirectory directory_;
  const char* base_;
};

TEST("a page that is gone ends the scope, not the process, every time") {
  const CutMapping mapping;
  for (int i = 0; i < 3; ++i) {
    char first = 0;
    bool went_on = false;
    const bool whole = ReadGuarded(mapping.address(), 2 * kPage, [&] {
      first = mapping.base()[0];
      first = mapping.base()[kPage];
      went_on = true;
    });
    CHECK(!whole);
    CHECK(!went_on);
    CHECK_EQ(first, 'x');
  }
  CHECK(ReadGuarded(mapping.address(), 2 * kPage, [&] { (void)mapping.base()[5]; }));
}

TEST("scopes of two threads do not meet") {
  const CutMapping mapping;
  int faults[2] = {};
  const auto read = [&](int thread) {
    for (int i = 0; i < 1000; ++i) {
      if (!ReadGuarded(mapping.address(), 2 * kPage, [&] { (void)mapping.base()[kPage]; })) {
        ++faults[thread];
      }
    }
  };
  std::thread other(read, 1);
  read(0);
  other.join();
  CHECK_EQ(faults[0], 1000);
  CHECK_EQ(faults[1], 1000);
}

// Runs `body` in a child and gives how it ended: a signal's number, or 1000 + its exit code.
int EndOfChild(void (*body)()) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
}

void ReadOutside() {
  const CutMapping mapping;
  (void)mapping.base()[kPage];
}

void ReadOutsideTheRange() {
  const CutMapping mapping;
  ReadGuarded(mapping.address(), kPage, [&] { (void)mapping.base()[kPage]; });
}

void SendToOurselves() { raise(SIGBUS); }

TEST("a fault outside every scope kills as it always did") {
  ReadGuarded(nullptr, 0, [] {});
  CHECK_EQ(EndOfChild(ReadOutside), SIGBUS);
  CHECK_EQ(EndOfChild(ReadOutsideTheRange), SIGBUS);
  CHECK_EQ(EndOfChild(SendToOurselves), SIGBUS);
}

}  // namespace
}  // namespace promfold::test
