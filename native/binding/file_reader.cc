#include "file_reader.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "convert.h"
#include "core/scratch.h"
#include "key_texts.h"

namespace binding {

namespace {

Napi::Value IdentityOf(Napi::Env env, const struct stat& status) {
  if (status.st_ino == 0) return Napi::String::New(env, "");
  char text[64];
  std::snprintf(text, sizeof(text), "%02x:%02x:%llu", major(status.st_dev), minor(status.st_dev),
                static_cast<unsigned long long>(status.st_ino));
  return Napi::String::New(env, text);
}

Napi::Value ToInspected(Napi::Env env, const promfold::InspectedFiles& files) {
  const auto count = static_cast<uint32_t>(files.fault.size());
  std::vector<uint8_t> fault(count);
  std::vector<double> fault_offset(count);
  std::vector<double> size(count);
  std::vector<double> disk(count);
  std::vector<double> modified(count);
  std::vector<double> changed(count);
  auto found = Napi::Array::New(env, count);
  auto identity = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) {
    const struct stat& status = files.status[i];
    fault[i] = static_cast<uint8_t>(files.fault[i].code());
    fault_offset[i] = static_cast<double>(files.fault[i].offset);
    size[i] = static_cast<double>(status.st_size);
    disk[i] = static_cast<double>(status.st_blocks) * 512;
    modified[i] = ToSeconds(status.st_mtim);
    changed[i] = ToSeconds(status.st_ctim);
    found.Set(i, Napi::String::New(env, promfold::FoundPhrase(files.fault[i])));
    identity.Set(i, IdentityOf(env, status));
  }
  auto excerpt = Napi::Array::New(env, count);
  std::vector<double> excerpt_offset(count);
  for (const promfold::Excerpt& kept : files.excerpt) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(kept.bytes.data());
    excerpt.Set(kept.file, ToArray(env, std::span(bytes, kept.bytes.size())));
    excerpt_offset[kept.file] = static_cast<double>(kept.offset);
  }

  // Outlives the rest: views keep the entries.
  Napi::Object entries = Napi::Object::New(env);
  entries.Set("keyId", ToArray(env, files.key_id));
  entries.Set("valueOffset", ToArray(env, files.value_offset));
  entries.Set("value", ToArray(env, files.value));
  entries.Set("timestampSeconds", ToArray(env, files.timestamp));

  Napi::Object object = Napi::Object::New(env);
  object.Set("fault", ToArray(env, fault));
  object.Set("faultOffset", ToArray(env, fault_offset));
  object.Set("found", found);
  object.Set("sizeBytes", ToArray(env, size));
  object.Set("diskBytes", ToArray(env, disk));
  object.Set("modifiedSeconds", ToArray(env, modified));
  object.Set("changedSeconds", ToArray(env, changed));
  object.Set("identity", identity);
  object.Set("usedBytes", ToArray(env, files.stored_used));
  object.Set("valueBytes", ToArray(env, files.value_bytes));
  object.Set("entryEnd", ToArray(env, files.entry_end));
  object.Set("timeEnd", ToArray(env, files.time_end));
  object.Set("entries", entries);
  object.Set("excerpt", excerpt);
  object.Set("excerptOffset", ToArray(env, excerpt_offset));
  object.Set("left", ToArray(env, files.left));
  return object;
}

}  // namespace

FileReader::FileReader(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<FileReader>(info), keys_(std::make_shared<promfold::SharedKeys>()) {}

Napi::Value FileReader::ReadFiles(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::InspectRequest request;
  const auto is_stamped = Column<uint8_t>(info[1], "isStamped as a Uint8Array");
  if (!is_stamped) return env.Undefined();
  request.is_stamped.assign(is_stamped->begin(), is_stamped->end());
  const bool are_paths = ForEach(info[0], [&request](Napi::Value element) {
    auto path = Latin1(element);
    if (path) request.name.push_back(*std::move(path));
    return path.has_value();
  });
  if (!are_paths || request.name.size() != request.is_stamped.size()) {
    ThrowExpected(env, "paths as an array of strings, and isStamped of each");
    return env.Undefined();
  }
  request.keep_bytes = info[2].ToBoolean();
  if (!info[3].IsUndefined()) {
    auto directory = Latin1(info[3]);
    if (!directory) {
      ThrowExpected(env, "directory as a string");
      return env.Undefined();
    }
    request.directory = *std::move(directory);
    request.only_plain = info[4].ToBoolean();
  }
  return StartTask<promfold::InspectedFiles>(
      env,
      [keys = keys_, request = std::move(request)](promfold::InspectedFiles* files) {
        promfold::InspectFiles(request, keys.get(), files);
        return MaybeFailure();
      },
      [](Napi::Env at, promfold::InspectedFiles* files) { return ToInspected(at, *files); });
}

Napi::Value FileReader::ReadBytes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto size = Column<double>(info[1], "sizeBytes as a Float64Array");
  if (!size) return env.Undefined();
  const auto is_stamped = Column<uint8_t>(info[2], "isStamped as a Uint8Array");
  if (!is_stamped) return env.Undefined();
  promfold::InspectedFiles files;
  promfold::Inspection inspection;
  promfold::Scratch scratch;
  size_t i = 0;
  const bool are_files = ForEach(info[0], [&](Napi::Value element) {
    const auto bytes = Column<uint8_t>(element, "bytes as a Uint8Array");
    if (!bytes || i >= std::min(size->size(), is_stamped->size())) return false;
    if (!((*size)[i] >= 0) || (*size)[i] > 9007199254740991.0) return false;
    // A Buffer may begin at any address.
    std::byte* const aligned = scratch.FileBytes(bytes->size());
    if (!bytes->empty()) std::memcpy(aligned, bytes->data(), bytes->size());
    inspection.Clear();
    promfold::InspectBytes({aligned, bytes->size()}, static_cast<uint64_t>((*size)[i]),
                           (*is_stamped)[i] != 0, false, &inspection);
    files.AddEntries(inspection, keys_.get());
    files.AddFile(inspection);
    ++i;
    return true;
  });
  if (env.IsExceptionPending()) return env.Undefined();
  if (!are_files) {
    ThrowExpected(env, "bytes as an array, and sizeBytes and isStamped of each");
    return env.Undefined();
  }
  return ToInspected(env, files);
}

Napi::Value FileReader::AddKey(const Napi::CallbackInfo& info) {
  const auto text = Column<uint8_t>(info[0], "text as a Uint8Array");
  if (!text) return info.Env().Undefined();
  const auto* const bytes = reinterpret_cast<const char*>(text->data());
  return Napi::Number::New(info.Env(), keys_->Intern({bytes, text->size()}));
}

Napi::Value FileReader::KeyCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), keys_->size());
}

Napi::Value FileReader::KeyTexts(const Napi::CallbackInfo& info) {
  return KeyTextsOf(info, *keys_);
}

Napi::Function FileReader::Define(Napi::Env env) {
  return DefineClass(env, "FileReader",
                     {
                         InstanceMethod<&FileReader::ReadFiles>("readFiles"),
                         InstanceMethod<&FileReader::ReadBytes>("readBytes"),
                         InstanceMethod<&FileReader::AddKey>("addKey"),
                         InstanceMethod<&FileReader::KeyCount>("keyCount"),
                         InstanceMethod<&FileReader::KeyTexts>("keyTexts"),
                     });
}

}  // namespace binding
