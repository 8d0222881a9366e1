#include "feedwatch/engine/unstored_positions.hpp"

#include <algorithm>
#include <variant>

#include "feedwatch/base/doubling.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

PositionKey key_of(const PositionRow& row) {
  return {row.venue, row.symbol, row.id};
}

}  // namespace

void UnstoredPositions::on_pushed(const PositionRow& row) {
  ++flights_[key_of(row)].rows;
  if (row.closed_at) {
    ends_.insert_or_assign(key_of(row), row);
  } else {
    ends_.erase(key_of(row));
  }
}

std::optional<PositionKey> UnstoredPositions::on_done(const JournalBatch& batch,
                                                      JournalQueue::End end, MonoTime now) {
  std::optional<PositionKey> refused;
  for (const JournalRow& row : batch.rows) {
    const auto* position = std::get_if<PositionRow>(&row);
    if (position == nullptr) continue;
    const PositionKey key = key_of(*position);
    if (end == JournalQueue::End::written) {
      wrote(key, *position);
    } else {
      const bool alone = batch.rows.size() == 1;
      refused = gave_up(key, *position, end == JournalQueue::End::refused, alone, now);
    }
    arrived(key);
  }
  return refused;
}

bool UnstoredPositions::is_suspect(const PositionKey& position) const {
  const auto it = items_.find(position);
  return it != items_.end() && it->second.suspect;
}

void UnstoredPositions::wrote(const PositionKey& key, const PositionRow& row) {
  Flight& flight = flights_[key];
  const auto it = items_.find(key);
  if (flight.written && row.updated_at < *flight.written) {
    // The store had a newer one. At the bound it keeps this.
    if (it == items_.end() && items_.size() < options_.capacity) {
      items_.try_emplace(key, Item{.updated_at = *flight.written});
      waiting_.emplace(MonoTime::min(), key);
    }
    return;
  }
  flight.written = row.updated_at;
  if (it == items_.end()) return;
  // An older row that was on its way meanwhile proves nothing, nor does an open one an end.
  if (ends_.contains(key) && !row.closed_at) return;
  const WallTime given_up = it->second.updated_at;
  if (row.updated_at < given_up || (row.updated_at == given_up && !it->second.flying)) return;
  land(it);
  items_.erase(it);
}

/// What was on its way is there, or given up.
void UnstoredPositions::arrived(const PositionKey& key) {
  const auto flight = flights_.find(key);
  if (--flight->second.rows > 0) return;
  flights_.erase(flight);
  if (!items_.contains(key)) ends_.erase(key);
}

std::optional<PositionKey> UnstoredPositions::gave_up(const PositionKey& key,
                                                      const PositionRow& row, bool refused,
                                                      bool alone, MonoTime now) {
  auto it = items_.find(key);
  if (it != items_.end()) {
    land(it);
  } else if (items_.size() < options_.capacity) {
    it = items_.try_emplace(key).first;
  } else {
    return std::nullopt;
  }
  Item& item = it->second;
  item.updated_at = std::max(item.updated_at, row.updated_at);
  if (refused) {
    // Among others it need not be the one at fault.
    item.suspect = true;
    if (alone) ++item.refusals;
    item.next = plus(now, doubling(options_.retry_first, options_.retry_max, item.refusals));
  }
  waiting_.emplace(item.next, key);
  return refused && alone && item.refusals == 1 ? std::optional(key) : std::nullopt;
}

/// Neither on its way nor waiting.
void UnstoredPositions::land(Items::iterator it) {
  auto& [key, item] = *it;
  if (!item.flying) {
    waiting_.erase({item.next, key});
  } else if (item.suspect) {
    --flying_suspects_;
  }
  item.flying = false;
}

std::vector<UnstoredPositions::Push> UnstoredPositions::due(
    std::size_t room, const std::function<std::string()>& next_key, const OpenRow& open_row,
    MonoTime now) {
  std::vector<Push> pushes;
  while (room > 0 && next_deadline() <= now) {
    const auto it = items_.find(waiting_.begin()->second);
    const bool suspect = it->second.suspect;
    std::optional<PositionRow> row = load(it, open_row);
    if (!row) continue;
    const bool joins = !suspect && !pushes.empty() && !pushes.back().suspect &&
                       pushes.back().batch.rows.size() < options_.batch_rows;
    if (!joins) pushes.push_back({{.idempotency_key = next_key(), .rows = {}}, suspect});
    pushes.back().batch.rows.emplace_back(std::move(*row));
    --room;
  }
  return pushes;
}

/// As it is now: nothing is older than that.
std::optional<PositionRow> UnstoredPositions::load(Items::iterator it, const OpenRow& open_row) {
  auto& [key, item] = *it;
  land(it);
  std::optional<PositionRow> row = open_row(key);
  if (const auto end = ends_.find(key); !row && end != ends_.end()) row = end->second;
  if (!row) {
    items_.erase(it);
    return row;
  }
  item.updated_at = row->updated_at;
  item.flying = true;
  ++flights_[key].rows;
  if (item.suspect) {
    ++flying_suspects_;
    if (hurried_left_) --*hurried_left_;
  }
  return row;
}

void UnstoredPositions::hurry(MonoTime now) {
  if (hurried_left_) return;
  hurried_left_ = options_.hurried;
  for (const auto& [at, key] : std::exchange(waiting_, {})) {
    Item& item = items_.at(key);
    item.next = std::min(at, now);
    waiting_.emplace(item.next, key);
  }
}

MonoTime UnstoredPositions::next_deadline() const {
  if (waiting_.empty()) return never_mono;
  const auto& [next, key] = *waiting_.begin();
  const bool are_held = flying_suspects_ >= options_.suspects || hurried_left_ == 0;
  return are_held && items_.at(key).suspect ? never_mono : next;
}

}  // namespace feedwatch::engine
