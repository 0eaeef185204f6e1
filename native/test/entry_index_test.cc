#include "core/entry_index.h"

#include <string>
#include <vector>

#include "check.h"
#include "writer.h"

namespace promfold::test {
namespace {

const std::vector<Written> kTwo = {{"[\"a\"]", 1}, {"[\"bcd\"]", 2}};

// Of the format that a file is in.
FileFormat FormatOf(const Aligned& file) {
  uint32_t used = 0;
  FileFormat format = {};
  Fault fault = ReadUsed(file.data(), file.span().size(), &used);
  CHECK(fault.ok());
  CHECK(DetectFormat(file.span(), file.span().size(), used, false, &format, &fault) ==
        Detection::kFits);
  return format;
}

EntryIndex IndexOf(const std::string& bytes, KeyTable* keys) {
  const Aligned file(bytes);
  const FileFormat format = FormatOf(file);
  EntryIndex index;
  index.SetUsed(format.end, format.value_bytes);
  index.Append(file.data(), format.end, keys);
  return index;
}

TEST("an index has the key and the place of each entry") {
  KeyTable keys;
  const EntryIndex index = IndexOf(FileOf(kTwo), &keys);
  CHECK_EQ(index.size(), 2u);
  CHECK_EQ(index.value_bytes(), 16u);
  CHECK_EQ(index.EntryOffset(0), 8u);
  CHECK_EQ(index.EntryOffset(1), index.last_entry());
  CHECK_EQ(index.value_offsets()[0], 24u);
  CHECK_EQ(index.LastKey(keys), "[\"bcd\"]");
  CHECK(index.is_padded());
  CHECK(index.CanGrow());
  CHECK(!EntryIndex().CanGrow());
}

TEST("the end of a file tells that it grew, shrank or was overwritten") {
  KeyTable keys;
  const std::string bytes = FileOf(kTwo);
  const EntryIndex index = IndexOf(bytes, &keys);
  const auto check = [&](const std::string& now, uint32_t* used) {
    return index.CheckEnd(Aligned(now).data(), index.LastKey(keys), used).found;
  };
  uint32_t used = 0;
  CHECK(check(bytes, &used) == Found::kNothingWrong);
  CHECK_EQ(used, index.used());
  CHECK(check(WithInt32(bytes, 0, 500), &used) == Found::kNothingWrong);
  CHECK_EQ(used, 500u);
  CHECK(check(WithInt32(bytes, 0, 8), &used) == Found::kUsedShrank);
  CHECK(check(WithInt32(bytes, index.last_entry(), 6), &used) == Found::kLastEntryChanged);
}

TEST("a file continues the indexed entries where all of them are its first ones") {
  KeyTable keys;
  const EntryIndex index = IndexOf(FileOf(kTwo), &keys);
  const auto continues = [&](const std::vector<Written>& entries, uint32_t value_bytes = 16) {
    const Aligned file(FileOf(entries, value_bytes));
    return index.Continues(file.span(), FormatOf(file), keys);
  };
  CHECK(continues(kTwo));
  CHECK(continues({kTwo[0], kTwo[1], {"[\"c\"]", 3}}));
  CHECK(!continues({kTwo[0]}));
  CHECK(!continues({kTwo[0], {"[\"bce\"]", 2}}));
  CHECK(!continues({kTwo[0], kTwo[1], {"[\"c\"]", 3}}, 8));
}

TEST("a key that is not text any more is erased, another one is not") {
  KeyTable keys;
  const EntryIndex index = IndexOf(FileOf(kTwo), &keys);
  const auto found = [&](const std::string& key) {
    const Aligned file(FileOf({{key, 1}, kTwo[1]}));
    return index.FindErasedKey(file.span(), FormatOf(file), keys);
  };
  CHECK(found("[\"a\"]").ok());
  CHECK(found("[\"z\"]").ok());
  const Fault erased = found(std::string(5, '\0'));
  CHECK(erased.found == Found::kKeyErased);
  CHECK_EQ(erased.offset, 8);
}

}  // namespace
}  // namespace promfold::test
