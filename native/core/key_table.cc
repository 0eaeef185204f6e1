#include "key_table.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

namespace promfold {

namespace {

constexpr size_t kFirstBuckets = 1024;

constexpr size_t kBlockBytes = size_t{64} << 10;

uint64_t Load64(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

__extension__ using Wide = unsigned __int128;

uint64_t Mix(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Two words a step, folded multiplication between them (as wyhash does).
uint64_t Hash(std::string_view key, uint64_t seed) {
  constexpr uint64_t kFirst = 0xa0761d6478bd642f;
  constexpr uint64_t kSecond = 0xe7037ed1a0b428db;
  uint64_t hash = seed ^ key.size();
  const char* at = key.data();
  size_t left = key.size();
  for (; left >= 16; at += 16, left -= 16) {
    hash = Mix(Load64(at) ^ kFirst ^ hash, Load64(at + 8) ^ kSecond);
  }
  char last[16] = {};
  if (left > 0) std::memcpy(last, at, left);
  hash = Mix(Load64(last) ^ kFirst ^ hash, Load64(last + 8) ^ kSecond);
  return Mix(hash ^ kFirst, kSecond ^ seed);
}

}  // namespace

KeyTable::KeyTable() : seed_(0x9e3779b97f4a7c15), bucket_(kFirstBuckets) {
  uint64_t random = 0;
  // Without randomness (early boot) the constant has to do.
  if (getrandom(&random, sizeof random, GRND_NONBLOCK) == sizeof random) seed_ = random;
}

uint32_t KeyTable::HashOf(std::string_view key) const {
  return static_cast<uint32_t>(Hash(key, seed_) >> 32);
}

size_t KeyTable::Find(std::string_view key, uint32_t hash) const {
  const size_t mask = bucket_.size() - 1;
  size_t at = hash & mask;
  while (bucket_[at].id_plus_one != 0) {
    if (bucket_[at].hash == hash && Text(bucket_[at].id_plus_one - 1) == key) break;
    at = (at + 1) & mask;
  }
  return at;
}

uint32_t KeyTable::Intern(std::string_view key) {
  const uint32_t hash = HashOf(key);
  const size_t at = Find(key, hash);
  if (bucket_[at].id_plus_one != 0) return bucket_[at].id_plus_one - 1;

  const uint32_t id = size();
  text_.push_back(Keep(key));
  bucket_[at] = {hash, id + 1};
  if (text_.size() * 2 > bucket_.size()) Grow();
  return id;
}

KeyTexts KeyTable::Texts(uint32_t from, uint32_t count, size_t max_bytes) const {
  KeyTexts texts;
  const uint32_t to = from + std::min(count, size() - std::min(from, size()));
  for (uint32_t id = from; id < to && texts.text.size() < max_bytes; ++id) {
    texts.text += Text(id);
    texts.end.push_back(static_cast<uint32_t>(texts.text.size()));
  }
  return texts;
}

std::string_view KeyTable::Keep(std::string_view key) {
  if (key.size() > block_left_) {
    block_left_ = std::max(key.size(), kBlockBytes);
    block_.push_back(std::make_unique_for_overwrite<char[]>(block_left_));
    block_end_ = block_.back().get() + block_left_;
  }
  char* const kept = block_end_ - block_left_;
  std::copy(key.begin(), key.end(), kept);
  block_left_ -= key.size();
  text_bytes_ += key.size();
  return {kept, key.size()};
}

void KeyTable::Grow() {
  std::vector<Bucket> bigger(bucket_.size() * 2);
  const size_t mask = bigger.size() - 1;
  for (const Bucket& bucket : bucket_) {
    if (bucket.id_plus_one == 0) continue;
    size_t at = bucket.hash & mask;
    while (bigger[at].id_plus_one != 0) at = (at + 1) & mask;
    bigger[at] = bucket;
  }
  bucket_.swap(bigger);
}

}  // namespace promfold
