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

// An argument runs only the tests whose file or title has it.
int main(int count, char** argument) {
  using namespace promfold::test;
  int passed = 0;
  int failed = 0;
  for (const Test& test : Tests()) {
    if (count > 1 && std::strstr(test.file, argument[1]) == nullptr &&
        std::strstr(test.title, argument[1]) == nullptr) {
      continue;
    }
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
