#include "feedwatch/replay/holder.hpp"

#include <tuple>

namespace feedwatch::replay {
namespace {

constexpr const char* owner = "positions";

}  // namespace

Holder::Holder(const engine::ShardOptions& options, engine::PriceTap& tap) : tap_(tap) {
  for (const auto& venue : options.venues) venues_.emplace(venue.name, venue.venue);
}

std::optional<Kind> Holder::kind_at(const std::string& venue) const {
  const auto found = venues_.find(venue);
  if (found == venues_.end()) return std::nullopt;
  return engine::protecting_kind(found->second->sheet());
}

bool Holder::has_kind(const std::string& venue, Kind kind) const {
  const auto found = venues_.find(venue);
  return found != venues_.end() && venues::channel_for(found->second->sheet(), kind);
}

void Holder::want(const StreamKey& stream, engine::PriceNeed need, Done done) {
  waiting_.emplace_back([this, stream, need, done = std::move(done)] {
    const auto wanted = shard_->want(stream, owner, Duration::zero());
    if (!wanted) return done(std::unexpected(wanted.error()));
    engine::PriceTap::serve(shard_->monitor(), *wanted, tap_, need);
    done({});
  });
}

void Holder::unwant(const StreamKey& stream) {
  waiting_.emplace_back([this, stream] {
    if (const auto id = shard_->monitor().find(stream)) {
      engine::PriceTap::detach(shard_->monitor(), *id, tap_);
    }
    shard_->unwant(stream, owner);
  });
}

void Holder::on_decision(const PositionDecisionRow& row) {
  decisions_.push_back(row);
  if (row.type != "activated" && row.type != "stop_moved") return;
  waiting_.emplace_back([this, key = PositionKey{row.venue, row.symbol, row.position},
                         number = static_cast<std::uint64_t>(row.number)] {
    std::ignore = control_->answer_decision(key, number, true);
  });
}

bool Holder::settle() {
  if (waiting_.empty()) return false;
  for (const auto& each : std::exchange(waiting_, {})) each();
  return true;
}

}  // namespace feedwatch::replay
