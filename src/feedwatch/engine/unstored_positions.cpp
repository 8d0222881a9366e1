#include "feedwatch/engine/unstored_positions.hpp"

#include <algorithm>
#include <variant>

#include "feedwatch/base/doubling.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {

void UnstoredPositions::on_pushed(const PositionRow& row) {
  const PositionKey key{row.venue, row.symbol, row.id};
  if (row.closed_at) {
    ends_.insert_or_assign(key, row);
  } else {
    ends_.erase(key);
  }
}

std::vector<PositionKey> UnstoredPositions::on_done(const JournalBatch& batch,
                                                    JournalQueue::End end, MonoTime now) {
  std::vector<PositionKey> refused;
  for (const JournalRow& row : batch.rows) {
    if (const auto* position = std::get_if<PositionRow>(&row)) take(*position, end, now, refused);
  }
  return refused;
}

void UnstoredPositions::take(const PositionRow& row, JournalQueue::End end, MonoTime now,
                             std::vector<PositionKey>& refused) {
  const PositionKey key{row.venue, row.symbol, row.id};
  auto it = items_.find(key);
  if (end == JournalQueue::End::written) {
    const auto ended = ends_.find(key);
    if (ended != ends_.end() && row.updated_at >= ended->second.updated_at) ends_.erase(ended);
    // An older row that was on its way meanwhile proves nothing.
    if (it == items_.end() || row.updated_at < it->second.updated_at) return;
    land(it);
    items_.erase(it);
    return;
  }
  if (it == items_.end()) {
    if (items_.size() >= options_.capacity) {
      ends_.erase(key);
      return;
    }
    it = items_.try_emplace(key).first;
  } else {
    land(it);
  }
  Item& item = it->second;
  item.updated_at = std::max(item.updated_at, row.updated_at);
  if (end == JournalQueue::End::refused) {
    if (++item.refusals == 1) refused.push_back(key);
    item.next = plus(now, doubling(options_.retry_first, options_.retry_max, item.refusals));
  }
  queue_.emplace(item.next, key);
}

/// Neither on its way nor waiting.
void UnstoredPositions::land(Items::iterator it) {
  auto& [key, item] = *it;
  if (!item.flying) {
    queue_.erase({item.next, key});
  } else if (item.refusals > 0) {
    --flying_suspects_;
  }
  item.flying = false;
}

std::vector<UnstoredPositions::Push> UnstoredPositions::due(
    std::size_t room, const std::function<std::string()>& next_key, const OpenRow& open_row,
    MonoTime now) {
  std::vector<Push> pushes;
  room = std::min(room, options_.at_once);
  while (room > 0 && !queue_.empty() && queue_.begin()->first <= now) {
    const auto it = items_.find(queue_.begin()->second);
    const bool suspect = it->second.refusals > 0;
    if (suspect && flying_suspects_ >= options_.suspects) break;
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

std::optional<PositionRow> UnstoredPositions::load(Items::iterator it, const OpenRow& open_row) {
  auto& [key, item] = *it;
  land(it);
  std::optional<PositionRow> row = open_row(key);
  if (const auto ended = ends_.find(key); !row && ended != ends_.end()) row = ended->second;
  if (!row) {
    items_.erase(it);
    return row;
  }
  item.flying = true;
  if (item.refusals > 0) ++flying_suspects_;
  return row;
}

void UnstoredPositions::hurry(MonoTime now) {
  for (const auto& [at, key] : std::exchange(queue_, {})) {
    Item& item = items_.at(key);
    item.next = std::min(at, now);
    queue_.emplace(item.next, key);
  }
}

MonoTime UnstoredPositions::next_deadline() const {
  if (queue_.empty()) return never_mono;
  const MonoTime next = queue_.begin()->first;
  const bool is_blocked = next != MonoTime::min() && flying_suspects_ >= options_.suspects;
  return is_blocked ? never_mono : next;
}

bool UnstoredPositions::idle(MonoTime now) const {
  return next_deadline() > now;
}

}  // namespace feedwatch::engine
