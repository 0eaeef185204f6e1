#include "core/gather.h"

#include <bit>
#include <cstring>

#include "check.h"
#include "core/file_format.h"
#include "writer.h"

namespace promfold::test {
namespace {

TEST("values are copied, and a blank that is gone is noticed") {
  const std::string bytes = FileOf({{"[1]", 1.5}, {"[2]", -2}});
  const uint32_t offset[] = {16, 40};
  double value[2] = {};
  CHECK(GatherValues(Aligned(bytes).data(), offset, true, value));
  CHECK_EQ(value[0], 1.5);
  CHECK_EQ(value[1], -2.0);
  std::string zeroed = bytes;
  zeroed[39] = '\0';
  CHECK(!GatherValues(Aligned(zeroed).data(), offset, true, value));
  CHECK(GatherValues(Aligned(zeroed).data(), offset, false, value));
}

TEST("a straddling pair that is as it was is taken at once, also a NaN") {
  alignas(64) static std::byte file[128];
  const double nan = std::bit_cast<double>(0x7ff8000000000001ULL);
  std::memcpy(file + 56, &nan, 8);
  std::memcpy(file + 64, &nan, 8);
  const uint32_t offset[] = {56};
  double value = 0;
  double timestamp = 0;
  uint32_t pending = 0;
  CHECK(GatherPairs(file, offset, false, {&nan, 1}, {&nan, 1}, &value, &timestamp, &pending));
  CHECK(value != value);
  // Nothing was noted for another round.
  pending = 77;
  GatherPairs(file, offset, false, {&nan, 1}, {&nan, 1}, &value, &timestamp, &pending);
  CHECK_EQ(pending, 77u);
}

}  // namespace
}  // namespace promfold::test
