#include "core/host_lookup.h"

#include <algorithm>

#include "check.h"

namespace promfold::test {
namespace {

TEST("a host has its addresses, each once") {
  std::vector<std::string> addresses;
  CHECK(LookUpHost("localhost", &addresses).empty());
  CHECK(!addresses.empty());
  for (const std::string& address : addresses) {
    CHECK(address == "127.0.0.1" || address == "::1");
    CHECK(std::count(addresses.begin(), addresses.end(), address) == 1);
  }
}

TEST("an address is its own") {
  std::vector<std::string> addresses;
  CHECK(LookUpHost("127.0.0.9", &addresses).empty());
  CHECK(addresses == std::vector<std::string>{"127.0.0.9"});
}

TEST("what is not a host is not found") {
  std::vector<std::string> addresses;
  CHECK(LookUpHost("", &addresses) == "ENOTFOUND");
  CHECK(addresses.empty());
}

}  // namespace
}  // namespace promfold::test
