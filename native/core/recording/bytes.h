// Numbers and texts in the bytes of a recording: varints of LEB128, eight bytes of a double, and
// texts after their length.
#ifndef PROMFOLD_CORE_RECORDING_BYTES_H_
#define PROMFOLD_CORE_RECORDING_BYTES_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace promfold {

static_assert(std::endian::native == std::endian::little);

// Numbers near 0, of either sign, become small ones.
constexpr uint64_t ZigZag(int64_t number) {
  return (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63);
}
constexpr int64_t UnZigZag(uint64_t number) {
  return static_cast<int64_t>(number >> 1) ^ -static_cast<int64_t>(number & 1);
}

class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}

  void Byte(uint8_t byte) { out_->push_back(static_cast<char>(byte)); }
  void Varint(uint64_t number) {
    for (; number >= 0x80; number >>= 7) Byte(static_cast<uint8_t>(number | 0x80));
    Byte(static_cast<uint8_t>(number));
  }
  // The lower bytes of a word.
  void Word(uint64_t word, size_t bytes) {
    char raw[sizeof word];
    std::memcpy(raw, &word, sizeof word);
    out_->append(raw, bytes);
  }
  void Double(double number) { Word(std::bit_cast<uint64_t>(number), sizeof number); }
  void Text(std::string_view text) {
    Varint(text.size());
    out_->append(text);
  }

 private:
  std::string* const out_;
};

// Past the end all numbers are 0 and all texts empty, and it is not ok any more.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  std::string_view Rest() const { return {at_, left()}; }

  uint8_t Byte() {
    if (at_ == end_) return Fail();
    return static_cast<uint8_t>(*at_++);
  }
  uint64_t Varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    return Fail();
  }
  // One that is not above `most`; else it fails.
  uint32_t Varint32(uint64_t most = UINT32_MAX) {
    const uint64_t number = Varint();
    return number <= most ? static_cast<uint32_t>(number) : Fail();
  }
  uint64_t Word(size_t bytes) {
    uint64_t word = 0;
    if (bytes > left()) return Fail();
    std::memcpy(&word, at_, bytes);
    at_ += bytes;
    return word;
  }
  double Double() { return std::bit_cast<double>(Word(sizeof(double))); }
  std::string_view Take(uint64_t bytes) {
    if (bytes > left()) {
      Fail();
      return {};
    }
    const std::string_view taken(at_, static_cast<size_t>(bytes));
    at_ += bytes;
    return taken;
  }
  std::string_view Text() { return Take(Varint()); }

  uint8_t Fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_BYTES_H_
