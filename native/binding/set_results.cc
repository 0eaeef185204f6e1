#include "set_results.h"

#include <cstdint>
#include <utility>

#include "bodies.h"
#include "column_memory.h"
#include "convert.h"

namespace binding {

namespace {

Napi::Object ToChanges(Napi::Env env, const std::vector<promfold::FileChange>& changes) {
  const size_t count = changes.size();
  auto id = Napi::Uint32Array::New(env, count);
  auto state = Napi::Uint8Array::New(env, count);
  auto entry_from = Napi::Uint32Array::New(env, count);
  auto entry_count = Napi::Uint32Array::New(env, count);
  Napi::Array faults = Napi::Array::New(env);
  for (size_t i = 0; i < count; ++i) {
    const promfold::FileChange& change = changes[i];
    id[i] = change.id;
    state[i] = static_cast<uint8_t>(change.state);
    entry_from[i] = change.entry_from;
    entry_count[i] = change.entry_count;
    if (change.fault.ok()) continue;
    Napi::Object fault = Napi::Object::New(env);
    fault.Set("id", change.id);
    fault.Set("fault", static_cast<uint32_t>(change.fault.code()));
    fault.Set("offset", static_cast<double>(change.fault.offset));
    fault.Set("found", promfold::FoundPhrase(change.fault));
    fault.Set("changedSeconds", change.changed_seconds);
    faults.Set(faults.Length(), fault);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", id);
  object.Set("state", state);
  object.Set("entryFrom", entry_from);
  object.Set("entryCount", entry_count);
  object.Set("faults", faults);
  return object;
}

Napi::Object FromTimes(Napi::Env env, const promfold::DirectoryTimes& times) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("dev", Napi::BigInt::New(env, static_cast<int64_t>(times.device)));
  object.Set("ino", Napi::BigInt::New(env, static_cast<int64_t>(times.inode)));
  object.Set("mtimeNs", Napi::BigInt::New(env, times.modified_ns));
  object.Set("ctimeNs", Napi::BigInt::New(env, times.changed_ns));
  return object;
}

// All columns that come together are in one ArrayBuffer.
void SetFileRuns(const ColumnMemory& memory, const promfold::FileRuns& files, Napi::Object object) {
  object.Set("fileId", memory.ToArray<uint32_t>(files.id));
  object.Set("generation", memory.ToArray<uint32_t>(files.generation));
  object.Set("entryEnd", memory.ToArray<uint32_t>(files.entry_end));
}

Napi::Object ToValueColumns(Napi::Env env, promfold::InstantColumns* columns) {
  const ColumnMemory memory(env, std::move(columns->memory));
  Napi::Object object = Napi::Object::New(env);
  SetFileRuns(memory, columns->files, object);
  object.Set("value", memory.ToArray<double>(columns->value));
  object.Set("timestampSeconds", memory.ToArray<double>(columns->timestamp));
  object.Set("slot", memory.ToArray<double>(columns->slot));
  return object;
}

}  // namespace

Napi::Object ToEntryRows(Napi::Env env, promfold::RowColumns* rows) {
  const ColumnMemory memory(env, std::move(rows->memory));
  Napi::Object object = Napi::Object::New(env);
  SetFileRuns(memory, rows->files, object);
  object.Set("keyId", memory.ToArray<uint32_t>(rows->key_id));
  object.Set("slot", memory.ToArray<uint32_t>(rows->slot));
  return object;
}

Napi::Object ToListingChange(Napi::Env env, const promfold::ListingChange& change) {
  // Bytes that are not UTF-8 become U+FFFD in here.
  Napi::Array names = Napi::Array::New(env, change.added_name.size());
  for (uint32_t i = 0; i < change.added_name.size(); ++i) {
    names.Set(i, Napi::String::New(env, change.added_name[i]));
  }
  Napi::Object listing = Napi::Object::New(env);
  listing.Set("addedId", ToArray(env, change.added_id));
  listing.Set("addedName", names);
  listing.Set("removedId", ToArray(env, change.removed_id));
  return listing;
}

Napi::Object ToRefreshed(Napi::Env env, const promfold::RefreshResult& result) {
  Napi::Object refreshed = ToChanges(env, result.changes);
  refreshed.Set("keyId", ToArray(env, result.key_id));
  return refreshed;
}

Napi::Object ToGatheredEntries(Napi::Env env, promfold::GatheredEntries* result) {
  const ColumnMemory memory(env, std::move(result->memory));
  Napi::Object object = Napi::Object::New(env);
  object.Set("value", memory.ToArray<double>(result->value));
  object.Set("timestampSeconds", memory.ToArray<double>(result->timestamp));
  return object;
}

Napi::Object ToCollected(Napi::Env env, promfold::CollectResult* result, bool with_part_ends) {
  Napi::Object collected = Napi::Object::New(env);
  SetBodies(&result->bodies, with_part_ends, collected);
  if (result->columns) collected.Set("columns", ToValueColumns(env, &*result->columns));
  if (!result->changes.empty()) collected.Set("changes", ToChanges(env, result->changes));
  return collected;
}

Napi::Object ToAsListed(Napi::Env env, promfold::AsListed* result, bool with_part_ends) {
  Napi::Object object = Napi::Object::New(env);
  if (result->collected) {
    object.Set("collected", ToCollected(env, &*result->collected, with_part_ends));
  } else if (result->refreshed) {
    object.Set("refreshed", ToRefreshed(env, *result->refreshed));
  } else {
    object.Set("now", FromTimes(env, result->now));
  }
  return object;
}

Napi::Object ToSurvey(Napi::Env env, const promfold::SurveyResult& result) {
  Napi::Object survey = Napi::Object::New(env);
  survey.Set("firstRank", ToArray(env, result.first_rank));
  survey.Set("firstFile", ToArray(env, result.first_file));
  survey.Set("firstEntry", ToArray(env, result.first_entry));
  survey.Set("firstKey", ToArray(env, result.first_key));
  survey.Set("lastFile", ToArray(env, result.last_file));
  survey.Set("firstModeFile", ToArray(env, result.first_mode_file));
  survey.Set("lastModeFile", ToArray(env, result.last_mode_file));
  survey.Set("liveKeys", result.live_keys);
  return survey;
}

Napi::Object ToCounts(Napi::Env env, const promfold::FileSetCounts& counts) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("unmappedFiles", counts.unmapped_files);
  object.Set("readFaults", static_cast<double>(counts.read_faults));
  object.Set("keyBytes", static_cast<double>(counts.key_bytes));
  object.Set("filesRetained", static_cast<double>(counts.files_retained));
  object.Set("freeBytes", counts.free_bytes);
  object.Set("freeInodes", counts.free_inodes);
  return object;
}

Napi::Object ToFileFacts(Napi::Env env, const promfold::FileFacts& facts) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", ToArray(env, facts.id));
  object.Set("usedBytes", ToArray(env, facts.used_bytes));
  object.Set("valueBytes", ToArray(env, facts.value_bytes));
  object.Set("sizeBytes", ToArray(env, facts.size_bytes));
  object.Set("diskBytes", ToArray(env, facts.disk_bytes));
  object.Set("modifiedSeconds", ToArray(env, facts.modified_seconds));
  object.Set("changedSeconds", ToArray(env, facts.changed_seconds));
  object.Set("deviceMajor", ToArray(env, facts.device_major));
  object.Set("deviceMinor", ToArray(env, facts.device_minor));
  object.Set("inode", ToArray(env, facts.inode));
  return object;
}

std::optional<promfold::DirectoryTimes> ToTimes(Napi::Value value) {
  Napi::Env env = value.Env();
  if (value.IsObject()) {
    const auto object = value.As<Napi::Object>();
    const auto number = [&](const char* name) -> std::optional<int64_t> {
      const Napi::Value property = object.Get(name);
      if (!property.IsBigInt()) return std::nullopt;
      bool is_lossless = false;
      return property.As<Napi::BigInt>().Int64Value(&is_lossless);
    };
    const auto device = number("dev");
    const auto inode = number("ino");
    const auto modified_ns = number("mtimeNs");
    const auto changed_ns = number("ctimeNs");
    if (device && inode && modified_ns && changed_ns) {
      return promfold::DirectoryTimes{static_cast<uint64_t>(*device), static_cast<uint64_t>(*inode),
                                      *modified_ns, *changed_ns};
    }
  }
  ThrowExpected(env, "times of a directory, as BigInts");
  return std::nullopt;
}

}  // namespace binding
