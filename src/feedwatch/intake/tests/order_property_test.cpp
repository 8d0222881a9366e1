/// The rules of order, against a list of all that was refused: nothing is remembered but the ticks
/// themselves.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <vector>

#include "feedwatch/intake/accept.hpp"

namespace feedwatch {
namespace {

using Type = Outcome::Type;

/// Semantics §3 as it is written.
class PlainOrder {
 public:
  enum class Answer : std::uint8_t { taken, refused, begun_again };

  void begin() {
    newest_.reset();
    older_.clear();
  }
  Answer offer(std::uint64_t seq, MonoTime at) {
    if (newest_ && seq < *newest_) {
      older_.push_back({seq, at});
      if (!begins_again()) return Answer::refused;
      take(seq);
      return Answer::begun_again;
    }
    take(seq);
    return Answer::taken;
  }

 private:
  struct Older {
    std::uint64_t seq;
    MonoTime at;
  };
  void take(std::uint64_t seq) {
    newest_ = seq;
    older_.clear();
  }
  /// The last five or more in a row rise among themselves, over a second or more.
  bool begins_again() const {
    std::size_t first = older_.size() - 1;
    while (first > 0 && older_[first - 1].seq < older_[first].seq) --first;
    return older_.size() - first >= 5 && older_.back().at - older_[first].at >= 1s;
  }

  std::optional<std::uint64_t> newest_;
  std::vector<Older> older_;
};

/// The gate with the slot it would fill.
struct Gate {
  intake::Rules rules{.kind = Kind::last, .seq_orders = true};
  intake::State state;
  intake::Doubt doubt;
  Slot slot;

  Outcome offer(const Tick& tick) {
    const intake::Decision decision = intake::accept(rules, state, doubt, slot, tick);
    if (decision.outcome.type == Type::accepted) {
      slot.received = true;
      slot.prices = decision.prices;
      slot.has_seq = true;
      slot.seq = *tick.seq;
    }
    return decision.outcome;
  }
};

RC_GTEST_PROP(OrderProperty, IsThatOfAPlainList, ()) {
  Gate gate;
  PlainOrder order;
  Tick tick;
  tick.epoch = 1;
  tick.fields.price = true;
  tick.mono_recv = mono_from_ns(1'000'000'000'000);
  std::uint64_t next = 1'000;
  int resets = 0;
  for (std::int64_t price = 1; price <= 60; ++price) {
    const int what = *rc::gen::inRange(0, 40);
    tick.restart = what == 0;
    tick.snapshot = what == 1;
    if (what == 2) ++tick.epoch;
    if (what <= 2) order.begin();
    // Mostly on from the last one, so that runs of older ticks rise; now and then somewhere else.
    next = what < 8 ? *rc::gen::inRange<std::uint64_t>(1, 1'000)
                    : next + *rc::gen::inRange<std::uint64_t>(what == 8 ? 0 : 1, 4);
    tick.seq = next;
    tick.mono_recv += *rc::gen::element<Duration>(0s, 250ms - 1ns, 250ms, 250ms, 400ms);
    tick.prices.price = Decimal{price, 0};  // never the same: a repeat is another matter
    const Outcome outcome = gate.offer(tick);
    const PlainOrder::Answer answer = order.offer(next, tick.mono_recv);
    const bool refused = answer == PlainOrder::Answer::refused;
    RC_ASSERT(outcome.type == (refused ? Type::rejected : Type::accepted));
    RC_ASSERT(outcome.rejection == (refused ? Rejection::out_of_order : Rejection::none));
    RC_ASSERT(outcome.sequence_reset == (answer == PlainOrder::Answer::begun_again));
    resets += outcome.sequence_reset ? 1 : 0;
  }
  RC_CLASSIFY(resets > 0, "began again");
}

RC_GTEST_PROP(OrderProperty, IsNeverThatOfVenueTime, ()) {
  Gate gate;
  Tick tick;
  tick.epoch = 1;
  tick.fields.price = true;
  for (std::int64_t price = 1; price <= 20; ++price) {
    tick.seq = static_cast<std::uint64_t>(price);
    tick.prices.price = Decimal{price, 0};
    tick.ts_event = wall_from_ns(*rc::gen::arbitrary<std::int64_t>());
    RC_ASSERT(gate.offer(tick).type == Type::accepted);
  }
}

}  // namespace
}  // namespace feedwatch
