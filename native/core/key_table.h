// Keys by number: equal bytes get equal ids, 0, 1, 2, … in the order they are first seen.
//
// The same few hundred keys are in every worker's file, so a key is decoded once per id. Texts are
// kept as they are in the file; nothing here knows JSON.
#ifndef PROMFOLD_CORE_KEY_TABLE_H_
#define PROMFOLD_CORE_KEY_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace promfold {

// Texts of keys, end to end.
struct KeyTexts {
  std::string text;
  std::vector<uint32_t> end;
};

class KeyTable {
 public:
  KeyTable();

  // The id of `key`, a new one where it was not seen before. `key` must not point into the table.
  uint32_t Intern(std::string_view key);

  bool Has(std::string_view key) const { return bucket_[Find(key, HashOf(key))].id_plus_one != 0; }

  uint32_t size() const { return static_cast<uint32_t>(text_.size()); }

  // Bytes of all texts.
  uint64_t text_bytes() const { return text_bytes_; }

  // Valid as long as the table. REQUIRES: id < size().
  std::string_view Text(uint32_t id) const { return text_[id]; }

  // Those from this id on: up to `count`, and no more once there are `max_bytes`.
  KeyTexts Texts(uint32_t from, uint32_t count, size_t max_bytes) const;

 private:
  struct Bucket {
    uint32_t hash;
    uint32_t id_plus_one;  // 0: free
  };

  uint32_t HashOf(std::string_view key) const;
  // Place of the bucket that has the key, or of the free one where it belongs.
  size_t Find(std::string_view key, uint32_t hash) const;
  std::string_view Keep(std::string_view key);
  void Grow();

  uint64_t seed_;  // an attacker may choose label values, and must not know where they collide
  // Texts lie in blocks that never move: one array would be copied as it grows, and have room for
  // as much again.
  std::vector<std::unique_ptr<char[]>> block_;
  size_t block_left_ = 0;  // bytes of the last block, at its end
  char* block_end_ = nullptr;
  uint64_t text_bytes_ = 0;
  std::vector<std::string_view> text_;  // by id
  std::vector<Bucket> bucket_;          // open addressing, linear probing, at most half full
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_KEY_TABLE_H_
