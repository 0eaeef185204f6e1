// Printed bodies as Buffers: their memory is the core's, not copied, and can be taken back.
#ifndef PROMFOLD_BINDING_BODIES_H_
#define PROMFOLD_BINDING_BODIES_H_

#include <napi.h>

#include <vector>

#include "core/render.h"

namespace binding {

// Sets `bodies`, and where it is asked for `partEnds`. A Buffer is over the body's own memory; the
// tail after it can be reached by buffer.buffer.
void SetBodies(std::vector<promfold::Body>* bodies, bool with_part_ends, Napi::Object object);

// What src/native.ts calls releaseBody. Takes the memory of a body from JavaScript, which sees a
// length of 0 from now on.
Napi::Value ReleaseBody(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_BODIES_H_
