// Positions beside the verdicts on their prices.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* unprotected =
    R"(position_unprotected{position="p1",symbol="S",venue="v"} critical)";
constexpr const char* unserved = R"(position_unserved{position="p1",symbol="S",venue="v"} warning)";
constexpr const char* expired = R"(position_expired{position="p1",symbol="S",venue="v"} warning)";

Position position(const std::string& id = "p1", const std::string& symbol = "S") {
  return {.id = id,
          .venue = "v",
          .symbol = symbol,
          .side = Side::sell,
          .entry_price = *Decimal::parse("28145.10"),
          .quantity = *Decimal::parse("0.250"),
          .opened_at = FakeClock().wall_now() - 1h};
}
const PositionKey p1{"v", "S", "p1"};

/// What it was asked for, and what it has not been told to let go.
class FakeSources final : public PriceSources {
 public:
  std::optional<Kind> kind_at(const std::string& venue) const override {
    return venue == "v" ? std::optional(Kind::mark) : std::nullopt;
  }
  bool has_kind(const std::string& venue, Kind kind) const override {
    return venue == "v" && (kind == Kind::mark || (kind == Kind::last && with_last));
  }
  void want(const StreamKey& stream, PriceNeed need, Done done) override {
    asked.push_back((need == PriceNeed::every ? "tap " : "want ") + stream.text());
    answers.push_back(std::move(done));
  }
  void unwant(const StreamKey& stream) override { asked.push_back("unwant " + stream.text()); }

  bool with_last = false;
  std::vector<std::string> asked;
  std::vector<Done> answers;
};

/// A price each second until `end`.
void serve(ControlBench& bench, const StreamStatus& stream, MonoTime end) {
  while (bench.clock.time < end) {
    bench.price(stream, "28000");
    bench.run_until(bench.clock.time + 1s);
  }
}

void hold(ControlBench& bench, std::optional<Duration> ttl = {}) {
  ASSERT_TRUE(bench.control.put_position(position(), ttl, "bot"));
  bench.settle();
}

StreamStatus healthy(ControlBench& bench) {
  const StreamStatus stream = bench.watch("S");
  bench.price(stream, "28000");
  bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  return stream;
}

TEST(ControlPositions, one_that_is_served_is_quiet_and_says_by_which_price) {
  ControlBench bench;
  const StreamStatus stream = healthy(bench);
  hold(bench);
  serve(bench, stream, t0 + 60s);
  EXPECT_THAT(bench.open(), IsEmpty());
  const auto view = bench.control.positions().view(p1, bench.clock.time);
  ASSERT_TRUE(view && view->price);
  EXPECT_EQ(view->stream, "v/S/mark");
  EXPECT_EQ(view->price->price.prices.price, *Decimal::parse("28000"));
  EXPECT_THAT(bench.journal.rows<AgedMonitoringEventRow>(), IsEmpty());
}

TEST(ControlPositions, refused_prices_are_found_by_a_timer_recorded_once_and_told_after_10_s) {
  ControlBench bench;
  const StreamStatus stream = healthy(bench);
  hold(bench);
  serve(bench, stream, t0 + 20s);
  // The last price is of t0 + 19 s: refused from the first look after 24 s.
  bench.run_until(t0 + 26s);
  const auto rows = bench.journal.rows<AgedMonitoringEventRow>();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].event_type, "stale_price_warning");
  EXPECT_EQ(rows[0].aged_position_id, "v/S/p1");
  EXPECT_THAT(rows[0].event_metadata,
              AllOf(HasSubstr(R"("refusal":"too_old")"), HasSubstr(R"("staleness_seconds":6)")));
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 36s);
  ASSERT_THAT(bench.open(), ElementsAre(unprotected));
  EXPECT_THAT(bench.control.alerts(0)[0].row.message,
              AllOf(HasSubstr("short 0.250 S at v (p1, entry 28145.10, worth 7036.27500)"),
                    HasSubstr("v/S/mark: too_old")));
  bench.run_until(t0 + 100s);
  EXPECT_THAT(bench.journal.rows<AgedMonitoringEventRow>(), SizeIs(1)) << "once an episode";
  serve(bench, stream, t0 + 103s);
  bench.run_until(t0 + 170s);
  EXPECT_THAT(bench.event_texts(Control::Event::Type::position),
              testing::Contains(HasSubstr("served again after")));
}

TEST(ControlPositions, nothing_holds_the_alert_back) {
  ControlBench bench;
  const StreamStatus stream = healthy(bench);
  bench.put(ControlBench::venue(false, t0));
  hold(bench);
  bench.run_until(t0 + 12s);
  EXPECT_THAT(bench.open(), testing::Contains(R"(line_down{venue="v"} critical)"));
  bench.run_until(t0 + 20s);
  EXPECT_THAT(bench.open(), testing::Contains(unprotected));
}

TEST(ControlPositions, closing_ends_what_is_open_at_once) {
  ControlBench bench;
  healthy(bench);
  hold(bench);
  bench.run_until(t0 + 60s);
  ASSERT_THAT(bench.open(), ElementsAre(unprotected));
  ASSERT_TRUE(bench.control.close_position(p1));
  bench.settle();
  EXPECT_THAT(bench.open(), IsEmpty());
  const auto rows = bench.journal.rows<PositionRow>();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_FALSE(rows[0].closed_at);
  EXPECT_EQ(rows[1].closed_at, bench.clock.wall_now());
  EXPECT_EQ(bench.journal.rows<AgedMonitoringEventRow>().back().event_type, "closed");
  EXPECT_FALSE(bench.control.close_position(p1));
  bench.run_until(t0 + 200s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlPositions, without_a_source_it_is_a_warning_after_5_s_and_critical_after_10) {
  ControlBench bench;
  hold(bench);
  bench.run_until(t0 + 5s);
  ASSERT_THAT(bench.open(), ElementsAre(unserved));
  EXPECT_THAT(bench.control.alerts(0)[0].row.message, HasSubstr("has no source of prices"));
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(unprotected)) << "one alert, which replaces the other";
}

TEST(ControlPositions, a_source_without_data_is_one_too) {
  ControlBench bench;
  bench.watch("S");
  hold(bench);
  bench.run_until(t0 + 5s);
  ASSERT_THAT(bench.open(), ElementsAre(unserved));
  EXPECT_THAT(bench.control.alerts(0)[0].row.message,
              AllOf(HasSubstr("has not been served a price"), HasSubstr("nothing received")));
}

TEST(ControlPositions, its_stream_is_asked_for_once_and_let_go_with_the_last) {
  FakeSources sources;
  ControlBench bench({}, {}, 64, &sources);
  hold(bench);
  Position second = position("p2");
  second.quantity = *Decimal::parse("0.5");
  ASSERT_TRUE(bench.control.put_position(second, {}, "bot"));
  bench.run_until(t0 + 3s);
  EXPECT_THAT(sources.asked, ElementsAre("tap v/S/mark"));
  sources.answers.at(0)(std::unexpected(Error{"S", "is not listed", ""}));
  bench.run_until(t0 + 6s);
  EXPECT_THAT(bench.control.alerts(0).at(0).row.message, HasSubstr("is not listed"));
  bench.run_until(t0 + 13s);
  EXPECT_THAT(sources.asked, SizeIs(2)) << "it may be listed later";
  healthy(bench);
  ASSERT_TRUE(bench.control.close_position(p1));
  bench.run_until(t0 + 60s);
  EXPECT_THAT(sources.asked, SizeIs(3)) << "this stream's prices are not on the tap yet";
  ASSERT_TRUE(bench.control.close_position({"v", "S", "p2"}));
  EXPECT_EQ(sources.asked.back(), "unwant v/S/mark");
  sources.answers.at(1)({});
}

TEST(ControlPositions, where_there_is_a_last_price_it_is_asked_for_as_well_and_let_go) {
  FakeSources sources;
  sources.with_last = true;
  ControlBench bench({}, {}, 64, &sources);
  hold(bench);
  bench.run_until(t0 + 3s);
  EXPECT_THAT(sources.asked, ElementsAre("tap v/S/mark", "want v/S/last"));
  sources.answers.at(1)(std::unexpected(Error{"S", "has no last price", ""}));
  bench.run_until(t0 + 6s);
  EXPECT_THAT(bench.control.alerts(0).at(0).row.message, testing::Not(HasSubstr("no last price")))
      << "what it is compared with protects nobody";
  ASSERT_TRUE(bench.control.close_position(p1));
  EXPECT_THAT(std::vector(sources.asked.end() - 2, sources.asked.end()),
              ElementsAre("unwant v/S/mark", "unwant v/S/last"));
}

TEST(ControlPositions, how_old_a_price_may_be_is_the_policys_word) {
  FakeSources sources;
  ControlBench bench({}, {}, 64, &sources);
  StreamStatus stream = healthy(bench);
  hold(bench);
  auto info = std::make_shared<StreamInfo>(*stream.info);
  info->policy.protect_max_age = 12s;
  stream.info = info;
  bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  bench.run_until(t0 + 11s);
  EXPECT_TRUE(bench.control.positions().view(p1, bench.clock.time)->price);
  EXPECT_THAT(sources.asked, ElementsAre("tap v/S/mark", "tap v/S/mark")) << "the tap's limit too";
  bench.run_until(t0 + 14s);
  EXPECT_TRUE(bench.control.positions().view(p1, bench.clock.time)->refusal);
}

TEST(ControlPositions, an_owner_who_does_not_renew_is_told_and_the_position_stays) {
  ControlBench bench;
  const StreamStatus stream = healthy(bench);
  hold(bench, 30s);
  serve(bench, stream, t0 + 31s);
  ASSERT_THAT(bench.open(), ElementsAre(expired));
  EXPECT_THAT(bench.control.alerts(0)[0].row.message, HasSubstr("bot has not renewed"));
  hold(bench, 30s);
  EXPECT_TRUE(bench.control.positions().view(p1, bench.clock.time)->price);
  serve(bench, stream, t0 + 55s);
  bench.run_until(bench.clock.time);
  EXPECT_THAT(bench.journal.rows<PositionRow>(), SizeIs(2));
  EXPECT_FALSE(bench.control.positions().view(p1, bench.clock.time)->expired);
}

/// Of the same position in an earlier run.
Recovered earlier(ControlBench& bench) {
  Recovered known;
  known.positions.push_back(bench.journal.rows<PositionRow>().back());
  for (const AlertView& view : bench.control.alerts(0)) known.open_alerts.push_back(view.row);
  return known;
}

TEST(ControlPositions, a_restart_forgets_neither_position_nor_alert) {
  Recovered known;
  {
    ControlBench bench;
    healthy(bench);
    hold(bench, 1h);
    bench.run_until(t0 + 60s);
    known = earlier(bench);
    ASSERT_THAT(known.open_alerts, SizeIs(1));
  }
  ControlBench bench(known);
  const StreamStatus stream = bench.watch("S");
  bench.put(stream);
  bench.run_until(t0 + 5min);
  EXPECT_THAT(bench.open(), ElementsAre(unprotected)) << "no price has been seen";
  EXPECT_THAT(bench.journal.rows<AlertRow>(), IsEmpty()) << "not told again";
  const auto view = bench.control.positions().view(p1, bench.clock.time);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->lease.ttl, 1h);
  EXPECT_EQ(view->lease.owner, "bot");
  EXPECT_EQ(view->lease.position.entry_price, position().entry_price);
  bench.price(stream, "28000");
  serve(bench, stream, bench.clock.time + 70s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlPositions, an_alert_of_a_position_nobody_holds_any_more_ends) {
  Recovered known;
  {
    ControlBench bench;
    healthy(bench);
    hold(bench);
    bench.run_until(t0 + 60s);
    known = earlier(bench);
  }
  known.positions.clear();
  ControlBench bench(known);
  healthy(bench);
  bench.run_until(t0 + 2min);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlPositions, the_same_again_is_the_same_and_another_under_its_name_is_refused) {
  ControlBench bench;
  hold(bench);
  hold(bench);
  EXPECT_EQ(bench.control.positions().book().size(), 1U);
  EXPECT_THAT(bench.event_texts(Control::Event::Type::position),
              ElementsAre("v/S/p1 registered short 0.250 at 28145.10"))
      << "and not that its first price is under way";
  Position other = position();
  other.side = Side::buy;
  const auto refused = bench.control.put_position(other, {}, "bot");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "id");
}

}  // namespace
}  // namespace feedwatch::engine
