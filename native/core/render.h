// Prints slots into templates: the exposition, byte for byte.
//
// A template is every byte of one metric family in one dialect but for the numbers. It is made once
// and never changes, so scrapes on other threads may use it while it is being replaced.
#ifndef PROMFOLD_CORE_RENDER_H_
#define PROMFOLD_CORE_RENDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "block_pool.h"
#include "fold.h"
#include "scratch.h"

namespace promfold {

// `text` is the header, then for each line the bytes before its number. Line i is
// text[line_end[i-1], line_end[i]), the first beginning at header_end, then the number of slot[i],
// then a newline.
struct Template {
  std::string text;
  uint32_t header_end = 0;
  std::vector<uint32_t> line_end;
  std::vector<uint32_t> slot;
  uint32_t slot_limit = 0;  // all slots are below; set by IsSound

  // Whether the columns agree; sets slot_limit.
  bool IsSound();
};

using Page = std::vector<std::shared_ptr<const Template>>;

// One exposition in a block of the pool (block_pool.h).
struct Body {
  struct Return {
    size_t bytes;
    void operator()(char* block) const { ReturnBlock(block, bytes); }
  };
  std::unique_ptr<char, Return> bytes;  // null where memory ran out
  size_t length = 0;
  size_t capacity = 0;  // length + tail or more
};

// Kept from scrape to scrape: all numbers, end to end, and how long each is.
struct RenderScratch {
  Growing<char> text;
  Growing<uint8_t> number_bytes;
};

// A line is left out where its slot is absent; the header never is.
// REQUIRES: each template IsSound, with slot_limit <= slots.count().
Body Render(const Page& page, const Slots& slots, size_t tail, RenderScratch* scratch);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RENDER_H_
