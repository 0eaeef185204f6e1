// A pair of value and timestamp while another process stores it as fast as it can: src/reference.md
// L4.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "check.h"
#include "core/gather.h"
#include "core/pause.h"
#include "writer.h"

namespace promfold::test {
namespace {

constexpr size_t kFileBytes = 4096;
constexpr int kFew = 1000;
constexpr int kPatienceSeconds = 20;

// Python copies both with one slice, which the C library stores as these 16 bytes at once.
typedef double Pair __attribute__((vector_size(16)));
struct __attribute__((packed, may_alias)) Unaligned {
  Pair pair;
};

// Stores a pair of twice the number at an address.
using Store = void (*)(std::byte*, double);

__attribute__((no_sanitize("address", "undefined"))) void StoreAtOnce(std::byte* at,
                                                                      double number) {
  reinterpret_cast<volatile Unaligned*>(at)->pair = Pair{number, number};
}

// Between the halves many times longer than another processor may see the first alone; between two
// pairs as long as a fast writer takes.
__attribute__((no_sanitize("address", "undefined"))) void StoreHalfByHalf(std::byte* at,
                                                                          double number) {
  constexpr int kBetweenHalves = 10;
  constexpr int kBetweenPairs = 100;
  auto* const half = reinterpret_cast<volatile double*>(at);
  half[0] = number;
  for (int i = 0; i < kBetweenHalves; ++i) Pause();
  half[1] = number;
  for (int i = 0; i < kBetweenPairs; ++i) Pause();
}

// One pair after the other until it is killed. None comes twice, as no time does.
[[noreturn]] void StoreForEver(Store store, std::byte* at) {
  for (double number = 1;; ++number) store(at, number);
}

// Readings that differ from the one before.
struct Seen {
  int whole = 0;
  int torn = 0;
};

// Reads the pair at `offset` of a file that a process of its own stores to.
Seen ReadWhileStored(Store store, uint32_t offset, int times) {
  TemporaryDirectory directory(true);
  directory.Write("gauge_mostrecent_1.db", std::string(kFileBytes, '\0'));
  const int descriptor = open(directory.Path("gauge_mostrecent_1.db").c_str(), O_RDWR);
  const auto map = [&](int protection) {
    void* const base = mmap(nullptr, kFileBytes, protection, MAP_SHARED, descriptor, 0);
    CHECK(base != MAP_FAILED);
    return static_cast<std::byte*>(base);
  };
  std::byte* const written = map(PROT_READ | PROT_WRITE);
  const std::byte* const file = map(PROT_READ);

  const pid_t writer = fork();
  if (writer == 0) StoreForEver(store, written + offset);
  CHECK(writer > 0);

  Seen seen;
  double value = 0;
  double timestamp = 0;
  // On a busy machine the writer may get its turn late.
  const time_t deadline = time(nullptr) + kPatienceSeconds;
  for (int i = 0; i < times || (seen.whole < kFew && time(nullptr) < deadline); ++i) {
    const double last_value = value;
    const double last_timestamp = timestamp;
    uint32_t pending = 0;
    GatherPairs(file, {&offset, 1}, false, {&last_value, 1}, {&last_timestamp, 1}, &value,
                &timestamp, &pending);
    // Once: a virtual processor may be stopped between the two halves of its store, and then every
    // reading finds them so.
    if (SameBits(value, last_value) && SameBits(timestamp, last_timestamp)) continue;
    ++(value == timestamp ? seen.whole : seen.torn);
  }
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  munmap(written, kFileBytes);
  munmap(const_cast<std::byte*>(file), kFileBytes);
  close(descriptor);
  return seen;
}

TEST("a pair inside a cache line is never torn, in millions of readings") {
  const Seen seen = ReadWhileStored(StoreAtOnce, 64, 3'000'000);
  // Other processors than x86 promise it only for halves.
  CHECK(seen.torn <= (Straddles(64) ? seen.whole / 20 : 0));
  // The writer did run at the same time.
  CHECK(seen.whole >= kFew);
}

// Every second one is torn without reading again after a pause; at most one in 300 was with it,
// when the writer lost its processor between the halves.
TEST("a pair across two cache lines is read again until its second half is there") {
  const Seen seen = ReadWhileStored(StoreHalfByHalf, 56, 100'000);
  CHECK(seen.whole >= kFew);
  CHECK(seen.torn <= seen.whole / 20);
}

}  // namespace
}  // namespace promfold::test
