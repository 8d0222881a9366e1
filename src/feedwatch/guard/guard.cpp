#include "feedwatch/guard/guard.hpp"

namespace feedwatch {

Guard::Guard(const Monitor& monitor, Decisions& decisions, std::string_view consumer,
             const Clock& clock)
    : monitor_(monitor),
      consumer_(decisions.consumer(consumer)),
      clock_(clock),
      noted_(std::make_unique<std::atomic<std::int64_t>[]>(monitor.capacity())) {
  for (std::size_t i = 0; i < monitor.capacity(); ++i) noted_[i] = to_ns(MonoTime::min());
}

Guard::Answer Guard::price(StreamId stream, const PriceRequest& request) {
  return decide(stream, request, [this] { return clock_.now(); });
}

Guard::Answer Guard::price(const StreamKey& key, const PriceRequest& request) {
  return price(named(key), request);
}

Guard::Answer Guard::price_at(StreamId stream, const PriceRequest& request, MonoTime now) {
  return decide(stream, request, [now] { return now; });
}

Guard::Answer Guard::price_at(const StreamKey& key, const PriceRequest& request, MonoTime now) {
  return price_at(named(key), request, now);
}

/// `now` is asked after each slot was read, so that no age can be too small.
template <class Now>
Guard::Answer Guard::decide(StreamId stream, const PriceRequest& request, Now&& now) {
  Answer answer;
  SlotRoom room;
  Slot& slot = room.slot;
  Refusal refusal;
  if (monitor_.unchecked_read(stream, slot, refusal)) {
    const MonoTime at = now();
    if (judge_into(answer->price, refusal, slot,
                   {request.max_age, request.basis, request.accept_confirmed}, at)) {
      consumer_.count_price(PriceSource::live, answer->price.level);
      answer->first_degraded = note_degraded(stream, answer->price, at);
      return answer;
    }
    if (request.intent == Intent::reduce_risk && fallback(*answer, slot, stream, request, now)) {
      consumer_.count_price(answer->source, answer->price.level);
      return answer;
    }
  }
  consumer_.count_refusal(refusal.code);
  answer = std::unexpected(refusal);
  return answer;
}

template <class Now>
bool Guard::fallback(GuardedPrice& answer, const Slot& live, StreamId stream,
                     const PriceRequest& request, Now&& now) const {
  const Fallbacks& sources = request.sources;
  const auto sibling = sources.sibling ? monitor_.sibling(live, *sources.sibling) : std::nullopt;
  Slot slot;
  Refusal unused;  // what is told is why the live price is refused
  if (sibling && *sibling != stream && monitor_.unchecked_read(*sibling, slot, unused)) {
    answer.source = PriceSource::sibling;
    const ReadOptions within{.max_age = sources.sibling_max_age};
    if (judge_into(answer.price, unused, slot, within, now())) return true;
  }
  if (sources.bridge_max_age <= Duration::zero() || !live.has_bridge) return false;
  const auto bridge = monitor_.unchecked_read_bridge(stream);
  answer.source = PriceSource::bridge;
  const ReadOptions within{.max_age = sources.bridge_max_age};
  return bridge && judge_into(answer.price, unused, *bridge, within, now());
}

StreamId Guard::named(const StreamKey& key) const {
  // No stream has this id, so an unknown key is refused and counted like everything else.
  constexpr StreamId nobody{StreamId::index_mask, 0};
  return monitor_.find(key).value_or(nobody);
}

bool Guard::note_degraded(StreamId stream, const Price& price, MonoTime now) {
  if (price.level != Level::degraded) return false;
  // An episode begins with the level that is stored, be it this one, whose timer may be late, or
  // the better one before it: what was noted since then was noted in it.
  std::atomic<std::int64_t>& noted = noted_[stream.index()];
  std::int64_t last = noted.load(std::memory_order_relaxed);
  if (mono_from_ns(last) >= price.level_since) return false;
  return noted.compare_exchange_strong(last, to_ns(now), std::memory_order_relaxed);
}

}  // namespace feedwatch
