// A pair of value and timestamp while another process stores it as fast as it can: reference.md L4.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "check.h"
#include "core/gather.h"
#include "writer.h"

namespace promfold::test {
namespace {

constexpr size_t kFileBytes = 4096;
constexpr int kFew = 1000;
constexpr int kPatienceSeconds = 20;
// Two pairs that are always stored whole: what is read must be one of them.
constexpr double kPairs[2][2] = {{1.5, 1001}, {-2.25, 2002}};

// Python copies both with one slice, which the C library stores as these 16 bytes at once.
typedef double Pair __attribute__((vector_size(16)));
struct __attribute__((packed, may_alias)) Unaligned {
  Pair pair;
};

// Alternates the two until it is killed. Nothing may slow it down.
[[noreturn]] __attribute__((no_sanitize("address", "undefined"))) void StoreForEver(
    std::byte* file, uint32_t offset) {
  auto* const at = reinterpret_cast<volatile Unaligned*>(file + offset);
  const Pair first = {kPairs[0][0], kPairs[0][1]};
  const Pair second = {kPairs[1][0], kPairs[1][1]};
  for (;;) {
    at->pair = first;
    at->pair = second;
  }
}

struct Seen {
  int whole[2] = {0, 0};
  int torn = 0;
};

// Reads the pair at `offset` of a file that a process of its own stores to.
Seen ReadWhileStored(uint32_t offset, int times) {
  TemporaryDirectory directory(true);
  directory.Write("gauge_mostrecent_1.db", std::string(kFileBytes, ' '));
  const int descriptor = open(directory.Path("gauge_mostrecent_1.db").c_str(), O_RDWR);
  const auto map = [&](int protection) {
    void* const base = mmap(nullptr, kFileBytes, protection, MAP_SHARED, descriptor, 0);
    CHECK(base != MAP_FAILED);
    return static_cast<std::byte*>(base);
  };
  std::byte* const written = map(PROT_READ | PROT_WRITE);
  const std::byte* const file = map(PROT_READ);
  std::memcpy(written + offset, kPairs[0], sizeof kPairs[0]);

  const pid_t writer = fork();
  if (writer == 0) StoreForEver(written, offset);
  CHECK(writer > 0);

  Seen seen;
  double value = kPairs[0][0];
  double timestamp = kPairs[0][1];
  // On a busy machine the writer may get its turn late.
  const auto is_too_few = [&] { return seen.whole[0] < kFew || seen.whole[1] < kFew; };
  const time_t deadline = time(nullptr) + kPatienceSeconds;
  for (int i = 0; i < times || (is_too_few() && time(nullptr) < deadline); ++i) {
    const double last_value = value;
    const double last_timestamp = timestamp;
    uint32_t pending = 0;
    GatherPairs(file, {&offset, 1}, false, {&last_value, 1}, {&last_timestamp, 1}, &value,
                &timestamp, &pending);
    const int which = value == kPairs[0][0] ? 0 : 1;
    if (value == kPairs[which][0] && timestamp == kPairs[which][1]) {
      ++seen.whole[which];
    } else if (!SameBits(value, last_value) || !SameBits(timestamp, last_timestamp)) {
      // Once: a virtual processor may be stopped between the two halves of its store, and then
      // every reading finds them so.
      ++seen.torn;
    }
  }
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  munmap(written, kFileBytes);
  munmap(const_cast<std::byte*>(file), kFileBytes);
  close(descriptor);
  return seen;
}

TEST("a pair inside a cache line is never torn, in millions of readings") {
  const Seen seen = ReadWhileStored(64, 3'000'000);
  CHECK_EQ(seen.torn, 0);
  // Both were there to be seen: the writer ran beside.
  CHECK(seen.whole[0] >= kFew);
  CHECK(seen.whole[1] >= kFew);
}

// One in 100,000 was measured; without reading again it is one in ten.
TEST("a pair across two cache lines is torn less than once in a hundred readings") {
  constexpr int kTimes = 100'000;
  const Seen seen = ReadWhileStored(56, kTimes);
  CHECK(seen.whole[0] >= kFew);
  CHECK(seen.whole[1] >= kFew);
  CHECK(seen.torn <= kTimes / 100);
}

}  // namespace
}  // namespace promfold::test
