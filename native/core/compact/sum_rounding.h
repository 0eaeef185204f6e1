// How a sum of floats stays what it was when some of its terms become one.
//
// Float addition is not associative, and a counter that goes back by one bit is a reset to
// Prometheus: its whole value counts once more. So where the terms that become one were not the
// first of the sum, the new term is moved by the fewest steps (of doubles) with which no total is
// below the one before, and one total is as it was. Only rounding is moved: where the totals differ
// by more, as by terms that cancel each other out, the term stays what it is.
#ifndef PROMFOLD_CORE_COMPACT_SUM_ROUNDING_H_
#define PROMFOLD_CORE_COMPACT_SUM_ROUNDING_H_

#include <cstdint>
#include <span>
#include <vector>

namespace promfold {

// One order in which readers add.
struct SumOrder {
  double total;              // before
  std::vector<double> term;  // after
  size_t place;              // of the new term among them
};

// How far one double is from another: how many doubles lie between, signed. NaN is 0 from
// everything.
int64_t StepsBetween(double from, double to);

double SumOf(const SumOrder& order, double term);

// The new term; `term` where it does not have to be moved, or cannot be.
double RoundTerm(double term, std::span<const SumOrder> orders);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_SUM_ROUNDING_H_
