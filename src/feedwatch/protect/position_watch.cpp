#include "feedwatch/protect/position_watch.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {

std::optional<PositionEvent> PositionWatch::on_accepted(MonoTime now) {
  served_ = true;
  const std::optional<MonoTime> since = refused_since_;
  refused_since_.reset();
  if (!recorded_) return std::nullopt;
  recorded_ = false;
  return PositionEvent{PositionEvent::Type::refusal_ended, Reason::ok, std::nullopt,
                       since ? now - *since : Duration::zero()};
}

std::optional<PositionEvent> PositionWatch::on_refused(Reason reason,
                                                       std::optional<Duration> staleness,
                                                       MonoTime now) {
  if (!refused_since_) refused_since_ = now;
  const bool expected = !served_ && now < plus(registered_, options_.appear_within);
  if (recorded_ || expected) return std::nullopt;
  recorded_ = true;
  return PositionEvent{PositionEvent::Type::refusal_began, reason, staleness, {}};
}

PositionFindings PositionWatch::findings(MonoTime now) const {
  return {
      .without_source = !has_source_ && now >= plus(registered_, options_.appear_within),
      .never_delivered = !served_ && now >= plus(registered_, options_.appear_within),
      .unprotected = refused_since_ && now >= plus(*refused_since_, options_.unprotected_after)};
}

MonoTime PositionWatch::next_deadline(MonoTime now) const {
  MonoTime next = never_mono;
  const auto consider = [&](MonoTime at) {
    if (at > now) next = std::min(next, at);
  };
  if (!has_source_ || !served_) consider(plus(registered_, options_.appear_within));
  if (refused_since_) consider(plus(*refused_since_, options_.unprotected_after));
  return next;
}

}  // namespace feedwatch
