#include "render.h"

#include <algorithm>
#include <cstring>

#include "number.h"

namespace promfold {

namespace {

size_t LongestBody(const Page& page) {
  size_t bytes = 0;
  for (const auto& part : page) {
    bytes += part->text.size() + part->slot.size() * (kNumberBytes + 1);
  }
  return bytes;
}

char* RenderTemplate(const Template& part, const Slots& slots, char* out) {
  const char* const text = part.text.data();
  std::memcpy(out, text, part.header_end);
  out += part.header_end;
  uint32_t begin = part.header_end;
  for (size_t line = 0; line < part.slot.size(); ++line) {
    const uint32_t end = part.line_end[line];
    const uint32_t s = part.slot[line];
    if (slots.present[s] != 0) {
      std::memcpy(out, text + begin, end - begin);
      out = FormatNumber(slots.value[s], out + (end - begin));
      *out++ = '\n';
    }
    begin = end;
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

Body Render(const Page& page, const Slots& slots, size_t tail) {
  Body body;
  const size_t longest = LongestBody(page) + tail;
  // malloc(0) may be null, which would look like no memory.
  char* const begin = static_cast<char*>(std::malloc(std::max<size_t>(longest, 1)));
  if (begin == nullptr) return body;
  char* out = begin;
  for (const auto& part : page) out = RenderTemplate(*part, slots, out);

  body.length = static_cast<size_t>(out - begin);
  body.capacity = body.length + tail;
  // Numbers are mostly shorter than the longest one, and a body may live as long as a slow client.
  void* const trimmed = std::realloc(begin, std::max<size_t>(body.capacity, 1));
  body.bytes.reset(static_cast<char*>(trimmed == nullptr ? begin : trimmed));
  return body;
}

}  // namespace promfold
