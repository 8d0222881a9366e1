#include "feedwatch/dispatch/record.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace feedwatch::dispatch {
namespace {

constexpr unsigned digits = 11;
constexpr auto relaxed = std::memory_order_relaxed;

using Words = std::array<std::uint64_t, 2>;

void fill(Decimal& decimal, std::uint64_t first, std::uint64_t second) {
  const Words words{first, second};
  std::memcpy(static_cast<void*>(&decimal), words.data(), sizeof decimal);
}

Decimal decimal_of(std::uint64_t first, std::uint64_t second) {
  Decimal decimal;
  fill(decimal, first, second);
  return decimal;
}

Words words_of(const Decimal& decimal) {
  Words words{};
  static_assert(sizeof words == sizeof decimal);
  std::memcpy(words.data(), &decimal, sizeof words);
  return words;
}

}  // namespace

std::uint16_t pack_duration(Duration duration) {
  constexpr std::uint64_t most = ((std::uint64_t{1} << digits) - 1U) << 31U;
  const auto ns =
      std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count())), most);
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  const unsigned shift = width > digits ? width - digits : 0U;
  return static_cast<std::uint16_t>((shift << digits) | (ns >> shift));
}

Duration unpack_duration(std::uint16_t packed) {
  const unsigned shift = static_cast<unsigned>(packed) >> digits;
  const std::uint64_t number = packed & ((1U << digits) - 1U);
  return Duration{static_cast<std::int64_t>(number << shift)};
}

void Record::begin(StreamId stream, State state, std::uint64_t ticks, Level level) {
  stream_ = stream;
  received_base_ = ticks & low_40;
  calls_.store(0, relaxed);
  moment_.store(to_ns(MonoTime::min()), relaxed);
  window_base_.store(0, relaxed);
  refused_.store(0, relaxed);
  episodes_.store(0, relaxed);
  in_flight_.store(0, relaxed);
  next_of_stream_ = next_queued = nobody;
  unlock(state.with_told_level(level).with_newest_level(level));
}

State Record::lock_shared(State state) {
  // Fails only where the consumer's thread has just changed it, which it does a bounded number of
  // times for each entry.
  while (!change(state, state.with(State::locked))) {
  }
  // A reader that sees any word of the new window must also see that the state is another.
  std::atomic_thread_fence(std::memory_order_release);
  return state;
}

State Record::widen(State state, const Decimal& low, const Decimal& high, std::uint64_t ticks) {
  const bool begins = !state.has(State::pending);
  if (begins) window_base_.store(state.covered(), relaxed);
  if (begins || low < decimal_of(window_[0].load(relaxed), window_[1].load(relaxed))) {
    const Words words = words_of(low);
    window_[0].store(words[0], relaxed);
    window_[1].store(words[1], relaxed);
  }
  if (begins || high > decimal_of(window_[2].load(relaxed), window_[3].load(relaxed))) {
    const Words words = words_of(high);
    window_[2].store(words[0], relaxed);
    window_[3].store(words[1], relaxed);
  }
  return state.with(State::pending).with_covered(ticks);
}

void Record::read_window(Window& window, State state) const {
  fill(window.low, window_[0].load(relaxed), window_[1].load(relaxed));
  fill(window.high, window_[2].load(relaxed), window_[3].load(relaxed));
  window.count = state.covered() - window_base_.load(relaxed);
}

void Record::wait_while_calling() const {
  for (State state = this->state(); state.has(State::calling); state = this->state()) {
    state_.wait(state.word, std::memory_order_acquire);
  }
}

void Record::count_refused(std::uint32_t prices) {
  refused_.fetch_add(prices, relaxed);
}

void Record::count_episode(RefusalCode code) {
  std::uint32_t before = episodes_.load(relaxed);
  const auto after = [&] { return ((before & ~15U) + 16U) | static_cast<std::uint32_t>(code); };
  while (!episodes_.compare_exchange_weak(before, after(), relaxed)) {
  }
}

}  // namespace feedwatch::dispatch
