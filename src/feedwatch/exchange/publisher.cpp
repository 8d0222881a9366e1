#include "feedwatch/exchange/publisher.hpp"

#include <algorithm>

namespace feedwatch::exchange {

Pace pace_of(const venues::ChannelSheet& sheet) {
  if (sheet.absent_is_unchanged) return Pace::delta;
  if (sheet.cadence.type != CadenceType::clocked) return Pace::on_change;
  return sheet.repeat_confirms || sheet.change_gap > Duration{} ? Pace::repeat : Pace::clock;
}

Kinds kinds_of(const venues::ChannelSheet& sheet) {
  Kinds kinds;
  for (const Kind kind : sheet.kinds) kinds.add(kind);
  return kinds;
}

TopicPublisher::TopicPublisher(const venues::ChannelSheet& sheet, MonoTime grid)
    : pace_(pace_of(sheet)),
      kinds_(kinds_of(sheet)),
      period_(std::max(sheet.cadence.period, Duration{1ms})),
      gap_(pace_ == Pace::delta            ? delta_gap
           : sheet.change_gap > Duration{} ? sheet.change_gap
           : pace_ == Pace::repeat         ? repeat_gap
                                           : Duration{}),
      grid_(grid),
      greets_(sheet.snapshot_on_subscribe || pace_ == Pace::delta || pace_ == Pace::repeat) {}

void TopicPublisher::on_subscribed(MonoTime now) {
  snapshot_sent_ = false;
  ever_sent_ = false;
  pending_ = {};
  if (greets_) {
    due_ = now;
  } else {
    due_ = pace_ == Pace::clock ? next_on_grid(now) : never_mono;
  }
}

void TopicPublisher::restart(MonoTime now) {
  if (pace_ == Pace::clock) return;
  snapshot_sent_ = false;
  due_ = now;
}

void TopicPublisher::on_change(Kinds changed, MonoTime now) {
  if (!kinds_.meets(changed)) return;
  pending_.add(Kinds{static_cast<std::uint8_t>(changed.bits & kinds_.bits)});
  if (pace_ == Pace::clock) return;
  due_ = std::min(due_, ever_sent_ ? std::max(now, last_ + gap_) : now);
}

std::optional<Emission> TopicPublisher::emission(MonoTime now) const {
  if (now < due_) return std::nullopt;
  if (pace_ == Pace::delta && snapshot_sent_)
    return Emission{.snapshot = false, .changed = pending_};
  return Emission{.snapshot = true, .changed = kinds_};
}

void TopicPublisher::sent(const Emission& emission, MonoTime now) {
  snapshot_sent_ = snapshot_sent_ || emission.snapshot;
  pending_ = {};
  dropped(now);
}

void TopicPublisher::dropped(MonoTime now) {
  ever_sent_ = true;
  last_ = now;
  switch (pace_) {
    case Pace::clock:
      due_ = next_on_grid(now);
      break;
    case Pace::repeat:
      due_ = next_repeat(now);
      break;
    case Pace::on_change:
    case Pace::delta:
      due_ = never_mono;
      break;
  }
}

void TopicPublisher::sent_capture(bool snapshot) {
  ever_sent_ = true;
  snapshot_sent_ = snapshot_sent_ || snapshot;
  pending_ = {};
}

/// The first moment of the fixed clock after `now`.
MonoTime TopicPublisher::next_on_grid(MonoTime now) const {
  const Duration since = now - grid_;
  Duration into = since % period_;
  if (into < Duration{}) into += period_;
  return now - into + period_;
}

}  // namespace feedwatch::exchange
