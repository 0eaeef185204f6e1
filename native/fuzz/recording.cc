// Any bytes at all, as a file of a recording, as a tick and as a sealed payload: what is read fits
// its columns, and what was read can be written and read again. Checksums keep damage from the
// decoders, so these are called without them, too.
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/recording/read_increases.h"
#include "core/recording/read_recording.h"
#include "core/recording/segment.h"

namespace {

using namespace promfold;

// A few bytes can say that there are many entries.
constexpr uint64_t kMostEntries = 1 << 16;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Ticks that can be read.
size_t Replay(const Segment& segment) {
  SegmentReplay replay(segment, kMostEntries);
  size_t ticks = 0;
  while (replay.Read()) {
    const RecordedState& state = replay.state();
    uint32_t at = 0;
    for (const TickChanges::File& of_file : replay.changes().file) {
      Require(of_file.place < state.files().size());
      const RecordedFile& file = *state.files()[of_file.place];
      Require(at <= of_file.value_end && of_file.value_end <= of_file.time_end);
      for (; at < of_file.time_end; ++at) {
        Require(replay.changes().change[at].entry < file.entries);
      }
    }
    Require(at == replay.changes().change.size());
    replay.Apply();
    for (const auto& file : state.files()) {
      Require(file->value.size() == file->entries && file->entries <= kMostEntries);
      Require(file->time.empty() || file->time.size() == file->entries);
      for (const uint32_t key : state.KeysOf(*file)) Require(key < segment.key->size());
    }
    ++ticks;
  }
  return ticks;
}

Segment Of(std::string_view bytes, bool is_sealed) {
  Segment segment;
  segment.key = std::make_shared<const std::vector<uint32_t>>(std::vector<uint32_t>{0, 1, 2, 3});
  auto payload = std::make_shared<const std::string>(bytes);
  segment.time.assign(is_sealed ? 64 : 1, 0.0);
  if (is_sealed) {
    segment.sealed = std::move(payload);
  } else {
    segment.tick.push_back(std::move(payload));
  }
  return segment;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      RecordedSegments recorded;
      recorded.keys = std::make_shared<RecordedKeys>();
      ReadSegments(bytes, recorded.keys.get(), &recorded.segment);
      bool is_whole = true;
      for (const Segment& segment : recorded.segment) {
        is_whole = Replay(segment) == segment.time.size() && is_whole;
      }
      // Else there may be as many entries as a recording may have.
      if (!is_whole) break;
      RecordedIncreases increases;
      const IncreaseQuery query = {{-1, 0, 1e9, 1e9, 1e300},
                                   std::vector<uint8_t>(recorded.keys->size() / 2, 1)};
      Require(!ReadIncreases(recorded, query, &increases));
      Require(increases.tick.size() == query.time.size());
      break;
    }
    case 1:
      Replay(Of(bytes, true));
      break;
    default: {
      // Several ticks in one: the length of each is its first byte.
      Segment segment = Of("", false);
      segment.tick.clear();
      segment.time.clear();
      for (size_t at = 0; at < bytes.size();) {
        const auto length = static_cast<uint8_t>(bytes[at]);
        segment.tick.push_back(std::make_shared<const std::string>(bytes.substr(at + 1, length)));
        segment.time.push_back(0);
        at += 1 + size_t{length};
      }
      const size_t ticks = Replay(segment);
      segment.tick.resize(ticks);
      segment.time.resize(ticks);
      const std::optional<Segment> sealed = Seal(segment);
      Require(sealed.has_value());
      Require(Replay(*sealed) == ticks);
      break;
    }
  }
  return 0;
}
