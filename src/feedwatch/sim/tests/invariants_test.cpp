// Every invariant, shown a world in which it does not hold.

#include "feedwatch/sim/invariants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::sim {
namespace {

using engine::AlertView;
using engine::Control;
using engine::StreamView;
using health::Status;
using testing::HasSubstr;
using testing::Optional;

constexpr WallTime start{std::chrono::seconds{1'767'225'600}};

// ---- 2 ------------------------------------------------------------------------------------------

AlertRow row_of(std::string id, std::string state, std::string severity = "critical") {
  AlertRow row;
  row.id = std::move(id);
  row.name = "price_staleness";
  row.identity = "price_staleness of X";
  row.state = std::move(state);
  row.severity = std::move(severity);
  row.labels = {{"kind", "mark"}, {"symbol", "X"}, {"venue", "alpha"}};
  row.started_at = start + 10s;
  return row;
}

AlertRows rows_of(const std::vector<AlertRow>& rows) {
  AlertRows out;
  for (const AlertRow& row : rows) out.emplace(row.id, row);
  return out;
}

AlertTransitionRow transition(std::string id, std::string from, std::string to) {
  return {.alert_id = std::move(id),
          .at = start,
          .from = std::move(from),
          .to = std::move(to),
          .severity = {},
          .message = {}};
}

TEST(Episodes, OfOneFiringAndOneResolvedRowAreWhole) {
  const std::vector<AlertTransitionRow> rows{
      transition("1", "pending", "firing"), transition("1", "firing", "firing"),
      transition("1", "firing", "resolved"), transition("2", "pending", "firing")};
  EXPECT_EQ(episode_complaint(rows_of({row_of("1", "resolved"), row_of("2", "firing")}), rows),
            std::nullopt);
}

TEST(Episodes, DoubledLostOrNobodysRowsAreFound) {
  const auto fired = transition("1", "pending", "firing");
  const auto resolved = transition("1", "firing", "resolved");
  const AlertRows open = rows_of({row_of("1", "firing")});
  const AlertRows closed = rows_of({row_of("1", "resolved")});
  EXPECT_THAT(episode_complaint(open, std::vector{fired, fired}), Optional(HasSubstr("2 firing")));
  EXPECT_THAT(episode_complaint(open, {}), Optional(HasSubstr("0 firing")));
  EXPECT_THAT(episode_complaint(closed, std::vector{fired}), Optional(HasSubstr("0 resolved")));
  EXPECT_THAT(episode_complaint(closed, std::vector{fired, resolved, resolved}),
              Optional(HasSubstr("2 resolved")));
  EXPECT_THAT(episode_complaint({}, std::vector{fired}), Optional(HasSubstr("no alert")));
  EXPECT_THAT(episode_complaint(rows_of({row_of("1", "firing"), row_of("2", "firing")}),
                                std::vector{fired, transition("2", "pending", "firing")}),
              Optional(HasSubstr("open twice")));
}

Control::Event alert_event(std::string state) {
  Control::Event event;
  event.type = Control::Event::Type::alert;
  event.subject = "a";
  event.alert_state = std::move(state);
  return event;
}

TEST(Episodes, ToldAgainAreStillOne) {
  const std::vector events{alert_event("pending"), alert_event("firing"), alert_event("firing"),
                           alert_event("resolved"), alert_event("firing")};
  EXPECT_EQ(told_of(events).fired, 2U);
  EXPECT_EQ(told_of(events).resolved, 1U);
}

TEST(Journal, MissesNothingThatWasDecided) {
  const std::vector rows{transition("1", "pending", "firing")};
  const std::vector<StreamTransitionRow> levels(3);
  EXPECT_EQ(lost_rows_complaint({.fired = 1, .resolved = 0, .levels = 3}, rows, levels),
            std::nullopt);
  EXPECT_TRUE(lost_rows_complaint({.fired = 2, .resolved = 0, .levels = 3}, rows, levels));
  EXPECT_TRUE(lost_rows_complaint({.fired = 1, .resolved = 1, .levels = 3}, rows, levels));
  EXPECT_TRUE(lost_rows_complaint({.fired = 1, .resolved = 0, .levels = 2}, rows, levels));
}

TEST(Journal, HasOpenWhatIsShownAsOpen) {
  const AlertRows kept = rows_of({row_of("1", "firing"), row_of("2", "resolved")});
  const std::vector<AlertView> shown{{row_of("1", "firing"), true},
                                     {row_of("2", "resolved"), false}};
  EXPECT_EQ(open_alerts_complaint(kept, shown), std::nullopt);
  EXPECT_THAT(open_alerts_complaint(kept, {}), Optional(HasSubstr("journal only")));
  EXPECT_THAT(open_alerts_complaint({}, shown), Optional(HasSubstr("shown as open")));
}

// ---- 3 ------------------------------------------------------------------------------------------

TEST(Causes, AreAskedForByTheAlertsVenueAndTime) {
  EXPECT_THAT(cause_complaint(row_of("1", "firing"), start + 10s, {}),
              Optional(HasSubstr("no cause")));
  Causes causes;
  causes.venues["beta"] = start;
  causes.sink = causes.journal = start;
  EXPECT_TRUE(cause_complaint(row_of("1", "firing"), start + 10s, causes))
      << "another venue's fault";
  causes.venues["alpha"] = start + 11s;
  EXPECT_TRUE(cause_complaint(row_of("1", "firing"), start + 10s, causes))
      << "a fault that came later";
  causes.venues["alpha"] = start + 10s;
  EXPECT_EQ(cause_complaint(row_of("1", "firing"), start + 10s, causes), std::nullopt);
}

TEST(Causes, OfOurOwnHostCountToo) {
  Causes causes;
  causes.host = start;
  EXPECT_EQ(cause_complaint(row_of("1", "firing"), start + 10s, causes), std::nullopt);
  AlertRow sink = row_of("1", "firing");
  sink.name = "sink_failing";
  sink.labels = {{"sink", "webhook"}};
  EXPECT_TRUE(cause_complaint(sink, start, {}));
  causes = {};
  causes.sink = start;
  EXPECT_EQ(cause_complaint(sink, start, causes), std::nullopt);
}

TEST(Causes, OfDecisionsNobodyTakesIsTheirReceiver) {
  AlertRow undelivered = row_of("1", "firing");
  undelivered.name = "decision_undelivered";
  undelivered.labels = {{"webhook", "bot"}};
  Causes causes;
  causes.sink = start;
  EXPECT_TRUE(cause_complaint(undelivered, start, causes));
  causes.receiver = start + 1s;
  EXPECT_TRUE(cause_complaint(undelivered, start, causes)) << "it failed later";
  causes.receiver = start;
  EXPECT_EQ(cause_complaint(undelivered, start, causes), std::nullopt);
}

TEST(Causes, OfADecisionThatIsNotStoredIsTheStore) {
  AlertRow unstored = row_of("1", "firing");
  unstored.name = "decision_unstored";
  unstored.labels = {{"venue", "v"}, {"symbol", "S"}, {"position", "p1"}};
  Causes causes;
  causes.receiver = start;
  EXPECT_TRUE(cause_complaint(unstored, start, causes));
  causes.journal = start;
  EXPECT_EQ(cause_complaint(unstored, start, causes), std::nullopt);
}

TEST(Causes, OfAQuietMarketAreNeverCritical) {
  Causes causes;
  causes.quiet.insert({.venue = "alpha", .symbol = "X", .kind = Kind::mark});
  EXPECT_EQ(cause_complaint(row_of("1", "firing", "warning"), start + 10s, causes), std::nullopt);
  EXPECT_THAT(cause_complaint(row_of("1", "firing"), start + 10s, causes),
              Optional(HasSubstr("quiet")));
}

// ---- 5 ------------------------------------------------------------------------------------------

/// Seen at 100 s: the newest price arrived at 90 s, the newest message at 95 s.
AgeSample sample() {
  AgeSample out;
  out.at = MonoTime{100s};
  out.ages = {.receive = 10s, .confirmed = 5s, .event = 10s, .level = 5s};
  out.messages = 20;
  out.carrying = 10;
  out.newest = MonoTime{95s};
  out.newest_price = MonoTime{90s};
  return out;
}

/// A second later, with nothing new.
AgeSample later() {
  AgeSample out = sample();
  out.at += 1s;
  for (auto* age : {&out.ages.receive, &out.ages.confirmed, &out.ages.event, &out.ages.level}) {
    *age = **age + 1s;
  }
  return out;
}

TEST(AgesOfAStream, GrowWithTimeAndShrinkWithMessages) {
  EXPECT_EQ(age_complaint(sample(), later()), std::nullopt);
  AgeSample confirmed = later();
  ++confirmed.messages;
  confirmed.newest = MonoTime{101s};
  confirmed.ages.confirmed = 0s;
  EXPECT_EQ(age_complaint(sample(), confirmed), std::nullopt);
}

TEST(AgesOfAStream, NeverShrinkBelowTheTruth) {
  AgeSample now = later();
  now.ages.receive = 10s;
  EXPECT_THAT(age_complaint(sample(), now), Optional(HasSubstr("younger without a price")));
  now = later();
  now.ages.receive = std::nullopt;
  EXPECT_TRUE(age_complaint(sample(), now));
  now = later();
  now.ages.confirmed = 5s;
  EXPECT_THAT(age_complaint(sample(), now), Optional(HasSubstr("without a message")));
  now = later();
  now.ages.event = -1ns;
  EXPECT_THAT(age_complaint(sample(), now), Optional(HasSubstr("negative")));
  now = later();
  now.ages.confirmed = 12s;
  EXPECT_THAT(age_complaint(sample(), now), Optional(HasSubstr("above its receive age")));
  now = later();
  ++now.messages;  // it confirmed, and was taken for a price
  ++now.carrying;
  now.ages.receive = now.ages.confirmed = 3s;
  EXPECT_THAT(age_complaint(sample(), now), Optional(HasSubstr("newest price")));
  now = later();
  ++now.messages;
  now.ages.confirmed = 3s;
  EXPECT_THAT(age_complaint(sample(), now), Optional(HasSubstr("newest message")));
}

// ---- 7 ------------------------------------------------------------------------------------------

TEST(BoundsOfTheControl, AreHeld) {
  const Bounds bounds{.notifications = 10, .journal_batches = 20, .resolved_alerts = 5};
  Control::Counters counters;
  counters.notifications_pending = 10;
  counters.journal_pending = 20;
  EXPECT_EQ(bound_complaint(counters, 5, 0, bounds), std::nullopt);
  EXPECT_THAT(bound_complaint(counters, 6, 0, bounds), Optional(HasSubstr("6 resolved")));
  EXPECT_THAT(bound_complaint(counters, 5, 1, bounds), Optional(HasSubstr("dropped")));
  counters.notifications_pending = 11;
  EXPECT_THAT(bound_complaint(counters, 5, 0, bounds), Optional(HasSubstr("11 notifications")));
  counters.notifications_pending = 0;
  counters.journal_pending = 21;
  EXPECT_THAT(bound_complaint(counters, 5, 0, bounds), Optional(HasSubstr("21 batches")));
}

// ---- 4 and 8 ------------------------------------------------------------------------------------

StreamView view_of(Level level, Duration age) {
  auto info = std::make_shared<engine::StreamInfo>();
  info->key = {.venue = "alpha", .symbol = "X", .kind = Kind::mark};
  info->cadence = clocked(1s);
  info->policy.degraded_after = 3s;
  info->policy.stale_after = 10s;
  info->required = true;
  StreamView view;
  view.info = std::move(info);
  view.level = level;
  view.fault = level == Level::stale;
  view.ages = {.receive = age, .confirmed = age, .event = age, .level = age};
  view.prices = Prices{Decimal{100, 0}, {}};
  return view;
}

std::expected<Price, Refusal> accepted(const StreamView& view) {
  Price price;
  price.prices = *view.prices;
  price.level = view.level;
  price.receive_age = price.confirmed_age = *view.ages.receive;
  return price;
}

std::expected<Price, Refusal> refused(RefusalCode code, Level level) {
  return std::unexpected(
      Refusal{.code = code, .reason = Reason::silent, .level = level, .age = {}});
}

TEST(Views, AreWhatTheGuardSays) {
  const StreamView healthy = view_of(Level::healthy, 1s);
  EXPECT_EQ(view_complaint(healthy, accepted(healthy)), std::nullopt);
  const StreamView stale = view_of(Level::stale, 11s);
  EXPECT_EQ(view_complaint(stale, refused(RefusalCode::stale, Level::stale)), std::nullopt);
}

TEST(Views, ThatContradictAgesOrGuardAreFound) {
  const StreamView healthy = view_of(Level::healthy, 1s);
  const StreamView late = view_of(Level::healthy, 4s);
  EXPECT_THAT(view_complaint(late, accepted(late)), Optional(HasSubstr("its age of 4s degraded")));
  const StreamView early = view_of(Level::stale, 9s);
  EXPECT_TRUE(view_complaint(early, refused(RefusalCode::stale, Level::stale)));
  EXPECT_THAT(view_complaint(view_of(Level::stale, 11s), accepted(healthy)),
              Optional(HasSubstr("the guard healthy")));
  EXPECT_TRUE(view_complaint(healthy, refused(RefusalCode::stale, Level::stale)));
  EXPECT_THAT(view_complaint(healthy, refused(RefusalCode::too_old, Level::healthy)),
              Optional(HasSubstr("refuses it")));
  auto other = accepted(healthy);
  other->prices.price = Decimal{101, 0};
  EXPECT_THAT(view_complaint(healthy, other), Optional(HasSubstr("price")));
  other = accepted(healthy);
  other->receive_age += 1ns;
  EXPECT_THAT(view_complaint(healthy, other), Optional(HasSubstr("age")));
}

engine::HealthView health_of(Status streams, Status prices, Status overall) {
  engine::HealthView view;
  view.status = overall;
  view.components.resize(2);
  view.components[0].name = "WebSocket Streams";
  view.components[0].status = streams;
  view.components[1].name = "Price Updates";
  view.components[1].status = prices;
  return view;
}

TEST(Health, FollowsFromTheViews) {
  using enum Status;
  const std::vector stale{view_of(Level::healthy, 1s), view_of(Level::stale, 11s)};
  EXPECT_EQ(health_complaint(stale, health_of(critical, critical, critical)), std::nullopt);
  EXPECT_THAT(health_complaint(stale, health_of(degraded, critical, critical)),
              Optional(HasSubstr("WebSocket Streams is degraded")));
  EXPECT_THAT(health_complaint(stale, health_of(critical, healthy, critical)),
              Optional(HasSubstr("Price Updates is healthy")));
  EXPECT_THAT(health_complaint(stale, health_of(critical, critical, degraded)),
              Optional(HasSubstr("overall")));
  EXPECT_TRUE(health_complaint(stale, {.status = critical, .components = {}}));

  const std::vector well{view_of(Level::healthy, 1s)};
  EXPECT_EQ(health_complaint(well, health_of(healthy, healthy, healthy)), std::nullopt);
  EXPECT_TRUE(health_complaint(well, health_of(critical, critical, critical)));
  EXPECT_TRUE(health_complaint({}, health_of(healthy, healthy, healthy))) << "no evidence";
}

TEST(Health, TakesTheSilenceOfEventChannelsForAWarning) {
  using enum Status;
  StreamView quiet = view_of(Level::stale, 11s);
  auto info = std::make_shared<engine::StreamInfo>(*quiet.info);
  info->cadence = event_driven();
  quiet.info = info;
  quiet.reason = Reason::silent;
  EXPECT_EQ(health_complaint(std::vector{quiet}, health_of(degraded, degraded, degraded)),
            std::nullopt);
  EXPECT_TRUE(health_complaint(std::vector{quiet}, health_of(critical, critical, critical)));
  quiet.reason = Reason::disconnected;
  EXPECT_EQ(health_complaint(std::vector{quiet}, health_of(critical, critical, critical)),
            std::nullopt);
}

TEST(Alerts, SpeakForTheirStreamOrForAllOfTheirVenue) {
  const StreamKey stream{.venue = "alpha", .symbol = "X", .kind = Kind::mark};
  EXPECT_TRUE(speaks_for(row_of("1", "firing"), stream));
  EXPECT_FALSE(
      speaks_for(row_of("1", "firing"), {.venue = "alpha", .symbol = "X", .kind = Kind::last}));
  AlertRow venue = row_of("1", "firing");
  venue.labels = {{"venue", "alpha"}};
  EXPECT_TRUE(speaks_for(venue, stream));
  venue.labels = {{"venue", "beta"}};
  EXPECT_FALSE(speaks_for(venue, stream));
}

// ---- 9 ------------------------------------------------------------------------------------------

TEST(Budgets, AreCountedInEveryWindow) {
  const std::vector<MonoTime> times{MonoTime{0s}, MonoTime{4s}, MonoTime{10s}, MonoTime{13s}};
  EXPECT_EQ(rate_complaint(times, 3, 10s, 0s), std::nullopt);
  EXPECT_THAT(rate_complaint(times, 2, 10s, 0s), Optional(HasSubstr("more than 2 within 10s")));
  EXPECT_EQ(rate_complaint(times, 2, 10s, 1s), std::nullopt);
}

TEST(Budgets, AreOneFifthAndAtLeastOne) {
  EXPECT_EQ(our_share({300, 5min}), 60U);
  EXPECT_EQ(our_share({4, 1s}), 1U);
}

TEST(Bans, AreObeyedUntilTheirEnd) {
  const std::vector bans{Ban{MonoTime{10s}, MonoTime{20s}}};
  const auto told = [&](MonoTime at) { return ban_complaint(std::vector{at}, bans, 50ms); };
  EXPECT_EQ(told(MonoTime{10s} + 20ms), std::nullopt) << "it was under way";
  EXPECT_EQ(told(MonoTime{20s}), std::nullopt);
  EXPECT_TRUE(told(MonoTime{20s} - 1ns));
  EXPECT_TRUE(told(MonoTime{11s}));
}

}  // namespace
}  // namespace feedwatch::sim
