#include "feedwatch/engine/decision_outbox.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "feedwatch/base/doubling.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

constexpr std::size_t remembered_reads = 4'096;  ///< several pages: decided() comes soon after

PositionKey position_of(const PositionDecisionRow& row) {
  return {row.venue, row.symbol, row.position};
}

/// What cannot be read says nothing: then all that is kept is delivered again.
DecisionMark mark_from(const std::optional<std::string>& text, WallTime since) {
  if (text) return read_mark(*text).value_or(DecisionMark{});
  DecisionMark mark;
  mark.since = since;
  return mark;
}

}  // namespace

void RecentKeys::add(const std::string& key) {
  keys_.insert(key);
  order_.push_back(key);
  while (order_.size() > most_) {
    keys_.erase(order_.front());
    order_.pop_front();
  }
}

DecisionOutbox::DecisionOutbox(DecisionOutboxOptions options,
                               const std::optional<std::string>& mark, const WallAnchor& started)
    : options_(options),
      from_(mark_from(mark, plus(started.wall, -options.look_back))),
      random_(options.seed),
      told_(options.told),
      read_(remembered_reads),
      read_to_(from_.begin()),
      read_at_(started.mono) {}

// ---- what is made, and leaves -------------------------------------------------------------------

bool DecisionOutbox::has_room(const Lane& lane) const {
  if (lane.waiting.empty()) return true;
  return lane.rows < options_.rows_of_position && rows_ < options_.rows;
}

/// What was turned away is older, and not read yet: nothing of its position may overtake it.
bool DecisionOutbox::turns_away(Lanes::iterator it) const {
  if (it != lanes_.end()) return false;
  return !turned_away_.empty() || lanes_.size() >= options_.known;
}

void DecisionOutbox::skip(Lane& lane, const PositionDecisionRow& row) {
  if (lane.skipped.empty()) ++skipping_;
  lane.skipped = row.id;
}

void DecisionOutbox::decided(const PositionDecisionRow& row, MonoTime now) {
  if (read_.take(row.id)) return;
  auto it = lanes_.find(position_of(row));
  if (turns_away(it)) {
    turned_away_ = row.id;
    return;
  }
  if (it == lanes_.end()) it = lanes_.try_emplace(position_of(row)).first;
  Lane& lane = it->second;
  if (lane.partial || !lane.skipped.empty() || !has_room(lane)) return skip(lane, row);
  lane.waiting.push_back({.seq = 0, .row = {}, .since = now});
  give_row(lane, lane.waiting.back(), row);
  ++unplaced_;
  look_at_head(it);
}

/// The newest of them has been read, and so have all.
void DecisionOutbox::end_turning_away() {
  turned_away_.clear();
  for (auto& [key, lane] : lanes_) lane.partial = false;
}

void DecisionOutbox::give_row(Lane& lane, Entry& entry, const PositionDecisionRow& row) {
  entry.row = row;
  ++lane.rows;
  ++rows_;
}

bool DecisionOutbox::may_leave(const Lane& lane) const {
  return lane.waiting.front().row && (lane.waiting.front().seq != 0 || new_may_leave_);
}

/// Nobody walks over all of them to find the oldest.
void DecisionOutbox::note_head(Lanes::iterator it) {
  auto& [key, lane] = *it;
  const auto since =
      lane.waiting.empty() ? std::nullopt : std::optional(lane.waiting.front().since);
  const auto before = std::exchange(lane.head_since, since);
  if (before == since) return;
  if (before) heads_.erase({*before, key});
  if (since) heads_.emplace(*since, key);
}

/// Has it leave when it may, or read when it has to be; a position without any is forgotten.
void DecisionOutbox::look_at_head(Lanes::iterator it) {
  note_head(it);
  const Lane& lane = it->second;
  if (lane.flying != 0) return;
  if (lane.waiting.empty()) {
    if (lane.skipped.empty()) lanes_.erase(it);
    return;
  }
  if (!lane.waiting.front().row) {
    hungry_.insert(lane.waiting.front().seq);
  } else if (may_leave(lane)) {
    ready_.emplace(lane.next, it->first);
  }
}

void DecisionOutbox::let_new_leave() {
  if (std::exchange(new_may_leave_, true)) return;
  for (auto it = lanes_.begin(); it != lanes_.end();) look_at_head(it++);
}

std::vector<DecisionOutbox::Attempt> DecisionOutbox::due(MonoTime now) {
  end_flights(now);
  if (!wanted_place()) read_at_ = std::max(read_at_, now);
  if (minus(now, read_at_) >= options_.store_patience) let_new_leave();
  std::vector<Attempt> attempts;
  if (now < paused_until_) return attempts;
  while (flights_.size() < options_.in_flight && !ready_.empty() && ready_.begin()->first <= now) {
    const PositionKey key = ready_.begin()->second;
    ready_.erase(ready_.begin());
    Lane& lane = lanes_.at(key);
    lane.flying = ++numbers_;
    flights_.emplace(lane.flying, Flight{key, plus(now, options_.attempt_limit)});
    attempts.push_back({lane.flying, *lane.waiting.front().row});
  }
  return attempts;
}

void DecisionOutbox::end_flights(MonoTime now) {
  std::vector<std::uint64_t> over;
  for (const auto& [number, flight] : flights_) {
    if (flight.ends <= now) over.push_back(number);
  }
  for (const std::uint64_t number : over) {
    on_result(number, {SinkResult::Status::retry, "no answer", {}}, now);
  }
}

bool DecisionOutbox::on_result(std::uint64_t number, const SinkResult& result, MonoTime now) {
  const auto flight = flights_.find(number);
  if (flight == flights_.end()) return false;
  const auto it = lanes_.find(flight->second.lane);
  flights_.erase(flight);
  it->second.flying = 0;
  using Status = SinkResult::Status;
  if (result.status == Status::retry || result.status == Status::gone) {
    failed(it, result, now);
    return false;
  }
  const bool refused = result.status == Status::failed;
  const Entry& head = it->second.waiting.front();
  if (refused) {
    ++counters_.refused;
    refused_at_ = now;
    refused_ = head.row->id + ": " + result.detail;
  } else {
    ++counters_.delivered;
    took_.observe(minus(now, head.since));
  }
  last_success_ = now;
  gone_ = 0;
  paused_until_ = MonoTime::min();
  finish(it);
  return refused;
}

void DecisionOutbox::finish(Lanes::iterator it) {
  Lane& lane = it->second;
  const Entry& head = lane.waiting.front();
  if (head.seq == 0) {
    told_.add(head.row->id);
    --unplaced_;
  }
  pop_head(lane);
  look_at_head(it);
}

void DecisionOutbox::pop_head(Lane& lane) {
  const Entry& head = lane.waiting.front();
  if (head.seq != 0) {
    open_.erase(head.seq);
    hungry_.erase(head.seq);
    mark_changed_ = true;
  }
  if (head.row) {
    --lane.rows;
    --rows_;
  }
  lane.waiting.pop_front();
  if (std::exchange(lane.failures, 0) > 0) --failing_;
  lane.next = MonoTime::min();
}

/// `gone` pauses everything once, however many attempts were under way.
void DecisionOutbox::failed(Lanes::iterator it, const SinkResult& result, MonoTime now) {
  Lane& lane = it->second;
  ++counters_.retries;
  last_error_ = result.detail;
  if (lane.failures++ == 0) ++failing_;
  const auto asked = [&](Duration wait) {
    if (!result.retry_after) return wait;
    return std::clamp(*result.retry_after, options_.retry_first, options_.retry_after_max);
  };
  lane.next = plus(now, asked(wait_after(lane.failures)));
  if (result.status == SinkResult::Status::gone && paused_until_ <= now) {
    paused_until_ = plus(now, asked(wait_after(++gone_)));
  }
  look_at_head(it);
}

Duration DecisionOutbox::wait_after(std::uint32_t failures) {
  const Duration wait = doubling(options_.retry_first, options_.retry_max, failures);
  return random_.between(wait / 2, wait);
}

// ---- what is read -------------------------------------------------------------------------------

/// Behind which place something is to be read.
std::optional<std::int64_t> DecisionOutbox::wanted_place() const {
  if (!hungry_.empty()) return *hungry_.begin() - 1;
  if (open_.size() >= options_.known) return std::nullopt;
  if (behind_ || unplaced_ > 0 || skipping_ > 0 || !turned_away_.empty() || !told_.empty()) {
    return read_to_;
  }
  return std::nullopt;
}

std::optional<DecisionOutbox::Reading> DecisionOutbox::reading(MonoTime now) {
  if (asked_ && minus(now, asked_at_) < options_.read_limit) return std::nullopt;
  asked_.reset();
  const std::optional<std::int64_t> after = wanted_place();
  if (!after || now < next_reading_) return std::nullopt;
  asked_ = Reading{.number = ++numbers_, .after = *after, .limit = options_.page};
  asked_at_ = now;
  return asked_;
}

void DecisionOutbox::on_read(std::uint64_t number, const Result<std::vector<WrittenDecision>>& read,
                             MonoTime now) {
  if (!asked_ || asked_->number != number) return;
  const Reading asked = *std::exchange(asked_, std::nullopt);
  next_reading_ = plus(now, options_.read_pause);
  if (!read) return;
  read_at_ = now;
  drop_missing(asked.after + 1, *read);
  for (const WrittenDecision& written : *read) {
    if (written.seq > read_to_) {
      take_new(written, now);
    } else {
      take_again(written);
    }
  }
  behind_ = read->size() >= asked.limit;
  if (behind_ || !hungry_.empty()) next_reading_ = now;
  if (behind_) return;
  if (!std::exchange(caught_up_, true)) mark_changed_ = true;
  let_new_leave();
}

void DecisionOutbox::take_new(const WrittenDecision& written, MonoTime now) {
  read_to_ = written.seq;
  mark_changed_ = true;
  const PositionDecisionRow& row = written.row;
  if (row.id == turned_away_) end_turning_away();
  if (from_.since ? row.created_at < *from_.since : from_.delivered(written.seq)) return;
  if (told_.take(row.id)) return;
  const auto [it, is_new] = lanes_.try_emplace(position_of(row));
  Lane& lane = it->second;
  if (is_new) lane.partial = !turned_away_.empty();
  open_.emplace(written.seq, it->first);
  if (!lane.skipped.empty() && lane.skipped == row.id) {
    lane.skipped.clear();
    --skipping_;
  } else if (give_place(lane, written)) {
    // At the start it has waited for that.
    look_at_head(it);
    return;
  } else {
    read_.add(row.id);
  }
  insert(it, written, now);
}

/// To the one of the same key that decided() has told of. False: it has not.
bool DecisionOutbox::give_place(Lane& lane, const WrittenDecision& written) {
  for (Entry& entry : lane.waiting) {
    if (entry.seq != 0 || entry.row->id != written.row.id) continue;
    entry.seq = written.seq;
    --unplaced_;
    return true;
  }
  return false;
}

/// Before what has no place yet, which was written later; but not before what is on its way.
void DecisionOutbox::insert(Lanes::iterator it, const WrittenDecision& written, MonoTime now) {
  Lane& lane = it->second;
  const auto head = lane.waiting.begin() + (lane.flying != 0 ? 1 : 0);
  const auto at =
      std::find_if(head, lane.waiting.end(), [](const Entry& entry) { return entry.seq == 0; });
  const bool room = at == head || has_room(lane);
  Entry& entry = *lane.waiting.insert(at, {.seq = written.seq, .row = {}, .since = now});
  if (room) give_row(lane, entry, written.row);
  look_at_head(it);
}

/// Only near the head: what is far behind it is read when its turn comes.
void DecisionOutbox::take_again(const WrittenDecision& written) {
  const auto known = open_.find(written.seq);
  if (known == open_.end()) return;
  const auto it = lanes_.find(known->second);
  Lane& lane = it->second;
  const std::size_t near = std::min(lane.waiting.size(), options_.rows_of_position);
  const auto end = lane.waiting.begin() + static_cast<std::ptrdiff_t>(near);
  const auto entry = std::find_if(lane.waiting.begin(), end,
                                  [&](const Entry& one) { return one.seq == written.seq; });
  if (entry == end || entry->row) return;
  if (entry != lane.waiting.begin() && !has_room(lane)) return;
  give_row(lane, *entry, written.row);
  hungry_.erase(written.seq);
  look_at_head(it);
}

/// The store no longer keeps it.
void DecisionOutbox::drop_missing(std::int64_t wanted, const std::vector<WrittenDecision>& rows) {
  if (!hungry_.contains(wanted) || (!rows.empty() && rows.front().seq == wanted)) return;
  const auto it = lanes_.find(open_.at(wanted));
  ++counters_.lost;
  pop_head(it->second);
  look_at_head(it);
}

// ---- what is said -------------------------------------------------------------------------------

MonoTime DecisionOutbox::next_deadline() const {
  MonoTime next = never_mono;
  for (const auto& [number, flight] : flights_) next = std::min(next, flight.ends);
  if (!ready_.empty() && flights_.size() < options_.in_flight) {
    next = std::min(next, std::max(ready_.begin()->first, paused_until_));
  }
  if (asked_) {
    next = std::min(next, plus(asked_at_, options_.read_limit));
  } else if (wanted_place()) {
    next = std::min(next, next_reading_);
  }
  if (!new_may_leave_) next = std::min(next, plus(read_at_, options_.store_patience));
  return next;
}

std::optional<std::string> DecisionOutbox::take_mark() {
  if (!std::exchange(mark_changed_, false)) return std::nullopt;
  if (from_.since && !caught_up_) return mark_text(from_);
  DecisionMark mark;
  mark.upto = std::max(read_to_, from_.upto);
  // No more than the text takes.
  const auto add = [&](std::int64_t seq) {
    if (mark.open.size() <= marked_open) mark.open.insert(mark.open.end(), seq);
  };
  for (const auto& [seq, key] : open_) {
    if (mark.open.size() > marked_open) break;
    add(seq);
  }
  std::for_each(from_.open.upper_bound(read_to_), from_.open.end(), add);
  return mark_text(mark);
}

bool DecisionOutbox::idle(MonoTime now) const {
  if (!flights_.empty()) return false;
  return now < paused_until_ || ready_.empty() || ready_.begin()->first > now;
}

DecisionOutbox::Health DecisionOutbox::health() const {
  Health health;
  health.pending = open_.size() + unplaced_;
  health.positions = lanes_.size();
  if (!heads_.empty()) {
    const auto& [since, key] = *heads_.begin();
    health.oldest = since;
    health.position = key.venue + "/" + key.symbol + "/" + key.id;
    health.failures = lanes_.at(key).failures;
  }
  health.last_error = last_error_;
  health.last_success = last_success_;
  health.refused_at = refused_at_;
  health.refused = refused_;
  health.settled = caught_up_ && failing_ == 0;
  return health;
}

}  // namespace feedwatch::engine
