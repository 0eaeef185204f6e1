#include "number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace promfold {

namespace {

char* Put(const char* text, size_t bytes, char* out) {
  std::memcpy(out, text, bytes);
  return out + bytes;
}

}  // namespace

char* FormatNumber(double value, char* out) {
  if (std::isnan(value)) return Put("NaN", 3, out);
  if (std::isinf(value)) return Put(value > 0 ? "+Inf" : "-Inf", 4, out);

  char* const limit = out + kNumberBytes;
  const double size = std::fabs(value);
  // Counts, the commonest values: no search for the shortest digits.
  if (size < 1e6) {
    const int32_t whole = static_cast<int32_t>(value);
    if (static_cast<double>(whole) == value) {
      if (std::signbit(value) && whole == 0) *out++ = '-';
      return Put(".0", 2, std::to_chars(out, limit, whole).ptr);
    }
  }
  // Only positive values get Go's exponent; the reference forgets the others.
  const bool exponent = value >= 1e6 || size >= 1e16 || size < 1e-4;
  if (exponent) return std::to_chars(out, limit, value, std::chars_format::scientific).ptr;

  char* const end = std::to_chars(out, limit, value, std::chars_format::fixed).ptr;
  const bool has_point = std::memchr(out, '.', static_cast<size_t>(end - out)) != nullptr;
  return has_point ? end : Put(".0", 2, end);
}

}  // namespace promfold
