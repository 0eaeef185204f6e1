// The names that a compaction makes, all in one place. GEN is its generation, 16 hexadecimal
// digits.
//
// Next to a directory NAME:
//   .NAME.promfold-GEN         the one that takes its place; after the exchange, the old one
//   .NAME.promfold-GEN-done    the old one, when it is only to be deleted
//   .NAME.promfold-GEN-undone  the new one, likewise, where the exchange was taken back
//
// In the directory:
//   .promfold-compaction           the manifest (manifest.h)
//   .promfold-GEN                  the journal, where nothing is exchanged (journal.h)
//   counter_-promfold-GEN-gate.db  for a moment: see gate.h
//   counter_-promfold-GEN.db       an archive; `-promfold-GEN-2` is a second one of a kind
//
// An archive is read by every client as a file of its type and mode: the process id is whatever
// follows the last prefix. `-` sorts before all digits, so archives come first; no process id has
// it, so mark_process_dead never takes one. The generation is in the name, so that a reader never
// takes the list of one generation and the file of another.
#ifndef PROMFOLD_CORE_COMPACT_NAMES_H_
#define PROMFOLD_CORE_COMPACT_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace promfold {

inline constexpr char kManifestName[] = ".promfold-compaction";
// Until it is whole, where there is one already.
inline constexpr char kNewManifestName[] = ".promfold-compaction.new";

bool IsManifestName(std::string_view name);

// What no compaction of this directory had before, and sorts after `earlier`, which may be empty:
// the time in nanoseconds, or the next number where the clock was set back.
std::string NewGeneration(std::string_view earlier);
bool IsGeneration(std::string_view text);

inline constexpr char kDone[] = "-done";
inline constexpr char kUndone[] = "-undone";

std::string SiblingName(std::string_view directory, std::string_view generation);

// What a name next to `directory` is; `generation` is empty where it is nothing of ours.
struct Sibling {
  std::string generation;
  std::string end;  // kDone, kUndone or empty
};
Sibling ParseSibling(std::string_view name, std::string_view directory);

std::string JournalName(std::string_view generation);
// Its generation; empty for any other name.
std::string ParseJournal(std::string_view name);

// The nth, from 1, of its prefix.
std::string ArchiveName(std::string_view prefix, std::string_view generation, uint32_t nth);

// Whether it is that of an archive of any generation.
bool IsArchiveName(std::string_view name);

std::string GateName(std::string_view generation);
bool IsGateName(std::string_view name);

// For a file that cannot have its own name any more, since another one has it. `nth` from 1.
std::string SpareName(std::string_view name, std::string_view generation, uint32_t nth);

// The type and mode that a metric file's name begins with: `counter`, `gauge_min`.
std::string_view PrefixOf(std::string_view name);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_NAMES_H_
