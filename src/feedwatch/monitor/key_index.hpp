#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch {

/// Which stream a key is. One writing thread; any number of readers, who never wait.
///
/// A chained hash table of immutable nodes. A removed node is unlinked at once and destroyed when
/// no reader is inside the table: readers count themselves in and out. With an unlinking store, the
/// look at the count, the counting-in and the reading of links all sequentially consistent, a
/// reader that comes after the writer saw nobody cannot find the node any more.
class KeyIndex {
 public:
  explicit KeyIndex(std::size_t capacity);
  ~KeyIndex();
  KeyIndex(const KeyIndex&) = delete;
  KeyIndex& operator=(const KeyIndex&) = delete;

  std::optional<StreamId> find(const StreamKey& key) const;
  /// Precondition: the key is not there.
  void insert(const StreamKey& key, StreamId stream);
  void erase(const StreamKey& key);

 private:
  struct Node;
  using Link = std::atomic<Node*>;
  class Reading;

  Link& bucket_of(const StreamKey& key) const;
  void reclaim();

  std::size_t bucket_mask_;
  std::unique_ptr<Link[]> buckets_;
  mutable std::atomic<std::uint64_t> readers_{0};
  std::vector<std::unique_ptr<Node>> retired_;
};

}  // namespace feedwatch
