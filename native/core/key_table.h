// Keys by number: equal bytes get equal ids, 0, 1, 2, … in the order they are first seen.
//
// The same few hundred keys stand in every worker's file, so whoever decodes a key does it once per
// id. Texts are kept as they are in the file; nothing here knows JSON.
#ifndef PROMFOLD_CORE_KEY_TABLE_H_
#define PROMFOLD_CORE_KEY_TABLE_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace promfold {

class KeyTable {
 public:
  KeyTable();

  // The id of `key`, a new one where it was not seen before. `key` must not point into the table.
  uint32_t Intern(std::string_view key);

  uint32_t size() const { return static_cast<uint32_t>(end_.size()); }

  // Valid until the next Intern. REQUIRES: id < size().
  std::string_view Text(uint32_t id) const {
    const uint64_t begin = id == 0 ? 0 : end_[id - 1];
    return {text_.data() + begin, static_cast<size_t>(end_[id] - begin)};
  }

 private:
  struct Bucket {
    uint32_t hash;
    uint32_t id_plus_one;  // 0: free
  };

  void Grow();

  uint64_t seed_;  // label values may be an attacker's; nobody shall know where they collide
  std::vector<char> text_;      // all keys, end to end
  std::vector<uint64_t> end_;   // end_[id]: where the text of id ends
  std::vector<Bucket> bucket_;  // open addressing, linear probing, at most half full
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_KEY_TABLE_H_
