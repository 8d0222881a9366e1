// A price that is confirmed again and again but never comes, while the same symbol's price of
// another kind moves: the venue's keep-alive runs on a book that is dead (semantics §3).
#include <array>

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

constexpr Duration frozen_after = 60s;
/// Confirmed alone for this long, the other kind's price is remembered to be compared with: early
/// enough to see nearly all it moves, late enough to spare streams that are only quiet.
constexpr Duration compared_after = 1s;
constexpr Decimal moved_by{2, 3};  // 0.2 %

bool moved(const Decimal& before, const Decimal& now) {
  const DecimalResult change = subtract(now, before);
  const DecimalResult distance = change ? abs(*change) : change;
  const DecimalResult least = multiply(before, moved_by);
  return distance && least && *distance > *least;
}

/// Whether a price says how the market moves: what is dead or frozen itself stands still as well.
bool lives(const Slot& slot, MonoTime now) {
  return level_at(slot, now) == Level::healthy && !slot.gate_closed && !slot.frozen;
}

}  // namespace

/// Call when a message confirmed the price without carrying it.
void Monitor::Impl::notice_frozen(Stream& stream, MonoTime recv, MonoTime now) {
  if (!stream.slot.confirm_counts || stream.slot.frozen) return;
  const Duration alone = minus(recv, stream.slot.carried);
  if (alone < compared_after) return;
  auto& beside = tracker.troubles().of(stream.own.watch).beside;
  if (beside && !still_tells(*beside, now)) beside.reset();
  if (!beside) beside = living_beside(stream.slot, channel(stream).rules.kind, now);
  if (!beside || alone <= frozen_after) return;
  if (!moved(beside->price, board.own(beside->stream).prices.price)) return;
  stream.slot.frozen = true;
  tracker.on_frozen(stream.subject(), now);
}

/// What has moved stays evidence when it dies.
bool Monitor::Impl::still_tells(const Trouble::Beside& beside, MonoTime now) const {
  if (!board.holds(beside.stream)) return false;
  const Slot slot = board.own(beside.stream);
  return lives(slot, now) || moved(beside.price, slot.prices.price);
}

/// The same symbol's price of another kind that lives: the one that came last.
std::optional<Trouble::Beside> Monitor::Impl::living_beside(const Slot& slot, Kind kind,
                                                            MonoTime now) const {
  std::optional<Trouble::Beside> freshest;
  MonoTime came = MonoTime::min();
  for (const Kind other : {Kind::last, Kind::mark, Kind::quote, Kind::index}) {
    const auto stream = other == kind ? std::nullopt : board.view().sibling(slot, other);
    if (!stream || !board.holds(*stream)) continue;
    const Slot its = board.own(*stream);
    if (!lives(its, now) || its.carried <= came) continue;
    freshest = Trouble::Beside{*stream, its.prices.price};
    came = its.carried;
  }
  return freshest;
}

}  // namespace feedwatch
