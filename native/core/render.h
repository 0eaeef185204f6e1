// Prints slots into templates: the exposition, byte for byte.
//
// A template is every byte of one metric family in one dialect but the numbers. It is made once and
// never changes, so scrapes on other threads may use it while it is being replaced.
#ifndef PROMFOLD_CORE_RENDER_H_
#define PROMFOLD_CORE_RENDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "block_pool.h"
#include "printed_numbers.h"

namespace promfold {

// `text` is the header, then for each line the bytes before its number. Line i is
// text[line_end[i-1], line_end[i]), the first beginning at header_end, then the number of slot[i],
// then a newline. Seal makes it ready to be printed.
struct Template {
  std::string text;
  uint32_t header_end = 0;
  std::vector<uint32_t> line_end;
  std::vector<uint32_t> slot;
  uint32_t slot_limit = 0;  // all slots are below
  uint64_t id = 0;          // no two sealed ones have the same

  // Sets slot_limit and id, and adds to `text` what a copy in steps may read past its end. False
  // where the columns disagree.
  bool Seal();
};

using Page = std::vector<std::shared_ptr<const Template>>;
using Pages = std::vector<std::shared_ptr<const Page>>;

// One exposition. The block may be written to after its length.
struct Body {
  Block block;  // of length + tail or more; its memory is null where memory ran out
  size_t length = 0;
  std::vector<uint32_t> part_end;  // where the text of each template ends
};

// False where it ran out for one of them.
bool HaveMemory(std::span<const Body> bodies);

// A line is left out where its slot has no number; the header never is. What a used block has where
// it belongs, with numbers that are still the same, is not printed again.
// REQUIRES: each template is sealed, with slot_limit at most the slots that `numbers` knows.
Body Render(const Page& page, const PrintedNumbers& numbers, size_t tail);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RENDER_H_
