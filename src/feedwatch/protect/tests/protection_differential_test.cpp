// Random worlds, told to Protection and to EagerProtection: decisions, memories and findings are
// the same one by one, and what take_changed() lists is all that has changed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/protect/tests/eager_protection.hpp"

namespace feedwatch {
namespace {

using testing_protection::EagerProtection;
using testing_protection::lines_of;
using Lines = EagerProtection::Lines;

constexpr Duration unmanaged_after = 40s;

/// What all worlds together have seen, so that none of it is tested by nothing.
struct Seen {
  std::map<std::string, std::uint64_t> decisions;
  std::uint64_t unmanaged = 0, restarts = 0, forgotten = 0;
  std::uint64_t touched = 0, told = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed),
        digits_(any_digits()),
        prices_(1 + random_.below(3), any_of<std::int64_t>({10'000, 1'000, 200})) {}

  void run(int events, Seen& seen) {
    for (std::uint64_t i = 0; i < 3 + random_.below(8); ++i) open();
    for (int i = 0; i < events && !testing::Test::HasFailure(); ++i) {
      pass_time();
      happen(seen);
      if (one_in(3)) check(seen);
    }
    check(seen);
    seen.touched += protection_.touched();
    seen.told += eager_.told();
  }

 private:
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  template <class T>
  T any_of(std::initializer_list<T> values) {
    return *std::next(values.begin(), static_cast<std::ptrdiff_t>(random_.below(values.size())));
  }
  ProtectionStream any_stream() {
    return ProtectionStream(static_cast<std::uint32_t>(random_.below(prices_.size())));
  }
  /// How prices are written: as venues do, with more digits than formulas are exact in, or so large
  /// that some cannot be computed at all.
  struct Digits {
    Decimal::Mantissa unit = 1;
    int scale = 0;
    bool mixed = false;  ///< each price in either way
  };
  Digits any_digits() {
    constexpr Decimal::Mantissa many = 1'000'000'000'000'000;  // 10^15
    if (one_in(20)) return {many * many * 100, 0};
    if (one_in(20)) return {many * 100'000, 20, true};
    return {1, static_cast<int>(random_.below(4))};
  }
  Decimal price(std::int64_t ticks) {
    if (digits_.mixed && one_in(2)) return {ticks, 0};
    return {ticks * digits_.unit, digits_.scale};
  }

  TrailingOptions trailing_options() {
    TrailingOptions out;
    out.activation_percent = Decimal(static_cast<int>(1 + random_.below(20)), 1);
    out.callback_percent = one_in(3) ? Decimal(static_cast<int>(1 + random_.below(300)), 2)
                                     : any_of<Decimal>({Decimal{5, 1}, Decimal{2, 1}});
    if (one_in(2)) {
      out.steps = {{Decimal(static_cast<int>(5 + random_.below(10)), 1),
                    Decimal(static_cast<int>(1 + random_.below(20)), 1)},
                   {Decimal(static_cast<int>(16 + random_.below(30)), 1),
                    Decimal(static_cast<int>(1 + random_.below(20)), 1)}};
    }
    if (one_in(2)) out.breakeven_percent = Decimal(static_cast<int>(21 + random_.below(100)), 2);
    out.large_move_percent = any_of<Decimal>({Decimal{1, 0}, Decimal{3, 1}, Decimal{5, 2}});
    out.small_move_percent = any_of<Decimal>({Decimal{5, 2}, Decimal{0, 0}, Decimal{2, 2}});
    out.move_interval = any_of<Duration>({30s, 5s, 0s});
    out.confirm_within = any_of<Duration>({10s, 2s});
    out.retries = static_cast<int>(random_.below(4));
    return out;
  }

  AgedOptions aged_options() {
    AgedOptions out;
    out.max_age = any_of<Duration>({0s, 2min, 10min});
    out.grace = any_of<Duration>({0s, 3min, 20min});
    out.progressive = any_of<Duration>({0s, 5min, 30min});
    out.loss_step_percent = any_of<Decimal>({Decimal{5, 1}, Decimal{10, 0}, Decimal{60, 0}});
    out.max_loss_percent = any_of<Decimal>({Decimal{10, 0}, Decimal{1, 0}});
    return out;
  }

  void open() {
    Position made;
    made.id = fmt::format("p{}", opened_++);
    made.venue = "venue";
    made.symbol = "X";
    made.side = one_in(2) ? Side::buy : Side::sell;
    made.quantity = Decimal{1, 0};
    made.opened_at = anchor_.at(now_) - random_.between(0s, one_in(2) ? 1s : 40min);
    ProtectionRules rules;
    const ProtectionStream stream = any_stream();
    const std::int64_t near = prices_[stream.index()];
    const std::int64_t percent = near / 100;
    made.entry_price = price(std::max<std::int64_t>(1, near - percent + step_of(2 * percent)));
    if (!one_in(5)) rules.trailing = {stream, trailing_options()};
    if (!one_in(3)) {
      rules.aged = {one_in(4) ? any_stream() : stream, aged_options(),
                    any_of<Duration>({1min, 7s, 0s})};
    }
    add(made, rules, {});
    positions_[made.id] = {made, rules};
    numbers_[made.id] = {};
  }

  void add(const Position& position, const ProtectionRules& rules, const ProtectionMemory& memory) {
    const auto added = protection_.add(position, rules, memory, now_);
    ASSERT_TRUE(added) << added.error().text();
    eager_.add(position, rules, memory, now_);
  }

  std::int64_t step_of(std::int64_t up_to) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(up_to) + 1));
  }

  void pass_time() {
    now_ +=
        random_.between(0ns, any_of<Duration>({10ms, 10ms, 1s, 1s, 12s, one_in(8) ? 3min : 1s}));
    if (one_in(3)) {
      const MonoTime deadline = protection_.next_deadline();
      if (deadline > now_ && deadline < now_ + 2min) now_ = deadline - Duration{step_of(1)};
    }
  }

  void happen(Seen& seen) {
    const std::uint64_t what = random_.below(40);
    if (what < 22) return prices(seen);
    if (what < 29) return answer(seen);
    if (what < 32) return compare(protection_.on_time(now_), eager_.on_time(now_), seen);
    if (what < 34) {
      const ProtectionStream stream = any_stream();
      return compare(protection_.on_refused(stream, now_), eager_.on_refused(stream, now_), seen);
    }
    if (what < 36) return open();
    if (what < 37) return close();
    if (what < 38) return restart(seen);
    if (what < 39) return forget(seen);
  }

  void prices(Seen& seen) {
    const ProtectionStream stream = any_stream();
    std::int64_t& at = prices_[stream.index()];
    // Of a small price a percent is a tick or two, so that thresholds are met exactly.
    const std::int64_t way = std::max<std::int64_t>(1, at / (one_in(15)  ? 33
                                                             : one_in(3) ? 2'000
                                                                         : 330));
    const auto move = [&] { at = std::max<std::int64_t>(1, at - step_of(way) + step_of(way)); };
    move();
    std::int64_t low = at;
    std::int64_t high = at;
    if (one_in(2)) {
      move();
      low = std::min(low, at) - (one_in(3) ? step_of(way) : 0);
      high = std::max(high, at) + (one_in(3) ? step_of(way) : 0);
      low = std::max<std::int64_t>(1, low);
    }
    AcceptedPrices told{.window = {price(low), price(high), price(at)}, .ages = {}};
    PriceWindow window = told.window;
    if (one_in(10)) {
      if (one_in(2)) {
        told.continuous = false;
      } else {
        told.source = PriceSource::bridge;
      }
      window = {window.last, window.last, window.last};
    }
    if (one_in(60)) {
      told.window.low = Decimal{};
      told.continuous = true;
      told.source = PriceSource::live;
      compare(protection_.on_prices(stream, told, now_), eager_.on_time(now_), seen);
      return;
    }
    compare(protection_.on_prices(stream, told, now_), eager_.on_prices(stream, window, now_),
            seen);
  }

  /// Of the newest decisions mostly, sometimes of another.
  void answer(Seen& seen) {
    if (positions_.empty()) return;
    auto held = positions_.begin();
    std::advance(held, static_cast<std::ptrdiff_t>(random_.below(positions_.size())));
    // Whoever was told last answers most often.
    const std::string id = positions_.contains(told_last_) && !one_in(4) ? told_last_ : held->first;
    const std::vector<std::uint64_t>& numbers = numbers_[id];
    if (numbers.empty()) return;
    const std::uint64_t number =
        one_in(6) ? numbers[random_.below(numbers.size())] : numbers.back();
    const bool confirmed = !one_in(5);
    const PositionKey key{"venue", "X", id};
    compare(
        confirmed ? protection_.confirm(key, number, now_) : protection_.reject(key, number, now_),
        eager_.answer(id, number, confirmed, now_), seen);
  }

  void close() {
    if (positions_.empty()) return;
    const std::string id = positions_.begin()->first;
    EXPECT_TRUE(protection_.remove({"venue", "X", id}));
    eager_.remove(id);
    positions_.erase(id);
    kept_.erase(id);
    std::erase_if(findings_, [&](const auto& each) { return each.first == id; });
  }

  /// One position goes on from what was kept of it, sometimes by another rule.
  void restart(Seen& seen) {
    if (positions_.empty()) return;
    auto held = positions_.begin();
    std::advance(held, static_cast<std::ptrdiff_t>(random_.below(positions_.size())));
    const std::string id = held->first;
    auto& [position, rules] = held->second;
    const ProtectionMemory memory = protection_.memory({"venue", "X", id}).value();
    if (rules.trailing && one_in(3)) rules.trailing->options = trailing_options();
    protection_.remove({"venue", "X", id});
    eager_.remove(id);
    std::erase_if(findings_, [&](const auto& each) { return each.first == id; });
    add(position, rules, memory);
    ++seen.restarts;
  }

  /// A stream nobody goes by, whose number is given to another one.
  void forget(Seen& seen) {
    const ProtectionStream stream = any_stream();
    if (protection_.is_used(stream)) return;
    protection_.forget(stream);
    eager_.forget(stream);
    ++seen.forgotten;
  }

  void compare(const Protection::Decisions& lazy, const Lines& eager, Seen& seen) {
    ASSERT_EQ(lines_of(lazy), eager) << "at " << to_ns(now_);
    for (const ProtectionDecision& each : lazy) {
      ++seen.decisions[std::string(type_text(each))];
      if (std::holds_alternative<TrailingDecision>(each.what)) told_last_ = each.key.id;
      auto& numbers = numbers_[each.key.id];
      EXPECT_TRUE(numbers.empty() || each.number > numbers.back());
      numbers.push_back(each.number);
      EXPECT_TRUE(keys_.insert(each.idempotency_key()).second);
    }
    take_findings(seen);
  }

  void take_findings(Seen& seen) {
    for (const ProtectionFinding& each : protection_.take_findings()) {
      const std::pair of(each.key.id, each.type);
      EXPECT_EQ(findings_.contains(of), !each.present);
      each.present ? static_cast<void>(findings_.insert(of))
                   : static_cast<void>(findings_.erase(of));
      if (each.type == ProtectionFinding::Type::unmanaged) ++seen.unmanaged;
    }
  }

  void check(Seen& seen) {
    take_findings(seen);
    for (const PositionKey& key : protection_.take_changed()) {
      kept_[key.id] = protection_.memory(key).value();
    }
    for (const auto& [id, held] : positions_) {
      const auto memory = protection_.memory({"venue", "X", id});
      ASSERT_TRUE(memory == eager_.memory(id)) << id;
      ASSERT_TRUE(memory == kept_[id]) << id << " has changed and is not listed";
      using Type = ProtectionFinding::Type;
      EXPECT_EQ(findings_.contains({id, Type::unmanaged}), eager_.is_unmanaged(id)) << id;
      EXPECT_EQ(findings_.contains({id, Type::unconfirmed}), eager_.is_unconfirmed(id)) << id;
    }
  }

  Random random_;
  Digits digits_;
  std::vector<std::int64_t> prices_;  ///< of each stream, in units of the last digit
  MonoTime now_{1h};
  WallAnchor anchor_{wall_from_ms(1'700'000'000'000), MonoTime{}};
  Protection protection_{anchor_, {.unmanaged_after = unmanaged_after}};
  EagerProtection eager_{anchor_, unmanaged_after};
  std::map<std::string, std::pair<Position, ProtectionRules>> positions_;
  std::map<std::string, std::vector<std::uint64_t>> numbers_;
  std::map<std::string, ProtectionMemory> kept_;
  std::set<std::pair<std::string, ProtectionFinding::Type>> findings_;
  std::set<std::string> keys_;
  std::string told_last_;
  int opened_ = 0;
};

TEST(ProtectionDifferential, LazyAndEagerDecideTheSame) {
  constexpr std::uint64_t worlds = 2'000;
  constexpr int events = 150;
  Seen seen;
  for (std::uint64_t seed = 0; seed < worlds && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("world {}", seed));
    World(seed).run(events, seen);
  }
  for (const char* type : {"activated", "stop_moved", "triggered", "rolled_back", "unconfirmed",
                           "phase_change", "price_check", "target_reached", "emergency_exit"}) {
    EXPECT_GT(seen.decisions[type], worlds / 4) << type;
  }
  EXPECT_GT(seen.unmanaged, worlds / 4);
  EXPECT_GT(seen.restarts, worlds);
  EXPECT_GT(seen.forgotten, worlds / 8);
  EXPECT_LT(seen.touched, seen.told / 2) << "most windows are told to nobody";
}

}  // namespace
}  // namespace feedwatch
