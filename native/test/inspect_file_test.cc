#include "core/inspect_file.h"

#include <algorithm>

#include "check.h"
#include "core/file_format.h"
#include "writer.h"

namespace promfold::test {
namespace {

const std::vector<Written> kThree = {
    {"[\"a\"]", 1, 10}, {"[\"bcd\", \"efg\"]", 2, 20}, {"[\"c\"]", 3, 30}};

// What is read of these bytes, as one line: keys with values, then the fault.
std::string Read(const Inspection& inspection) {
  std::string line;
  for (size_t i = 0; i < inspection.key.size(); ++i) {
    line += inspection.key[i];
    line += "=" + std::to_string(static_cast<int>(inspection.value[i])) + " ";
  }
  line += std::to_string(inspection.value_bytes) + " bytes to " + std::to_string(inspection.end);
  if (!inspection.fault.ok()) {
    line += ": " + FoundPhrase(inspection.fault) + " @" + std::to_string(inspection.fault.offset);
  }
  return line;
}

std::string ReadBytes(const std::string& bytes) {
  const Aligned file(bytes);
  Inspection inspection;
  InspectBytes(file.span(), bytes.size(), false, false, &inspection);
  return Read(inspection);
}

TEST("entries before a fault are read under the width that leads further") {
  const std::string wide = FileOf(kThree);
  const std::string narrow = FileOf(kThree, 8);
  const size_t third = FileOf({kThree[0], kThree[1]}).size();
  const size_t narrow_third = FileOf({kThree[0], kThree[1]}, 8).size();
  const std::string all = "[\"a\"]=1 [\"bcd\", \"efg\"]=2 [\"c\"]=3 ";
  const std::string two = "[\"a\"]=1 [\"bcd\", \"efg\"]=2 ";
  const struct {
    const char* title;
    std::string bytes;
    std::string expected;
  } kCase[] = {
      {"16-byte values", wide, all + "16 bytes to " + std::to_string(wide.size())},
      {"8-byte values", narrow, all + "8 bytes to " + std::to_string(narrow.size())},
      {"no byte", "", "0 bytes to 0: 0 bytes @-1"},
      {"a header alone", FileOf({}), "0 bytes to 8"},
      {"zeros", std::string(64, '\0'), "0 bytes to 8: used 0 @0"},
      {"a key length of 0", WithInt32(wide, third, 0),
       two + "16 bytes to " + std::to_string(third) + ": key length 0 is not positive @" +
           std::to_string(third)},
      {"the same with 8-byte values", WithInt32(narrow, narrow_third, -1),
       two + "8 bytes to " + std::to_string(narrow_third) + ": key length -1 is not positive @" +
           std::to_string(narrow_third)},
      {"used past the file", WithInt32(wide, 0, 4096),
       all + "16 bytes to " + std::to_string(wide.size()) + ": used 4096 runs past the file's " +
           std::to_string(wide.size()) + " bytes @0"},
      {"cut inside an entry", wide.substr(0, third + 10),
       two + "16 bytes to " + std::to_string(third) + ": used " + std::to_string(wide.size()) +
           " runs past the file's " + std::to_string(third + 10) + " bytes @0"},
  };
  for (const auto& example : kCase) {
    if (ReadBytes(example.bytes) != example.expected)
      Fail(__FILE__, __LINE__, example.title + (": " + ReadBytes(example.bytes)));
  }
}

// What is read of a file, with the memory that its keys lie in.
struct FromDisk : Inspection {
  FromDisk(const std::string& path, bool keep_bytes) {
    InspectFile(path.c_str(), false, keep_bytes, &scratch, this);
  }
  Scratch scratch;
};

TEST("a file on disk is read as its bytes are") {
  const TemporaryDirectory directory;
  const std::string wide = FileOf(kThree);
  directory.Write("good.db", wide, 65536);
  directory.Write("bad.db", WithInt32(wide, 40, -5), 65536);

  const FromDisk good(directory.Path("good.db"), false);
  CHECK_EQ(Read(good), ReadBytes(wide));
  CHECK_EQ(good.status.st_size, 65536);
  CHECK_EQ(good.stored_used, static_cast<int64_t>(wide.size()));
  CHECK_EQ(good.timestamp.at(2), 30.0);
  CHECK(good.excerpt.empty());

  const FromDisk bad(directory.Path("bad.db"), false);
  CHECK_EQ(Read(bad), "[\"a\"]=1 16 bytes to 40: key length -5 is not positive @40");
}

TEST("bytes are kept up to the last entry, or of a damaged file to the last that is not zero") {
  const TemporaryDirectory directory;
  const std::string wide = FileOf(kThree);
  directory.Write("good.db", wide, 65536);
  directory.Write("bad.db", WithInt32(wide, 40, -5), 65536);
  CHECK_EQ(FromDisk(directory.Path("good.db"), true).excerpt.size(), wide.size());
  const FromDisk bad(directory.Path("bad.db"), true);
  CHECK_EQ(bad.excerpt_offset, 0u);
  CHECK(bad.excerpt.size() > 40 && bad.excerpt.size() <= wide.size());
}

TEST("what is not a file, or not a regular one, is a fault") {
  const TemporaryDirectory directory;
  const FromDisk missing(directory.Path("none.db"), false);
  CHECK_EQ(FoundPhrase(missing.fault), "open failed with ENOENT");
  CHECK_EQ(missing.status.st_size, 0);
  CHECK_EQ(FoundPhrase(FromDisk(directory.path(), false).fault), "a directory");
}

}  // namespace
}  // namespace promfold::test
