#include "recording_object.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call.h"
#include "column_memory.h"
#include "convert.h"
#include "core/recording/read_increases.h"
#include "core/recording/read_recording.h"
#include "key_texts.h"

namespace binding {

namespace {

using SharedRecorded = std::shared_ptr<const promfold::RecordedSegments>;

// Marks what Make passes to the constructor, which others can call, too.
constexpr napi_type_tag kRecordedTag = {0x70726f6d666f6c64, 0x7265636f72646564};

Napi::Number ToNumber(Napi::Env env, uint64_t number) {
  return Napi::Number::New(env, static_cast<double>(number));
}

// A time: any number that is one.
std::optional<double> Time(Napi::Value value, const char* expected) {
  const double time = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (std::isnan(time)) {
    ThrowExpected(value.Env(), expected);
    return std::nullopt;
  }
  return time;
}

struct MaybeInstant {
  promfold::RecordedInstant instant;
  bool is_there = false;
};

// fileName, identity of each; text(i) is a RecordedFileText.
template <typename TextOf>
void SetNames(Napi::Env env, size_t count, TextOf text, Napi::Object object) {
  auto name = Napi::Array::New(env, count);
  auto identity = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) {
    const promfold::RecordedFileText& of_file = text(i);
    name.Set(i, Napi::String::New(env, of_file.name));
    identity.Set(i, Napi::String::New(env, of_file.identity));
  }
  object.Set("fileName", name);
  object.Set("identity", identity);
}

Napi::Value ToInstant(Napi::Env env, MaybeInstant* maybe) {
  if (!maybe->is_there) return env.Undefined();
  promfold::RecordedInstant& instant = maybe->instant;
  const ColumnMemory memory(env, std::move(instant.memory));
  Napi::Object object = Napi::Object::New(env);
  object.Set("timeSeconds", Napi::Number::New(env, instant.time));
  object.Set("fileId", memory.ToArray<uint32_t>(instant.files.id));
  object.Set("generation", memory.ToArray<uint32_t>(instant.files.generation));
  object.Set("entryEnd", memory.ToArray<uint32_t>(instant.files.entry_end));
  object.Set("keyId", memory.ToArray<uint32_t>(instant.key_id));
  object.Set("value", memory.ToArray<double>(instant.value));
  object.Set("timestampSeconds", memory.ToArray<double>(instant.timestamp));
  SetNames(
      env, instant.text.size(), [&](uint32_t i) -> auto& { return instant.text[i]; }, object);
  std::vector<uint8_t> value_bytes;
  for (const auto& text : instant.text) value_bytes.push_back(text.value_bytes);
  object.Set("valueBytes", ToArray(env, value_bytes));
  object.Set("blob", ToBytes(env, instant.blob));
  return object;
}

Napi::Value ToHistory(Napi::Env env, promfold::RecordedHistory* history) {
  std::vector<uint32_t> id;
  std::vector<uint32_t> generation;
  for (const auto& file : history->files) {
    id.push_back(file.id);
    generation.push_back(file.generation);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("timeSeconds", ToArray(env, history->time));
  object.Set("fileId", ToArray(env, id));
  object.Set("generation", ToArray(env, generation));
  SetNames(
      env, history->files.size(), [&](uint32_t i) -> auto& { return history->files[i].text; },
      object);
  object.Set("file", ToArray(env, history->file));
  object.Set("keyId", ToArray(env, history->key_id));
  object.Set("isPresent", ToArray(env, history->is_present));
  object.Set("value", ToArray(env, history->value));
  object.Set("timestampSeconds", ToArray(env, history->timestamp));
  return object;
}

Napi::Value ToIncreases(Napi::Env env, promfold::RecordedIncreases* increases) {
  std::vector<double> by_class;
  for (const auto& of_row : increases->increase) {
    by_class.insert(by_class.end(), of_row.begin(), of_row.end());
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("tickSeconds", ToArray(env, increases->tick));
  object.Set("files", ToArray(env, increases->files));
  object.Set("entries", ToArray(env, increases->entries));
  object.Set("fileName", Texts(env, increases->file_name, [env](const std::string& name) {
               return Napi::String::New(env, name);
             }));
  object.Set("moment", ToArray(env, increases->moment));
  object.Set("file", ToArray(env, increases->file));
  object.Set("increase", ToArray(env, by_class));
  return object;
}

// The texts of these keys.
std::vector<std::string_view> TextsOf(const promfold::KeyTexts& texts,
                                      std::span<const uint32_t> id) {
  std::vector<std::string_view> found;
  for (const uint32_t one : id) {
    const uint32_t begin = one == 0 ? 0 : texts.end[one - 1];
    found.push_back(std::string_view(texts.text).substr(begin, texts.end[one] - begin));
  }
  return found;
}

}  // namespace

RecordingObject::RecordingObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<RecordingObject>(info) {
  if (info.Length() != 1 || !info[0].IsExternal() ||
      !info[0].As<Napi::External<SharedRecorded>>().CheckTypeTag(&kRecordedTag)) {
    ThrowExpected(info.Env(), "to be made by recording() or openRecording()");
    return;
  }
  recorded_ = *info[0].As<Napi::External<SharedRecorded>>().Data();
}

Napi::Value RecordingObject::Make(Napi::Env env, promfold::RecordedSegments recorded) {
  auto shared = std::make_shared<const promfold::RecordedSegments>(std::move(recorded));
  const auto external = Napi::External<SharedRecorded>::New(env, &shared);
  external.TypeTag(&kRecordedTag);
  const Napi::Object object = env.GetInstanceData<Addon>()->recording.New({external});
  if (object.IsEmpty()) return env.Undefined();
  return object;
}

bool RecordingObject::IsOpen(Napi::Env env) const {
  if (recorded_ == nullptr) ThrowPreconditionError(env, "the recording is closed");
  return recorded_ != nullptr;
}

Napi::Value RecordingObject::Segments(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  auto segments = Napi::Array::New(env, recorded_->segment.size());
  uint32_t i = 0;
  for (const promfold::Segment& segment : recorded_->segment) {
    Napi::Object object = Napi::Object::New(env);
    const bool is_empty = segment.time.empty();
    object.Set("fromSeconds", Napi::Number::New(env, is_empty ? 0 : segment.time.front()));
    object.Set("toSeconds", Napi::Number::New(env, is_empty ? 0 : segment.time.back()));
    object.Set("ticks", ToNumber(env, segment.time.size()));
    object.Set("bytes", ToNumber(env, segment.bytes()));
    object.Set("isDamaged", Napi::Boolean::New(env, segment.is_damaged));
    segments.Set(i++, object);
  }
  return segments;
}

Napi::Value RecordingObject::Times(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  std::vector<double> times;
  for (const promfold::Segment& segment : recorded_->segment) {
    times.insert(times.end(), segment.time.begin(), segment.time.end());
  }
  return ToArray(env, times);
}

Napi::Value RecordingObject::At(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const auto time = Time(info[0], "timeSeconds as a number");
  if (!time) return env.Undefined();
  return StartTask<MaybeInstant>(
      env,
      [recorded = recorded_, time = *time](MaybeInstant* maybe) {
        maybe->is_there = promfold::ReadInstant(*recorded, time, &maybe->instant);
        return UnlessMemory(!maybe->is_there || maybe->instant.memory.memory() != nullptr ||
                            maybe->instant.text.empty());
      },
      ToInstant);
}

Napi::Value RecordingObject::History(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  promfold::HistoryQuery query;
  const auto key_id = Column<uint32_t>(info[0], "keyId as a Uint32Array");
  if (!key_id) return env.Undefined();
  query.key_id.assign(key_id->begin(), key_id->end());
  const auto from = Time(info[1], "fromSeconds as a number");
  if (!from) return env.Undefined();
  const auto to = Time(info[2], "toSeconds as a number");
  if (!to) return env.Undefined();
  const auto most_points = Uint32(info[3], "maxPoints as a number of points");
  if (!most_points) return env.Undefined();
  query.from = *from;
  query.to = *to;
  query.most_points = *most_points;
  return StartTask<promfold::RecordedHistory>(
      env,
      [recorded = recorded_, query = std::move(query)](promfold::RecordedHistory* history) {
        return ToFailure(promfold::ReadHistory(*recorded, query, history));
      },
      ToHistory);
}

Napi::Value RecordingObject::Increases(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const auto time = Column<double>(info[0], "timeSeconds as a Float64Array");
  if (!time) return env.Undefined();
  const auto class_of_key = Column<uint8_t>(info[1], "classOfKey as a Uint8Array");
  if (!class_of_key) return env.Undefined();
  promfold::IncreaseQuery query = {{time->begin(), time->end()},
                                   {class_of_key->begin(), class_of_key->end()}};
  return StartTask<promfold::RecordedIncreases>(
      env,
      [recorded = recorded_, query = std::move(query)](promfold::RecordedIncreases* increases) {
        return ToFailure(promfold::ReadIncreases(*recorded, query, increases));
      },
      ToIncreases);
}

Napi::Value RecordingObject::KeyTable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  return ToNumber(env, recorded_->keys->number());
}

Napi::Value RecordingObject::KeyCount(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  return ToNumber(env, recorded_->keys->size());
}

Napi::Value RecordingObject::KeyTexts(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  return KeyTextsOf(info, *recorded_->keys);
}

Napi::Value RecordingObject::Save(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const auto segment = Uint32(info[0], "the index of a segment");
  if (!segment) return env.Undefined();
  if (*segment >= recorded_->segment.size()) {
    ThrowPreconditionError(env, "there is no segment " + std::to_string(*segment));
    return env.Undefined();
  }
  const auto from = info[1].IsUndefined() ? -HUGE_VAL : Time(info[1], "fromSeconds as a number");
  if (!from) return env.Undefined();
  std::optional<promfold::KeyTexts> own;
  if (!info[2].IsUndefined()) {
    own = ToKeyTexts(info[2]);
    if (!own) return env.Undefined();
    // Not of all keys that there are by now: of a recorder, they are its latest.
    const std::vector<uint32_t>& used = *recorded_->segment[*segment].key;
    if (!used.empty() && own->end.size() <= std::ranges::max(used)) {
      ThrowPreconditionError(env, "there is no text of each key");
      return env.Undefined();
    }
  }
  return StartTask<std::string>(
      env,
      [recorded = recorded_, segment = *segment, from = *from,
       own = std::move(own)](std::string* bytes) {
        const promfold::Segment& saved = recorded->segment[segment];
        const std::vector<std::string_view> texts =
            own ? TextsOf(*own, *saved.key) : recorded->keys->Texts(*saved.key);
        *bytes = promfold::SaveFrom(saved, from, texts);
        return MaybeFailure();
      },
      [](Napi::Env at, std::string* bytes) { return ToBytes(at, *bytes); });
}

Napi::Value RecordingObject::Close(const Napi::CallbackInfo& info) {
  recorded_.reset();
  return info.Env().Undefined();
}

Napi::Function RecordingObject::Define(Napi::Env env) {
  return DefineClass(env, "Recording",
                     {
                         InstanceMethod<&RecordingObject::Segments>("segments"),
                         InstanceMethod<&RecordingObject::Times>("times"),
                         InstanceMethod<&RecordingObject::At>("at"),
                         InstanceMethod<&RecordingObject::History>("history"),
                         InstanceMethod<&RecordingObject::Increases>("increases"),
                         InstanceMethod<&RecordingObject::KeyTable>("keyTable"),
                         InstanceMethod<&RecordingObject::KeyCount>("keyCount"),
                         InstanceMethod<&RecordingObject::KeyTexts>("keyTexts"),
                         InstanceMethod<&RecordingObject::Save>("save"),
                         InstanceMethod<&RecordingObject::Close>("close"),
                     });
}

Napi::Value OpenRecording(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<std::string> files;
  const bool are_files = ForEach(info[0], [&files](Napi::Value element) {
    const auto bytes = Column<uint8_t>(element, "the bytes of a file as a Uint8Array");
    if (bytes) files.emplace_back(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return bytes.has_value();
  });
  if (env.IsExceptionPending()) return env.Undefined();
  if (!are_files) {
    ThrowExpected(env, "files as an array");
    return env.Undefined();
  }
  return StartTask<promfold::RecordedSegments>(
      env,
      [files = std::move(files)](promfold::RecordedSegments* recorded) {
        recorded->keys = std::make_shared<promfold::RecordedKeys>();
        for (const std::string& file : files) {
          promfold::ReadSegments(file, recorded->keys.get(), &recorded->segment);
        }
        return MaybeFailure();
      },
      [](Napi::Env at, promfold::RecordedSegments* recorded) {
        return RecordingObject::Make(at, std::move(*recorded));
      });
}

}  // namespace binding
