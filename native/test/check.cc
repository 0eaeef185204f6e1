#include "check.h"

#include <cstdio>
#include <cstring>
#include <vector>

namespace promfold::test {

namespace {

struct Test {
  const char* file;
  const char* title;
  TestBody body;
};

// A function's static: registrations run before main, in any order of files.
std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

int failures_of_this_test = 0;

}  // namespace

Registration::Registration(const char* file, const char* title, TestBody body) {
  Tests().push_back({file, title, body});
}

void Fail(const char* file, int line, const std::string& text) {
  std::printf("  %s:%d: %s\n", file, line, text.c_str());
  ++failures_of_this_test;
}

}  // namespace promfold::test

namespace {

// An argument leaves only the tests whose file or title has it; one that begins with `-`, those
// that have not what follows.
bool IsWanted(const promfold::test::Test& test, int count, char** argument) {
  for (int i = 1; i < count; ++i) {
    const bool excludes = argument[i][0] == '-';
    const char* const text = argument[i] + (excludes ? 1 : 0);
    const bool has =
        std::strstr(test.file, text) != nullptr || std::strstr(test.title, text) != nullptr;
    if (has == excludes) return false;
  }
  return true;
}

}  // namespace

int main(int count, char** argument) {
  using namespace promfold::test;
  int passed = 0;
  int failed = 0;
  for (const Test& test : Tests()) {
    if (!IsWanted(test, count, argument)) continue;
    failures_of_this_test = 0;
    test.body();
    if (failures_of_this_test == 0) {
      ++passed;
      continue;
    }
    ++failed;
    std::printf("FAILED %s: %s\n", test.file, test.title);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
