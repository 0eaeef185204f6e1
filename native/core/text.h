// Whether bytes can be the text of a key at all. What is in the text is not looked at.
#ifndef PROMFOLD_CORE_TEXT_H_
#define PROMFOLD_CORE_TEXT_H_

#include <string_view>

namespace promfold {

// False where the bytes are not UTF-8 or have a control character: JSON has neither. Overlong forms
// and surrogates pass.
inline bool IsText(std::string_view bytes) {
  int following = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xc0) == 0x80;
    if (continues != (following > 0)) return false;
    if (continues) {
      --following;
    } else if (byte >= 0xc0) {
      if (byte > 0xf4) return false;
      following = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    } else if (byte < 0x20) {
      return false;
    }
  }
  return following == 0;
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_TEXT_H_
