#include "feedwatch/monitor/key_index.hpp"

#include <bit>
#include <functional>

namespace feedwatch {

struct KeyIndex::Node {
  StreamKey key;
  StreamId stream;
  Link next{nullptr};
};

class KeyIndex::Reading {
 public:
  explicit Reading(std::atomic<std::uint64_t>& readers) : readers_(readers) { ++readers_; }
  ~Reading() { --readers_; }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  std::atomic<std::uint64_t>& readers_;
};

KeyIndex::KeyIndex(std::size_t capacity)
    : bucket_mask_(std::bit_ceil(2 * capacity + 1) - 1),
      buckets_(std::make_unique<Link[]>(bucket_mask_ + 1)) {}

KeyIndex::~KeyIndex() {
  for (std::size_t i = 0; i <= bucket_mask_; ++i) {
    for (Node* node = buckets_[i].load(); node != nullptr;) {
      const std::unique_ptr<Node> owned(node);
      node = owned->next.load();
    }
  }
}

std::optional<StreamId> KeyIndex::find(const StreamKey& key) const {
  const Reading reading(readers_);
  for (const Node* node = bucket_of(key).load(); node != nullptr; node = node->next.load()) {
    if (node->key == key) return node->stream;
  }
  return std::nullopt;
}

void KeyIndex::insert(const StreamKey& key, StreamId stream) {
  reclaim();
  Link& bucket = bucket_of(key);
  auto node = std::make_unique<Node>();
  node->key = key;
  node->stream = stream;
  node->next.store(bucket.load());
  bucket.store(node.release());
}

void KeyIndex::erase(const StreamKey& key) {
  for (Link* link = &bucket_of(key); Node* node = link->load(); link = &node->next) {
    if (node->key != key) continue;
    link->store(node->next.load());
    retired_.emplace_back(node);
    break;
  }
  reclaim();
}

KeyIndex::Link& KeyIndex::bucket_of(const StreamKey& key) const {
  return buckets_[std::hash<StreamKey>{}(key)&bucket_mask_];
}

void KeyIndex::reclaim() {
  if (readers_.load() == 0) retired_.clear();
}

}  // namespace feedwatch
