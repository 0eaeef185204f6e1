#include "core/shared_column.h"

#include <vector>

#include "check.h"

namespace promfold::test {
namespace {

SharedColumn ColumnOf(const std::vector<uint32_t>& numbers) {
  SharedColumn column;
  *column.Own() = numbers;
  return column;
}

TEST("equal columns are one once they are shared, others are not") {
  ColumnPool pool;
  SharedColumn a = ColumnOf({1, 2, 3});
  SharedColumn b = ColumnOf({1, 2, 3});
  SharedColumn c = ColumnOf({1, 2, 4});
  CHECK(a.identity() != b.identity());
  for (SharedColumn* column : {&a, &b, &c}) column->ShareIn(&pool);
  CHECK(a.identity() == b.identity());
  CHECK(a.identity() != c.identity());
  CHECK_EQ(b.size(), 3u);
  CHECK_EQ(c.back(), 4u);
}

TEST("a shared column that is changed leaves the others as they were") {
  ColumnPool pool;
  SharedColumn a = ColumnOf({1, 2});
  SharedColumn b = ColumnOf({1, 2});
  a.ShareIn(&pool);
  b.ShareIn(&pool);
  b.Own()->push_back(3);
  CHECK_EQ(a.size(), 2u);
  CHECK_EQ(b.size(), 3u);
  a.Own()->push_back(3);
  a.ShareIn(&pool);
  b.ShareIn(&pool);
  CHECK(a.identity() == b.identity());
}

TEST("what the only owner changed in place is not found by what it was") {
  ColumnPool pool;
  SharedColumn a = ColumnOf({1, 2});
  a.ShareIn(&pool);
  a.Own()->back() = 7;
  SharedColumn b = ColumnOf({1, 2});
  b.ShareIn(&pool);
  CHECK_EQ(a.back(), 7u);
  CHECK_EQ(b.back(), 2u);
}

TEST("a dropped column is empty, and not kept by the pool") {
  ColumnPool pool;
  SharedColumn a;
  CHECK(a.empty());
  a.ShareIn(&pool);
  CHECK(a.identity() == nullptr);
  for (uint32_t i = 0; i < 1000; ++i) {
    *a.Own() = {i};
    a.ShareIn(&pool);
    a = {};
  }
  CHECK(a.empty());
  CHECK_EQ(a.Own()->size(), 0u);
}

}  // namespace
}  // namespace promfold::test
