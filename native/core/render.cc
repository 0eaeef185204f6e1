#include "render.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "number.h"

namespace promfold {

namespace {

// Prints the numbers of all present lines end to end; returns the bytes of the whole body.
size_t PrintNumbers(const Page& page, const Slots& slots, RenderScratch* scratch) {
  size_t lines = 0;
  for (const auto& part : page) lines += part->slot.size();
  char* out = scratch->text.AtLeast(lines * kNumberBytes);
  uint8_t* number_bytes = scratch->number_bytes.AtLeast(lines);
  size_t bytes = 0;
  for (const auto& part : page) {
    bytes += part->header_end;
    uint32_t begin = part->header_end;
    for (size_t line = 0; line < part->slot.size(); ++line) {
      const uint32_t s = part->slot[line];
      char* const end = slots.present[s] == 0 ? out : FormatNumber(slots.value[s], out);
      const size_t printed = static_cast<size_t>(end - out);
      *number_bytes++ = static_cast<uint8_t>(printed);  // 0: the line is left out
      if (printed > 0) bytes += part->line_end[line] - begin + printed + 1;
      begin = part->line_end[line];
      out = end;
    }
  }
  return bytes;
}

char* Assemble(const Page& page, const RenderScratch& scratch, char* out) {
  const char* number = scratch.text.get();
  const uint8_t* number_bytes = scratch.number_bytes.get();
  for (const auto& part : page) {
    const char* const text = part->text.data();
    std::memcpy(out, text, part->header_end);
    out += part->header_end;
    uint32_t begin = part->header_end;
    for (const uint32_t end : part->line_end) {
      const size_t printed = *number_bytes++;
      if (printed > 0) {
        std::memcpy(out, text + begin, end - begin);
        out += end - begin;
        std::memcpy(out, number, printed);
        out += printed;
        *out++ = '\n';
        number += printed;
      }
      begin = end;
    }
  }
  return out;
}

}  // namespace

bool Template::IsSound() {
  if (line_end.size() != slot.size() || header_end > text.size()) return false;
  uint32_t begin = header_end;
  for (const uint32_t end : line_end) {
    if (end < begin || end > text.size()) return false;
    begin = end;
  }
  slot_limit = 0;
  for (const uint32_t s : slot) {
    if (s == UINT32_MAX) return false;
    slot_limit = std::max(slot_limit, s + 1);
  }
  return true;
}

Body Render(const Page& page, const Slots& slots, size_t tail, RenderScratch* scratch) {
  Body body;
  body.length = PrintNumbers(page, slots, scratch);
  body.capacity = body.length + tail;
  char* const block = TakeBlock(&body.capacity);
  body.bytes = std::unique_ptr<char, Body::Return>(block, {body.capacity});
  if (body.bytes == nullptr) return body;
  const char* const end = Assemble(page, *scratch, body.bytes.get());
  assert(end == body.bytes.get() + body.length);
  (void)end;
  return body;
}

}  // namespace promfold
