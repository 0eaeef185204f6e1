// Compaction without Node: what tests kill at every system call, and slow down.
//
//   compact-tool DIRECTORY [--grace MS] [--readers-stopped] [--value-bytes 8] [--pause MS] NAME...
//   compact-tool DIRECTORY [--grace MS]           only finishes what a killed one left
//
// Folds or removes the files of these names, by what they are called. --pause: in the moment right
// before the exchange. Prints what became of them, a line each, and ends with 1 where something
// failed.
#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/compact/compaction.h"
#include "core/compact/names.h"
#include "core/errno_name.h"

namespace {

using promfold::CompactionOutcome;
using promfold::CompactionRequest;
using promfold::Operation;

// None where such files are removed.
std::optional<Operation> OperationOf(const std::string& prefix) {
  static const std::map<std::string, Operation> kOperation = {
      {"counter", Operation::kSum},
      {"histogram", Operation::kSum},
      {"summary", Operation::kSum},
      {"gauge_sum", Operation::kSum},
      {"gauge_min", Operation::kMin},
      {"gauge_max", Operation::kMax},
      {"gauge_mostrecent", Operation::kMostRecent},
  };
  const auto found = kOperation.find(prefix);
  if (found == kOperation.end()) return std::nullopt;
  return found->second;
}

int32_t GroupOf(const std::string& name, uint32_t value_bytes, CompactionRequest* request) {
  const std::string prefix(promfold::PrefixOf(name));
  const auto operation = OperationOf(prefix);
  if (!operation) return promfold::kRemove;
  for (size_t i = 0; i < request->groups.size(); ++i) {
    if (request->groups[i].prefix == prefix) return static_cast<int32_t>(i);
  }
  request->groups.push_back({prefix, *operation, value_bytes});
  return static_cast<int32_t>(request->groups.size() - 1);
}

void AddFile(const std::string& name, uint32_t value_bytes, CompactionRequest* request) {
  struct stat status;
  if (lstat((request->directory + "/" + name).c_str(), &status) != 0) return;
  request->files.push_back(
      {name, promfold::IdentityOf(status), GroupOf(name, value_bytes, request)});
}

void Print(const char* what, const std::vector<std::string>& names) {
  for (const std::string& name : names) std::printf("%s %s\n", what, name.c_str());
}

void Print(const CompactionOutcome& outcome) {
  if (outcome.recovered) std::printf("recovered\n");
  Print("folded", outcome.folded);
  Print("removed", outcome.removed);
  for (const promfold::KeptFile& kept : outcome.kept) {
    std::printf("kept %s %d\n", kept.name.c_str(), static_cast<int>(kept.reason));
  }
  for (const promfold::MadeArchive& archive : outcome.archives) {
    std::printf("archive %s %u\n", archive.name.c_str(), archive.entries);
  }
  std::printf("linked %u, carried %u, undone %u, rounded %u, remaining %u, freed %lld\n",
              outcome.linked, outcome.carried, outcome.undone, outcome.rounded, outcome.remaining,
              static_cast<long long>(outcome.freed_bytes));
  if (outcome.fault.ok()) return;
  std::printf("failed at step %d: %s: %s\n", static_cast<int>(outcome.fault.step),
              outcome.fault.path.c_str(), promfold::ErrnoName(outcome.fault.error).c_str());
}

}  // namespace

int main(int count, char** argument) {
  if (count < 2) {
    std::fprintf(stderr,
                 "usage: compact-tool DIRECTORY [--grace MS] [--readers-stopped] NAME...\n");
    return 2;
  }
  CompactionRequest request;
  request.directory = argument[1];
  uint32_t value_bytes = 16;
  for (int i = 2; i < count; ++i) {
    const std::string text = argument[i];
    if (text == "--readers-stopped") {
      request.readers_stopped = true;
    } else if (text == "--grace" && i + 1 < count) {
      request.grace_milliseconds = static_cast<uint32_t>(std::atoi(argument[++i]));
    } else if (text == "--pause" && i + 1 < count) {
      const std::chrono::milliseconds pause(std::atoi(argument[++i]));
      request.at_stage = [pause](promfold::CompactionStage stage) {
        if (stage == promfold::CompactionStage::kExchanging) std::this_thread::sleep_for(pause);
      };
    } else if (text == "--value-bytes" && i + 1 < count) {
      value_bytes = static_cast<uint32_t>(std::atoi(argument[++i]));
    } else {
      AddFile(text, value_bytes, &request);
    }
  }
  const CompactionOutcome outcome = promfold::Compact(request);
  Print(outcome);
  return outcome.fault.ok() ? 0 : 1;
}
