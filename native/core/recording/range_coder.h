// Bits as a fraction of a number, at less than a bit each where they are predicted well: an
// adaptive binary range coder, as of LZMA (Martin 1979; Subbotin's carry).
//
//   range  begins as 2^32 - 1; a bit that is 0 with a chance of p/2^16 takes the lower
//          (range >> 16) * p of it, 1 takes the rest. Where range is below 2^24 a byte is written,
//          and range is 256 times as large.
//   chance p is 32,768 to begin with. After bit n (from 0) it moves towards 65,536 for 0, towards 0
//          for 1: by (distance * rate) >> 16, rounded down, where rate is 131,072 / (2 n + 3) in
//          whole numbers, but not below 1,024. It stays from 32 to 65,504.
//   raw    bits, up to 16 at once, the highest first, have the same share of the range each.
//
// The first byte written is always 0.
#ifndef PROMFOLD_CORE_RECORDING_RANGE_CODER_H_
#define PROMFOLD_CORE_RECORDING_RANGE_CODER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace promfold {

class Chance {
 public:
  // Of 0, of 65,536.
  uint32_t of_zero() const { return of_zero_; }

  void Learn(bool bit) {
    const int32_t rate = kRates[seen_];
    seen_ = static_cast<uint8_t>(seen_ + (seen_ + 1u < kRates.size() ? 1 : 0));
    // Without a branch: a bit that is hard to predict is so for the processor, too.
    const int32_t target = bit ? 0 : 65536;
    const int32_t moved = of_zero_ + (((target - of_zero_) * rate) >> 16);
    of_zero_ = static_cast<uint16_t>(std::clamp(moved, kLeast, 65536 - kLeast));
  }

 private:
  static constexpr int32_t kLeast = 32;
  // 65,536 / (n + 1.5) for bit n, in whole numbers, and not below 65,536 / 64.
  static constexpr auto kRates = [] {
    std::array<uint16_t, 64> rates = {};
    for (uint32_t n = 0; n < rates.size(); ++n) {
      const uint32_t rate = 131072 / (2 * n + 3);
      rates[n] = static_cast<uint16_t>(rate < 1024 ? 1024 : rate);
    }
    return rates;
  }();

  uint16_t of_zero_ = 32768;
  uint8_t seen_ = 0;
};

class RangeWriter {
 public:
  static constexpr bool kWrites = true;

  bool Bit(Chance* chance, bool bit) {
    const uint32_t bound = (range_ >> 16) * chance->of_zero();
    if (bit) {
      low_ += bound;
      range_ -= bound;
    } else {
      range_ = bound;
    }
    chance->Learn(bit);
    while (range_ < kLeastRange) ShiftLow();
    return bit;
  }

  // REQUIRES: at most 16 bits, and the number has no others.
  uint32_t Raw(uint32_t number, uint32_t bits) {
    range_ >>= bits;
    low_ += uint64_t{range_} * number;
    while (range_ < kLeastRange) ShiftLow();
    return number;
  }

  bool ok() const { return true; }

  std::string Finish() {
    for (int i = 0; i < 5; ++i) ShiftLow();
    out_.shrink_to_fit();
    return std::move(out_);
  }

 private:
  static constexpr uint32_t kLeastRange = 1 << 24;

  // A byte goes out once no carry can reach it.
  void ShiftLow() {
    if (low_ < 0xff000000 || low_ > UINT32_MAX) {
      const auto carry = static_cast<uint8_t>(low_ >> 32);
      for (uint8_t byte = held_; held_bytes_ > 0; --held_bytes_, byte = 0xff) {
        out_.push_back(static_cast<char>(byte + carry));
      }
      held_ = static_cast<uint8_t>(low_ >> 24);
    }
    ++held_bytes_;
    low_ = (low_ & 0x00ffffff) << 8;
    range_ <<= 8;
  }

  std::string out_;
  uint64_t low_ = 0;
  uint32_t range_ = UINT32_MAX;
  uint8_t held_ = 0;
  uint64_t held_bytes_ = 1;  // the held one, and those of 0xff after it
};

class RangeReader {
 public:
  static constexpr bool kWrites = false;

  explicit RangeReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {
    for (int i = 0; i < 5; ++i) code_ = (code_ << 8) | Next();
  }

  // The argument is what a writer would write.
  bool Bit(Chance* chance, bool) {
    const uint32_t bound = (range_ >> 16) * chance->of_zero();
    const bool bit = code_ >= bound;
    const uint32_t mask = 0 - static_cast<uint32_t>(bit);
    code_ -= bound & mask;
    range_ = bound + ((range_ - 2 * bound) & mask);
    chance->Learn(bit);
    Normalise();
    return bit;
  }

  uint32_t Raw(uint32_t, uint32_t bits) {
    range_ >>= bits;
    uint32_t number = code_ / range_;
    // Only of bytes that no writer wrote.
    const uint32_t most = (uint32_t{1} << bits) - 1;
    if (number > most) number = most;
    code_ -= number * range_;
    Normalise();
    return number;
  }

  // False once more bytes were needed than there are: no writer wrote them.
  bool ok() const { return past_end_ == 0; }

 private:
  static constexpr uint32_t kLeastRange = 1 << 24;

  uint8_t Next() {
    if (at_ != end_) return static_cast<uint8_t>(*at_++);
    ++past_end_;
    return 0;
  }
  void Normalise() {
    while (range_ < kLeastRange) {
      range_ <<= 8;
      code_ = (code_ << 8) | Next();
    }
  }

  const char* at_;
  const char* end_;
  uint64_t past_end_ = 0;
  uint32_t range_ = UINT32_MAX;
  uint32_t code_ = 0;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_RANGE_CODER_H_
