#include "feedwatch/store/state_cache.hpp"

#include <utility>

namespace feedwatch::store {

void StateCache::load(StateRecords records) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, value] : records) {
    bytes_ += key.size() + value.size();
    records_.insert_or_assign(std::move(key), std::move(value));
  }
}

void StateCache::load_missing(StateRecords records) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, value] : records) {
    const std::size_t size = key.size() + value.size();
    if (records_.try_emplace(std::move(key), std::move(value)).second) bytes_ += size;
  }
}

StateRecords StateCache::all() const {
  const std::lock_guard lock(mutex_);
  return {records_.begin(), records_.end()};
}

std::optional<std::string> StateCache::get(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = records_.find(key);
  return it == records_.end() ? std::nullopt : std::optional{it->second};
}

void StateCache::put(const std::string& key, std::string value) {
  const std::lock_guard lock(mutex_);
  put_locked(key, std::move(value));
}

void StateCache::update(const std::string& key, const StateStore::Change& change) {
  const std::lock_guard lock(mutex_);
  const auto it = records_.find(key);
  put_locked(key, change(it == records_.end() ? std::nullopt : std::optional{it->second}));
}

void StateCache::put_locked(const std::string& key, std::string value) {
  const auto it = records_.find(key);
  const std::size_t before = it == records_.end() ? 0 : key.size() + it->second.size();
  const std::size_t after = bytes_ - before + key.size() + value.size();
  if (after > max_bytes_) {
    ++refused_;
    return;
  }
  bytes_ = after;
  if (it == records_.end()) {
    records_.emplace(key, std::move(value));
  } else {
    it->second = std::move(value);
  }
  dirty_.insert(key);
  ++changes_;
}

StateRecords StateCache::take_dirty() {
  const std::lock_guard lock(mutex_);
  StateRecords out;
  out.reserve(dirty_.size());
  for (const std::string& key : std::exchange(dirty_, {})) out.emplace_back(key, records_.at(key));
  return out;
}

void StateCache::give_back(const StateRecords& records) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, value] : records) dirty_.insert(key);
}

bool StateCache::dirty() const {
  const std::lock_guard lock(mutex_);
  return !dirty_.empty();
}

std::uint64_t StateCache::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

std::uint64_t StateCache::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace feedwatch::store
