#include "core/key_table.h"

#include "check.h"

namespace promfold::test {
namespace {

TEST("equal bytes have equal ids, in the order they were first seen") {
  KeyTable keys;
  CHECK_EQ(keys.Intern("b"), 0u);
  CHECK_EQ(keys.Intern("a"), 1u);
  CHECK_EQ(keys.Intern("b"), 0u);
  CHECK_EQ(keys.Intern(std::string_view("a\0", 2)), 2u);
  CHECK_EQ(keys.Text(1), "a");
  CHECK_EQ(keys.Text(2).size(), 2u);
  CHECK_EQ(keys.size(), 3u);
}

TEST("lengths around the hash's step do not run together") {
  KeyTable keys;
  for (uint32_t length = 0; length < 70; ++length) {
    CHECK_EQ(keys.Intern(std::string(length, '\0')), length);
  }
  CHECK_EQ(keys.Intern(std::string(33, '\0')), 33u);
}

TEST("ids and texts survive growth") {
  KeyTable keys;
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < 50'000; ++i) {
      CHECK_EQ(keys.Intern("[\"name\", {\"n\": " + std::to_string(i) + "}]"), i);
    }
  }
  CHECK_EQ(keys.Text(49'999), "[\"name\", {\"n\": 49999}]");
}

}  // namespace
}  // namespace promfold::test
