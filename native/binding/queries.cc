#include "queries.h"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "call.h"
#include "convert.h"
#include "core/host_lookup.h"
#include "core/path_query.h"

namespace binding {

namespace {

// The path of info[0]; none, and an exception pending, for anything but a string without a zero.
std::optional<std::string> Path(const Napi::CallbackInfo& info) {
  if (info[0].IsString()) {
    std::string path = info[0].As<Napi::String>().Utf8Value();
    if (path.find('\0') == std::string::npos) return path;
  }
  ThrowExpected(info.Env(), "a path");
  return std::nullopt;
}

template <typename Answer>
Napi::Value Query(const Napi::CallbackInfo& info, int (*query)(const std::string&, Answer*),
                  const char* what, Napi::Value (*convert)(Napi::Env, Answer*)) {
  const auto path = Path(info);
  if (!path) return info.Env().Undefined();
  return StartTask<Answer>(
      info.Env(),
      [query, what, path = *path](Answer* answer) {
        return ToFailure(query(path, answer), what, path);
      },
      convert);
}

Napi::Value ToText(Napi::Env env, std::string* text) { return Napi::String::New(env, *text); }

}  // namespace

Napi::Value StatPath(const Napi::CallbackInfo& info) {
  return Query<struct stat>(info, promfold::StatPath, "cannot stat",
                            [](Napi::Env env, struct stat* status) -> Napi::Value {
                              const auto big = [env](uint64_t number) {
                                return Napi::BigInt::New(env, number);
                              };
                              const timespec& changed = status->st_ctim;
                              Napi::Object object = Napi::Object::New(env);
                              object.Set("dev", big(status->st_dev));
                              object.Set("ino", big(status->st_ino));
                              object.Set("uid", status->st_uid);
                              object.Set("gid", status->st_gid);
                              object.Set("mode", status->st_mode);
                              object.Set("changedSeconds", ToSeconds(changed));
                              return object;
                            });
}

Napi::Value ReadLink(const Napi::CallbackInfo& info) {
  return Query<std::string>(info, promfold::ReadLink, "cannot read the link", ToText);
}

Napi::Value RealPath(const Napi::CallbackInfo& info) {
  return Query<std::string>(info, promfold::RealPath, "cannot find", ToText);
}

Napi::Value ReadNames(const Napi::CallbackInfo& info) {
  using Names = std::vector<std::string>;
  return Query<Names>(info, promfold::ReadNames, "cannot list",
                      [](Napi::Env env, Names* names) -> Napi::Value {
                        std::string text;
                        for (const std::string& name : *names) text.append(name).push_back('\0');
                        return ToBytes(env, text);
                      });
}

Napi::Value ReadWhole(const Napi::CallbackInfo& info) {
  return Query<std::string>(
      info, promfold::ReadWhole, "cannot read",
      [](Napi::Env env, std::string* bytes) -> Napi::Value { return ToBytes(env, *bytes); });
}

Napi::Value IsOnLocalFileSystems(const Napi::CallbackInfo& info) {
  return Query<bool>(info, promfold::IsOnLocalFileSystems, "cannot look at",
                     [](Napi::Env env, bool* is_local) -> Napi::Value {
                       return Napi::Boolean::New(env, *is_local);
                     });
}

Napi::Value LookUpHost(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) {
    ThrowExpected(env, "host as a string");
    return env.Undefined();
  }
  using Addresses = std::vector<std::string>;
  return StartTask<Addresses>(
      env,
      [host = info[0].As<Napi::String>().Utf8Value()](Addresses* addresses) -> MaybeFailure {
        const std::string code = promfold::LookUpHost(host.c_str(), addresses);
        if (code.empty()) return std::nullopt;
        return Failure{code, code + ": cannot look up '" + host + "'"};
      },
      [](Napi::Env at, Addresses* addresses) -> Napi::Value {
        const Napi::Array texts = Napi::Array::New(at, addresses->size());
        for (uint32_t i = 0; i < addresses->size(); ++i) texts.Set(i, (*addresses)[i]);
        return texts;
      });
}

}  // namespace binding
