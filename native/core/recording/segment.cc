#include "segment.h"

#include <algorithm>
#include <utility>

#include "segment_format.h"
#include "tick_format.h"

namespace promfold {

namespace {

// A few megabytes of bytes can say that they are gigabytes of keys.
constexpr uint64_t kMostKeyTextBytes = uint64_t{512} << 20;

class SegmentParser {
 public:
  SegmentParser(RecordedKeys* keys, std::vector<Segment>* segments)
      : keys_(keys), segments_(segments) {}

  // From a magic on; to where no block can be read any more.
  void Parse(std::string_view bytes, size_t* offset) {
    segment_ = Segment();
    key_.clear();
    *offset += kSegmentMagic.size();
    SegmentBlock block;
    SegmentHeader header;
    if (!ReadBlock(bytes, offset, &block) || block.kind != BlockKind::kHeader ||
        !ReadHeader(block.payload, &header)) {
      segment_.is_damaged = true;
      return Finish();
    }
    segment_.number = header.number;
    while (ReadBlock(bytes, offset, &block)) {
      if (!Take(block)) {
        segment_.is_damaged = true;
        break;
      }
    }
    const std::string_view rest = bytes.substr(*offset);
    if (!rest.empty() && !rest.starts_with(kSegmentMagic)) segment_.is_damaged = true;
    Finish();
  }

 private:
  bool Take(const SegmentBlock& block) {
    switch (block.kind) {
      case BlockKind::kHeader:
        return false;
      case BlockKind::kKeys:
        return ReadKeys(block.payload, [this](std::string_view key) {
          key_.push_back(keys_->Intern(key));
          return keys_->text_bytes() <= kMostKeyTextBytes;
        });
      case BlockKind::kTick:
        return segment_.sealed == nullptr && TakeTick(block.payload);
      case BlockKind::kSealed:
        return segment_.sealed == nullptr && segment_.tick.empty() && TakeSealed(block.payload);
    }
    return false;
  }

  bool TakeTime(const TickPrelude& prelude) {
    if (!segment_.time.empty() && prelude.time <= segment_.time.back()) return false;
    segment_.time.push_back(prelude.time);
    return true;
  }

  bool TakeTick(std::string_view payload) {
    ByteReader reader(payload);
    TickPrelude prelude;
    if (!ReadPrelude(&reader, &prelude) || !TakeTime(prelude)) return false;
    segment_.tick.push_back(std::make_shared<const std::string>(payload));
    return true;
  }

  bool TakeSealed(std::string_view payload) {
    segment_.sealed = std::make_shared<const std::string>(payload);
    SealedReader reader(*segment_.sealed);
    while (!reader.AtEnd()) {
      std::string_view bytes;
      TickPrelude prelude;
      if (!reader.ReadPrelude(&bytes, &prelude) || !TakeTime(prelude)) return false;
    }
    return true;
  }

  void Finish() {
    segment_.key = std::make_shared<const std::vector<uint32_t>>(key_);
    segments_->push_back(std::move(segment_));
  }

  RecordedKeys* const keys_;
  std::vector<Segment>* const segments_;
  Segment segment_;
  std::vector<uint32_t> key_;
};

}  // namespace

std::vector<std::string_view> RecordedKeys::Texts(std::span<const uint32_t> id) const {
  std::vector<std::string_view> texts;
  texts.reserve(id.size());
  const std::lock_guard lock(mutex_);
  for (const uint32_t one : id) texts.push_back(table_.Text(one));
  return texts;
}

uint64_t Segment::bytes() const {
  constexpr uint64_t kTickOverhead = sizeof(std::string) + sizeof(SharedBytes) + 48;
  uint64_t bytes = sizeof(Segment) + time.capacity() * sizeof(double);
  for (const SharedBytes& one : tick) bytes += one->capacity() + kTickOverhead;
  if (sealed != nullptr) bytes += sealed->capacity();
  if (key != nullptr) bytes += key->capacity() * sizeof(uint32_t);
  return bytes;
}

SegmentReplay::SegmentReplay(const Segment& segment, uint64_t most_entries)
    : segment_(segment), state_(most_entries) {
  if (segment.sealed != nullptr) sealed_.emplace(*segment.sealed);
}

bool SegmentReplay::Read() {
  if (next_ >= segment_.time.size()) return false;
  ++next_;
  prelude_ = TickPrelude();
  std::optional<ByteReader> reader;
  if (sealed_) {
    if (!sealed_->ReadPrelude(&prelude_bytes_, &prelude_)) return false;
  } else {
    const std::string_view bytes = *segment_.tick[next_ - 1];
    reader.emplace(bytes);
    if (!ReadPrelude(&*reader, &prelude_)) return false;
    prelude_bytes_ = bytes.substr(0, bytes.size() - reader->left());
  }
  structure_changed_ = !prelude_.structure.empty();
  const uint64_t keys = segment_.key == nullptr ? 0 : segment_.key->size();
  if (structure_changed_ && !state_.Apply(std::move(prelude_.structure), keys)) return false;
  if (prelude_.blob) blob_ = *std::move(prelude_.blob);
  return sealed_ ? sealed_->ReadValues(state_, &changes_) : ReadValues(&*reader, state_, &changes_);
}

std::optional<Segment> Seal(const Segment& segment) {
  if (segment.sealed != nullptr) return segment;
  SealedWriter writer;
  SegmentReplay replay(segment);
  for (size_t i = 0; i < segment.time.size(); ++i) {
    if (!replay.Read()) return std::nullopt;
    writer.Add(replay.prelude_bytes(), replay.state(), replay.changes());
    replay.Apply();
  }
  Segment sealed = segment;
  sealed.tick.clear();
  sealed.tick.shrink_to_fit();
  sealed.sealed = std::make_shared<const std::string>(writer.Finish());
  return sealed;
}

std::optional<Segment> CutBefore(const Segment& segment, size_t tick) {
  Segment cut = segment;
  cut.tick.clear();
  cut.sealed = nullptr;
  cut.time.clear();
  SegmentReplay replay(segment);
  for (size_t i = 0; i < segment.time.size(); ++i) {
    if (!replay.Read()) return std::nullopt;
    std::string payload;
    if (i > tick) {
      payload = replay.prelude_bytes();
      WriteValues(replay.state(), replay.changes(), &payload);
    }
    replay.Apply();
    if (i < tick) continue;
    if (i == tick) {
      TickPrelude whole;
      whole.time = replay.time();
      whole.structure = WholeStructure(replay.state(), Lists::kAll);
      if (!replay.blob().empty()) whole.blob = replay.blob();
      WritePrelude(whole, &payload);
      RecordedState zero;
      if (!zero.Apply(std::move(whole.structure), segment.key->size())) return std::nullopt;
      WriteValues(zero, AllValues(replay.state()), &payload);
    }
    payload.shrink_to_fit();
    cut.tick.push_back(std::make_shared<const std::string>(std::move(payload)));
    cut.time.push_back(replay.time());
  }
  return cut;
}

std::string ToBytes(const Segment& segment, std::span<const std::string_view> key_text) {
  std::string bytes;
  AppendSegmentStart({segment.number, segment.time.empty() ? 0 : segment.time.front()}, &bytes);
  AppendKeys(key_text, &bytes);
  for (const SharedBytes& tick : segment.tick) AppendBlock(BlockKind::kTick, *tick, &bytes);
  if (segment.sealed != nullptr) AppendBlock(BlockKind::kSealed, *segment.sealed, &bytes);
  return bytes;
}

std::string SaveFrom(const Segment& segment, double from,
                     std::span<const std::string_view> key_text) {
  const auto tick =
      static_cast<size_t>(std::ranges::lower_bound(segment.time, from) - segment.time.begin());
  if (tick >= segment.time.size()) return {};
  std::optional<Segment> kept = tick == 0 ? segment : CutBefore(segment, tick);
  if (!kept) return {};
  const std::optional<Segment> sealed = Seal(*kept);
  return sealed ? ToBytes(*sealed, key_text) : std::string();
}

void ReadSegments(std::string_view bytes, RecordedKeys* keys, std::vector<Segment>* segments) {
  SegmentParser parser(keys, segments);
  for (size_t offset = 0;;) {
    offset = bytes.find(kSegmentMagic, offset);
    if (offset == std::string_view::npos) return;
    parser.Parse(bytes, &offset);
  }
}

}  // namespace promfold
