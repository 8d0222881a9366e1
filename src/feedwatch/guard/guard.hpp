#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/guard/decisions.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch {

/// What the caller is about to do with the price (semantics §5).
enum class Intent : std::uint8_t {
  increase_risk,  ///< open or add: a live price or none
  reduce_risk,    ///< close or protect: where the live price is refused, another source may serve
};

/// What reduce_risk may use where the live price is refused, in this order, each within a limit of
/// its own. Nothing by default.
struct Fallbacks {
  std::optional<Kind> sibling;  ///< the same symbol's price of another kind
  Duration sibling_max_age{};
  Duration bridge_max_age{};  ///< of the price REST told; zero = not to be used
};

struct PriceRequest {
  Duration max_age{};  ///< no default hides the age: zero accepts only age zero
  Intent intent = Intent::increase_risk;
  Basis basis = Basis::both;
  /// Count from `confirmed` instead of `carried`: the venue implied that the value still holds.
  bool accept_confirmed = false;
  Fallbacks sources{};
};

/// A price as a consumer may use it.
struct GuardedPrice {
  Price price;
  PriceSource source = PriceSource::live;
  /// First price in `degraded` of this episode that this consumer got: to be noted once
  /// (degraded_price_warning, semantics §5).
  bool first_degraded = false;
};

/// The monitor's verdicts for one named consumer, counted. Never fails open: whatever is not a
/// price young enough is a refusal, and of several refusals the live price's is told.
///
/// Any thread; never waits, never allocates (but that the C library notes, at a thread's first
/// question, what to do at its end). Holds references to monitor, decisions and clock, which
/// outlive it.
class Guard {
 public:
  /// `consumer` is registered with the decisions: on the thread that registers all.
  Guard(const Monitor& monitor, Decisions& decisions, std::string_view consumer,
        const Clock& clock);

  using Answer = std::expected<GuardedPrice, Refusal>;

  /// Judged at the moment of the call: the slot is read before the clock.
  Answer price(StreamId stream, const PriceRequest& request);
  Answer price(const StreamKey& key, const PriceRequest& request);
  /// Judged at a moment the caller names: for simulation and replay.
  Answer price_at(StreamId stream, const PriceRequest& request, MonoTime now);
  Answer price_at(const StreamKey& key, const PriceRequest& request, MonoTime now);

 private:
  template <class Now>
  Answer decide(StreamId stream, const PriceRequest& request, Now&& now);
  template <class Now>
  bool fallback(GuardedPrice& answer, const Slot& live, StreamId stream,
                const PriceRequest& request, Now&& now) const;
  StreamId named(const StreamKey& key) const;
  bool note_degraded(StreamId stream, const Price& price, MonoTime now);

  const Monitor& monitor_;
  Decisions::Consumer& consumer_;
  const Clock& clock_;
  /// By stream index: when a degraded price was last noted, in nanoseconds.
  std::unique_ptr<std::atomic<std::int64_t>[]> noted_;
};

}  // namespace feedwatch
