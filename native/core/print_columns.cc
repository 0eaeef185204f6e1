#include "print_columns.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "fold.h"
#include "instant_columns.h"
#include "printed_numbers.h"

namespace promfold {

PreconditionError PrintColumns(const Pages& pages, std::span<const double> slot, size_t tail,
                               std::vector<Body>* bodies) {
  uint32_t limit = 0;
  for (const auto& page : pages) {
    for (const auto& part : *page) limit = std::max(limit, part->slot_limit);
  }
  if (limit > slot.size()) {
    return "slot " + std::to_string(limit - 1) + " is not below " + std::to_string(slot.size());
  }
  // What is on no page stays absent: its number need not be found.
  Slots slots;
  slots.Reset(limit);
  for (const auto& page : pages) {
    for (const auto& part : *page) {
      for (const uint32_t s : part->slot) {
        slots.value[s] = slot[s];
        slots.present[s] = IsAbsent(slots.value[s]) ? 0 : 1;
      }
    }
  }
  PrintedNumbers numbers;
  numbers.Update(slots);
  for (const auto& page : pages) bodies->push_back(Render(*page, numbers, tail));
  return std::nullopt;
}

}  // namespace promfold
