#include "recorder_object.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "column_memory.h"
#include "convert.h"
#include "recording_object.h"

namespace binding {

namespace {

// Number.MAX_SAFE_INTEGER.
constexpr double kMaxSafeInteger = 9007199254740991.0;

// What a tick is given as. Indexes are copied, so that they stay what they were when they were
// checked; values may be written to meanwhile.
struct PassedTick {
  promfold::RecordedTick tick;
  PassedColumn<double> value;
  PassedColumn<double> timestamp;
};

class AddCall : public Call {
 public:
  AddCall(Napi::Env env, Napi::Object object, std::shared_ptr<promfold::Recorder> recorder,
          PassedTick passed, bool is_durable, std::function<void()> on_end)
      : Call(env, object),
        recorder_(std::move(recorder)),
        passed_(std::move(passed)),
        is_durable_(is_durable),
        on_end_(std::move(on_end)) {}

 private:
  bool Work() override {
    passed_.tick.value = passed_.value.view();
    passed_.tick.timestamp = passed_.timestamp.view();
    failure_ = ToFailure(recorder_->Add(std::move(passed_.tick), &added_));
    return true;
  }
  const MaybeFailure& failure() const override { return failure_; }
  void OnEnd() override { on_end_(); }

  Napi::Value Result(Napi::Env env) override {
    const auto number = [env](auto value) {
      return Napi::Number::New(env, static_cast<double>(value));
    };
    Napi::Object object = Napi::Object::New(env);
    object.Set("bytes", number(added_.bytes));
    object.Set("changedValues", number(added_.changed));
    object.Set("tickBytes", number(added_.tick_bytes));
    object.Set("cpuSeconds", number(added_.cpu_seconds));
    object.Set("sealSeconds", number(added_.seal_seconds));
    object.Set("droppedSegments", number(added_.dropped_segments));
    object.Set("fromSeconds", number(added_.from));
    object.Set("segment", number(added_.segment));
    if (is_durable_) object.Set("toAppend", ToBytes(env, added_.to_append));
    if (added_.sealed_segment) {
      Napi::Object sealed = Napi::Object::New(env);
      sealed.Set("segment", number(*added_.sealed_segment));
      sealed.Set("bytes", ToBytes(env, added_.sealed_bytes));
      object.Set("sealed", sealed);
    }
    return object;
  }

  const std::shared_ptr<promfold::Recorder> recorder_;
  PassedTick passed_;
  const bool is_durable_;
  const std::function<void()> on_end_;
  promfold::AddedTick added_;
  MaybeFailure failure_;
};

template <typename T>
bool CopyColumn(Napi::Object object, const char* name, const char* expected, std::vector<T>* to) {
  const auto column = Column<T>(object.Get(name), expected);
  if (!column) return false;
  to->assign(column->begin(), column->end());
  return true;
}

bool TakeRuns(Napi::Object object, promfold::RecordedRuns* files) {
  return CopyColumn(object, "fileId", "fileId as a Uint32Array", &files->id) &&
         CopyColumn(object, "generation", "generation as a Uint32Array", &files->generation) &&
         CopyColumn(object, "entryEnd", "entryEnd as a Uint32Array", &files->entry_end);
}

// For anything but an object: none, and an exception pending.
std::optional<Napi::Object> ObjectAt(Napi::Object parent, const char* name) {
  const Napi::Value value = parent.Get(name);
  if (!value.IsObject()) {
    ThrowExpected(parent.Env(), std::string(name) + " as an object");
    return std::nullopt;
  }
  return value.As<Napi::Object>();
}

bool TakeChunks(Napi::Value value, std::vector<promfold::KeyChunk>* chunks) {
  const bool are_chunks = ForEach(value, [chunks](Napi::Value element) {
    if (!element.IsObject()) return false;
    const auto texts = element.As<Napi::Object>();
    const auto text = Column<uint8_t>(texts.Get("text"), "text as a Uint8Array");
    if (!text) return false;
    const auto end = Column<uint32_t>(texts.Get("end"), "end as a Uint32Array");
    if (!end) return false;
    chunks->push_back({{reinterpret_cast<const char*>(text->data()), text->size()}, *end});
    return true;
  });
  if (!are_chunks && !value.Env().IsExceptionPending()) {
    ThrowExpected(value.Env(), "keyTexts as an array of texts");
  }
  return are_chunks;
}

// Of files that are new by the plan.
bool TakeNames(Napi::Object object, const char* name, const promfold::StructurePlan& plan,
               std::vector<std::string>* names) {
  const Napi::Value value = object.Get(name);
  const size_t count = plan.file.size();
  if (value.IsArray() && value.As<Napi::Array>().Length() == count) {
    const auto array = value.As<Napi::Array>();
    names->resize(count);
    size_t i = 0;
    for (; i < count; ++i) {
      if (plan.file[i].place >= 0) continue;
      const Napi::Value element = array.Get(static_cast<uint32_t>(i));
      if (!element.IsString()) break;
      (*names)[i] = element.As<Napi::String>().Utf8Value();
    }
    if (i == count) return true;
  }
  ThrowExpected(object.Env(), std::string(name) + " as a string for each file");
  return false;
}

bool TakeStructure(Napi::Object object, const promfold::RecordedRuns& files,
                   const promfold::Recorder& recorder, promfold::RecordedStructure* structure) {
  const auto rows = ObjectAt(object, "rows");
  if (!rows) return false;
  promfold::RecordedRuns of_rows;
  if (!TakeRuns(*rows, &of_rows)) return false;
  if (of_rows != files) {
    ThrowPreconditionError(object.Env(), "rows and columns are not of the same entries");
    return false;
  }
  if (!CopyColumn(object, "valueBytes", "valueBytes as a Uint8Array", &structure->value_bytes)) {
    return false;
  }
  if (const auto error = recorder.Plan(files, structure->value_bytes, &structure->plan)) {
    ThrowPreconditionError(object.Env(), *error);
    return false;
  }
  if (!TakeNames(object, "fileName", structure->plan, &structure->name) ||
      !TakeNames(object, "identity", structure->plan, &structure->identity)) {
    return false;
  }
  const auto key_id = Column<uint32_t>(rows->Get("keyId"), "keyId as a Uint32Array");
  if (!key_id) return false;
  std::vector<promfold::KeyChunk> chunks;
  if (!TakeChunks(object.Get("keyTexts"), &chunks)) return false;
  if (const auto error = promfold::TakeTexts(files, *key_id, chunks, structure)) {
    ThrowPreconditionError(object.Env(), *error);
    return false;
  }
  return true;
}

// For anything but a tick: false, and an exception pending.
bool TakeTick(Napi::Value value, const promfold::Recorder& recorder, PassedTick* passed) {
  const Napi::Env env = value.Env();
  if (!value.IsObject()) {
    ThrowExpected(env, "a tick");
    return false;
  }
  const auto object = value.As<Napi::Object>();
  promfold::RecordedTick& tick = passed->tick;
  const Napi::Value time = object.Get("timeSeconds");
  if (!time.IsNumber()) {
    ThrowExpected(env, "timeSeconds as a number");
    return false;
  }
  tick.time = time.As<Napi::Number>().DoubleValue();
  tick.begins_segment = object.Get("beginsSegment").ToBoolean();
  const Napi::Value blob = object.Get("blob");
  if (!blob.IsUndefined()) {
    const auto bytes = Column<uint8_t>(blob, "blob as a Uint8Array");
    if (!bytes) return false;
    tick.blob.emplace(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }

  const auto columns = ObjectAt(object, "columns");
  if (!columns || !TakeRuns(*columns, &tick.files)) return false;
  auto values = PassedColumn<double>::From(columns->Get("value"), "value as a Float64Array");
  if (!values) return false;
  passed->value = std::move(*values);
  auto timestamps = PassedColumn<double>::From(columns->Get("timestampSeconds"),
                                               "timestampSeconds as a Float64Array");
  if (!timestamps) return false;
  passed->timestamp = std::move(*timestamps);

  const Napi::Value structure = object.Get("structure");
  if (structure.IsUndefined()) return true;
  const auto given = ObjectAt(object, "structure");
  return given && TakeStructure(*given, tick.files, recorder, &tick.structure.emplace());
}

std::optional<promfold::RecorderOptions> ToOptions(Napi::Value value) {
  if (!value.IsObject()) {
    ThrowExpected(value.Env(), "options");
    return std::nullopt;
  }
  const auto object = value.As<Napi::Object>();
  const auto positive = [&object](const char* name, double most) -> std::optional<double> {
    const Napi::Value of_name = object.Get(name);
    const double number = of_name.IsNumber() ? of_name.As<Napi::Number>().DoubleValue() : -1;
    if (number > 0 && number <= most) return number;
    ThrowExpected(object.Env(), std::string(name) + " as a number above 0");
    return std::nullopt;
  };
  const auto max_bytes = positive("maxBytes", kMaxSafeInteger);
  if (!max_bytes) return std::nullopt;
  const auto segment_seconds = positive("segmentSeconds", HUGE_VAL);
  if (!segment_seconds) return std::nullopt;
  promfold::RecorderOptions options;
  options.max_bytes = static_cast<uint64_t>(*max_bytes);
  options.segment_seconds = *segment_seconds;
  options.is_durable = object.Get("isDurable").ToBoolean();
  return options;
}

}  // namespace

RecorderObject::RecorderObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<RecorderObject>(info) {
  const std::optional<promfold::RecorderOptions> options = ToOptions(info[0]);
  if (!options) return;
  is_durable_ = options->is_durable;
  recorder_ = std::make_shared<promfold::Recorder>(*options);
}

bool RecorderObject::IsOpen(Napi::Env env) const {
  if (recorder_ == nullptr) ThrowPreconditionError(env, "the recorder is closed");
  return recorder_ != nullptr;
}

Napi::Value RecorderObject::Add(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  if (is_busy_) {
    ThrowPreconditionError(env, "a call of add is under way");
    return env.Undefined();
  }
  PassedTick passed;
  if (!TakeTick(info[0], *recorder_, &passed)) return env.Undefined();
  is_busy_ = true;
  return std::make_shared<AddCall>(env, info.This().As<Napi::Object>(), recorder_,
                                   std::move(passed), is_durable_, [this] { is_busy_ = false; })
      ->Begin(env);
}

Napi::Value RecorderObject::Recording(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  return RecordingObject::Make(env, recorder_->Snapshot());
}

Napi::Value RecorderObject::SetMaxBytes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const double bytes = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (bytes > 0 && bytes <= kMaxSafeInteger) {
    recorder_->SetMaxBytes(static_cast<uint64_t>(bytes));
  } else {
    ThrowExpected(env, "bytes as a number above 0");
  }
  return env.Undefined();
}

Napi::Value RecorderObject::Close(const Napi::CallbackInfo& info) {
  recorder_.reset();
  return info.Env().Undefined();
}

Napi::Function RecorderObject::Define(Napi::Env env) {
  return DefineClass(env, "Recorder",
                     {
                         InstanceMethod<&RecorderObject::Add>("add"),
                         InstanceMethod<&RecorderObject::Recording>("recording"),
                         InstanceMethod<&RecorderObject::SetMaxBytes>("setMaxBytes"),
                         InstanceMethod<&RecorderObject::Close>("close"),
                     });
}

}  // namespace binding
