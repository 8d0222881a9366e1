#include "feedwatch/engine/unstored_decisions.hpp"

#include <algorithm>
#include <iterator>
#include <variant>

#include "feedwatch/base/doubling.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

constexpr std::string_view is_closed = "its position is closed";

std::string key_of_first(const std::vector<JournalRow>& rows) {
  for (const JournalRow& row : rows) {
    if (const auto* decision = std::get_if<PositionDecisionRow>(&row)) return decision->id;
  }
  return {};
}

bool is_memory(const JournalRow& row) {
  return std::holds_alternative<TrailingStopRow>(row) ||
         std::holds_alternative<AgedPositionRow>(row);
}

}  // namespace

void UnstoredDecisions::Roll::set(const PositionKey& position, MonoTime since,
                                  const std::string& key) {
  erase(position);
  by_position_.emplace(position, Item{since, key});
  by_age_.emplace(since, position);
}

void UnstoredDecisions::Roll::erase(const PositionKey& position) {
  const auto found = by_position_.find(position);
  if (found == by_position_.end()) return;
  by_age_.erase({found->second.since, position});
  by_position_.erase(found);
}

std::optional<UnstoredDecisions::Trouble> UnstoredDecisions::Roll::find(
    Trouble::Type type, const PositionKey& position) const {
  const auto found = by_position_.find(position);
  if (found == by_position_.end()) return std::nullopt;
  return Trouble{position, found->second.key, found->second.since, type};
}

std::optional<MonoTime> UnstoredDecisions::Roll::oldest() const {
  return by_age_.empty() ? std::nullopt : std::optional(by_age_.begin()->first);
}

void UnstoredDecisions::Roll::report(Trouble::Type type, MonoTime made_by, std::size_t most,
                                     std::vector<Trouble>& troubles,
                                     std::set<PositionKey>& named) const {
  for (const auto& [since, position] : by_age_) {
    if (since > made_by || most == 0) return;
    if (!named.insert(position).second) continue;
    --most;
    troubles.push_back({position, by_position_.at(position).key, since, type});
  }
}

void UnstoredDecisions::add(std::vector<DecidedRows> made, MonoTime now) {
  for (DecidedRows& one : made) {
    Entry entry{.rows = std::move(one.rows), .key = {}, .since = now};
    entry.key = key_of_first(entry.rows);
    const auto known = lanes_.find(one.position);
    const bool has_room = known != lanes_.end()
                              ? known->second.entries.size() < options_.of_position
                              : lanes_.size() < options_.positions;
    if (!has_room) {
      give_up(one.position, entry, "too many wait");
      continue;
    }
    const auto lane = lanes_.try_emplace(std::move(one.position)).first;
    lane->second.entries.push_back(std::move(entry));
    line_up(lane);
  }
}

std::vector<UnstoredDecisions::Push> UnstoredDecisions::due(
    std::size_t room, const std::function<std::string()>& next_key, MonoTime now) {
  std::vector<Push> pushes;
  const auto begin = [&](Queue& queue, std::size_t rows, bool suspect) {
    Push push{.batch = {.idempotency_key = next_key(), .rows = {}}, .suspect = suspect};
    Flight& flight = flights_[push.batch.idempotency_key];
    flight.suspect = suspect;
    while (!queue.empty() && push.batch.rows.size() < rows) {
      const PositionKey position = queue.begin()->second;
      queue.erase(queue.begin());
      load(position, push.batch, flight);
    }
    room -= std::min(room, push.batch.rows.size());
    pushes.push_back(std::move(push));
  };
  while (room > 0 && !ready_.empty()) begin(ready_, std::min(room, options_.batch_rows), false);
  while (room > 0 && flying_suspects_ < options_.suspects && !suspects_.empty() &&
         suspects_.begin()->first <= now) {
    ++flying_suspects_;
    begin(suspects_, 1, true);
  }
  return pushes;
}

void UnstoredDecisions::load(const PositionKey& position, JournalBatch& batch, Flight& flight) {
  Lane& lane = lanes_.at(position);
  lane.flying = true;
  std::vector<JournalRow> rows = std::exchange(lane.entries.front().rows, {});
  flight.parts.push_back({position, rows.size()});
  std::ranges::move(rows, std::back_inserter(batch.rows));
}

std::vector<PositionKey> UnstoredDecisions::on_done(const JournalBatch& batch,
                                                    JournalQueue::End end, MonoTime now) {
  const auto flight = flights_.extract(batch.idempotency_key);
  if (flight.empty()) return {};
  if (flight.mapped().suspect) --flying_suspects_;
  std::vector<PositionKey> stored;
  auto row = batch.rows.begin();
  for (const Flight::Part& part : flight.mapped().parts) {
    const auto behind = row + static_cast<std::ptrdiff_t>(part.rows);
    const auto lane = lanes_.find(part.position);
    lane->second.flying = false;
    if (end == JournalQueue::End::written) {
      pop(lane->second);
      if (lane->second.entries.empty()) stored.push_back(part.position);
    } else {
      lane->second.entries.front().rows.assign(row, behind);
      come_back(lane, end, now);
    }
    line_up(lane);
    row = behind;
  }
  return stored;
}

void UnstoredDecisions::come_back(Lanes::iterator it, JournalQueue::End end, MonoTime now) {
  Lane& lane = it->second;
  Entry& head = lane.entries.front();
  head.given_up = true;
  if (end == JournalQueue::End::refused) {
    ++head.refusals;
    lane.next = plus(now, doubling(options_.retry_first, options_.retry_max, head.refusals));
  }
  if (!head.closed && head.refusals < options_.refusals) return;
  give_up(it->first, head, head.closed ? is_closed : "the store refuses it");
  pop(lane);
}

void UnstoredDecisions::pop(Lane& lane) {
  lane.entries.pop_front();
  lane.next = MonoTime::min();
}

/// Has its first go when it may, and be named when it has to be; a position without any is
/// forgotten.
void UnstoredDecisions::line_up(Lanes::iterator it) {
  const auto& [position, lane] = *it;
  if (!lane.entries.empty() && !lane.flying) {
    const Entry& head = lane.entries.front();
    if (head.refusals > 0) {
      suspects_.emplace(lane.next, position);
    } else {
      ready_.emplace(head.since, position);
    }
  }
  const auto open = std::ranges::find(lane.entries, false, &Entry::closed);
  if (open == lane.entries.end()) {
    all_.erase(position);
  } else {
    all_.set(position, open->since, open->key);
  }
  if (open == lane.entries.end() || !open->given_up) {
    again_.erase(position);
  } else {
    again_.set(position, open->since, open->key);
  }
  if (lane.entries.empty()) lanes_.erase(it);
}

/// Of one position the first is named: what comes after it has a number that shows the hole.
void UnstoredDecisions::give_up(const PositionKey& position, const Entry& entry,
                                std::string_view why) {
  given_up_.push_back({position, entry.key, why});
  if (!entry.closed && !lost_.contains(position)) lost_.set(position, entry.since, entry.key);
}

void UnstoredDecisions::on_closed(const PositionKey& position) {
  lost_.erase(position);
  const auto it = lanes_.find(position);
  if (it == lanes_.end()) return;
  Lane& lane = it->second;
  for (Entry& entry : lane.entries) {
    entry.closed = true;
    // Of the next position of that name it would be the past.
    std::erase_if(entry.rows, is_memory);
  }
  if (const Entry& head = lane.entries.front(); !lane.flying) {
    ready_.erase({head.since, position});
    suspects_.erase({lane.next, position});
    if (head.given_up) {
      give_up(position, head, is_closed);
      pop(lane);
    }
  }
  line_up(it);
}

void UnstoredDecisions::hurry(MonoTime now) {
  for (const auto& [at, position] : std::exchange(suspects_, {})) {
    Lane& lane = lanes_.at(position);
    lane.next = std::min(at, now);
    suspects_.emplace(lane.next, position);
  }
}

std::optional<UnstoredDecisions::Trouble> UnstoredDecisions::trouble_of(const PositionKey& position,
                                                                        Duration late,
                                                                        MonoTime now) const {
  using Type = Trouble::Type;
  if (auto lost = lost_.find(Type::lost, position)) return lost;
  if (auto again = again_.find(Type::again, position)) return again;
  auto waits = all_.find(Type::late, position);
  return waits && waits->since <= plus(now, -late) ? waits : std::nullopt;
}

std::vector<UnstoredDecisions::Trouble> UnstoredDecisions::troubles(Duration late, std::size_t most,
                                                                    MonoTime now) const {
  std::vector<Trouble> troubles;
  std::set<PositionKey> named;
  lost_.report(Trouble::Type::lost, now, most, troubles, named);
  again_.report(Trouble::Type::again, now, most, troubles, named);
  all_.report(Trouble::Type::late, plus(now, -late), most, troubles, named);
  return troubles;
}

MonoTime UnstoredDecisions::next_deadline() const {
  if (suspects_.empty() || flying_suspects_ >= options_.suspects) return never_mono;
  return suspects_.begin()->first;
}

bool UnstoredDecisions::idle(MonoTime now) const {
  return flights_.empty() && ready_.empty() && next_deadline() > now;
}

}  // namespace feedwatch::engine
