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

// For anything but an object of src/native.ts' Printing: none, and an exception pending.
std::optional<promfold::Printing> ToPrinting(Napi::Value value);

// REQUIRES: ToPrinting took it.
bool WithPartEnds(Napi::Value printing);

}  // namespace binding

#endif  // PROMFOLD_BINDING_TEMPLATES_H_
