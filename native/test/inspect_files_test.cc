#include "core/inspect_files.h"

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "writer.h"

namespace promfold::test {
namespace {

// What is read of the file at this index: its entries as `key=value`, their times, and the fault.
std::string Read(const InspectedFiles& files, size_t index, const SharedKeys& keys) {
  std::string line;
  const uint32_t from = index == 0 ? 0 : files.entry_end[index - 1];
  for (uint32_t i = from; i < files.entry_end[index]; ++i) {
    line += keys.Texts(files.key_id[i], 1, 1).text;
    line += "=" + std::to_string(static_cast<int>(files.value[i])) + " ";
  }
  const uint32_t times_from = index == 0 ? 0 : files.time_end[index - 1];
  for (uint32_t i = times_from; i < files.time_end[index]; ++i) {
    line += "@" + std::to_string(static_cast<int>(files.timestamp[i])) + " ";
  }
  return line + FoundPhrase(files.fault[index]);
}

TEST("files are read into the same columns, and equal keys have one id") {
  const TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[\"a\"]", 1}, {"[\"b\"]", 2}}), 4096);
  directory.Write("b.db", FileOf({{"[\"b\"]", 3, 30}, {"[\"c\"]", 4}}), 4096);
  directory.Write("c.db", "junk", 4096);
  directory.Write("d.db", FileOf({{"[\"b\"]", 5}, {"[\"c\"]", 6}, {"[\"d\"]", 7}}), 4096);
  SharedKeys keys;
  InspectedFiles files;
  const std::vector<std::string> names = {"a.db", "none.db", "b.db", "c.db", "d.db"};
  InspectFiles({directory.path(), false, names, std::vector<uint8_t>(5), false}, &keys, &files);

  CHECK_EQ(Read(files, 0, keys), "[\"a\"]=1 [\"b\"]=2 ");
  CHECK_EQ(Read(files, 1, keys), "open failed with ENOENT");
  CHECK_EQ(Read(files, 2, keys), "[\"b\"]=3 [\"c\"]=4 @30 @0 ");
  CHECK(!files.fault[3].ok());
  CHECK_EQ(Read(files, 4, keys), "[\"b\"]=5 [\"c\"]=6 [\"d\"]=7 ");
  CHECK_EQ(keys.size(), 4u);
  CHECK_EQ(files.excerpt.size(), 1u);
  CHECK_EQ(files.excerpt.at(0).file, 3u);
}

TEST("where only plain files are read, links are left") {
  const TemporaryDirectory directory;
  directory.Write("a.db", FileOf({{"[\"a\"]", 1}}), 4096);
  CHECK_EQ(symlink("a.db", directory.Path("b.db").c_str()), 0);
  directory.Write("c.db", FileOf({{"[\"a\"]", 3}}), 4096);
  SharedKeys keys;
  InspectedFiles files;
  InspectFiles({directory.path(), true, {"a.db", "b.db", "c.db"}, {0, 0, 0}, false}, &keys, &files);
  if (!CanOpenPlain()) {
    CHECK_EQ(files.left.size(), 3u);
    return;
  }
  CHECK_EQ(files.left.size(), 1u);
  CHECK_EQ(files.left.at(0), 1u);
  CHECK_EQ(Read(files, 1, keys), "");
  CHECK_EQ(Read(files, 2, keys), "[\"a\"]=3 ");
}

TEST("bytes are kept instead of entries") {
  const TemporaryDirectory directory;
  const std::string bytes = FileOf({{"[\"a\"]", 1}});
  directory.Write("a.db", bytes, 4096);
  SharedKeys keys;
  InspectedFiles files;
  InspectFiles({directory.path(), false, {"a.db"}, {0}, true}, &keys, &files);
  CHECK_EQ(Read(files, 0, keys), "");
  CHECK_EQ(keys.size(), 0u);
  CHECK_EQ(files.excerpt.at(0).bytes.size(), bytes.size());
}

TEST("two threads number the same keys alike") {
  const TemporaryDirectory directory;
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) {
    const std::string own = "[\"" + std::to_string(i) + "\"]";
    names.push_back(std::to_string(i) + ".db");
    directory.Write(names.back().c_str(), FileOf({{"[\"a\"]", 1}, {own, 2}}), 4096);
  }
  SharedKeys keys;
  InspectedFiles files[2];
  const InspectRequest request = {directory.path(), false, names, std::vector<uint8_t>(50), false};
  {
    std::vector<std::jthread> threads;
    for (InspectedFiles& own : files) {
      threads.emplace_back([&] { InspectFiles(request, &keys, &own); });
    }
  }
  CHECK_EQ(keys.size(), 51u);
  CHECK(files[0].key_id == files[1].key_id);
}

}  // namespace
}  // namespace promfold::test
