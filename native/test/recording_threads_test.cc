// What is read of a recorder while it records: for ThreadSanitizer.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "core/recording/read_recording.h"
#include "core/recording/recorder.h"

namespace promfold::test {
namespace {

// One file whose entries all have the number of the tick; each tick, another key.
RecordedTick NumberedTick(const Recorder& recorder, uint32_t number,
                          const std::vector<double>& value) {
  RecordedTick tick;
  tick.time = number;
  tick.value = value;
  tick.files = {{7}, {0}, {static_cast<uint32_t>(value.size())}};
  RecordedStructure structure;
  structure.name = {"counter_1.db"};
  structure.identity = {"fd:01:7"};
  structure.value_bytes = {8};
  CHECK(!recorder.Plan(tick.files, structure.value_bytes, &structure.plan));
  std::string text;
  std::vector<uint32_t> key;
  std::vector<uint32_t> end;
  for (uint32_t i = 0; i < value.size(); ++i) {
    text += "key " + std::to_string(i);
    end.push_back(static_cast<uint32_t>(text.size()));
    key.push_back(i);
  }
  const std::vector<KeyChunk> chunks = {{text, end}};
  CHECK(!TakeTexts(tick.files, key, chunks, &structure));
  tick.structure = std::move(structure);
  return tick;
}

TEST("what is read while a recorder records is of one tick, and has its keys") {
  Recorder recorder({.max_bytes = 200'000, .segment_seconds = 9, .is_durable = false});
  std::atomic<bool> is_done = false;
  std::thread reader([&] {
    while (!is_done) {
      const RecordedSegments recorded = recorder.Snapshot();
      RecordedInstant instant;
      if (!ReadInstant(recorded, 1e9, &instant)) continue;
      for (size_t i = 0; i < instant.value.size(); ++i) {
        CHECK_EQ(instant.value[i], instant.time);
        CHECK_EQ(recorded.keys->Texts(instant.key_id[i], 1, SIZE_MAX).text,
                 "key " + std::to_string(i));
      }
    }
  });
  for (uint32_t number = 1; number < 200; ++number) {
    const std::vector<double> value(number, number);
    AddedTick added;
    CHECK(!recorder.Add(NumberedTick(recorder, number, value), &added));
  }
  is_done = true;
  reader.join();
}

}  // namespace
}  // namespace promfold::test
