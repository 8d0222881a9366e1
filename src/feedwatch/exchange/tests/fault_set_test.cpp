#include "feedwatch/exchange/fault_set.hpp"

#include <gtest/gtest.h>

namespace feedwatch::exchange {
namespace {

using venues::Topic;

MonoTime at(Duration since) {
  return mono_from_ns(0) + 1h + since;
}

const Topic btc{0, "BTCUSDT"};
const Topic btc_book{1, "BTCUSDT"};
const Topic eth{0, "ETHUSDT"};

/// Two connections: 1 on "market" with btc and eth, 2 on "public" with btc_book.
class FaultSetTest : public ::testing::Test {
 protected:
  FaultSetTest() {
    open(1, "market");
    open(2, "public");
    subscribe(1, btc);
    subscribe(1, eth);
    subscribe(2, btc_book);
  }

  void open(std::uint64_t peer, std::string route) {
    routes_[peer] = route;
    faults_.on_open(PeerId{peer}, route, now_);
  }
  void close(std::uint64_t peer) { faults_.on_closed(PeerId{peer}, now_); }
  void subscribe(std::uint64_t peer, const Topic& topic) {
    orders_[{peer, topic}] = faults_.on_subscribe(PeerId{peer}, topic, now_);
  }
  DataVerdict data(std::uint64_t peer, const Topic& topic) {
    return faults_.on_data({PeerId{peer}, routes_[peer], orders_[{peer, topic}]}, topic);
  }
  bool silent(std::uint64_t peer, const Topic& topic) { return data(peer, topic).drop; }
  FaultId add(FaultSpec spec) { return faults_.add(std::move(spec), now_).value(); }
  std::size_t standing() const { return faults_.list().size(); }

  MonoTime now_ = at(0s);
  FaultSet faults_;
  std::map<std::uint64_t, std::string> routes_;
  std::map<std::pair<std::uint64_t, Topic>, std::uint64_t> orders_;
};

TEST_F(FaultSetTest, SilentSymbolSilencesOnlyIt) {
  add({.kind = FaultKind::silent_symbol, .symbols = {"BTCUSDT"}});
  EXPECT_TRUE(silent(1, btc));
  EXPECT_TRUE(silent(2, btc_book));
  EXPECT_FALSE(silent(1, eth));
}

TEST_F(FaultSetTest, RouteNarrowsTheScope) {
  add({.kind = FaultKind::silent_all, .route = "public"});
  EXPECT_FALSE(silent(1, btc));
  EXPECT_TRUE(silent(2, btc_book));
}

TEST_F(FaultSetTest, NeverHealsByItself) {
  add({.kind = FaultKind::silent_all});
  EXPECT_TRUE(silent(1, btc));
  subscribe(1, btc);
  open(3, "market");
  subscribe(3, btc);
  now_ = at(24h);
  faults_.on_time(now_);
  EXPECT_TRUE(silent(1, btc));
  EXPECT_TRUE(silent(3, btc));
}

TEST_F(FaultSetTest, DurationEndsAtItsNanosecond) {
  add({.kind = FaultKind::silent_all, .heals = Heals::after, .duration = 10s});
  EXPECT_EQ(faults_.next_deadline(), at(10s));
  faults_.on_time(at(10s) - 1ns);
  EXPECT_TRUE(silent(1, btc));
  faults_.on_time(at(10s));
  EXPECT_FALSE(silent(1, btc));
  EXPECT_EQ(faults_.next_deadline(), never_mono);
  EXPECT_EQ(faults_.history().back().cause, HealCause::time);
}

TEST_F(FaultSetTest, ScheduledFaultBeginsAtItsMoment) {
  add({.kind = FaultKind::silent_all, .at = 5s, .duration = 1s});
  EXPECT_FALSE(silent(1, btc));
  EXPECT_EQ(faults_.next_deadline(), at(5s));
  faults_.on_time(at(5s));
  EXPECT_TRUE(silent(1, btc));
  EXPECT_EQ(faults_.next_deadline(), at(6s));
}

TEST_F(FaultSetTest, ResubscribeHealsThatTopicOnAnyConnection) {
  add({.kind = FaultKind::silent_all, .route = "market", .heals = Heals::on_resubscribe});
  EXPECT_TRUE(silent(1, btc));
  EXPECT_TRUE(silent(1, eth));
  open(3, "market");
  subscribe(3, btc);
  EXPECT_FALSE(silent(3, btc));
  EXPECT_FALSE(silent(1, btc));
  EXPECT_TRUE(silent(1, eth));
  subscribe(1, eth);
  EXPECT_FALSE(silent(1, eth));
  EXPECT_EQ(standing(), 0U);
  EXPECT_EQ(faults_.history().back().cause, HealCause::resubscribe);
}

TEST_F(FaultSetTest, ASubscriptionBeforeTheFirstEffectDoesNotHeal) {
  add({.kind = FaultKind::silent_symbol, .symbols = {"BTCUSDT"}, .heals = Heals::on_resubscribe});
  subscribe(1, btc);
  EXPECT_TRUE(silent(1, btc));
  subscribe(1, btc);
  EXPECT_FALSE(silent(1, btc));
}

TEST_F(FaultSetTest, TheFaultStandsUntilEverySubscribedTopicInItsScopeIsBack) {
  add({.kind = FaultKind::silent_symbol, .symbols = {"BTCUSDT"}, .heals = Heals::on_resubscribe});
  EXPECT_TRUE(silent(1, btc));
  subscribe(1, btc);
  EXPECT_EQ(standing(), 1U);
  EXPECT_TRUE(silent(2, btc_book));
  subscribe(2, btc_book);
  EXPECT_EQ(standing(), 0U);
}

TEST_F(FaultSetTest, OnReconnectIsNotHealedByResubscribing) {
  add({.kind = FaultKind::silent_symbol, .symbols = {"BTCUSDT"}, .heals = Heals::on_reconnect});
  EXPECT_TRUE(silent(1, btc));
  subscribe(1, btc);
  EXPECT_TRUE(silent(1, btc));
  open(3, "market");
  subscribe(3, btc);
  EXPECT_FALSE(silent(3, btc));
  EXPECT_TRUE(silent(1, btc));
}

TEST_F(FaultSetTest, OnReconnectEndsWhenTheOldConnectionsHaveGone) {
  add({.kind = FaultKind::silent_all, .route = "market", .heals = Heals::on_reconnect});
  EXPECT_TRUE(silent(1, btc));
  open(3, "market");
  EXPECT_EQ(standing(), 1U);
  close(1);
  EXPECT_EQ(standing(), 0U);
  EXPECT_EQ(faults_.history().back().cause, HealCause::reconnect);
}

TEST_F(FaultSetTest, OnReconnectEndsTooWhenTheOldOneCloseFirst) {
  add({.kind = FaultKind::silent_all, .route = "market", .heals = Heals::on_reconnect});
  EXPECT_TRUE(silent(1, btc));
  close(1);
  EXPECT_EQ(standing(), 1U);
  open(3, "market");
  EXPECT_EQ(standing(), 0U);
}

TEST_F(FaultSetTest, TheFirstConnectionThatMeetsAFaultDoesNotHealIt) {
  close(1);
  close(2);
  add({.kind = FaultKind::silent_all, .heals = Heals::on_reconnect});
  open(3, "market");
  subscribe(3, btc);
  EXPECT_TRUE(silent(3, btc));
  open(4, "market");
  subscribe(4, btc);
  EXPECT_FALSE(silent(4, btc));
}

TEST_F(FaultSetTest, AckWithoutDataSparesWhatFlowsAlready) {
  add({.kind = FaultKind::ack_without_data, .heals = Heals::on_resubscribe});
  EXPECT_FALSE(silent(1, btc));
  subscribe(1, btc);
  EXPECT_TRUE(silent(1, btc));
  EXPECT_FALSE(silent(1, eth));
  subscribe(1, btc);
  EXPECT_FALSE(silent(1, btc));
  EXPECT_EQ(standing(), 0U);
}

TEST_F(FaultSetTest, EffectsAddUp) {
  add({.kind = FaultKind::queue_delay, .delay = 2s});
  add({.kind = FaultKind::queue_delay, .symbols = {"BTCUSDT"}, .delay = 3s});
  add({.kind = FaultKind::clock_offset, .offset = -1s});
  add({.kind = FaultKind::partial_deltas_only});
  const FaultId frozen = add({.kind = FaultKind::frozen_price, .price = Kind::last});
  const DataVerdict verdict = data(1, btc);
  EXPECT_EQ(verdict.delay, 5s);
  EXPECT_EQ(verdict.offset, -1s);
  EXPECT_TRUE(verdict.no_prices);
  EXPECT_EQ(verdict.frozen_by, frozen);
  EXPECT_EQ(verdict.frozen_kind, Kind::last);
  EXPECT_FALSE(verdict.drop);
  EXPECT_EQ(data(1, eth).delay, 2s);
}

// People choose "at", "for", "delay" and "offset": 292 years are as much as a duration holds.
TEST_F(FaultSetTest, TimesBeyondTheirRangeAreItsEnd) {
  add({.kind = FaultKind::silent_all, .duration = Duration::max()});
  EXPECT_EQ(faults_.list().front().ends_at, never_mono);
  add({.kind = FaultKind::silent_all, .at = Duration::max(), .duration = 1s});
  EXPECT_EQ(faults_.list().back().starts_at, never_mono);
  EXPECT_EQ(faults_.list().back().ends_at, never_mono);
  EXPECT_FALSE(faults_.list().back().active);
  EXPECT_TRUE(silent(1, btc));
  for (int i = 0; i < 2; ++i) {
    add({.kind = FaultKind::queue_delay, .delay = Duration::max()});
    add({.kind = FaultKind::clock_offset, .offset = Duration::max()});
  }
  EXPECT_EQ(data(1, btc).delay, Duration::max());
  EXPECT_EQ(data(1, btc).offset, Duration::max());
}

TEST_F(FaultSetTest, DialFaultsRefuseIgnoreOrClose) {
  using Action = DialVerdict::Action;
  EXPECT_EQ(faults_.on_dial("market", now_).action, Action::accept);
  const FaultId refuse =
      add({.kind = FaultKind::handshake_status, .status = 418, .retry_after = 30s});
  EXPECT_EQ(faults_.on_dial("market", now_).action, Action::refuse);
  EXPECT_EQ(faults_.on_dial("market", now_).status, 418);
  EXPECT_EQ(faults_.on_dial("market", now_).retry_after, 30s);
  faults_.clear(refuse, now_);
  add({.kind = FaultKind::upgrade_never_answered, .route = "public"});
  EXPECT_EQ(faults_.on_dial("public", now_).action, Action::ignore);
  add({.kind = FaultKind::accept_then_close, .route = "market", .code = 1012});
  const DialVerdict closed = faults_.on_dial("market", now_);
  EXPECT_EQ(closed.action, Action::accept);
  EXPECT_EQ(closed.close_code, 1012);
}

TEST_F(FaultSetTest, OnReconnectOneDialMeetsADialFaultAndTheNextHealsIt) {
  using Action = DialVerdict::Action;
  add({.kind = FaultKind::handshake_status, .heals = Heals::on_reconnect, .status = 403});
  EXPECT_EQ(faults_.on_dial("market", now_).action, Action::refuse);
  EXPECT_EQ(faults_.on_dial("market", now_).action, Action::accept);
  EXPECT_EQ(standing(), 0U);
}

TEST_F(FaultSetTest, ConnectBudgetBansBeyondItsLimit) {
  using Action = DialVerdict::Action;
  add({.kind = FaultKind::connect_budget,
       .status = 429,
       .budget = {.count = 2, .window = 60s},
       .ban = 10s});
  EXPECT_EQ(faults_.on_dial("market", now_).action, Action::accept);
  EXPECT_EQ(faults_.on_dial("public", now_).action, Action::accept);
  const DialVerdict banned = faults_.on_dial("market", now_);
  EXPECT_EQ(banned.action, Action::refuse);
  EXPECT_EQ(banned.status, 429);
  EXPECT_EQ(banned.retry_after, 10s);
  EXPECT_EQ(faults_.on_dial("market", now_ + 10s).action, Action::accept);
  faults_.clear_all(now_);
  EXPECT_EQ(faults_.bans(), 1U);
}

TEST_F(FaultSetTest, RestFaults) {
  EXPECT_EQ(faults_.on_rest().status, 200);
  const FaultId old = add({.kind = FaultKind::rest_old});
  EXPECT_EQ(faults_.on_rest().old_since, old);
  add({.kind = FaultKind::rest_429, .status = 429, .retry_after = 7s});
  EXPECT_EQ(faults_.on_rest().status, 429);
  EXPECT_EQ(faults_.on_rest().retry_after, 7s);
}

TEST_F(FaultSetTest, RestFaultHealsOnResubscribeOnlyAfterAnEffect) {
  add({.kind = FaultKind::rest_down, .heals = Heals::on_resubscribe, .status = 503});
  subscribe(1, btc);
  EXPECT_EQ(faults_.on_rest().status, 503);
  subscribe(1, btc);
  EXPECT_EQ(faults_.on_rest().status, 200);
}

TEST_F(FaultSetTest, HalfOpenHealsWithTheNextConnectionOfItsRoute) {
  add({.kind = FaultKind::half_open, .route = "market", .heals = Heals::on_reconnect});
  open(3, "public");
  EXPECT_EQ(standing(), 1U);
  open(4, "market");
  EXPECT_EQ(standing(), 0U);
}

TEST_F(FaultSetTest, InstantFaultsAreOverAtOnce) {
  add({.kind = FaultKind::close});
  EXPECT_EQ(standing(), 0U);
  const auto changes = faults_.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_TRUE(changes[0].started);
  EXPECT_FALSE(changes[1].started);
  EXPECT_EQ(changes[1].cause, HealCause::instant);
}

TEST_F(FaultSetTest, ClearingUnknownOrTwiceSaysSo) {
  const FaultId id = add({.kind = FaultKind::silent_all});
  EXPECT_FALSE(faults_.clear(FaultId{99}, now_));
  EXPECT_TRUE(faults_.clear(id, now_));
  EXPECT_FALSE(faults_.clear(id, now_));
  EXPECT_FALSE(silent(1, btc));
}

TEST_F(FaultSetTest, FaultsAndHistoryAreBounded) {
  for (std::size_t i = 0; i < FaultSet::max_faults; ++i) add({.kind = FaultKind::silent_all});
  EXPECT_FALSE(faults_.add({.kind = FaultKind::silent_all}, now_));
  EXPECT_EQ(faults_.clear_all(now_), FaultSet::max_faults);
  add({.kind = FaultKind::close});
  EXPECT_EQ(faults_.history().size(), FaultSet::max_history);
}

}  // namespace
}  // namespace feedwatch::exchange
