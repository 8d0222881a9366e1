#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/store/backend.hpp"

namespace feedwatch::store {

/// All state records in memory and which of them the disk does not have yet. Bounded in bytes: a
/// record beyond the bound is refused and counted, the one it would have replaced stays.
/// Thread-safe.
class StateCache {
 public:
  explicit StateCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  void load(StateRecords records);
  /// Those whose keys are not here yet.
  void load_missing(StateRecords records);
  StateRecords all() const;

  std::optional<std::string> get(const std::string& key) const;
  void put(const std::string& key, std::string value);
  /// `change` is called under the lock.
  void update(const std::string& key, const StateStore::Change& change);

  /// The records to write now; they count as clean until give_back().
  StateRecords take_dirty();
  /// The write failed: dirty again, unless put in the meantime made them newer (still dirty).
  void give_back(const StateRecords& records);
  bool dirty() const;
  /// How many records have been put.
  std::uint64_t changes() const;
  std::uint64_t refused() const;

 private:
  void put_locked(const std::string& key, std::string value);

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> records_;
  std::set<std::string> dirty_;
  std::size_t bytes_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace feedwatch::store
