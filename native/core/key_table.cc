#include "key_table.h"

#include <sys/random.h>

#include <cstring>

namespace promfold {

namespace {

constexpr size_t kFirstBuckets = 1024;

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

uint32_t KeyTable::Intern(std::string_view key) {
  const uint32_t hash = static_cast<uint32_t>(Hash(key, seed_) >> 32);
  const size_t mask = bucket_.size() - 1;
  size_t at = hash & mask;
  while (bucket_[at].id_plus_one != 0) {
    const uint32_t id = bucket_[at].id_plus_one - 1;
    if (bucket_[at].hash == hash && Text(id) == key) return id;
    at = (at + 1) & mask;
  }

  const uint32_t id = size();
  text_.insert(text_.end(), key.begin(), key.end());
  end_.push_back(text_.size());
  bucket_[at] = {hash, id + 1};
  if (end_.size() * 2 > bucket_.size()) Grow();
  return id;
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
