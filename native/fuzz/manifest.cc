// Any bytes at all may be a manifest: reading them must terminate, and what is read must print to
// what is read as the same. No name leads out of the directory.
#include "core/compact/manifest.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using promfold::Manifest;
  Manifest manifest;
  if (!ParseManifest({reinterpret_cast<const char*>(data), size}, &manifest)) {
    if (!manifest.generation.empty() || !manifest.linked.empty()) std::abort();
    return 0;
  }
  for (const auto* const list :
       {&manifest.archive, &manifest.linked, &manifest.folded, &manifest.removed}) {
    for (const promfold::ManifestName& named : *list) {
      if (named.name.empty() || named.name == ".." || named.name.find('/') != std::string::npos) {
        std::abort();
      }
    }
  }
  const std::string text = PrintManifest(manifest);
  Manifest again;
  if (!ParseManifest(text, &again) || PrintManifest(again) != text) std::abort();
  return 0;
}
