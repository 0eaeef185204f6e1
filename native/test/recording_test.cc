#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "check.h"
#include "core/crc32c.h"
#include "core/recording/read_increases.h"
#include "core/recording/read_recording.h"
#include "core/recording/recorder.h"
#include "core/recording/segment.h"
#include "core/recording/tick_format.h"

namespace promfold::test {
namespace {

struct File {
  uint32_t id;
  uint32_t generation;
  std::string name;
  std::string identity;
  uint8_t value_bytes;
  std::vector<std::string> key;
  std::vector<double> value;
  std::vector<double> timestamp;
};

struct Moment {
  double time = 0;
  std::vector<File> files;
  std::string blob;
};

std::string Bits(double number) { return std::to_string(std::bit_cast<uint64_t>(number)); }

// All of a moment, to compare.
std::string Describe(const Moment& moment) {
  std::ostringstream out;
  out << Bits(moment.time) << " blob " << moment.blob << '\n';
  for (const File& file : moment.files) {
    out << file.id << ' ' << file.generation << ' ' << file.name << ' ' << file.identity << ' '
        << int{file.value_bytes};
    for (size_t i = 0; i < file.key.size(); ++i) {
      out << ' ' << file.key[i] << '=' << Bits(file.value[i]) << '@' << Bits(file.timestamp[i]);
    }
    out << '\n';
  }
  return out.str();
}

std::string Describe(const RecordedSegments& recorded, const RecordedInstant& instant) {
  Moment moment;
  moment.time = instant.time;
  moment.blob = instant.blob;
  uint32_t at = 0;
  for (size_t i = 0; i < instant.files.id.size(); ++i) {
    const RecordedFileText& text = instant.text[i];
    File file = {instant.files.id[i],
                 instant.files.generation[i],
                 text.name,
                 text.identity,
                 text.value_bytes,
                 {},
                 {},
                 {}};
    for (; at < instant.files.entry_end[i]; ++at) {
      file.key.push_back(recorded.keys->Texts(instant.key_id[at], 1, SIZE_MAX).text);
      file.value.push_back(instant.value[at]);
      file.timestamp.push_back(instant.timestamp.empty() ? 0 : instant.timestamp[at]);
    }
    moment.files.push_back(file);
  }
  return Describe(moment);
}

std::string At(const RecordedSegments& recorded, double time) {
  RecordedInstant instant;
  return ReadInstant(recorded, time, &instant) ? Describe(recorded, instant) : "none";
}

// Gives moments to a recorder as the daemon does: key ids of its own, which may be other ones with
// each structure.
class Feeder {
 public:
  explicit Feeder(const RecorderOptions& options) : recorder_(options) {}

  const Recorder& recorder() const { return recorder_; }
  const std::map<uint64_t, std::string>& bytes() const { return bytes_; }

  PreconditionError Add(const Moment& moment, bool with_structure, AddedTick* added,
                        bool begins_segment = false) {
    RecordedTick tick;
    tick.time = moment.time;
    tick.begins_segment = begins_segment;
    std::vector<double> value;
    std::vector<double> timestamp;
    std::vector<uint32_t> key_id;
    std::map<std::string, uint32_t> id_of;
    std::string text;
    std::vector<uint32_t> end;
    RecordedStructure structure;
    for (const File& file : moment.files) {
      value.insert(value.end(), file.value.begin(), file.value.end());
      timestamp.insert(timestamp.end(), file.timestamp.begin(), file.timestamp.end());
      tick.files.id.push_back(file.id);
      tick.files.generation.push_back(file.generation);
      tick.files.entry_end.push_back(static_cast<uint32_t>(value.size()));
      structure.value_bytes.push_back(file.value_bytes);
      structure.name.push_back(file.name);
      structure.identity.push_back(file.identity);
      for (const std::string& key : file.key) {
        const auto [found, is_new] = id_of.try_emplace(key, id_of.size());
        if (is_new) {
          text += key;
          end.push_back(static_cast<uint32_t>(text.size()));
        }
        key_id.push_back(found->second);
      }
    }
    const auto is_zero = [](double seconds) { return std::bit_cast<uint64_t>(seconds) == 0; };
    if (std::ranges::all_of(timestamp, is_zero)) timestamp.clear();
    tick.value = value;
    tick.timestamp = timestamp;
    tick.blob = moment.blob;
    if (with_structure) {
      const size_t half = end.size() / 2;
      const uint32_t middle = half == 0 ? 0 : end[half - 1];
      std::vector<uint32_t> second(end.begin() + static_cast<std::ptrdiff_t>(half), end.end());
      for (uint32_t& one : second) one -= middle;
      const std::vector<KeyChunk> chunks = {
          {std::string_view(text).substr(0, middle), std::span(end).first(half)},
          {std::string_view(text).substr(middle), second}};
      if (auto error = recorder_.Plan(tick.files, structure.value_bytes, &structure.plan)) {
        return error;
      }
      if (auto error = TakeTexts(tick.files, key_id, chunks, &structure)) return error;
      tick.structure = std::move(structure);
    }
    if (auto error = recorder_.Add(std::move(tick), added)) return error;
    bytes_[added->segment] += added->to_append;
    if (added->sealed_segment && seals_files) {
      bytes_[*added->sealed_segment] = added->sealed_bytes;
    }
    return std::nullopt;
  }

  bool seals_files = true;

 private:
  Recorder recorder_;
  std::map<uint64_t, std::string> bytes_;  // of the file of each segment
};

RecordedSegments Open(const std::string& bytes) {
  RecordedSegments recorded;
  recorded.keys = std::make_shared<RecordedKeys>();
  ReadSegments(bytes, recorded.keys.get(), &recorded.segment);
  return recorded;
}

class RandomHistory {
 public:
  explicit RandomHistory(uint32_t seed, bool keeps_order = false)
      : random_(seed), keeps_order_(keeps_order) {
    moment_.time = 1.7e9;
  }

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  // The next tick; says whether its structure is another one.
  const Moment& Next(bool* structure_changed) {
    *structure_changed = first_;
    moment_.time += Below(40) == 0 ? 30.0 : 1.0 + Below(1000) / 1e6;
    if (Below(100) == 0) moment_.time -= 500;
    if (first_ || Below(8) == 0) {
      ChangeStructure();
      *structure_changed = true;
    }
    first_ = false;
    if (Below(10) == 0) moment_.blob = "blob " + std::to_string(random_());
    for (File& file : moment_.files) {
      if (Below(4) == 0) continue;
      const uint32_t one_in = 1 + Below(12);
      for (size_t i = 0; i < file.value.size(); ++i) {
        if (Below(one_in) != 0) continue;
        file.value[i] = ValueAfter(file.value[i], i);
        if (file.value_bytes == 16 && Below(3) > 0) {
          file.timestamp[i] = Below(50) == 0 ? Odd() : moment_.time - Below(4000) / 4194304.0;
        }
      }
    }
    return moment_;
  }

 private:
  double Odd() {
    switch (Below(6)) {
      case 0:
        return std::bit_cast<double>(random_());
      case 1:
        return std::bit_cast<double>(0x7ff8000000000000 | random_() >> 13);
      case 2:
        return -0.0;
      case 3:
        return std::bit_cast<double>(random_() & 0xfffff);
      case 4:
        return std::ldexp(1.0, static_cast<int>(Below(2000)) - 1000);
      default:
        return Below(2) == 0 ? std::numeric_limits<double>::infinity() : 0.0;
    }
  }

  double ValueAfter(double value, size_t row) {
    if (Below(60) == 0) return Odd();
    switch (row % 6) {
      case 0:
        return value + 1;
      case 1:
        return value + Below(100'000);
      case 2:
        return value + Below(100'000'000) / 4194304.0;
      case 3:
        return value + Below(1'000'000) / 1e6;
      case 4:
        return value + static_cast<double>(random_() >> 20) * 1e3;
      default:
        return Below(100) / 100.0;
    }
  }

  std::string AnyKey() { return "[\"family\", \"key " + std::to_string(Below(60)) + "\"]"; }

  void Grow(File* file, uint32_t count) {
    for (; count > 0; --count) {
      const std::string key =
          Below(5) == 0 ? AnyKey() : "[\"common\", " + std::to_string(file->key.size());
      if (std::ranges::find(file->key, key) != file->key.end()) continue;
      file->key.push_back(key);
      file->value.push_back(0);
      file->timestamp.push_back(0);
    }
  }

  void ChangeStructure() {
    std::vector<File>& files = moment_.files;
    std::erase_if(files, [this](const File&) { return Below(6) == 0; });
    for (File& file : files) {
      if (Below(8) == 0) {
        ++file.generation;
        file.key.clear();
        file.value.clear();
        file.timestamp.clear();
      }
      if (Below(3) == 0) Grow(&file, Below(6));
    }
    for (uint32_t more = Below(3) + (first_ ? 3 : 0); more > 0; --more) {
      const uint32_t id = next_id_++;
      File file = {id,
                   0,
                   "gauge_" + std::to_string(Below(20)) + ".db",
                   "fd:01:" + std::to_string(id),
                   static_cast<uint8_t>(Below(2) == 0 ? 8 : 16),
                   {},
                   {},
                   {}};
      Grow(&file, Below(80));
      files.insert(files.begin() + Below(static_cast<uint32_t>(files.size()) + 1), file);
    }
    if (!keeps_order_ && Below(10) == 0) std::shuffle(files.begin(), files.end(), random_);
  }

  std::mt19937_64 random_;
  // Files that stay keep their order, as those in name order do.
  const bool keeps_order_;
  Moment moment_;
  bool first_ = true;
  uint32_t next_id_ = 0;
};

// What was logged of each tick, by the bits of its time; the clock may show one twice.
using Log = std::map<double, std::set<std::string>>;

// Whether something read from bytes was there at all.
bool WasLogged(const Log& log, const std::string& description, double time) {
  const auto found = log.find(time);
  return found != log.end() && found->second.contains(description);
}

// Ticks of all segments; each must be as it was logged.
size_t CheckAll(const RecordedSegments& recorded, const Log& log) {
  size_t ticks = 0;
  for (const Segment& segment : recorded.segment) {
    for (const double time : segment.time) {
      RecordedInstant instant;
      if (!ReadInstant({{segment}, recorded.keys}, time, &instant)) continue;
      CHECK(WasLogged(log, Describe(recorded, instant), instant.time));
      if (instant.time == time) ++ticks;
    }
  }
  return ticks;
}

TEST("a random history is read as it was recorded, to the bit: from memory, files and parts") {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    RandomHistory history(seed);
    Feeder feeder({.max_bytes = uint64_t{1} << 30, .segment_seconds = 20, .is_durable = true});
    feeder.seals_files = seed % 2 == 0;
    Log log;
    std::string last;
    for (int tick = 0; tick < 120; ++tick) {
      bool structure_changed;
      const Moment& moment = history.Next(&structure_changed);
      AddedTick added;
      const auto error = feeder.Add(moment, structure_changed || tick % 7 == 0, &added);
      CHECK_EQ(error.value_or(""), "");
      last = Describe(moment);
      log[moment.time].insert(last);
      if (tick % 10 == 0) CHECK_EQ(At(feeder.recorder().Snapshot(), moment.time), last);
    }
    const RecordedSegments in_memory = feeder.recorder().Snapshot();
    CHECK_EQ(CheckAll(in_memory, log), 120u);

    std::string all;
    for (const auto& [_, bytes] : feeder.bytes()) all += bytes;
    CHECK_EQ(CheckAll(Open(all), log), 120u);

    for (const Segment& segment : in_memory.segment) {
      const size_t tick = history.Below(static_cast<uint32_t>(segment.time.size()));
      const std::string saved =
          SaveFrom(segment, segment.time[tick], in_memory.keys->Texts(*segment.key));
      CHECK_EQ(CheckAll(Open(saved), log), segment.time.size() - tick);
    }

    for (int round = 0; round < 40; ++round) {
      const auto at = [&] { return history.Below(static_cast<uint32_t>(all.size())); };
      std::string damaged = all;
      if (round % 4 == 0) {
        damaged.resize(at());
      } else {
        for (int flips = round % 4; flips > 0; --flips) {
          damaged[at()] ^= static_cast<char>(1 << history.Below(8));
        }
      }
      CheckAll(Open(damaged), log);
    }
  }
}

RecorderOptions InMemory(uint64_t max_bytes = uint64_t{1} << 30) {
  return {.max_bytes = max_bytes, .segment_seconds = 10, .is_durable = false};
}

File OneFile(uint32_t id, const std::vector<std::string>& keys, double value) {
  return {id, 0,    "counter_" + std::to_string(id) + ".db", "1:1",
          8,  keys, std::vector<double>(keys.size(), value), std::vector<double>(keys.size(), 0.0)};
}

std::string ErrorOf(Feeder* feeder, const Moment& moment, bool with_structure) {
  AddedTick added;
  return feeder->Add(moment, with_structure, &added).value_or("");
}

TEST("a tick that does not fit is an error, and nothing is recorded") {
  Feeder feeder(InMemory());
  const Moment first = {1, {OneFile(7, {"a", "b"}, 1)}, ""};
  const Moment other = {2, {OneFile(8, {"a", "b"}, 1)}, ""};
  CHECK_EQ(ErrorOf(&feeder, first, false),
           "the files are not those of the tick before, and no structure was given");
  CHECK_EQ(ErrorOf(&feeder, first, true), "");
  CHECK_EQ(ErrorOf(&feeder, other, false),
           "the files are not those of the tick before, and no structure was given");
  Moment bad = first;
  bad.time = std::nan("");
  CHECK_EQ(ErrorOf(&feeder, bad, false), "the time is no number");
  bad.time = 2;
  bad.files[0].value.pop_back();
  CHECK_EQ(ErrorOf(&feeder, bad, true), "there are 2 keys of 1 entries");
  bad.files[0].value = {1, 2};
  bad.files[0].timestamp = {1};
  CHECK_EQ(ErrorOf(&feeder, bad, false), "there are 1 timestamps of 2 entries");
  const Moment huge = {2, first.files, std::string(kMostBlobBytes + 1, ' ')};
  CHECK_EQ(ErrorOf(&feeder, huge, false), "the blob is too large");
  CHECK_EQ(At(feeder.recorder().Snapshot(), 100), Describe(first));
}

TEST("texts of keys that do not fit are an error") {
  const RecordedRuns files = {{1}, {0}, {2}};
  RecordedStructure structure;
  structure.plan.file.resize(1);
  const std::vector<uint32_t> keys = {0, 2};
  const std::vector<uint32_t> end = {1, 2};
  const auto error_of = [&](std::string_view text, const std::vector<uint32_t>& ends) {
    const std::vector<KeyChunk> chunks = {{text, ends}, {"c", std::span(end).first(1)}};
    return TakeTexts(files, keys, chunks, &structure).value_or("");
  };
  CHECK_EQ(error_of("ab", end), "");
  CHECK_EQ(structure.text, "ac");
  CHECK_EQ(error_of("", end), "ends of texts do not ascend");
  CHECK_EQ(error_of("ab", {1}), "there is no text of key 2");
}

TEST("the plan refuses columns that differ") {
  const Recorder recorder(InMemory());
  StructurePlan plan;
  const std::vector<uint8_t> width = {8};
  const auto error_of = [&](const RecordedRuns& files) {
    return recorder.Plan(files, width, &plan).value_or("");
  };
  CHECK_EQ(error_of({{1}, {0}, {4}}), "");
  CHECK_EQ(error_of({{1}, {}, {4}}), "columns of files differ in length");
  CHECK_EQ(error_of({{1, 2}, {0, 0}, {4, 5}}), "columns of files differ in length");
  CHECK_EQ(error_of({{1, 2}, {0, 0}, {4, 3}}), "ends of files do not ascend");
  CHECK_EQ(error_of({{1}, {0}, {1 << 25}}), "there are more than 16777216 entries");
}

TEST("a segment ends after its time, when the clock is set back, and when it is told to") {
  Feeder feeder(InMemory());
  const std::vector<File> files = {OneFile(7, {"a"}, 1)};
  std::vector<uint64_t> segment;
  const auto add = [&](double time, bool begins) {
    AddedTick added;
    CHECK(!feeder.Add({time, files, ""}, segment.empty(), &added, begins));
    segment.push_back(added.segment);
  };
  for (const double time : {100.0, 109.0, 110.0, 111.0, 111.0, 50.0}) add(time, false);
  add(51, true);
  add(52, false);
  CHECK((segment == std::vector<uint64_t>{0, 0, 1, 1, 2, 3, 4, 4}));

  // Of a time that was there twice, what was recorded last.
  const RecordedSegments recorded = feeder.recorder().Snapshot();
  RecordedInstant instant;
  CHECK(ReadInstant(recorded, 51.5, &instant));
  CHECK_EQ(instant.time, 51.0);
  CHECK(ReadInstant(recorded, 105, &instant));
  CHECK_EQ(instant.time, 52.0);
  CHECK(!ReadInstant(recorded, 49, &instant));
}

TEST("a snapshot stays as it was while recording goes on") {
  Feeder feeder(InMemory());
  Moment moment = {1, {OneFile(7, {"a"}, 1)}, ""};
  CHECK_EQ(ErrorOf(&feeder, moment, true), "");
  const RecordedSegments before = feeder.recorder().Snapshot();
  const std::string described = Describe(moment);
  for (int tick = 0; tick < 40; ++tick) {
    moment.time += 1;
    moment.files[0] = OneFile(7, {"a", "b"}, tick);
    CHECK_EQ(ErrorOf(&feeder, moment, tick == 0), "");
  }
  CHECK_EQ(At(before, 100), described);
}

TEST("within a budget the oldest segments go, and keys that no segment has") {
  constexpr uint64_t kBudget = 400'000;
  Feeder feeder(InMemory(kBudget));
  const uint32_t number = feeder.recorder().Snapshot().keys->number();
  uint32_t dropped = 0;
  for (uint32_t tick = 0; tick < 400; ++tick) {
    // A worker that restarts at each tick, with labels that were never there.
    std::vector<std::string> keys;
    for (uint32_t k = 0; k < 100; ++k) {
      keys.push_back("[\"requests\", \"" + std::to_string(tick) + " " + std::to_string(k));
    }
    Moment moment = {1000.0 + tick, {OneFile(tick, keys, tick / 7.0)}, ""};
    AddedTick added;
    CHECK(!feeder.Add(moment, true, &added));
    CHECK(added.bytes <= kBudget);
    dropped += added.dropped_segments;
    CHECK_EQ(At(feeder.recorder().Snapshot(), 1e9), Describe(moment));
  }
  CHECK(dropped > 10);
  const RecordedSegments recorded = feeder.recorder().Snapshot();
  CHECK(recorded.segment.size() > 1);
  CHECK(recorded.keys->size() < 20'000);
  // The same ids are other keys now.
  CHECK(recorded.keys->number() != number);
}

TEST("where one segment is all there is room for, it is begun anew") {
  Feeder feeder(InMemory(20'000));
  std::mt19937 random(3);
  std::vector<std::string> keys;
  for (uint32_t k = 0; k < 300; ++k) keys.push_back(std::to_string(k));
  Moment moment = {1, {OneFile(1, keys, 0)}, ""};
  for (uint32_t tick = 0; tick < 50; ++tick) {
    moment.time += 1;
    for (double& value : moment.files[0].value) value += static_cast<double>(random() % 9999) / 3;
    AddedTick added;
    CHECK(!feeder.Add(moment, tick == 0, &added));
    CHECK(added.bytes < 60'000);
    CHECK_EQ(At(feeder.recorder().Snapshot(), 1e9), Describe(moment));
  }
}

TEST("a history has the chosen keys at the chosen ticks, of files that came and went, too") {
  RandomHistory history(77);
  Feeder feeder(InMemory());
  std::vector<Moment> moments;
  for (int tick = 0; tick < 90; ++tick) {
    bool structure_changed;
    Moment moment = history.Next(&structure_changed);
    // In this test the clock is not set back.
    moment.time = 1000 + tick;
    CHECK_EQ(ErrorOf(&feeder, moment, structure_changed), "");
    moments.push_back(moment);
  }
  const RecordedSegments recorded = feeder.recorder().Snapshot();
  std::map<std::string, uint32_t> id_of;
  for (uint32_t id = 0; id < recorded.keys->size(); ++id) {
    id_of[recorded.keys->Texts(id, 1, SIZE_MAX).text] = id;
  }
  for (int round = 0; round < 30; ++round) {
    HistoryQuery query;
    std::set<uint32_t> wanted;
    for (uint32_t k = history.Below(5) + 1; k > 0; --k) wanted.insert(history.Below(60));
    wanted.insert(4'000'000);
    query.key_id.assign(wanted.begin(), wanted.end());
    query.from = 995 + history.Below(60);
    query.to = query.from + history.Below(60);
    query.most_points = round % 3 == 0 ? 10 : 1000;
    RecordedHistory found;
    CHECK(!ReadHistory(recorded, query, &found));
    CHECK(found.time.size() <= query.most_points);
    const size_t ticks = found.time.size();
    std::set<std::string> got;
    for (size_t row = 0; row < found.file.size(); ++row) {
      const RecordedHistory::File& file = found.files[found.file[row]];
      for (size_t t = 0; t < ticks; ++t) {
        const size_t at = row * ticks + t;
        if (found.is_present[at] == 0) continue;
        const double timestamp = found.timestamp.empty() ? 0 : found.timestamp[at];
        got.insert(std::to_string(found.time[t]) + file.text.name + file.text.identity +
                   std::to_string(file.generation) + " " + std::to_string(found.key_id[row]) + "=" +
                   Bits(found.value[at]) + "@" + Bits(timestamp));
      }
    }
    std::set<std::string> expected;
    for (const Moment& moment : moments) {
      if (!std::ranges::binary_search(found.time, moment.time)) continue;
      for (const File& file : moment.files) {
        for (size_t i = 0; i < file.key.size(); ++i) {
          const uint32_t id = id_of[file.key[i]];
          if (!wanted.contains(id)) continue;
          expected.insert(std::to_string(moment.time) + file.name + file.identity +
                          std::to_string(file.generation) + " " + std::to_string(id) + "=" +
                          Bits(file.value[i]) + "@" + Bits(file.timestamp[i]));
        }
      }
    }
    CHECK(got == expected);
    if (query.most_points == 1000) {
      const double last = std::min(query.to, 1089.0);
      const double earliest = std::max(query.from, 1000.0);
      CHECK_EQ(static_cast<double>(ticks), std::max(0.0, last - earliest + 1));
    }
  }
}

// By file name: the increases of each class, as they add up from tick to tick.
using Increases = std::map<std::string, std::array<double, kIncreaseClasses>>;

constexpr double kNoTick = std::numeric_limits<double>::quiet_NaN();

uint8_t ClassOf(uint32_t key) { return key % 4 == 3 ? 2 : key % 4; }

// What a file has now, but for what it had if it is the same; `before` is null for one that is new.
void AddIncreases(const File& file, const File* before,
                  const std::map<std::string, uint32_t>& id_of, Increases* increases) {
  for (size_t i = 0; i < file.key.size(); ++i) {
    const double was = before != nullptr && i < before->value.size() ? before->value[i] : 0;
    const double increment = file.value[i] - was;
    const uint8_t counts_as = ClassOf(id_of.at(file.key[i]));
    if (counts_as == 0 || !(increment > 0) || !std::isfinite(increment)) continue;
    (*increases)[file.name][counts_as] += increment;
  }
}

const File* SameFile(const Moment& before, const File& file, bool is_same_segment) {
  for (const File& earlier : before.files) {
    if (earlier.name != file.name || earlier.identity != file.identity) continue;
    const bool is_same =
        is_same_segment
            ? earlier.generation == file.generation
            : earlier.key.size() <= file.key.size() &&
                  std::ranges::equal(earlier.key, std::span(file.key).first(earlier.key.size()));
    return is_same ? &earlier : nullptr;
  }
  return nullptr;
}

TEST("increases of files are those from tick to tick, over segments and a clock that is set back") {
  size_t rows = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    RandomHistory history(seed, true);
    RecorderOptions options = InMemory();
    options.segment_seconds = 20;
    Feeder feeder(options);
    // By time; the last one that was recorded then.
    std::map<double, Moment> moments;
    for (int tick = 0; tick < 150; ++tick) {
      bool structure_changed;
      const Moment& moment = history.Next(&structure_changed);
      CHECK_EQ(ErrorOf(&feeder, moment, structure_changed), "");
      // What was recorded of the same time or later is not what was then.
      moments.erase(moments.lower_bound(moment.time), moments.end());
      moments[moment.time] = moment;
    }
    const RecordedSegments recorded = feeder.recorder().Snapshot();
    IncreaseQuery query;
    std::map<std::string, uint32_t> id_of;
    for (uint32_t id = 0; id < recorded.keys->size(); ++id) {
      id_of[recorded.keys->Texts(id, 1, SIZE_MAX).text] = id;
      query.class_of_key.push_back(ClassOf(id));
    }
    const double first = moments.begin()->first;
    const double last = moments.rbegin()->first;
    for (uint32_t i = 0; i < 20; ++i) {
      query.time.push_back(first - 5 + (last + 10 - first) * history.Below(1000) / 1000);
    }
    std::ranges::sort(query.time);
    RecordedIncreases found;
    CHECK(!ReadIncreases(recorded, query, &found));
    std::vector<Increases> got(query.time.size());
    for (size_t row = 0; row < found.moment.size(); ++row) {
      got[found.moment[row]][found.file_name[found.file[row]]] = found.increase[row];
    }
    rows += found.moment.size();

    // Its first tick is the first of all, where no segment was dropped.
    std::set<double> begins;
    for (const Segment& segment : recorded.segment) begins.insert(segment.time.front());
    const Moment* before = nullptr;
    auto next = moments.begin();
    for (size_t i = 0; i < query.time.size(); ++i) {
      Increases expected;
      for (; next != moments.end() && next->first <= query.time[i]; ++next) {
        for (const File& file : next->second.files) {
          if (before == nullptr) break;
          AddIncreases(file, SameFile(*before, file, !begins.contains(next->first)), id_of,
                       &expected);
        }
        before = &next->second;
      }
      CHECK_EQ(Bits(found.tick[i]), Bits(before == nullptr ? kNoTick : before->time));
      CHECK_EQ(found.files[i], before == nullptr ? 0 : before->files.size());
      if (i > 0) CHECK(got[i] == expected);
    }
  }
  CHECK(rows > 1000);
}

TEST("increases are refused at times that do not ascend, and for a class that is not there") {
  RecordedIncreases found;
  const RecordedSegments none;
  CHECK_EQ(ReadIncreases(none, {{2, 1}, {}}, &found).value_or(""), "times do not ascend");
  CHECK_EQ(ReadIncreases(none, {{1, std::nan("")}, {}}, &found).value_or(""),
           "times do not ascend");
  CHECK_EQ(ReadIncreases(none, {{1}, {0, 3}}, &found).value_or(""), "there is no class 3");
  CHECK(!ReadIncreases(none, {{1, 1}, {2}}, &found));
  CHECK_EQ(found.tick.size(), 2u);
}

TEST("timestamps that no file has any more are 0") {
  Feeder feeder(InMemory());
  Moment moment = {1, {OneFile(7, {"a", "b"}, 1)}, ""};
  moment.files[0].timestamp = {5, 1750000000.25};
  CHECK_EQ(ErrorOf(&feeder, moment, true), "");
  moment.time = 2;
  moment.files[0].timestamp = {0, 0};
  CHECK_EQ(ErrorOf(&feeder, moment, false), "");
  CHECK_EQ(At(feeder.recorder().Snapshot(), 2), Describe(moment));
}

TEST("a tick that cannot be read ends its segment, whatever its checksum says") {
  Feeder feeder(InMemory());
  Moment moment = {1, {OneFile(7, {"a"}, 1)}, ""};
  std::vector<std::string> described;
  for (; moment.time < 4; moment.time += 1) {
    CHECK_EQ(ErrorOf(&feeder, moment, described.empty()), "");
    described.push_back(Describe(moment));
  }
  RecordedSegments recorded = feeder.recorder().Snapshot();
  Segment& segment = recorded.segment[0];
  // The prelude of a tick, and a change of a file that there is not.
  segment.tick[2] = std::make_shared<const std::string>(*segment.tick[2] + "\x05\x02\x03");
  CHECK_EQ(At(recorded, 3), described[1]);
  CHECK(!Seal(segment));
  HistoryQuery query = {{0}, 0, 10, 100};
  RecordedHistory history;
  CHECK(!ReadHistory(recorded, query, &history));
  CHECK((history.time == std::vector<double>{1, 2}));
  segment.tick[0] = std::make_shared<const std::string>("none");
  CHECK_EQ(At(recorded, 3), "none");
}

TEST("a history of too many values is refused") {
  Feeder feeder(InMemory());
  std::vector<std::string> keys;
  HistoryQuery query = {{}, 0, 10'000, 10'000};
  for (uint32_t k = 0; k < 10'000; ++k) {
    keys.push_back(std::to_string(k));
    query.key_id.push_back(k);
  }
  Moment moment = {1, {OneFile(7, keys, 1)}, ""};
  for (; moment.time < 900; moment.time += 1) {
    CHECK_EQ(ErrorOf(&feeder, moment, moment.time == 1), "");
  }
  RecordedHistory history;
  CHECK_EQ(ReadHistory(feeder.recorder().Snapshot(), query, &history).value_or(""),
           "there are more than 8000000 values");
}

TEST("a checksum is that of RFC 3720") {
  CHECK_EQ(Crc32c("123456789"), 0xe3069283u);
  CHECK_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  CHECK_EQ(Crc32c("56789", Crc32c("1234")), 0xe3069283u);
}

TEST("a write that was cut off costs its tick, and the next segment is found after it") {
  Feeder feeder({.max_bytes = 1 << 20, .segment_seconds = 100, .is_durable = true});
  Moment moment = {1, {OneFile(7, {"a"}, 1)}, ""};
  std::string file;
  for (int tick = 0; tick < 6; ++tick) {
    moment.time += 1;
    moment.files[0].value[0] += 1;
    AddedTick added;
    // As a full disk leaves it: half of tick 3. The recorder is told, and begins a segment.
    CHECK(!feeder.Add(moment, tick == 0, &added, tick == 4));
    file += tick == 3 ? added.to_append.substr(0, added.to_append.size() / 2) : added.to_append;
  }
  const RecordedSegments recorded = Open(file);
  CHECK_EQ(recorded.segment.size(), 2u);
  CHECK((recorded.segment[0].time == std::vector<double>{2, 3, 4}));
  CHECK(recorded.segment[0].is_damaged);
  CHECK((recorded.segment[1].time == std::vector<double>{6, 7}));
  CHECK(!recorded.segment[1].is_damaged);
  CHECK_EQ(At(recorded, 7), Describe(moment));
}

}  // namespace
}  // namespace promfold::test
