// The number of every slot as it is printed, kept from scrape to scrape.
//
// Finding the shortest digits of a double costs more than all else that a line costs, and between
// two scrapes most values stay. So a slot is printed again only when its bits have changed, and
// each has the version in which it changed last.
#ifndef PROMFOLD_CORE_PRINTED_NUMBERS_H_
#define PROMFOLD_CORE_PRINTED_NUMBERS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "fold.h"
#include "number.h"

namespace promfold {

class PrintedNumbers {
 public:
  PrintedNumbers();
  PrintedNumbers(const PrintedNumbers&) = delete;
  PrintedNumbers& operator=(const PrintedNumbers&) = delete;

  // Prints what is present and changed since it was last printed.
  void Update(const Slots& slots);

  // Forgets all numbers and frees their memory. The id and the version stay.
  void Forget();

  // No two have the same, and none has 0.
  uint64_t id() const { return id_; }
  // One more with each Update, from 1.
  uint64_t version() const { return version_; }
  // The version with which Bytes or Text of a slot became what they are.
  uint64_t Since(uint32_t slot) const { return since_[slot]; }

  // Bytes of a slot's number; 0 while it is absent. REQUIRES: slot < slots.count() of Update.
  uint32_t Bytes(uint32_t slot) const { return shown_bytes_[slot]; }
  // The number; kNumberBytes may be read from here. REQUIRES: Bytes(slot) > 0.
  const char* Text(uint32_t slot) const { return text_[slot].data(); }

 private:
  void UpdateRange(const Slots& slots, uint32_t from, uint32_t to);

  const uint64_t id_;
  uint64_t version_ = 0;
  std::vector<uint64_t> since_;
  std::vector<uint64_t> bits_;                        // of the value that was printed last
  std::vector<std::array<char, kNumberBytes>> text_;  // and how
  std::vector<uint8_t> text_bytes_;                   // 0: never
  std::vector<uint8_t> shown_bytes_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_PRINTED_NUMBERS_H_
