#include "file_set_object.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "column_memory.h"
#include "convert.h"
#include "core/directory.h"
#include "key_texts.h"
#include "set_results.h"
#include "templates.h"

namespace binding {

namespace {

// Limits are numbers up to 2^53, or Infinity.
std::optional<uint64_t> Limit(Napi::Object limits, const char* name) {
  const Napi::Value value = limits.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  constexpr double kMax = 9007199254740991.0;
  if (!(number >= 0)) {
    ThrowExpected(limits.Env(), std::string(name) + " as a limit");
    return std::nullopt;
  }
  return static_cast<uint64_t>(std::min(number, kMax));
}

}  // namespace

Failure FileSetObject::NoAnswer() const {
  return {"ETIMEDOUT", "ETIMEDOUT: '" + set_->directory() + "' does not answer"};
}

template <typename Answer>
Napi::Value FileSetObject::Start(
    const Napi::CallbackInfo& info,
    std::function<MaybeFailure(promfold::PendingOperation*, Answer*)> look,
    std::function<MaybeFailure(promfold::FileSet*, Answer*)> work,
    std::function<Napi::Value(Napi::Env, Answer*)> convert) {
  const Napi::Env env = info.Env();
  if (Usable(env) == nullptr) return env.Undefined();
  if (abandoned_ != nullptr && look && !abandoned_->has_returned()) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(ToError(env, NoAnswer()).Value());
    return deferred.Promise();
  }
  abandoned_.reset();
  const auto call = std::make_shared<SetCallOf<Answer>>(
      env, info.This().As<Napi::Object>(), [this] { call_.reset(); }, set_, std::move(look),
      std::move(work), std::move(convert));
  call_ = call;
  return call->Begin(env);
}

// Returns after how many milliseconds to ask again; 0: the call under way is not looking, or is
// settled now.
Napi::Value FileSetObject::Abandon(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto timeout_ms = Uint32(info[0], "timeout as a number of milliseconds");
  if (!timeout_ms) return env.Undefined();
  double left = 0;
  if (call_ != nullptr && call_->is_looking()) {
    left = static_cast<double>(*timeout_ms) - static_cast<double>(call_->pending_milliseconds());
    if (left <= 0 && call_->Abandon()) {
      abandoned_ = call_;
      abandoned_->Reject(env, NoAnswer());
    }
  }
  return Napi::Number::New(env, std::max(left, 0.0));
}

FileSetObject::FileSetObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<FileSetObject>(info) {
  if (!info[0].IsString() || !info[1].IsObject()) {
    ThrowExpected(info.Env(), "a directory and options");
    return;
  }
  const auto map_limit =
      Uint32(info[1].As<Napi::Object>().Get("mapLimit"), "mapLimit as a number of mappings");
  if (!map_limit) return;
  const auto retained_files =
      Uint32(info[1].As<Napi::Object>().Get("retainedFiles"), "retainedFiles as a number of files");
  if (!retained_files) return;
  set_ = std::make_shared<promfold::FileSet>(info[0].As<Napi::String>().Utf8Value(), *map_limit,
                                             *retained_files);
}

promfold::FileSet* FileSetObject::Usable(Napi::Env env) {
  if (call_ != nullptr) {
    ThrowPreconditionError(env, "another call on this file set is under way");
    return nullptr;
  }
  if (set_ == nullptr) ThrowPreconditionError(env, "the file set is closed");
  return set_.get();
}

const promfold::MetricFile* FileSetObject::UsableFile(const Napi::CallbackInfo& info) {
  const promfold::FileSet* const set = Usable(info.Env());
  if (set == nullptr) return nullptr;
  const auto id = Uint32(info[0], "id of a file");
  if (!id) return nullptr;
  const promfold::MetricFile* const file = set->Find(*id);
  if (file == nullptr) ThrowPreconditionError(info.Env(), "no file has id " + std::to_string(*id));
  return file;
}

Napi::Value FileSetObject::List(const Napi::CallbackInfo& info) {
  struct Answer {
    promfold::ListedDirectory listed;
    promfold::ListingChange change;
  };
  if (Usable(info.Env()) == nullptr) return info.Env().Undefined();
  return Start<Answer>(
      info,
      [path = set_->directory(), compacted = set_->compacted()](promfold::PendingOperation* pending,
                                                                Answer* answer) {
        return ToFailure(promfold::ListDirectory(path, compacted, pending, &answer->listed),
                         "cannot list", path);
      },
      [](promfold::FileSet* set, Answer* answer) -> MaybeFailure {
        set->TakeListing(std::move(answer->listed), &answer->change);
        return std::nullopt;
      },
      [](Napi::Env env, Answer* answer) -> Napi::Value {
        return ToListingChange(env, answer->change);
      });
}

Napi::Value FileSetObject::Accept(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const auto flags = Column<uint8_t>(info[1], "flags as a Uint8Array");
  if (!flags) return env.Undefined();
  const promfold::PreconditionError error = set->Accept(*id, *flags);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Release(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const promfold::PreconditionError error = set->Release(*id);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::AddRetained(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Uint32(info[0], "id of a retained file");
  if (!id) return env.Undefined();
  const auto keys = ToKeyTexts(info[1]);
  if (!keys) return env.Undefined();
  const auto value = Column<double>(info[2], "value as a Float64Array");
  if (!value) return env.Undefined();
  const promfold::PreconditionError error = set->AddRetained(*id, *keys, *value);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::SetMinTimestamps(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const auto seconds = Column<double>(info[1], "seconds as a Float64Array");
  if (!seconds) return env.Undefined();
  const promfold::PreconditionError error = set->SetMinTimestamps(*id, *seconds);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Refresh(const Napi::CallbackInfo& info) {
  using Result = promfold::RefreshResult;
  return Start<Result>(
      info, nullptr,
      [](promfold::FileSet* set, Result* result) -> MaybeFailure {
        *result = set->Refresh();
        return std::nullopt;
      },
      [](Napi::Env env, Result* result) { return ToRefreshed(env, *result); });
}

Napi::Value FileSetObject::RefreshAsListed(const Napi::CallbackInfo& info) {
  struct Answer {
    promfold::FreeSpace free;
    promfold::AsListed as_listed;
  };
  if (Usable(info.Env()) == nullptr) return info.Env().Undefined();
  std::optional<promfold::DirectoryTimes> listed = promfold::DirectoryTimes{};
  if (!info[0].IsUndefined()) listed = ToTimes(info[0]);
  if (!listed) return info.Env().Undefined();
  std::optional<promfold::PrintRequest> to_print;
  if (!info[1].IsUndefined()) {
    to_print = ToPrintRequest(info[1]);
    if (!to_print) return info.Env().Undefined();
  }
  const bool with_part_ends = to_print && WithPartEnds(info[1]);
  return Start<Answer>(
      info,
      [path = set_->directory(), opened = set_->opened(), listed = *listed](
          promfold::PendingOperation* pending, Answer* answer) {
        return ToFailure(promfold::StatDirectory(path, listed, opened.get(), pending,
                                                 &answer->as_listed.now, &answer->free),
                         "cannot stat", path);
      },
      [listed = *listed, to_print = std::move(to_print)](promfold::FileSet* set,
                                                         Answer* answer) -> MaybeFailure {
        if (!(answer->as_listed.now == listed)) return std::nullopt;
        set->RefreshAndCollect(answer->free, to_print ? &*to_print : nullptr, &answer->as_listed);
        return std::nullopt;
      },
      [with_part_ends](Napi::Env env, Answer* answer) -> Napi::Value {
        return ToAsListed(env, &answer->as_listed, with_part_ends);
      });
}

Napi::Value FileSetObject::Counts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  return ToCounts(env, set->Counts());
}

Napi::Value FileSetObject::SetLimits(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  if (!info[0].IsObject()) {
    ThrowExpected(env, "limits");
    return env.Undefined();
  }
  const auto object = info[0].As<Napi::Object>();
  const auto file_entries = Limit(object, "fileEntries");
  if (!file_entries) return env.Undefined();
  const auto file_key_bytes = Limit(object, "fileKeyBytes");
  if (!file_key_bytes) return env.Undefined();
  const auto entries = Limit(object, "entries");
  if (!entries) return env.Undefined();
  const auto key_bytes = Limit(object, "keyBytes");
  if (!key_bytes) return env.Undefined();
  const auto read = Uint32(info[1], "entries as a number of entries");
  if (!read) return env.Undefined();
  set->SetLimits({*file_entries, *file_key_bytes, *entries, *key_bytes}, *read,
                 info[2].ToBoolean());
  return env.Undefined();
}

Napi::Value FileSetObject::KeyTexts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  return KeyTextsOf(info, *set);
}

Napi::Value FileSetObject::KeyIds(const Napi::CallbackInfo& info) {
  const promfold::MetricFile* const file = UsableFile(info);
  if (file == nullptr) return info.Env().Undefined();
  return ToArray(info.Env(), file->key_ids());
}

Napi::Value FileSetObject::EntryOffset(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::MetricFile* const file = UsableFile(info);
  if (file == nullptr) return env.Undefined();
  const auto entry = Uint32(info[1], "number of an entry");
  if (!entry) return env.Undefined();
  if (*entry >= file->entry_count()) {
    ThrowPreconditionError(env, "the file has no entry " + std::to_string(*entry));
    return env.Undefined();
  }
  return Napi::Number::New(env, file->EntryOffset(*entry));
}

Napi::Value FileSetObject::FileFacts(const Napi::CallbackInfo& info) {
  using Result = promfold::FileFacts;
  return Start<Result>(
      info, nullptr,
      [](promfold::FileSet* set, Result* result) -> MaybeFailure {
        *result = set->Facts();
        return std::nullopt;
      },
      [](Napi::Env env, Result* result) -> Napi::Value { return ToFileFacts(env, *result); });
}

Napi::Value FileSetObject::Survey(const Napi::CallbackInfo& info) {
  using Result = promfold::SurveyResult;
  const Napi::Env env = info.Env();
  const auto family_of_key = Column<int32_t>(info[0], "familyOfKey as an Int32Array");
  if (!family_of_key) return env.Undefined();
  const auto family_count = Uint32(info[1], "familyCount as a number of families");
  if (!family_count) return env.Undefined();
  return Start<Result>(
      info, nullptr,
      [family_of_key = std::vector<int32_t>(family_of_key->begin(), family_of_key->end()),
       family_count = *family_count](promfold::FileSet* set, Result* result) {
        return ToFailure(set->Survey(family_of_key, family_count, result));
      },
      [](Napi::Env env, Result* result) -> Napi::Value { return ToSurvey(env, *result); });
}

Napi::Value FileSetObject::SetRows(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const auto from = Column<uint32_t>(info[1], "from as a Uint32Array");
  if (!from) return env.Undefined();
  const auto count = Column<uint32_t>(info[2], "count as a Uint32Array");
  if (!count) return env.Undefined();
  const auto slot = Column<uint32_t>(info[3], "slot as a Uint32Array");
  if (!slot) return env.Undefined();
  const auto operation = Column<uint8_t>(info[4], "operation as a Uint8Array");
  if (!operation) return env.Undefined();
  const promfold::PreconditionError error = set->SetRows(*id, *from, *count, *slot, *operation);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Order(const Napi::CallbackInfo& info) {
  using Result = std::vector<uint32_t>;
  const auto slot_count = Uint32(info[0], "slotCount as a number of slots");
  if (!slot_count) return info.Env().Undefined();
  return Start<Result>(
      info, nullptr,
      [slot_count = *slot_count](promfold::FileSet* set, Result* result) {
        return ToFailure(set->Order(slot_count, result));
      },
      [](Napi::Env env, Result* result) -> Napi::Value { return ToArray(env, *result); });
}

Napi::Value FileSetObject::SetLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto slot_count = Uint32(info[0], "slotCount as a number of slots");
  if (!slot_count) return env.Undefined();
  const auto bucket_slot = Column<uint32_t>(info[1], "bucketSlot as a Uint32Array");
  if (!bucket_slot) return env.Undefined();
  const auto bucket_end = Column<uint32_t>(info[2], "bucketEnd as a Uint32Array");
  if (!bucket_end) return env.Undefined();
  const auto count_slot = Column<uint32_t>(info[3], "countSlot as a Uint32Array");
  if (!count_slot) return env.Undefined();
  const promfold::PreconditionError error =
      set->SetBuckets(*slot_count, {{bucket_slot->begin(), bucket_slot->end()},
                                    {bucket_end->begin(), bucket_end->end()},
                                    {count_slot->begin(), count_slot->end()}});
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Collect(const Napi::CallbackInfo& info) {
  using Result = promfold::CollectResult;
  const Napi::Env env = info.Env();
  auto request = ToPrintRequest(info[0]);
  if (!request) return env.Undefined();
  const bool with_part_ends = WithPartEnds(info[0]);
  return Start<Result>(
      info, nullptr,
      [request = std::move(*request)](promfold::FileSet* set, Result* result) -> MaybeFailure {
        const promfold::PreconditionError error = set->Collect(request, result);
        return error ? ToFailure(error) : UnlessMemory(result->has_memory());
      },
      [with_part_ends](Napi::Env env, Result* result) -> Napi::Value {
        return ToCollected(env, result, with_part_ends);
      });
}

Napi::Value FileSetObject::GatherEntries(const Napi::CallbackInfo& info) {
  using Result = promfold::GatheredEntries;
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    ThrowExpected(env, "some entries");
    return env.Undefined();
  }
  const auto wanted = info[0].As<Napi::Object>();
  auto id = PassedColumn<uint32_t>::From(wanted.Get("fileId"), "fileId as a Uint32Array");
  if (!id) return env.Undefined();
  auto generation =
      PassedColumn<uint32_t>::From(wanted.Get("generation"), "generation as a Uint32Array");
  if (!generation) return env.Undefined();
  auto end = PassedColumn<uint32_t>::From(wanted.Get("entryEnd"), "entryEnd as a Uint32Array");
  if (!end) return env.Undefined();
  auto entry = PassedColumn<uint32_t>::From(wanted.Get("entry"), "entry as a Uint32Array");
  if (!entry) return env.Undefined();
  return Start<Result>(
      info, nullptr,
      [id = std::move(*id), generation = std::move(*generation), end = std::move(*end),
       entry = std::move(*entry)](promfold::FileSet* set, Result* result) -> MaybeFailure {
        const promfold::PreconditionError error =
            set->GatherEntries({id.view(), generation.view(), end.view(), entry.view()}, result);
        return error ? ToFailure(error) : UnlessMemory(result->memory.memory() != nullptr);
      },
      [](Napi::Env at, Result* result) -> Napi::Value {
        if (!result->are_as_indexed) return at.Undefined();
        return ToGatheredEntries(at, result);
      });
}

Napi::Value FileSetObject::Rows(const Napi::CallbackInfo& info) {
  using Result = promfold::RowColumns;
  return Start<Result>(
      info, nullptr,
      [](promfold::FileSet* set, Result* result) -> MaybeFailure {
        *result = set->Rows();
        return UnlessMemory(result->memory.memory() != nullptr);
      },
      [](Napi::Env env, Result* result) -> Napi::Value { return ToEntryRows(env, result); });
}

Napi::Value FileSetObject::EntryPlaces(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::MetricFile* const file = UsableFile(info);
  if (file == nullptr) return env.Undefined();
  // A retained file has entries and no places of them.
  const std::span<const uint32_t> value_offset = file->value_offsets();
  auto offset = Napi::Uint32Array::New(env, value_offset.size());
  for (uint32_t i = 0; i < value_offset.size(); ++i) offset[i] = file->EntryOffset(i);
  Napi::Object places = Napi::Object::New(env);
  places.Set("offset", offset);
  places.Set("valueOffset", ToArray(env, value_offset));
  places.Set("valueBytes", file->value_bytes());
  return places;
}

Napi::Value FileSetObject::SlotTimes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto slot = Column<uint32_t>(info[0], "slot as a Uint32Array");
  if (!slot) return env.Undefined();
  std::vector<double> seconds;
  const promfold::PreconditionError error = set->Times(*slot, &seconds);
  if (error) {
    ThrowPreconditionError(env, *error);
    return env.Undefined();
  }
  return ToArray(env, seconds);
}

Napi::Value FileSetObject::CompactKeys(const Napi::CallbackInfo& info) {
  promfold::FileSet* const set = Usable(info.Env());
  if (set != nullptr) set->CompactKeys();
  return info.Env().Undefined();
}

Napi::Value FileSetObject::Close(const Napi::CallbackInfo& info) {
  // Twice is fine: the caller need not know whether it was closed.
  if (set_ != nullptr && Usable(info.Env()) != nullptr) set_.reset();
  return info.Env().Undefined();
}

Napi::Function FileSetObject::Define(Napi::Env env) {
  return DefineClass(env, "FileSet",
                     {
                         InstanceMethod<&FileSetObject::List>("list"),
                         InstanceMethod<&FileSetObject::Accept>("accept"),
                         InstanceMethod<&FileSetObject::Release>("release"),
                         InstanceMethod<&FileSetObject::AddRetained>("addRetained"),
                         InstanceMethod<&FileSetObject::SetMinTimestamps>("setMinTimestamps"),
                         InstanceMethod<&FileSetObject::Refresh>("refresh"),
                         InstanceMethod<&FileSetObject::RefreshAsListed>("refreshAsListed"),
                         InstanceMethod<&FileSetObject::Abandon>("abandon"),
                         InstanceMethod<&FileSetObject::Counts>("counts"),
                         InstanceMethod<&FileSetObject::SetLimits>("setLimits"),
                         InstanceMethod<&FileSetObject::KeyTexts>("keyTexts"),
                         InstanceMethod<&FileSetObject::KeyIds>("keyIds"),
                         InstanceMethod<&FileSetObject::EntryOffset>("entryOffset"),
                         InstanceMethod<&FileSetObject::GatherEntries>("gatherEntries"),
                         InstanceMethod<&FileSetObject::Rows>("rows"),
                         InstanceMethod<&FileSetObject::EntryPlaces>("entryPlaces"),
                         InstanceMethod<&FileSetObject::FileFacts>("fileFacts"),
                         InstanceMethod<&FileSetObject::Survey>("survey"),
                         InstanceMethod<&FileSetObject::SetRows>("setRows"),
                         InstanceMethod<&FileSetObject::Order>("order"),
                         InstanceMethod<&FileSetObject::SetLayout>("setLayout"),
                         InstanceMethod<&FileSetObject::Collect>("collect"),
                         InstanceMethod<&FileSetObject::SlotTimes>("slotTimes"),
                         InstanceMethod<&FileSetObject::CompactKeys>("compactKeys"),
                         InstanceMethod<&FileSetObject::Close>("close"),
                     });
}

}  // namespace binding
