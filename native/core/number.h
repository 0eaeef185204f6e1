// Prints a sample's value byte for byte as prometheus_client does.
//
// Source: prometheus_client utils.py, floatToGoString, on top of Python's repr(): the shortest
// digits that read back as the same double, laid out by size:
//
//   1e-05, 5e-324            below 1e-4
//   0.0001, 1.0, -1000000.0  plain, with at least one decimal
//   1e+06, 1.0000005e+06     positive from 1e6 on: as Go prints it
//   1e+16, -1e+16            from 1e16 on: as Python prints it
//   +Inf, -Inf, NaN
#ifndef PROMFOLD_CORE_NUMBER_H_
#define PROMFOLD_CORE_NUMBER_H_

#include <cstddef>

namespace promfold {

// Longest: -2.2250738585072014e-308.
inline constexpr size_t kNumberBytes = 24;

// Writes at most kNumberBytes from `out` on, no terminator; returns the end.
char* FormatNumber(double value, char* out);

}  // namespace promfold

#endif  // PROMFOLD_CORE_NUMBER_H_
