#include "compaction.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "convert.h"
#include "core/compact/compaction.h"
#include "core/errno_name.h"

namespace binding {

namespace {

using promfold::CompactionOutcome;
using promfold::CompactionRequest;

std::optional<std::string> Path(Napi::Value value) {
  if (value.IsString()) {
    std::string path = value.As<Napi::String>().Utf8Value();
    if (path.find('\0') == std::string::npos) return path;
  }
  ThrowExpected(value.Env(), "a path");
  return std::nullopt;
}

// A name in a directory, with a character for each byte.
std::optional<std::string> Name(Napi::Value value) {
  auto name = Latin1(value);
  if (name && !name->empty() && name->find('/') == std::string::npos &&
      name->find('\0') == std::string::npos && *name != "." && *name != "..") {
    return name;
  }
  return std::nullopt;
}

bool TakeGroup(Napi::Value value, CompactionRequest* request) {
  if (!value.IsObject()) return false;
  const auto object = value.As<Napi::Object>();
  const auto prefix = Name(object.Get("prefix"));
  const auto operation = Uint32(object.Get("operation"), "operation as a number");
  const auto value_bytes = Uint32(object.Get("valueBytes"), "valueBytes as a number");
  if (!prefix || !operation || !value_bytes || *operation >= promfold::kOperations) return false;
  const auto joined = static_cast<promfold::Operation>(*operation);
  if (joined == promfold::Operation::kLast || (*value_bytes != 8 && *value_bytes != 16)) {
    return false;
  }
  request->groups.push_back({*prefix, joined, *value_bytes});
  return true;
}

bool TakeFiles(const Napi::Object& object, CompactionRequest* request) {
  const auto group = Column<int32_t>(object.Get("group"), "group as an Int32Array");
  if (!group) return false;
  const bool are_names = ForEach(object.Get("name"), [&](Napi::Value element) {
    const auto name = Name(element);
    if (!name || request->files.size() >= group->size()) return false;
    const int32_t index = (*group)[request->files.size()];
    if (index < promfold::kRemove || index >= static_cast<int32_t>(request->groups.size())) {
      return false;
    }
    request->files.push_back({*name, {}, index});
    return true;
  });
  size_t i = 0;
  const bool are_identities =
      are_names && ForEach(object.Get("identity"), [&](Napi::Value element) {
        const auto text = Latin1(element);
        return text && i < request->files.size() &&
               promfold::ParseIdentity(*text, &request->files[i++].identity);
      });
  return are_identities && i == group->size() && i == request->files.size();
}

std::string ToText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool TakeSameSeries(Napi::Value lists, CompactionRequest* request) {
  return ForEach(lists, [&](Napi::Value list) {
    std::optional<std::string> first;
    return ForEach(list, [&](Napi::Value element) {
      const auto bytes = Column<uint8_t>(element, "keys as Uint8Arrays");
      if (!bytes) return false;
      if (first) {
        request->same_series.emplace(ToText(*bytes), *first);
      } else {
        first = ToText(*bytes);
      }
      return true;
    });
  });
}

bool TakeRequest(Napi::Value value, CompactionRequest* request) {
  if (!value.IsObject()) return false;
  const auto object = value.As<Napi::Object>();
  const auto directory = Path(object.Get("directory"));
  if (!directory) return false;
  request->directory = *directory;
  request->readers_stopped = object.Get("readersStopped").ToBoolean();
  request->is_dry_run = object.Get("isDryRun").ToBoolean();
  const auto grace = Uint32(object.Get("graceMilliseconds"), "graceMilliseconds as a number");
  if (!grace) return false;
  request->grace_milliseconds = *grace;
  return ForEach(object.Get("groups"),
                 [request](Napi::Value group) { return TakeGroup(group, request); }) &&
         TakeFiles(object, request) && TakeSameSeries(object.Get("sameSeries"), request);
}

Napi::Array Names(Napi::Env env, const std::vector<std::string>& names) {
  return Texts(env, names, [env](const std::string& name) { return ToLatin1(env, name); });
}

Napi::Value ToFault(Napi::Env env, const promfold::CompactionFault& fault) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("step", static_cast<uint32_t>(fault.step));
  object.Set("path", fault.path);
  object.Set("error", fault.error == 0 ? "" : promfold::ErrnoName(fault.error));
  object.Set("processId", fault.process);
  return object;
}

Napi::Value ToResult(Napi::Env env, CompactionOutcome* outcome) {
  Napi::Object object = Napi::Object::New(env);
  if (!outcome->fault.ok()) object.Set("fault", ToFault(env, outcome->fault));
  object.Set("generation", outcome->generation);
  object.Set("folded", Names(env, outcome->folded));
  object.Set("removed", Names(env, outcome->removed));
  object.Set("kept", Texts(env, outcome->kept, [env](const promfold::KeptFile& kept) {
               return ToLatin1(env, kept.name);
             }));
  std::vector<uint8_t> reason;
  for (const promfold::KeptFile& kept : outcome->kept) {
    reason.push_back(static_cast<uint8_t>(kept.reason));
  }
  object.Set("keptReason", ToArray(env, reason));
  object.Set("archives", Texts(env, outcome->archives, [env](const promfold::MadeArchive& archive) {
               Napi::Object made = Napi::Object::New(env);
               made.Set("name", ToLatin1(env, archive.name));
               made.Set("entries", archive.entries);
               made.Set("diskBytes", static_cast<double>(archive.disk_bytes));
               return made;
             }));
  object.Set("freedBytes", static_cast<double>(outcome->freed_bytes));
  object.Set("linked", outcome->linked);
  object.Set("carried", outcome->carried);
  object.Set("undone", outcome->undone);
  object.Set("rounded", outcome->rounded);
  object.Set("recovered", outcome->recovered);
  object.Set("remaining", outcome->remaining);
  return object;
}

Napi::Value ToManifest(Napi::Env env, promfold::LeftManifest* left) {
  const promfold::Manifest& manifest = left->manifest;
  if (manifest.generation.empty() && !left->is_unfinished) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  object.Set("generation", manifest.generation);
  object.Set("isUnfinished", left->is_unfinished);
  object.Set("goneName", Texts(env, manifest.gone, [env](const promfold::GoneFile& gone) {
               return ToLatin1(env, gone.name);
             }));
  object.Set("goneIdentity", Texts(env, manifest.gone, [env](const promfold::GoneFile& gone) {
               return ToLatin1(env, promfold::IdentityText(gone.identity));
             }));
  std::vector<double> seconds;
  for (const promfold::GoneFile& gone : manifest.gone) {
    seconds.push_back(static_cast<double>(gone.seconds));
  }
  object.Set("goneSeconds", ToArray(env, seconds));
  return object;
}

}  // namespace

Napi::Value Compact(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  CompactionRequest request;
  if (!TakeRequest(info[0], &request)) {
    if (!env.IsExceptionPending()) ThrowExpected(env, "a CompactionRequest whose columns fit");
    return env.Undefined();
  }
  return StartTask<CompactionOutcome>(
      env,
      [request = std::move(request)](CompactionOutcome* outcome) {
        *outcome = promfold::Compact(request);
        return MaybeFailure();
      },
      ToResult);
}

Napi::Value RecoverCompaction(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto directory = Path(info[0]);
  if (!directory) return env.Undefined();
  const auto grace = Uint32(info[1], "graceMilliseconds as a number");
  if (!grace) return env.Undefined();
  return StartTask<CompactionOutcome>(
      env,
      [directory = *directory, grace = *grace](CompactionOutcome* outcome) {
        *outcome = promfold::RecoverCompaction(directory, grace);
        return MaybeFailure();
      },
      ToResult);
}

Napi::Value ReadManifest(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto directory = Path(info[0]);
  if (!directory) return env.Undefined();
  return StartTask<promfold::LeftManifest>(
      env,
      [directory = *directory](promfold::LeftManifest* left) {
        return ToFailure(promfold::ReadLeftManifest(directory, left), "cannot read the manifest in",
                         directory);
      },
      ToManifest);
}

}  // namespace binding
