#include "feedwatch/health/registry.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "feedwatch/health/reports.hpp"

namespace feedwatch::health {
namespace {

constexpr Duration ns{1};

Verdict verdict(Status status, std::optional<std::string> message = {}) {
  return {status, std::move(message), 0, {}};
}

ComponentOptions named(std::string name, std::vector<std::string> depends_on = {}) {
  return {
      .name = std::move(name), .type = "t", .required = true, .depends_on = std::move(depends_on)};
}

/// Each check takes 3 ms.
std::vector<Component> run(const Registry& registry) {
  MonoTime time{};
  return registry.run(wall_from_ns(42), [&time] { return time += 3ms; });
}

TEST(Registry, a_check_that_throws_is_critical_and_stops_no_other) {
  Registry registry;
  registry.add(named("a"), []() -> Verdict { throw std::runtime_error("no such table"); });
  registry.add(named("b"), []() -> Verdict { throw 7; });
  registry.add(named("c"), [] { return verdict(Status::healthy); });
  const auto components = run(registry);
  ASSERT_EQ(components.size(), 3U);
  EXPECT_EQ(components[0].status, Status::critical);
  EXPECT_EQ(components[0].error_message, "no such table");
  EXPECT_EQ(components[1].status, Status::critical);
  EXPECT_EQ(components[2].status, Status::healthy);
  EXPECT_EQ(components[2].last_check, wall_from_ns(42));
  EXPECT_DOUBLE_EQ(components[2].response_time_ms, 3.0);
}

TEST(Registry, a_check_that_takes_longer_than_two_seconds_is_unhealthy_at_best) {
  MonoTime time{};
  const auto took = [&](Duration duration, Status status) {
    Registry registry;
    registry.add(named("a"), [&time, duration, status] {
      time += duration;
      return verdict(status, "as found");
    });
    return registry.run({}, [&time] { return time; }).front();
  };
  EXPECT_EQ(took(2s, Status::healthy).status, Status::healthy);
  EXPECT_EQ(took(2s + ns, Status::healthy).status, Status::unhealthy);
  EXPECT_EQ(took(2s + ns, Status::healthy).error_message,
            "the check took 2.0s (limit 2s): as found");
  EXPECT_EQ(took(3s, Status::critical).status, Status::critical);
  EXPECT_EQ(took(-5s, Status::healthy).response_time_ms, 0) << "a clock that runs backwards";
}

TEST(Registry, evidence_older_than_two_periods_or_of_the_future_is_none) {
  const auto judged = [](Duration age) {
    Registry registry;
    registry.add(named("a"), [age] {
      Verdict found = verdict(Status::healthy);
      found.evidence_age = age;
      found.period = 30s;
      return found;
    });
    return run(registry).front();
  };
  EXPECT_EQ(judged(60s).status, Status::healthy);
  EXPECT_EQ(judged(60s + ns).status, Status::unknown);
  EXPECT_EQ(judged(61s).error_message, "no evidence for 61s (expected every 30s)");
  EXPECT_EQ(judged(-1s).status, Status::healthy);
  EXPECT_EQ(judged(-1s - ns).status, Status::unknown);
  EXPECT_EQ(judged(-5s).error_message, "its evidence is dated 5.0s ahead and not believed");
}

TEST(Registry, a_component_in_trouble_names_the_one_it_depends_on) {
  Registry registry;
  registry.add(named("prices", {"nowhere", "streams"}), [] { return verdict(Status::critical); });
  registry.add(named("streams", {"monitor"}), [] { return verdict(Status::degraded); });
  registry.add(named("monitor"), [] { return verdict(Status::healthy); });
  registry.add(named("other", {"prices"}), [] { return verdict(Status::healthy); });
  const auto components = run(registry);
  EXPECT_EQ(components[0].because_of, "streams");
  EXPECT_EQ(components[1].because_of, std::nullopt) << "what it depends on is well";
  EXPECT_EQ(components[3].because_of, std::nullopt) << "it is well itself";
}

TEST(Registry, paths_affected_are_those_of_components_in_trouble) {
  const auto affected = [](Status status) {
    Registry registry;
    registry.add(named("a"), [status] {
      Verdict found = verdict(status);
      found.affected = {"/v1/alerts"};
      return found;
    });
    return run(registry).front().affected.size();
  };
  EXPECT_EQ(affected(Status::healthy), 0U);
  EXPECT_EQ(affected(Status::degraded), 1U);
}

Component component(Status status, bool required = true) {
  Component made;
  made.status = status;
  made.required = required;
  return made;
}

TEST(RollUp, is_the_worst_of_the_required) {
  EXPECT_EQ(roll_up({component(Status::healthy), component(Status::critical)}), Status::critical);
  EXPECT_EQ(roll_up({component(Status::degraded), component(Status::unhealthy)}),
            Status::unhealthy);
  EXPECT_EQ(roll_up({component(Status::healthy), component(Status::healthy)}), Status::healthy);
}

TEST(RollUp, optional_caps_at_degraded) {
  for (const Status status :
       {Status::degraded, Status::unhealthy, Status::critical, Status::unknown}) {
    EXPECT_EQ(roll_up({component(Status::healthy), component(status, false)}), Status::degraded);
  }
}

TEST(RollUp, unknown_is_never_healthy_and_hides_nothing) {
  EXPECT_EQ(roll_up({}), Status::unknown);
  EXPECT_EQ(roll_up({component(Status::healthy), component(Status::unknown)}), Status::unknown);
  EXPECT_EQ(roll_up({component(Status::degraded), component(Status::unknown)}), Status::unknown);
  EXPECT_EQ(roll_up({component(Status::unhealthy), component(Status::unknown)}), Status::unhealthy);
}

// ---- reports of others --------------------------------------------------------------------------

constexpr MonoTime t0{1'000s};

Component reported(const Reports& reports, MonoTime now) {
  Registry registry;
  reports.add_to(registry, now);
  return registry.run({}, [now] { return now; }).at(0);
}

TEST(Reports, hold_for_their_time_and_are_unknown_afterwards) {
  Reports reports;
  ASSERT_TRUE(reports.put({.name = "risk_manager", .status = Status::healthy, .ttl = 30s}, t0));
  EXPECT_EQ(reported(reports, t0 + 30s).status, Status::healthy);
  EXPECT_EQ(reported(reports, t0 + 30s).name, "risk_manager");
  EXPECT_FALSE(reported(reports, t0).required);
  const Component silent = reported(reports, t0 + 31s);
  EXPECT_EQ(silent.status, Status::unknown);
  EXPECT_EQ(silent.error_message, "nothing reported for 31s (its report held for 30s)");
  ASSERT_TRUE(reports.put(
      {.name = "risk_manager", .status = Status::critical, .message = "limit broken", .ttl = 30s},
      t0 + 40s));
  EXPECT_EQ(reported(reports, t0 + 41s).status, Status::critical);
  EXPECT_EQ(reported(reports, t0 + 41s).error_message, "limit broken");
}

TEST(Reports, a_report_of_the_future_is_not_believed) {
  Reports reports;
  ASSERT_TRUE(reports.put({.name = "a", .status = Status::healthy}, t0 + 10s));
  EXPECT_EQ(reported(reports, t0).status, Status::unknown);
}

TEST(Reports, what_makes_no_sense_is_refused) {
  Reports reports;
  const auto refused = [&](Report report) { return !reports.put(std::move(report), t0); };
  EXPECT_TRUE(refused({.name = "", .status = Status::healthy}));
  EXPECT_TRUE(refused({.name = "a b", .status = Status::healthy}));
  EXPECT_TRUE(refused({.name = std::string(65, 'a'), .status = Status::healthy}));
  EXPECT_TRUE(refused({.name = "a", .status = Status::unknown}));
  EXPECT_TRUE(refused({.name = "a", .status = Status::healthy, .ttl = 0s}));
  EXPECT_TRUE(refused({.name = "a", .status = Status::healthy, .ttl = 24h + ns}));
  EXPECT_TRUE(
      refused({.name = "a", .status = Status::healthy, .message = std::string(1'001, 'a')}));
}

TEST(Reports, are_bounded_and_withdrawn) {
  Reports reports;
  for (std::size_t i = 0; i < Reports::max_reports; ++i) {
    ASSERT_TRUE(reports.put({.name = "c" + std::to_string(i), .status = Status::healthy}, t0));
  }
  EXPECT_FALSE(reports.put({.name = "more", .status = Status::healthy}, t0));
  EXPECT_TRUE(reports.put({.name = "c0", .status = Status::degraded}, t0)) << "a known one";
  EXPECT_TRUE(reports.withdraw("c1"));
  EXPECT_FALSE(reports.withdraw("c1"));
  EXPECT_TRUE(reports.put({.name = "more", .status = Status::healthy}, t0));
}

}  // namespace
}  // namespace feedwatch::health
