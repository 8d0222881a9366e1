#include "feedwatch/guard/guard.hpp"

namespace feedwatch {
namespace {

constexpr std::size_t word_bits = 64;

}  // namespace

Guard::Guard(const Monitor& monitor, Decisions& decisions, std::string_view consumer)
    : monitor_(monitor),
      decisions_(decisions),
      consumer_(decisions.consumer(consumer)),
      degraded_(
          std::make_unique<std::atomic<std::uint64_t>[]>(monitor.capacity() / word_bits + 1)) {}

std::expected<GuardedPrice, Refusal> Guard::price(StreamId stream, const ReadOptions& options,
                                                  MonoTime now) {
  const auto price = monitor_.price(stream, options, now);
  if (!price) {
    decisions_.count_refusal(consumer_, price.error().code);
    return std::unexpected(price.error());
  }
  decisions_.count_price(consumer_, price->level);
  return GuardedPrice{*price, note_level(stream, price->level)};
}

std::expected<GuardedPrice, Refusal> Guard::price(const StreamKey& key, const ReadOptions& options,
                                                  MonoTime now) {
  // No stream has this id, so an unknown key is refused and counted like everything else.
  constexpr StreamId nobody{StreamId::index_mask, 0};
  return price(monitor_.find(key).value_or(nobody), options, now);
}

bool Guard::note_level(StreamId stream, Level level) {
  std::atomic<std::uint64_t>& word = degraded_[stream.index() / word_bits];
  const std::uint64_t bit = std::uint64_t{1} << (stream.index() % word_bits);
  if (level == Level::degraded) return (word.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  // Most prices are healthy: look before writing to a line other threads read.
  if ((word.load(std::memory_order_relaxed) & bit) != 0) {
    word.fetch_and(~bit, std::memory_order_relaxed);
  }
  return false;
}

}  // namespace feedwatch
