#include "inspect.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "call.h"
#include "convert.h"
#include "core/inspect_file.h"

namespace binding {

namespace {

Napi::Value ToInspected(Napi::Env env, const promfold::Inspection& inspection) {
  const auto bytes = [env](const auto& column) {
    return ToArray(env, std::span(reinterpret_cast<const uint8_t*>(column.data()), column.size()));
  };
  const auto doubles = [env](const std::vector<double>& column) {
    return ToArray(env, std::span<const double>(column));
  };
  const struct stat& status = inspection.status;
  char device[32];
  std::snprintf(device, sizeof(device), "%02x:%02x", major(status.st_dev), minor(status.st_dev));

  Napi::Object object = Napi::Object::New(env);
  object.Set("fault", static_cast<uint32_t>(inspection.fault.code()));
  object.Set("faultOffset", static_cast<double>(inspection.fault.offset));
  object.Set("found", promfold::FoundPhrase(inspection.fault));
  object.Set("sizeBytes", static_cast<double>(status.st_size));
  object.Set("diskBytes", static_cast<double>(status.st_blocks) * 512);
  object.Set("device", device);
  object.Set("inode", std::to_string(status.st_ino));
  object.Set("modifiedSeconds", ToSeconds(status.st_mtim));
  object.Set("changedSeconds", ToSeconds(status.st_ctim));
  object.Set("uid", status.st_uid);
  object.Set("mode", status.st_mode);
  object.Set("usedBytes", static_cast<double>(inspection.stored_used));
  object.Set("valueBytes", inspection.value_bytes);
  object.Set("endBytes", static_cast<double>(inspection.end));
  object.Set("key", bytes(inspection.keys));
  object.Set("keyEnd", ToArray(env, inspection.key_end));
  object.Set("offset", ToArray(env, inspection.offset));
  object.Set("valueOffset", ToArray(env, inspection.value_offset));
  object.Set("value", doubles(inspection.value));
  object.Set("timestampSeconds", doubles(inspection.timestamp));
  object.Set("excerptOffset", static_cast<double>(inspection.excerpt_offset));
  object.Set("excerpt", bytes(inspection.excerpt));
  return object;
}

std::string ToString(std::span<const uint8_t> column) {
  return std::string(column.begin(), column.end());
}

}  // namespace

Napi::Value ReadMetricFile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto path = Column<uint8_t>(info[0], "path as a Uint8Array");
  if (!path) return env.Undefined();
  std::string directory;
  if (!info[3].IsUndefined()) {
    const auto given = Column<uint8_t>(info[3], "directory as a Uint8Array");
    if (!given) return env.Undefined();
    directory = ToString(*given);
  }
  return StartTask<promfold::Inspection>(
      env,
      [path = ToString(*path), directory, is_stamped = info[1].ToBoolean().Value(),
       keeps_bytes =
           info[2].ToBoolean().Value()](promfold::Inspection* inspection) -> MaybeFailure {
        *inspection =
            directory.empty()
                ? promfold::InspectFile(path.c_str(), is_stamped, keeps_bytes)
                : promfold::InspectFileIn(directory.c_str(), path.c_str(), is_stamped, keeps_bytes);
        return std::nullopt;
      },
      [](Napi::Env at, promfold::Inspection* inspection) -> Napi::Value {
        return ToInspected(at, *inspection);
      });
}

Napi::Value ReadMetricBytes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = Column<uint8_t>(info[0], "bytes as a Uint8Array");
  if (!bytes) return env.Undefined();
  const double size = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!(size >= 0) || size > 9007199254740991.0) {
    ThrowExpected(env, "sizeBytes as a number of bytes");
    return env.Undefined();
  }
  // A Buffer may begin at any address.
  std::vector<double> aligned(bytes->size() / sizeof(double) + 1);
  if (!bytes->empty()) std::memcpy(aligned.data(), bytes->data(), bytes->size());
  promfold::Inspection inspection;
  promfold::InspectBytes({reinterpret_cast<const std::byte*>(aligned.data()), bytes->size()},
                         static_cast<uint64_t>(size), info[2].ToBoolean().Value(), false,
                         &inspection);
  return ToInspected(env, inspection);
}

}  // namespace binding
