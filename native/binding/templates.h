// Templates and pages as JavaScript holds them, and what a scrape prints.
#ifndef PROMFOLD_BINDING_TEMPLATES_H_
#define PROMFOLD_BINDING_TEMPLATES_H_

#include <napi.h>

#include <optional>

#include "core/file_set.h"

namespace binding {

// What src/native.ts calls createTemplate, createPage.
Napi::Value CreateTemplate(const Napi::CallbackInfo& info);
Napi::Value CreatePage(const Napi::CallbackInfo& info);

// For anything but an array of createPage's pages: none, and an exception pending.
std::optional<promfold::Pages> ToPages(Napi::Value value);

// For anything but an object of src/native.ts' PrintRequest: none, and an exception pending.
std::optional<promfold::PrintRequest> ToPrintRequest(Napi::Value value);

// REQUIRES: ToPrintRequest took it.
bool WithPartEnds(Napi::Value request);

}  // namespace binding

#endif  // PROMFOLD_BINDING_TEMPLATES_H_
