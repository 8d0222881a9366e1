// Whole lives of a wheel: hosts up for months, sleeps of months, evidence, silence, streams that go
// and come back, callers that turn it only so far. Nothing is lost, early or late.
#include <gtest/gtest.h>

#include <array>

#include "feedwatch/base/random.hpp"
#include "feedwatch/freshness/deadline_wheel.hpp"

namespace feedwatch {
namespace {

constexpr std::uint32_t streams = 12;

class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed), wheel_(any_reach()) {
    for (std::uint32_t number = 0; number < streams; ++number) wheel_.begin(number);
    if (below(2) == 0) wheel_.prepare(now_, *this);
  }

  void step() {
    const auto number = static_cast<std::uint32_t>(below(streams));
    switch (below(10)) {
      case 0:
        truly_[number] = never_mono;
        return wheel_.remove(number);
      case 1:
      case 2:
      case 3:
        return hear(number);
      case 4:  // later, and nobody tells the wheel
        if (truly_[number] != never_mono) truly_[number] += any_span();
        return;
      case 5:
      case 6:
        return set(number, below(5) == 0 ? now_ - any_span() : now_ + any_span());
      default:
        return pass(below(6) == 0 ? any_span() : 1ms * static_cast<int>(below(40)));
    }
  }

  // What the wheel asks.
  MonoTime due(std::uint32_t number) const { return truly_[number]; }
  void prefetch(std::uint32_t) const {}

 private:
  std::uint64_t below(std::uint64_t end) { return random_.below(end); }
  Duration any_reach() {
    return std::array{Duration{1s}, Duration{10s}, DeadlineWheel::longest}[below(3)];
  }
  Duration any_span() {
    switch (below(8)) {
      case 0:
        return Duration{static_cast<std::int64_t>(below(3'000'000))};
      case 1:
      case 2:
        return 1ms * static_cast<int>(below(300));
      case 3:
      case 4:
        return 1ms * static_cast<int>(below(70'000));
      case 5:
        return 1s * static_cast<int>(below(100'000));
      case 6:
        return 24h * static_cast<int>(below(30));
      default:
        return 24h * static_cast<int>(below(4) == 0 ? below(200) : 0);
    }
  }

  void set(std::uint32_t number, MonoTime at) {
    truly_[number] = at;
    wheel_.set_not_later(number, at);
  }
  void hear(std::uint32_t number) {
    const MonoTime at = now_ + std::min(any_span(), DeadlineWheel::longest - Duration{1});
    if (!wheel_.is_quiet(number, now_)) return set(number, at);
    ASSERT_GT(truly_[number], now_) << "taken for quiet";
    truly_[number] = at + (below(2) == 0 ? Duration{} : any_span());
    wheel_.renew(number, at);
  }
  void pass(Duration time) {
    now_ += time;
    const MonoTime until = below(5) == 0 ? now_ - std::min<Duration>(time, 3ms) : now_;
    wheel_.tell(now_);
    for (int turns = 0; wheel_.next() <= until; ++turns) {
      ASSERT_LT(turns, 2'000) << "it comes round and round";
      std::uint32_t number = 0;
      if (!wheel_.take(until, number, *this)) {
        wheel_.prepare(until, *this);
        continue;
      }
      ASSERT_LE(truly_[number], until) << "early";
      truly_[number] = never_mono;
      if (below(3) == 0) set(number, now_ + any_span() + Duration{1});
      if (below(10) == 0) come_back(static_cast<std::uint32_t>(below(streams)));
    }
    for (const MonoTime at : truly_) {
      ASSERT_GT(at, until) << "lost";
      ASSERT_LE(wheel_.next(), at);
    }
  }
  void come_back(std::uint32_t number) {
    wheel_.remove(number);
    wheel_.begin(number);
    wheel_.prepare(now_, *this);
    set(number, now_ + any_span());
  }

  Random random_;
  DeadlineWheel wheel_;
  std::array<MonoTime, streams> truly_ = [] {
    std::array<MonoTime, streams> none{};
    none.fill(never_mono);
    return none;
  }();
  MonoTime now_ = MonoTime{24h * static_cast<int>(below(120))} +
                  Duration{static_cast<std::int64_t>(below(1'000'000'000))};
};

TEST(WheelLives, NothingIsLostEarlyOrLate) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Life life(seed);
    for (int i = 0; i < 1000 && !::testing::Test::HasFatalFailure(); ++i) life.step();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace feedwatch
