// The whole test framework: named tests, and checks that print what they saw.
//
//   TEST("a key that ends on a boundary is followed by eight blanks") {
//     CHECK_EQ(entry.value_offset, 24u);
//   }
#ifndef PROMFOLD_TEST_CHECK_H_
#define PROMFOLD_TEST_CHECK_H_

#include <sstream>
#include <string>

namespace promfold::test {

using TestBody = void (*)();

struct Registration {
  Registration(const char* file, const char* title, TestBody body);
};

// Notes a failure of the running test; the test continues.
void Fail(const char* file, int line, const std::string& text);

template <typename A, typename B>
void CheckEqual(const char* file, int line, const char* text, const A& actual, const B& expected) {
  if (actual == expected) return;
  std::ostringstream out;
  out << text << ": got " << actual << ", expected " << expected;
  Fail(file, line, out.str());
}

}  // namespace promfold::test

#define PROMFOLD_JOIN2(a, b) a##b
#define PROMFOLD_JOIN(a, b) PROMFOLD_JOIN2(a, b)
#define TEST(title)                                                                  \
  static void PROMFOLD_JOIN(Test, __LINE__)();                                       \
  static const ::promfold::test::Registration PROMFOLD_JOIN(registration, __LINE__)( \
      __FILE__, title, PROMFOLD_JOIN(Test, __LINE__));                               \
  static void PROMFOLD_JOIN(Test, __LINE__)()

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::promfold::test::Fail(__FILE__, __LINE__, #condition))
#define CHECK_EQ(actual, expected) \
  ::promfold::test::CheckEqual(__FILE__, __LINE__, #actual, actual, expected)

#endif  // PROMFOLD_TEST_CHECK_H_
