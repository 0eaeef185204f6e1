#include "sum_rounding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace promfold {

namespace {

// Rounding of some thousand additions, which errs up and down, stays well below.
constexpr int64_t kMaxSteps = 64;

// Doubles in their own order: neighbours are neighbours.
int64_t Rank(double number) {
  const auto bits = std::bit_cast<int64_t>(number);
  return bits >= 0 ? bits : std::numeric_limits<int64_t>::min() - bits;
}

double OfRank(int64_t rank) {
  return std::bit_cast<double>(rank >= 0 ? rank : std::numeric_limits<int64_t>::min() - rank);
}

// How far above its total before the sum that is lowest is.
int64_t Excess(double term, std::span<const SumOrder> orders) {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const SumOrder& order : orders) {
    least = std::min(least, StepsBetween(order.total, SumOf(order, term)));
  }
  return least;
}

// The least rank in (below, above] with no sum below. REQUIRES: it is so for `above`.
int64_t LeastRank(int64_t below, int64_t above, std::span<const SumOrder> orders) {
  while (above - below > 1) {
    const int64_t middle = below + (above - below) / 2;
    (Excess(OfRank(middle), orders) >= 0 ? above : below) = middle;
  }
  return above;
}

}  // namespace

int64_t StepsBetween(double from, double to) {
  if (std::isnan(from) || std::isnan(to)) return 0;
  int64_t steps = 0;
  if (!__builtin_sub_overflow(Rank(to), Rank(from), &steps)) return steps;
  return to > from ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

double SumOf(const SumOrder& order, double term) {
  double total = 0.0;
  for (size_t i = 0; i < order.term.size(); ++i) {
    total += i == order.place ? term : order.term[i];
  }
  return total;
}

double RoundTerm(double term, std::span<const SumOrder> orders) {
  if (!std::isfinite(term)) return term;
  const int64_t excess = Excess(term, orders);
  if (excess == 0) return term;

  // As far as rounding can reach: of the greatest number that is added up.
  double greatest = std::abs(term);
  for (const SumOrder& order : orders) {
    if (!std::isfinite(order.total)) return term;
    greatest = std::max(greatest, std::abs(order.total));
  }
  const double step = std::nextafter(greatest, std::numeric_limits<double>::infinity()) - greatest;
  const double reach = static_cast<double>(kMaxSteps) * step;
  if (!std::isfinite(greatest + reach)) return term;

  if (excess < 0) {
    const double most = term + reach;
    if (Excess(most, orders) < 0) return term;
    return OfRank(LeastRank(Rank(term), Rank(most), orders));
  }
  // All are above: the least with which none is below has one as it was, if any has.
  const double least = term - reach;
  if (Excess(least, orders) >= 0) return term;
  const int64_t rank = LeastRank(Rank(least), Rank(term), orders);
  if (Excess(OfRank(rank), orders) > 0) return OfRank(rank);
  // Of those with which it is so, the one nearest to the term.
  int64_t same = rank;
  for (int64_t beyond = Rank(term); beyond - same > 1;) {
    const int64_t middle = same + (beyond - same) / 2;
    (Excess(OfRank(middle), orders) <= 0 ? same : beyond) = middle;
  }
  return OfRank(same);
}

}  // namespace promfold
