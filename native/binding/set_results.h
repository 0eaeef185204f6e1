// What a file set answers, as the objects of src/native.ts.
#ifndef PROMFOLD_BINDING_SET_RESULTS_H_
#define PROMFOLD_BINDING_SET_RESULTS_H_

#include <napi.h>

#include <optional>

#include "core/file_set.h"

namespace binding {

Napi::Object ToListingChange(Napi::Env env, const promfold::ListingChange& change);
Napi::Object ToRefreshed(Napi::Env env, const promfold::RefreshResult& result);
// Takes the memory of the columns.
Napi::Object ToEntryRows(Napi::Env env, promfold::RowColumns* rows);
Napi::Object ToGatheredEntries(Napi::Env env, promfold::GatheredEntries* result);
// Takes the memory of bodies and columns.
Napi::Object ToCollected(Napi::Env env, promfold::CollectResult* result, bool with_part_ends);
Napi::Object ToAsListed(Napi::Env env, promfold::AsListed* result, bool with_part_ends);
Napi::Object ToSurvey(Napi::Env env, const promfold::SurveyResult& result);
Napi::Object ToFileFacts(Napi::Env env, const promfold::FileFacts& facts);
Napi::Object ToCounts(Napi::Env env, const promfold::FileSetCounts& counts);

// For anything but four BigInts: none, and an exception pending.
std::optional<promfold::DirectoryTimes> ToTimes(Napi::Value value);

}  // namespace binding

#endif  // PROMFOLD_BINDING_SET_RESULTS_H_
