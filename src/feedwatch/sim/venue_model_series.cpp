// A market that moves as a real one did.

#include "feedwatch/sim/venue_model.hpp"

namespace feedwatch::sim {

/// Only the next trade stands in the queue: a day of them would fill it.
void VenueModel::play(const PlayedSeries& played, std::size_t next, MonoTime begin) {
  const auto& trades = played.series->trades;
  if (next == trades.size()) {
    if (!played.again) return;
    begin += trades.back().at + PlayedSeries::pause;
    next = 0;
  }
  queue_.add(begin + trades[next].at, Turn::world, [this, played, next, begin] {
    trade(played, played.series->trades[next].price);
    play(played, next + 1, begin);
  });
}

void VenueModel::trade(const PlayedSeries& played, const Decimal& price) {
  const venues::Topic topic{*venues::channel_for(setup_.side->sheet(), played.kind), played.symbol};
  if (fault(FaultType::frozen, played.symbol) == nullptr) {
    market_.at(played.symbol).pin(played.kind, {price, {}});
  }
  ++seqs_.try_emplace(topic, first_seq).first->second;
  moved_[topic] = clock_.now();
  publish_symbol(topic.channel, played.symbol, {});
}

}  // namespace feedwatch::sim
