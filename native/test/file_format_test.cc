#include "core/file_format.h"

#include "check.h"
#include "writer.h"

namespace promfold::test {
namespace {

const std::vector<Written> kThree = {{"[\"a\"]", 1}, {"[\"bcd\", \"efg\"]", 2}, {"[\"c\"]", 3}};

// What reading these bytes gives, as one line: the format, or the fault and where.
std::string Read(const std::string& bytes, bool is_stamped = false) {
  const Aligned file(bytes);
  uint32_t used = 0;
  Fault fault = ReadUsed(file.data(), bytes.size(), &used);
  FileFormat format = {};
  if (fault.ok()) {
    const Detection detection =
        DetectFormat(file.span(), bytes.size(), used, is_stamped, &format, &fault);
    if (detection == Detection::kNeedsMore) return "needs more";
  }
  if (!fault.ok()) return FoundPhrase(fault) + " @" + std::to_string(fault.offset);
  return std::to_string(format.value_bytes) + " bytes, " + std::to_string(format.entries) +
         " entries, end " + std::to_string(format.end);
}

std::string WithUsed(const std::string& bytes, int32_t used) { return WithInt32(bytes, 0, used); }

TEST("a format is known by the chain that ends at used") {
  const std::string wide = FileOf(kThree);
  const std::string narrow = FileOf(kThree, 8);
  const std::string end = std::to_string(wide.size());
  const struct {
    const char* title;
    std::string bytes;
    std::string expected;
  } kCase[] = {
      {"16-byte values", wide, "16 bytes, 3 entries, end " + end},
      {"8-byte values", narrow, "8 bytes, 3 entries, end " + std::to_string(narrow.size())},
      {"one entry of 16", FileOf({{"[]", 1}}), "16 bytes, 1 entries, end 32"},
      {"one entry of 8", FileOf({{"[]", 1}}, 8), "8 bytes, 1 entries, end 24"},
      {"a key that ends on a boundary has 8 blanks", FileOf({{"abcd", 1}}),
       "16 bytes, 1 entries, end 40"},
      {"a header alone has no format yet", FileOf({}), "0 bytes, 0 entries, end 8"},
      {"a header of 4 bytes that says 8", WithUsed(std::string(4, '\0'), 8),
       "0 bytes, 0 entries, end 8"},
      {"zeros after used do not count", wide + std::string(100, '\0'),
       "16 bytes, 3 entries, end " + end},
      {"used of one entry less: the writer's last moment",
       WithUsed(wide, static_cast<int32_t>(FileOf({kThree[0], kThree[1]}).size())),
       "16 bytes, 2 entries, end " + std::to_string(FileOf({kThree[0], kThree[1]}).size())},
  };
  for (const auto& example : kCase) {
    if (Read(example.bytes) != example.expected)
      Fail(__FILE__, __LINE__, example.title + (": " + Read(example.bytes)));
  }
}

// src/reference.md K7, B7: with two entries the reference reads both for any used from 93 to 117 of
// 120.
TEST("used inside the last entry's padding or value reads that entry") {
  const std::string two = FileOf({kThree[0], kThree[1]});
  const uint32_t second = static_cast<uint32_t>(FileOf({kThree[0]}).size());
  const uint32_t key_end = second + 4 + static_cast<uint32_t>(kThree[1].key.size());
  for (uint32_t used = second + 1; used < two.size(); ++used) {
    const std::string read = Read(WithUsed(two, static_cast<int32_t>(used)));
    const bool is_whole = read == "16 bytes, 2 entries, end " + std::to_string(two.size());
    CHECK_EQ(is_whole, used >= key_end - 4);
  }
  // Not where the file itself ends before the value does.
  const std::string cut = WithUsed(two, static_cast<int32_t>(two.size()) - 8);
  CHECK_EQ(Read(cut.substr(0, two.size() - 8)),
           "value up to byte 80 runs past used 72 @" + std::to_string(second));
}

TEST("a broken chain says what was found and where") {
  const std::string wide = FileOf(kThree);
  const std::string used = std::to_string(wide.size());
  const struct {
    const char* title;
    std::string bytes;
    std::string expected;
  } kCase[] = {
      {"all zeros", std::string(64, '\0'), "used 0 @0"},
      {"used -1", WithUsed(wide, -1), "used -1 is below 8 @0"},
      {"used 5", WithUsed(wide, 5), "used 5 is below 8 @0"},
      {"used past the file", WithUsed(wide, 196608),
       "used 196608 runs past the file's " + used + " bytes @0"},
      {"used inside a key", WithUsed(wide, 46), "used 46 is not a multiple of 8 @0"},
      {"used into the zero tail", WithUsed(wide + std::string(64, '\0'), 128),
       "key length 0 is not positive @" + used},
      {"key length 0", WithInt32(wide, 40, 0), "key length 0 is not positive @40"},
      {"key length negative", WithInt32(wide, 40, -5), "key length -5 is not positive @40"},
      {"key length huge", WithInt32(wide, 40, 1879048192),
       "key length 1879048192 runs past used " + used + " @40"},
      {"the greatest key length", WithInt32(wide, 40, INT32_MAX),
       "key length 2147483647 runs past used " + used + " @40"},
      {"the farther walk is the one to believe", WithInt32(FileOf(kThree, 8), 64, 0),
       "key length 0 is not positive @64"},
  };
  for (const auto& example : kCase) {
    if (Read(example.bytes) != example.expected)
      Fail(__FILE__, __LINE__, example.title + (": " + Read(example.bytes)));
  }
}

TEST("a key of 1 MiB is read, a longer one is damage") {
  const std::string longest(kLongestKeyBytes, 'k');
  const std::string file = FileOf({{longest, 1}});
  CHECK_EQ(Read(file), "16 bytes, 1 entries, end " + std::to_string(file.size()));
  const std::string beyond = "key length 1048577 is beyond 1048576 @8";
  CHECK_EQ(Read(FileOf({{longest + "k", 1}})), beyond);
  // Nor is it one whose end `used` cuts off.
  const std::string cut = FileOf({{longest + "k", 1}});
  CHECK_EQ(Read(WithUsed(cut, static_cast<int32_t>(cut.size()) - 8)), beyond);
}

TEST("a key one byte too long into its padding is read") {
  CHECK_EQ(Read(WithInt32(FileOf({{"[12]", 7}}), 8, 5)), "16 bytes, 1 entries, end 40");
}

TEST("values that are known to have 16 bytes are not taken for 8") {
  const std::string one = WithUsed(FileOf({{"[]", 1}}), 24);
  CHECK_EQ(Read(one), "8 bytes, 1 entries, end 24");
  CHECK_EQ(Read(one, true), "16 bytes, 1 entries, end 32");
  CHECK_EQ(Read(FileOf(kThree), true), Read(FileOf(kThree)));
  CHECK_EQ(Read(FileOf({}), true), Read(FileOf({})));
  CHECK_EQ(Read(FileOf(kThree, 8), true), "key length 539763300 runs past used 88 @40");
}

TEST("the beginning of a file is enough to refuse it, not to accept it") {
  std::vector<Written> many;
  for (int i = 0; i < 100; ++i) many.push_back({"[\"key " + std::to_string(i) + "\"]", 1});
  const std::string bytes = FileOf(many);
  const uint32_t used = static_cast<uint32_t>(bytes.size());
  FileFormat format = {};
  Fault fault;
  const Aligned start(bytes.substr(0, 512));
  CHECK(DetectFormat(start.span(), used, used, false, &format, &fault) == Detection::kNeedsMore);
  const Aligned broken(WithInt32(bytes, 8, -1).substr(0, 512));
  CHECK(DetectFormat(broken.span(), used, used, false, &format, &fault) == Detection::kBroken);
  CHECK_EQ(fault.offset, 8);
}

TEST("an error moves neither the cursor nor the entry") {
  const Aligned file(WithInt32(FileOf(kThree), 8, 0));
  uint32_t cursor = 8;
  Entry entry = {"before", 1};
  CHECK(!NextEntry(file.span(), 112, 16, &cursor, &entry).ok());
  CHECK_EQ(cursor, 8u);
  CHECK_EQ(entry.key, "before");
}

TEST("used up to the last int32 does not wrap") {
  const Aligned file(WithInt32(WithInt32(std::string(16, '\0'), 0, INT32_MAX), 8, INT32_MAX - 12));
  uint32_t cursor = 8;
  Entry entry = {};
  const Fault fault = NextEntry(file.span(), INT32_MAX, 16, &cursor, &entry);
  CHECK(fault.found == Found::kKeyTooLong);
  FileFormat format = {};
  Fault broken;
  CHECK(DetectFormat(file.span(), UINT64_MAX, INT32_MAX, false, &format, &broken) ==
        Detection::kBroken);
}

}  // namespace
}  // namespace promfold::test
