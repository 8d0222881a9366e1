// What a session asks a venue for: together, within its budgets, and what the answers mean.

#include <algorithm>
#include <iterator>
#include <utility>

#include "feedwatch/feed/session.hpp"

namespace feedwatch::feed {

void Session::enqueue(const std::vector<TopicId>& topics, bool subscribe, bool again) {
  std::vector<venues::Topic> wires;
  std::map<venues::Topic, TopicId> ids;
  wires.reserve(topics.size());
  for (const TopicId topic : topics) {
    wires.push_back(entries_.at(topic).wire);
    ids.emplace(wires.back(), topic);
  }
  auto requests =
      subscribe ? venue_.subscribe(wires, next_request_) : venue_.unsubscribe(wires, next_request_);
  next_request_ += requests.size();
  // A venue cuts the list as its requests want it, by channel for example.
  for (venues::ClientRequest& wire : requests) {
    Request request{.subscribe = subscribe, .again = again};
    for (const venues::Topic& topic : wire.topics) request.topics.push_back(ids.at(topic));
    request.wire = std::move(wire);
    queue_.push_back(std::move(request));
  }
}

void Session::end_subscriptions(const std::vector<venues::Topic>& wires) {
  auto requests = venue_.unsubscribe(wires, next_request_);
  next_request_ += requests.size();
  for (venues::ClientRequest& wire : requests) {
    queue_.push_back({.wire = std::move(wire), .topics = {}, .subscribe = false});
  }
}

/// When they can be sent: what was wanted or given up while the budget was spent goes out together.
void Session::form_requests(MonoTime now) {
  formed_ = now;
  if (!given_up_.empty()) end_subscriptions({given_up_.begin(), given_up_.end()});
  given_up_.clear();
  if (!fresh_.empty()) enqueue({fresh_.begin(), fresh_.end()}, true);
  fresh_.clear();
}

void Session::flush(MonoTime now) {
  while (!(queue_.empty() && fresh_.empty() && given_up_.empty()) && next_request_at(now) <= now) {
    if (queue_.empty()) form_requests(now);
    messages_.charge(now);
    requests_.charge(now);
    Request request = std::move(queue_.front());
    queue_.pop_front();
    port_.send_text(conn_, request.wire.text);
    note_sent(request, now);
    request.sent = now;
    in_flight_.insert_or_assign(request.wire.id, std::move(request));
  }
}

MonoTime Session::next_request_at(MonoTime now) const {
  // What is given up must not wait to be asked for again until the budget's window is over.
  const std::uint32_t together = !queue_.empty() && queue_.front().begins_pair() ? 2 : 1;
  const MonoTime gathered = queue_.empty() && formed_ ? *formed_ + gather : MonoTime::min();
  return std::max({messages_.next_allowed(now, together), requests_.next_allowed(now, together),
                   ask_again_at_, gathered});
}

/// The venue has had enough of our requests: the same topics again, together and later.
void Session::ask_later(const Request& request, const std::vector<TopicId>& topics, MonoTime now) {
  ask_again_at_ = now + ask_pause_;
  ask_pause_ = std::min(2 * ask_pause_, ask_pause_longest);
  if (!request.subscribe && !request.again) {
    // Wanted again meanwhile, it would be cut: a subscription that was never ended does no harm.
    std::ranges::copy_if(request.wire.topics, std::inserter(given_up_, given_up_.end()),
                         [&](const venues::Topic& wire) {
                           return std::ranges::none_of(entries_, [&](const auto& entry) {
                             return entry.second.wire == wire;
                           });
                         });
  }
  std::vector<TopicId> known;
  std::ranges::copy_if(topics, std::back_inserter(known),
                       [&](TopicId topic) { return entries_.contains(topic); });
  if (!known.empty()) enqueue(known, request.subscribe, request.again);
}

void Session::note_sent(const Request& request, MonoTime now) {
  if (!request.subscribe) return;
  for (const TopicId topic : request.topics) {
    const auto found = entries_.find(topic);
    if (found == entries_.end()) continue;
    Entry& entry = found->second;
    entry.next_epoch = ++epochs_;
    entry.coverage.requested = now;
    entry.coverage.acknowledged.reset();
    entry.coverage.refused = false;
    // The first subscription has no earlier epoch that early data could belong to.
    if (!entry.coverage.resubscribing) {
      entry.coverage.epoch = entry.next_epoch;
      entry.coverage.seen.reset();
      unseen_.insert(topic);
    }
  }
}

void Session::on_ack(const venues::Ack& ack, MonoTime now) {
  if (ack.topics.empty() && !ack.complete) {
    const auto found = ack.request_id ? in_flight_.find(*ack.request_id) : in_flight_.begin();
    if (found == in_flight_.end()) return;
    const Request request = std::move(found->second);
    in_flight_.erase(found);
    settle(request, request.topics, ack, now);
  } else {
    for (auto at = in_flight_.begin(); at != in_flight_.end();) {
      const bool meant = !ack.request_id || *ack.request_id == at->first;
      const bool answered = meant && settle_some(at->second, ack, now);
      at = answered ? in_flight_.erase(at) : std::next(at);
    }
  }
  flush(now);
  check_live(now);
}

/// The answer speaks of single topics: those of the request it speaks of are settled. True when
/// none is left to wait for.
bool Session::settle_some(Request& request, const venues::Ack& ack, MonoTime now) {
  const auto spoken_of = [&](TopicId topic) {
    const auto entry = entries_.find(topic);
    if (entry == entries_.end()) return true;
    const bool named = std::ranges::find(ack.topics, entry->second.wire) != ack.topics.end();
    return ack.complete ? named == request.subscribe : named;
  };
  std::vector<TopicId> settled;
  std::ranges::copy_if(request.topics, std::back_inserter(settled), spoken_of);
  std::erase_if(request.topics, spoken_of);
  settle(request, settled, ack, now);
  return request.topics.empty();
}

void Session::settle(const Request& request, const std::vector<TopicId>& topics,
                     const venues::Ack& ack, MonoTime now) {
  if (ack.too_often) return ask_later(request, topics, now);
  if (ack.ok) ask_pause_ = ask_pause_first;
  if (!request.subscribe) return;
  if (ack.ok) {
    acknowledge(topics, now);
  } else {
    // Named by the venue, or asked for alone: it is this one.
    refuse(topics, !ack.topics.empty() || request.wire.topics.size() == 1, ack.message);
  }
}

void Session::acknowledge(const std::vector<TopicId>& topics, MonoTime now) {
  for (const TopicId topic : topics) {
    const auto found = entries_.find(topic);
    if (found == entries_.end()) continue;
    Coverage& coverage = found->second.coverage;
    coverage.acknowledged = now;
    if (coverage.resubscribing) {
      coverage.resubscribing = false;
      coverage.epoch = found->second.next_epoch;
      coverage.seen.reset();
      unseen_.insert(topic);
    }
    happened_.acknowledged.push_back(topic);
  }
}

// One bad topic can fail its whole batch: each is asked for again by itself, and only the one that
// is refused alone is the bad one.
void Session::refuse(const std::vector<TopicId>& topics, bool certain, const std::string& message) {
  for (const TopicId topic : topics) {
    const auto found = entries_.find(topic);
    if (found == entries_.end()) continue;
    if (!certain) {
      enqueue({topic}, true);
      continue;
    }
    found->second.coverage.refused = true;
    found->second.coverage.resubscribing = false;
    unseen_.erase(topic);
    happened_.refused.emplace_back(topic, message);
  }
}

}  // namespace feedwatch::feed
