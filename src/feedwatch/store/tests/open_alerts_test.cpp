#include "feedwatch/store/open_alerts.hpp"

#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {
namespace {

const AlertRequest stale{.type = "price_staleness",
                         .severity = "warning",
                         .message = "Critical stale: 0, Warnings: 1",
                         .metadata = R"({"stale_symbols":[]})",
                         .labels = {{"venue", "v"}}};

TEST(OpenAlerts, FirstRequestOpensWithItsTransition) {
  const OpenAlerts open;
  const JournalBatch batch = open.request(stale, wall_from_ns(5), "id1", "k");
  ASSERT_EQ(batch.rows.size(), 2U);
  const auto& row = std::get<AlertRow>(batch.rows[0]);
  EXPECT_EQ(row.id, "id1");
  EXPECT_EQ(row.identity, "price_staleness{venue=\"v\"}");
  EXPECT_EQ(row.state, "firing");
  EXPECT_EQ(row.started_at, wall_from_ns(5));
  const auto& step = std::get<AlertTransitionRow>(batch.rows[1]);
  EXPECT_EQ(step.from, "");
  EXPECT_EQ(step.to, "firing");
}

TEST(OpenAlerts, OpenOneIsRefreshedAndSeverityOnlyRises) {
  OpenAlerts open;
  open.note(open.request(stale, wall_from_ns(5), "id1", "k1"));
  AlertRequest again = stale;
  again.message = "newer";
  JournalBatch batch = open.request(again, wall_from_ns(6), "id2", "k2");
  ASSERT_EQ(batch.rows.size(), 1U);
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).id, "id1");
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).message, "newer");
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).started_at, wall_from_ns(5));

  again.severity = "critical";
  batch = open.request(again, wall_from_ns(7), "id3", "k3");
  ASSERT_EQ(batch.rows.size(), 2U);
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).severity, "critical");
  open.note(batch);

  batch = open.request(stale, wall_from_ns(8), "id4", "k4");
  ASSERT_EQ(batch.rows.size(), 1U);
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).severity, "critical");
}

TEST(OpenAlerts, ResolvedOneMakesRoomForTheNext) {
  OpenAlerts open;
  JournalBatch batch = open.request(stale, wall_from_ns(5), "id1", "k1");
  open.note(batch);
  std::get<AlertRow>(batch.rows[0]).state = "resolved";
  AlertRow other = std::get<AlertRow>(batch.rows[0]);
  other.id = "another";
  open.note(batch_of("k", {other}));
  EXPECT_EQ(std::get<AlertRow>(open.request(stale, wall_from_ns(9), "id2", "k2").rows[0]).id, "id1")
      << "a resolved row of another id closes nothing";
  open.note(batch);
  EXPECT_EQ(std::get<AlertRow>(open.request(stale, wall_from_ns(9), "id2", "k2").rows[0]).id,
            "id2");
}

}  // namespace
}  // namespace feedwatch::store
