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

}  // namespace

/// Call when a message confirmed the price without carrying it.
void Monitor::Impl::notice_frozen(Stream& stream, MonoTime recv, MonoTime now) {
  if (!stream.slot.confirm_counts || stream.slot.frozen) return;
  const Duration alone = minus(recv, stream.slot.carried);
  if (alone < compared_after) return;
  Trouble& trouble = tracker.troubles().of(stream.own.watch);
  if (!trouble.beside) trouble.beside = beside(stream.slot, channel(stream).rules.kind);
  if (!trouble.beside || alone <= frozen_after) return;
  const auto other = unchecked_price(trouble.beside->stream);
  if (!other) trouble.beside.reset();  // it is gone: another is chosen the next time
  if (!other || !moved(trouble.beside->price, *other)) return;
  stream.slot.frozen = true;
  tracker.on_frozen(stream.subject(), now);
}

/// The same symbol's price of the first other kind that has one.
std::optional<Trouble::Beside> Monitor::Impl::beside(const Slot& slot, Kind kind) const {
  for (const Kind other : {Kind::last, Kind::mark, Kind::quote, Kind::index}) {
    if (other == kind) continue;
    const auto stream = board.view().sibling(slot, other);
    const auto price = stream ? unchecked_price(*stream) : std::nullopt;
    if (price) return Trouble::Beside{*stream, *price};
  }
  return std::nullopt;
}

/// As it is stored, however old.
std::optional<Decimal> Monitor::Impl::unchecked_price(StreamId id) const {
  if (!board.holds(id)) return std::nullopt;
  const Slot slot = board.own(id);
  return slot.received ? std::optional{slot.prices.price} : std::nullopt;
}

}  // namespace feedwatch
