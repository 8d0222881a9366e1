#include "feedwatch/store/admin.hpp"

#include "feedwatch/store/tests/pg_fixture.hpp"
#include "feedwatch/store/tests/sqlite_support.hpp"

namespace feedwatch::store {
namespace {

class AdminTest : public StoreTest {
 protected:
  void fill() {
    const auto step = [](const char* id, const char* from, const char* to) {
      return AlertTransitionRow{id, wall_from_ns(1'000), from, to, "critical", "m"};
    };
    commit(batch_of("k1", {alert_row("a1"), step("a1", "pending", "firing"), transition(1)}));
    commit(batch_of("k2", {alert_row("a2"), step("a2", "pending", "firing")}));
    commit(batch_of("k3", {alert_row("a2", "resolved"), step("a2", "firing", "resolved")}));
    ASSERT_TRUE(wait_done(3));
  }
};
INSTANTIATE_TEST_SUITE_P(Both, AdminTest, ::testing::Values(Kind::sqlite, Kind::postgres), name_of);

TEST_P(AdminTest, StatusBesideARunningMonitor) {
  open();
  fill();
  const auto status = database_status(options_);
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(status->kind, GetParam() == Kind::sqlite ? "sqlite" : "postgresql");
  EXPECT_EQ(status->applied.size(), status->known);
  EXPECT_GT(status->bytes, 0U);
  EXPECT_NE(status->writer.find("process "), std::string::npos) << status->writer;
  ASSERT_EQ(status->rows.size(), 10U);
  EXPECT_EQ(status->rows[0], (std::pair<std::string, std::int64_t>{"alerts", 2}));
  store_.reset();
  ASSERT_TRUE(mailbox_.wait_until([&] { return database_status(options_)->writer.empty(); }));
}

TEST_P(AdminTest, MigrateMakesTheSchemaOnceAndNotUnderAMonitor) {
  const auto made = migrate_database(options_, clock_.wall_now());
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_GT(*made, 0U);
  EXPECT_EQ(migrate_database(options_, clock_.wall_now()).value(), 0U);
  open();
  const auto refused = migrate_database(options_, clock_.wall_now());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().why.find("is in use by"), std::string::npos);
}

TEST_P(AdminTest, CheckFindsRowsThatContradictEachOther) {
  open();
  fill();
  EXPECT_EQ(check_database(options_, clock_.wall_now()).value(), std::vector<std::string>{});
  commit(batch_of(
      "k4",
      {AlertTransitionRow{"a1", wall_from_ns(2'000), "pending", "firing", "", ""},
       NotificationRow{"n1", "nobody", "hook", "pending", "{}", 0, clock_.wall_now(), {}, ""}}));
  ASSERT_TRUE(wait_done(4));
  EXPECT_EQ(check_database(options_, clock_.wall_now()).value(),
            (std::vector<std::string>{"a1 does not have one row of its firing and one of its end",
                                      "n1 is to be delivered and has no alert"}));
}

TEST_P(AdminTest, CheckTakesAnAcknowledgementForWhatItIs) {
  open();
  fill();
  commit(batch_of(
      "k4",
      {AlertTransitionRow{"a1", wall_from_ns(2'000), "firing", "acknowledged", "", "ann: mine"},
       AlertTransitionRow{"a1", wall_from_ns(3'000), "acknowledged", "firing", "", ""}}));
  ASSERT_TRUE(wait_done(4));
  EXPECT_EQ(check_database(options_, clock_.wall_now()).value(), std::vector<std::string>{});
}

TEST_P(AdminTest, BackupOfARunningDatabaseOpensAsOne) {
  open();
  fill();
  const std::filesystem::path copy = dir_.path() / "backup.db";
  const auto saved = back_up_database(options_, copy);
  if (GetParam() == Kind::postgres) {
    ASSERT_FALSE(saved);
    EXPECT_TRUE(saved.error().fix.starts_with("pg_dump --schema=feedwatch")) << saved.error().fix;
    return;
  }
  ASSERT_TRUE(saved) << saved.error().text();
  commit(batch_of("k4", {alert_row("a3")}));
  ASSERT_TRUE(wait_done(4));
  EXPECT_EQ(back_up_database(options_, copy).error().why, "is there already");
  EXPECT_FALSE(std::filesystem::exists(copy.string() + ".part"));
  store_.reset();
  options_.url = "sqlite://" + copy.string();
  options_.state_dir = dir_.path() / "other";
  EXPECT_EQ(check_database(options_, clock_.wall_now()).value(), std::vector<std::string>{});
  open();
  EXPECT_EQ(query()->alerts()->size(), 2U);
}

class SqliteDamage : public SqliteStoreTest {
 protected:
  /// Pages behind the first one, overwritten.
  void damage() {
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 1; page < 12; ++page) {
      out.seekp(page * 4096 + 8);
      out << std::string(2000, '\x5a');
    }
  }
};

TEST_F(SqliteDamage, IsFoundByTheCheckAndSaidAtTheStart) {
  open();
  for (int i = 0; i < 200; ++i) commit(batch_of("k" + std::to_string(i), {transition(i)}));
  ASSERT_TRUE(wait_done(200));
  store_.reset();
  damage();
  const auto findings = check_database(options_, clock_.wall_now());
  ASSERT_TRUE(findings) << findings.error().text();
  EXPECT_FALSE(findings->empty());
  const std::string error = open_error();
  EXPECT_NE(error.find("is damaged (move it away, restore a backup"), std::string::npos) << error;
}

}  // namespace
}  // namespace feedwatch::store
