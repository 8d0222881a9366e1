#include "feedwatch/feed/session.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::feed {

namespace {
constexpr std::uint32_t no_epoch = 0;
}  // namespace

Session::Session(const venues::Venue& venue, FeedPort& port, ConnId conn, std::uint32_t& epochs,
                 MonoTime now, SessionLimits limits)
    : venue_(venue),
      port_(port),
      conn_(conn),
      epochs_(epochs),
      limits_(limits),
      dialled_(now),
      phase_since_(now),
      heartbeat_(venue.sheet(), limits.heartbeat),
      messages_(Budget::share_of(venue.sheet().messages)),
      requests_(Budget::share_of(venue.sheet().requests)) {}

const venues::ChannelSheet& Session::channel(const Entry& entry) const {
  return venue_.sheet().channels[entry.wire.channel];
}

// ---- wishes -------------------------------------------------------------------------------------

void Session::want(TopicId topic, const venues::Topic& wire, bool alone) {
  Entry entry{.wire = wire, .alone = alone};
  const venues::ChannelSheet& sheet = venue_.sheet().channels[wire.channel];
  entry.expects_data = sheet.cadence.type == CadenceType::clocked || sheet.snapshot_on_subscribe;
  entries_.insert_or_assign(topic, std::move(entry));
  by_topic_.outdate();
  if (state_ != State::subscribing && state_ != State::live) return;
  if (alone) {
    // The queue goes first: what ends the last subscription must stand in it before the next.
    if (given_up_.erase(wire) > 0) end_subscriptions({wire});
    enqueue({topic}, true);
  } else {
    fresh_.insert(topic);
  }
}

void Session::unwant(TopicId topic, MonoTime now) {
  const auto found = entries_.find(topic);
  if (found == entries_.end()) return;
  const bool asked = fresh_.erase(topic) == 0;
  if (asked && (state_ == State::subscribing || state_ == State::live)) {
    given_up_.insert(found->second.wire);
    flush(now);
  }
  unseen_.erase(topic);
  entries_.erase(found);
  by_topic_.outdate();
  // Its id may be given to another topic: no answer on its way may be taken for that one's.
  for (Request& request : queue_) std::erase(request.topics, topic);
  for (auto& [id, request] : in_flight_) std::erase(request.topics, topic);
  std::erase(happened_.acknowledged, topic);
  std::erase(happened_.overdue, topic);
  std::erase_if(happened_.refused, [&](const auto& item) { return item.first == topic; });
}

void Session::excuse(TopicId topic, bool excused, MonoTime now) {
  const auto found = entries_.find(topic);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const venues::ChannelSheet& sheet = channel(entry);
  entry.expects_data =
      !excused && (sheet.cadence.type == CadenceType::clocked || sheet.snapshot_on_subscribe);
  check_live(now);
}

void Session::resubscribe(TopicId topic, MonoTime now) {
  const auto found = entries_.find(topic);
  if (found == entries_.end() || state_ == State::dialling || state_ == State::closing) return;
  if (waits_to_be_sent(topic)) return;
  Entry& entry = found->second;
  entry.coverage.resubscribing = true;
  // The repair has its own deadline.
  entry.told_before = std::exchange(entry.overdue_told, true);
  enqueue({topic}, false, true);
  enqueue({topic}, true, true);
  flush(now);
}

bool Session::withdraw_resubscription(TopicId topic) {
  const auto found = entries_.find(topic);
  if (found == entries_.end()) return false;
  const auto is_its = [&](const Request& request) { return request.is_again(topic); };
  const auto first = std::ranges::find_if(queue_, is_its);
  // What waits for another reason is the only request that would ever ask for it.
  if (first == queue_.end()) return waits_to_be_sent(topic);
  if (first->subscribe) return false;  // given up already: it has to be asked for again
  std::erase_if(queue_, is_its);
  found->second.coverage.resubscribing = false;
  found->second.overdue_told = found->second.told_before;
  return true;
}

void Session::begin_closing() {
  state_ = State::closing;
}

// ---- events -------------------------------------------------------------------------------------

void Session::on_phase(DialPhase reached, MonoTime now) {
  if (state_ != State::dialling) return;
  phase_ = reached;
  phase_since_ = now;
  if (reached != DialPhase::open) return;
  state_ = State::subscribing;
  heartbeat_.open(now);
  std::vector<TopicId> together;
  for (const auto& [topic, entry] : entries_) {
    if (!entry.alone) together.push_back(topic);
  }
  if (!together.empty()) enqueue(together, true);
  for (const auto& [topic, entry] : entries_) {
    if (entry.alone) enqueue({topic}, true);
  }
  flush(now);
}

void Session::on_frames(std::size_t count, MonoTime now) {
  frames_ += count;
  heartbeat_.on_frame(now);
}

Session::Data Session::on_data(TopicId topic, MonoTime now) {
  if (!by_topic_.fresh()) by_topic_.make(entries_);
  Entry* found = by_topic_.find(topic);
  if (found == nullptr || state_ == State::closing) return {};
  Coverage& coverage = found->coverage;
  if (coverage.epoch == no_epoch) return {};
  coverage.heard = now;
  if (!std::exchange(data_heard_, true)) check_live(now);
  return {coverage.epoch, !coverage.seen, lag()};
}

void Session::on_evidence(TopicId topic, MonoTime now) {
  const auto found = entries_.find(topic);
  if (found == entries_.end() || found->second.coverage.seen) return;
  found->second.coverage.seen = now;
  unseen_.erase(topic);
  std::erase(happened_.overdue, topic);
}

void Session::on_decode_error() {
  if (++decode_errors_ >= limits_.decode_errors && unhealthy_because_.empty()) {
    unhealthy_because_ = std::to_string(decode_errors_) + " messages in a row could not be decoded";
  }
}

void Session::check_live(MonoTime now) {
  if (state_ != State::subscribing) return;
  const bool expects = std::ranges::any_of(entries_, [](const auto& item) {
    return item.second.expects_data && !item.second.coverage.refused;
  });
  // Data proves a line. Where no channel owes any, the acknowledgements are all there is.
  if (data_heard_ || (!expects && settled() && !entries_.empty())) {
    state_ = State::live;
    phase_since_ = now;
    live_since_ = now;
    happened_.became_live = true;
  }
}

Duration Session::first_data_limit(const Entry& entry) const {
  return std::max(limits_.first_data_clocked, 3 * channel(entry).cadence.period);
}

MonoTime Session::data_due(const Entry& entry) const {
  if (entry.coverage.acknowledged) return *entry.coverage.acknowledged + first_data_limit(entry);
  return *entry.coverage.requested + limits_.phase;
}

MonoTime Session::overdue_at(const Entry& entry) const {
  if (!entry.expects_data || entry.overdue_told || !entry.coverage.requested) return never_mono;
  return data_due(entry);
}

std::optional<MonoTime> Session::grace(TopicId topic, MonoTime now) const {
  const auto found = entries_.find(topic);
  if (found == entries_.end() || found->second.coverage.seen) return std::nullopt;
  const Entry& entry = found->second;
  if (entry.coverage.refused || entry.overdue_told) return std::nullopt;
  const MonoTime due = entry.coverage.requested ? data_due(entry) : now + limits_.phase;
  return due > now ? std::optional{due} : std::nullopt;
}

void Session::check_overdue(MonoTime now) {
  for (const TopicId topic : unseen_) {
    Entry& entry = entries_.at(topic);
    if (overdue_at(entry) > now) continue;
    entry.overdue_told = true;
    happened_.overdue.push_back(topic);
  }
}

// A lost acknowledgement must not be waited for for ever: what was asked is asked again by repair,
// topic by topic.
void Session::check_unanswered(MonoTime now) {
  std::erase_if(in_flight_, [&](const auto& item) {
    const Request& request = item.second;
    if (now - request.sent < limits_.phase) return false;
    for (const TopicId topic : request.topics) {
      const auto found = entries_.find(topic);
      if (!request.subscribe || found == entries_.end()) continue;
      Entry& entry = found->second;
      if (entry.coverage.seen || std::exchange(entry.overdue_told, true)) continue;
      happened_.overdue.push_back(topic);
    }
    return true;
  });
}

void Session::on_time(MonoTime now) {
  if (state_ == State::closing) return;
  const bool opening = state_ == State::dialling;
  if (opening || (state_ == State::subscribing && !entries_.empty())) {
    if (now - phase_since_ >= limits_.phase && unhealthy_because_.empty()) {
      unhealthy_because_ = opening ? "the connection did not open within 10 s"
                                   : "no acknowledgement or first data within 10 s";
    }
  }
  if (opening) return;
  // Before the queue: while a long one goes out at the pace of the budget, only pings tell that
  // somebody still takes it.
  if (heartbeat_.wants_ping(now) && messages_.try_spend(now)) {
    const std::string payload = heartbeat_.ping(now);
    if (venue_.sheet().ping == venues::PingStyle::text) {
      port_.send_text(conn_, venue_.ping_text());
    } else {
      port_.send_ping(conn_, payload);
    }
  }
  flush(now);
  check_overdue(now);
  check_unanswered(now);
}

// ---- facts --------------------------------------------------------------------------------------

Session::Health Session::health(MonoTime now) const {
  if (!unhealthy_because_.empty()) return Health::dead;
  if (state_ == State::dialling || state_ == State::closing) return Health::good;
  switch (heartbeat_.verdict(now)) {
    case Heartbeat::Verdict::alive:
      return Health::good;
    case Heartbeat::Verdict::suspect:
      return Health::suspect;
    case Heartbeat::Verdict::dead:
      return Health::dead;
  }
  return Health::good;
}

Duration Session::lag() const {
  const Duration round_trip = heartbeat_.round_trip().value_or(Duration::zero());
  return round_trip > limits_.lag ? round_trip : Duration::zero();
}

const Coverage* Session::coverage(TopicId topic) const {
  const auto found = entries_.find(topic);
  return found == entries_.end() ? nullptr : &found->second.coverage;
}

bool Session::owes_data(TopicId topic) const {
  const auto found = entries_.find(topic);
  return found != entries_.end() && found->second.expects_data && !found->second.coverage.seen;
}

std::size_t Session::expected_unseen() const {
  return static_cast<std::size_t>(std::ranges::count_if(entries_, [](const auto& item) {
    const Entry& entry = item.second;
    return entry.expects_data && !entry.coverage.seen && !entry.coverage.refused && !entry.alone;
  }));
}

bool Session::waits_to_be_sent(TopicId topic) const {
  return fresh_.contains(topic) || std::ranges::any_of(queue_, [&](const Request& request) {
           return request.subscribe &&
                  std::ranges::find(request.topics, topic) != request.topics.end();
         });
}

void Session::renew_epoch(TopicId topic) {
  const auto found = entries_.find(topic);
  if (found == entries_.end() || found->second.coverage.epoch == no_epoch) return;
  found->second.coverage.epoch = ++epochs_;
  found->second.coverage.seen.reset();
}

std::size_t Session::seen_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const auto& item) { return item.second.coverage.seen.has_value(); }));
}

MonoTime Session::next_deadline(MonoTime now) const {
  if (state_ == State::closing) return never_mono;
  MonoTime next = never_mono;
  const auto consider = [&](MonoTime t) { next = std::min(next, t); };
  if (unhealthy_because_.empty()) {
    if (state_ == State::dialling || (state_ == State::subscribing && !entries_.empty())) {
      consider(phase_since_ + limits_.phase);
    }
  }
  if (state_ == State::dialling) return next;
  if (!queue_.empty() || !fresh_.empty() || !given_up_.empty()) consider(next_request_at(now));
  if (heartbeat_.wants_ping(now)) consider(messages_.next_allowed(now));
  consider(heartbeat_.next_deadline(now));
  for (const TopicId topic : unseen_) consider(overdue_at(entries_.at(topic)));
  for (const auto& [id, request] : in_flight_) consider(request.sent + limits_.phase);
  return next;
}

Session::Happened Session::take_happened() {
  return std::exchange(happened_, {});
}

}  // namespace feedwatch::feed
