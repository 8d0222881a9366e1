// What the venue says of itself.

#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

namespace {

constexpr std::size_t most_named_halts = 64;  ///< of one connection

}  // namespace

void VenueFeed::on_status(ConnId conn, const venues::SystemStatus& status, MonoTime now) {
  if (find(conn) == nullptr) return;
  const bool was = halted();
  for (const std::string& name : status.over) {
    for (auto& [from, halt] : halts_) halt.named.erase(name);
  }
  if (!status.trading) {
    Halt& halt = halts_[conn];
    halt.detail = status.detail;
    for (const std::string& name : status.lasting) {
      if (halt.named.size() < most_named_halts) halt.named.insert(name);
    }
    if (!was) begin_halt(now);
  } else if (status.over.empty()) {
    if (was) end_halt(now);
  } else {
    std::erase_if(halts_, [](const auto& item) { return item.second.named.empty(); });
    if (was && !halted()) end_halt(now);
  }
}

void VenueFeed::begin_halt(MonoTime now) {
  for (const auto& slot : slots_) {
    for (const TopicId topic : slot->topics) {
      Ladder& ladder = at(topic).ladder;
      ladder.on_cleared();
      note_exhausted(topic, now);
      if (!ladder.running()) climbing_.erase(topic);
      excuse(topic, true, now);
      update_reason(topic, now);
    }
    publish(*slot, now);
  }
  update_venue(now);
}

/// The connection that brought the word goes. By our own doing it goes on to another that stands.
void VenueFeed::pass_halt_on(ConnId from, MonoTime now) {
  auto word = halts_.extract(from);
  if (word.empty()) return;
  for (const auto& slot : slots_) {
    if (!slot->current || slot->current->conn() == from || !line_up(*slot)) continue;
    halts_.try_emplace(slot->current->conn(), std::move(word.mapped()));
    return;
  }
  if (!halted()) end_halt(now);
}

/// It trades again, or nobody says any longer that it does not.
void VenueFeed::end_halt(MonoTime now) {
  halts_.clear();
  for (const auto& slot : slots_) {
    for (const TopicId topic : slot->topics) {
      const TopicState& state = at(topic);
      excuse(topic, state.quarantined || state.instrument != Reason::ok, now);
      update_reason(topic, now);
      if (state.silent_since == never_mono) continue;
      suspect_copy(topic, state.silent_since,
                   state.clocked ? RepairStep::replace_line : RepairStep::resubscribe, now);
    }
    publish(*slot, now);
  }
  update_venue(now);
}

}  // namespace feedwatch::feed
