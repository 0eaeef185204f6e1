#include "core/printed_numbers.h"

#include <sanitizer/allocator_interface.h>

#include <string>

#include "check.h"

namespace promfold::test {
namespace {

Slots SlotsOf(uint32_t count, double value) {
  Slots slots;
  slots.Reset(count);
  slots.value.assign(count, value);
  slots.present.assign(count, 1);
  return slots;
}

TEST("numbers that are forgotten take no memory, and are printed again") {
  constexpr uint32_t kCount = 8'000;  // too few for a second thread, which takes memory
  PrintedNumbers numbers;
  const size_t before = __sanitizer_get_current_allocated_bytes();
  numbers.Update(SlotsOf(kCount, 1));
  CHECK(__sanitizer_get_current_allocated_bytes() > before + kCount);
  numbers.Forget();
  CHECK_EQ(__sanitizer_get_current_allocated_bytes(), before);

  numbers.Update(SlotsOf(2, 7));
  CHECK_EQ(numbers.version(), 2u);
  CHECK_EQ(numbers.Since(1), 2u);
  CHECK_EQ(std::string(numbers.Text(1), numbers.Bytes(1)), "7.0");
}

}  // namespace
}  // namespace promfold::test
