#include "feedwatch/guard/guard.hpp"

namespace feedwatch {
Guard::Guard(const Monitor& monitor, Decisions& decisions, std::string_view consumer)
    : monitor_(monitor),
      decisions_(decisions),
      consumer_(decisions.consumer(consumer)),
      noted_(std::make_unique<std::atomic<std::int64_t>[]>(monitor.capacity())) {
  for (std::size_t i = 0; i < monitor.capacity(); ++i) noted_[i] = to_ns(MonoTime::min());
}

std::expected<GuardedPrice, Refusal> Guard::price(StreamId stream, const ReadOptions& options,
                                                  MonoTime now) {
  const auto price = monitor_.price(stream, options, now);
  if (!price) {
    decisions_.count_refusal(consumer_, price.error().code);
    return std::unexpected(price.error());
  }
  decisions_.count_price(consumer_, price->level);
  return GuardedPrice{*price, note_degraded(stream, *price, now)};
}

std::expected<GuardedPrice, Refusal> Guard::price(const StreamKey& key, const ReadOptions& options,
                                                  MonoTime now) {
  // No stream has this id, so an unknown key is refused and counted like everything else.
  constexpr StreamId nobody{StreamId::index_mask, 0};
  return price(monitor_.find(key).value_or(nobody), options, now);
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
