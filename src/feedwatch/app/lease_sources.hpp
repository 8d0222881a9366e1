#pragma once

#include <functional>
#include <string>
#include <utility>

#include "feedwatch/app/venue_homes.hpp"
#include "feedwatch/engine/positions.hpp"

namespace feedwatch::app {

/// Gets positions the streams they need, on whichever shard has the venue. The control's thread.
class LeaseSources final : public engine::PriceSources {
 public:
  using Want = std::function<void(const StreamKey&, engine::PriceNeed, Done)>;
  using Unwant = std::function<void(const StreamKey&, Done)>;

  /// `want` and `unwant` answer on the control's thread; `homes` outlives it.
  LeaseSources(const VenueHomes& homes, Want want, Unwant unwant)
      : homes_(homes), want_(std::move(want)), unwant_(std::move(unwant)) {}

  std::optional<Kind> kind_at(const std::string& venue) const override {
    return homes_.protected_by(venue);
  }
  bool has_kind(const std::string& venue, Kind kind) const override {
    return homes_.offers(venue, kind);
  }
  void want(const StreamKey& stream, engine::PriceNeed need, Done done) override {
    want_(stream, need, std::move(done));
  }
  void unwant(const StreamKey& stream) override {
    // A venue that is gone has taken its leases with it.
    unwant_(stream, [](const Result<void>&) {});
  }

 private:
  const VenueHomes& homes_;
  Want want_;
  Unwant unwant_;
};

}  // namespace feedwatch::app
