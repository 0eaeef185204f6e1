#include <sys/sysmacros.h>

#include <string>

#include "check.h"
#include "compaction_directory.h"
#include "core/compact/manifest.h"
#include "core/compact/names.h"

namespace promfold::test {

namespace {

Manifest Example() {
  Manifest manifest;
  manifest.generation = "0123456789abcdef";
  manifest.archive = {{"counter_-promfold-0123456789abcdef.db", 11}};
  manifest.linked = {{"counter_1.db", 12}, {"with blanks, %, \n and \xff.db", 13}};
  manifest.folded = {{"counter_2.db", 14, 4'000'000'000}};
  manifest.removed = {{"gauge_all_2.db", 18446744073709551615u}};
  manifest.gone = {{"counter_2.db", {makedev(253, 1), 14}, 1'700'000'000}};
  return manifest;
}

}  // namespace

TEST("a manifest that was printed is read as it was, whatever the names") {
  const std::string text = PrintManifest(Example());
  Manifest read;
  CHECK(ParseManifest(text, &read));
  CHECK_EQ(PrintManifest(read), text);
  CHECK_EQ(read.linked[1].name, Example().linked[1].name);
  CHECK_EQ(read.folded[0].checksum, 4'000'000'000u);
  CHECK_EQ(read.removed[0].inode, 18446744073709551615u);
  CHECK_EQ(IdentityText(read.gone[0].identity), "fd:01:14");
}

TEST("a part of a manifest is none") {
  const std::string text = PrintManifest(Example());
  Manifest read;
  for (size_t bytes = 0; bytes < text.size(); ++bytes) {
    CHECK(!ParseManifest(text.substr(0, bytes), &read));
    CHECK(read.generation.empty() && read.linked.empty());
  }
  CHECK(!ParseManifest(text + "linked 1 more\n", &read));
  const size_t line = text.find("folded");
  std::string shorter = text;
  shorter.erase(line, text.find('\n', line) + 1 - line);
  CHECK(!ParseManifest(shorter, &read));
}

TEST("what would lead out of the directory is not a name") {
  for (const char* const name : {"..", ".", "a/b", "a%2Fb", "%2e%2e", "a%00", "%4", "%zz", ""}) {
    const std::string text =
        std::string("promfold-compaction 1\ngeneration 0123456789abcdef\nlinked 1 ") + name +
        "\nend 3\n";
    Manifest read;
    CHECK(!ParseManifest(text, &read));
  }
}

TEST("identities are as in /proc/PID/maps") {
  FileIdentity identity;
  CHECK(ParseIdentity("fd:01:4711", &identity));
  CHECK_EQ(identity.device, makedev(253, 1));
  CHECK_EQ(identity.inode, 4711u);
  for (const char* const text : {"", "fd:01", "fd:01:", "fd:01:4711 ", "fd:01:4711x", "x:1:2"}) {
    CHECK(!ParseIdentity(text, &identity));
  }
}

TEST("what is gone is told for a day") {
  Manifest manifest = Example();
  CHECK_EQ(RecentlyGone(manifest, 1'700'000'000 + 86'399).size(), 1u);
  CHECK_EQ(RecentlyGone(manifest, 1'700'000'000 + 86'400).size(), 0u);
}

TEST("a file that is folded under the name and inode of an earlier one is later than that") {
  const FileIdentity identity = {1, 2};
  std::vector<GoneFile> gone = {{"a", identity, 100}, {"b", identity, 90}, {"a", {1, 3}, 100}};
  // The clock was set back.
  AddGone({{"a", identity, 50}, {"c", identity, 50}}, &gone);
  std::string text;
  for (const GoneFile& file : gone) {
    text +=
        file.name + std::to_string(file.identity.inode) + "@" + std::to_string(file.seconds) + " ";
  }
  CHECK_EQ(text, "b2@90 a3@100 a2@101 c2@50 ");
}

TEST("names of compaction are told from others, and sort before process ids") {
  const std::string generation = NewGeneration("");
  CHECK(NewGeneration(generation) > generation);
  CHECK_EQ(NewGeneration("7fffffffffffff0f"), "7fffffffffffff10");
  CHECK(IsGeneration(generation));
  CHECK_EQ(ParseSibling(SiblingName("d", generation), "d").generation, generation);
  CHECK_EQ(ParseSibling(SiblingName("d", generation) + kDone, "d").end, kDone);
  CHECK_EQ(ParseSibling(SiblingName("d", generation) + kUndone, "d").end, kUndone);
  CHECK_EQ(ParseSibling(SiblingName("d", generation) + "-other", "d").generation, "");
  CHECK_EQ(ParseSibling(SiblingName("e", generation), "d").generation, "");
  CHECK_EQ(ParseSibling(".d.promfold-", "d").generation, "");
  CHECK_EQ(ParseJournal(JournalName(generation)), generation);
  CHECK_EQ(ParseJournal(kManifestName), "");
  CHECK_EQ(PrefixOf("gauge_min_1.db"), "gauge_min");
  CHECK_EQ(PrefixOf("counter_1_2.db"), "counter");
  CHECK_EQ(PrefixOf("notes"), "notes");
  CHECK(ArchiveName("counter", generation, 1) < "counter_0.db");
  CHECK_EQ(PrefixOf(ArchiveName("gauge_mostrecent", generation, 2)), "gauge_mostrecent");
  CHECK(IsArchiveName(ArchiveName("counter", generation, 1)));
  CHECK(IsArchiveName(ArchiveName("gauge_mostrecent", generation, 2)));
  CHECK(!IsArchiveName("counter_1.db") && !IsArchiveName("counter_"));
  CHECK(!IsArchiveName(SpareName("counter_1.db", generation, 1)));
  CHECK_EQ(SpareName("counter_1.db", generation, 1), "counter_1-promfold-" + generation + ".db");
  CHECK_EQ(SpareName("notes", generation, 2), "notes-promfold-" + generation + "-2");
}

}  // namespace promfold::test
