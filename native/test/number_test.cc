#include "core/number.h"

#include <cmath>
#include <limits>

#include "check.h"

namespace promfold::test {
namespace {

std::string Format(double value) {
  char text[kNumberBytes];
  return std::string(text, FormatNumber(value, text));
}

// Right-hand sides printed by prometheus_client 0.26.0, floatToGoString.
TEST("a number is printed as prometheus_client prints it") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const struct {
    double value;
    const char* expected;
  } kCase[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-1.0, "-1.0"},
      {0.1, "0.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {999999.0, "999999.0"},
      {999999.5, "999999.5"},
      {-999999.5, "-999999.5"},
      {1e6, "1e+06"},
      {1000000.5, "1.0000005e+06"},
      {1234567.0, "1.234567e+06"},
      {1200000.0, "1.2e+06"},
      {123456789012.0, "1.23456789012e+11"},
      {9007199254740993.0, "9.007199254740992e+15"},
      {9999999999999998.0, "9.999999999999998e+15"},
      {1e16, "1e+16"},
      {1.2345e20, "1.2345e+20"},
      {1e22, "1e+22"},
      {9223372036854775808.0, "9.223372036854776e+18"},
      {-1e6, "-1000000.0"},
      {-1234567.5, "-1234567.5"},
      {-9007199254740992.0, "-9007199254740992.0"},
      {-9999999999999998.0, "-9999999999999998.0"},
      {-1e16, "-1e+16"},
      {1e-4, "0.0001"},
      {-1e-4, "-0.0001"},
      {0.00012345678901234567, "0.00012345678901234567"},
      {-0.00012345678901234567, "-0.00012345678901234567"},
      {9.999999999999999e-05, "9.999999999999999e-05"},
      {1e-5, "1e-05"},
      {-1e-5, "-1e-05"},
      {5e-324, "5e-324"},
      {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {kInfinity, "+Inf"},
      {-kInfinity, "-Inf"},
      {std::nan(""), "NaN"},
      {-std::nan(""), "NaN"},
  };
  for (const auto& example : kCase) CHECK_EQ(Format(example.value), example.expected);
}

}  // namespace
}  // namespace promfold::test
