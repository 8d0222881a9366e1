#include "feedwatch/store/tests/store_fixture.hpp"

namespace feedwatch::store {
namespace {

class StoreAlertsTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Both, StoreAlertsTest, ::testing::Values(Kind::sqlite, Kind::postgres),
                         name_of);

TEST_P(StoreAlertsTest, PagesOfAlertsSkipNoneThatBeganAtOneMoment) {
  open();
  for (const char* id : {"a1", "a2", "a3", "a4", "a5"}) {
    commit(batch_of(id, {alert_row(id, *(id + 1) == '3' ? "firing" : "resolved")}));
  }
  ASSERT_TRUE(wait_done(5));
  const auto reader = query();
  std::string seen;
  std::optional<StartPlace> after;
  for (;;) {
    const auto page = reader->alerts(2, after);
    ASSERT_TRUE(page);
    if (page->empty()) break;
    for (const AlertRow& row : *page) seen += row.id + " ";
    after = StartPlace{page->back().started_at, page->back().id};
  }
  EXPECT_EQ(seen, "a5 a4 a3 a2 a1 ");
}

TEST_P(StoreAlertsTest, ResolvedOnesComeByTheirEnd) {
  open();
  for (const char* id : {"a1", "a2", "a3"}) {
    AlertRow row = alert_row(id, "resolved");
    row.resolved_at = *row.resolved_at - (*(id + 1) - '0') * 1s;
    commit(batch_of(id, {row}));
  }
  commit(batch_of("open", {alert_row("a4")}));
  ASSERT_TRUE(wait_done(4));
  const auto resolved = query()->resolved_alerts(2);
  ASSERT_TRUE(resolved && resolved->size() == 2);
  EXPECT_EQ(resolved->at(0).id, "a1");
  EXPECT_EQ(resolved->at(1).id, "a2");
}

TEST_P(StoreAlertsTest, SecondOpenAlertOfAnIdentityIsNewsOfTheFirst) {
  open();
  AlertRow twin = alert_row("a1");
  twin.id = "a2";
  twin.message = "twin";
  commit(batch_of("k1", {alert_row("a1")}));
  commit(batch_of("k2", {transition(1), twin}));
  ASSERT_TRUE(wait_done(2));
  EXPECT_EQ(done_[1], "ok");
  ASSERT_EQ(query()->alerts()->size(), 1U);
  EXPECT_EQ(query()->open_alerts()->front().id, "a1");
  EXPECT_EQ(query()->open_alerts()->front().message, "twin");
}

TEST_P(StoreAlertsTest, CreateAlertTellsTheSinksInItsTransactionAndWhoeverGoesOnWithIt) {
  options_.recipients = {.sinks = {"hook"}};
  std::vector<std::string> told;
  options_.on_alert = [&](const AlertRow& row, const std::vector<NotificationRow>& notes) {
    told.push_back(row.id + " " + row.state + " " + (notes.empty() ? "" : notes[0].id));
  };
  open();
  std::vector<std::string> answers;
  const auto keep = [&](const Result<std::string>& id) {
    answers.push_back(id ? *id : id.error().text());
  };
  store_->create_alert({.type = "disk_hot", .message = "70 C"}, keep);
  store_->create_alert({.type = "disk_hot", .message = "x", .metadata = "{"}, keep);
  ASSERT_TRUE(mailbox_.wait_until([&] { return answers.size() == 2; }));
  // A refusal overtakes what still waits.
  if (answers[0].starts_with("alert:")) std::swap(answers[0], answers[1]);
  const std::string id = answers[0];
  EXPECT_EQ(answers[1], "alert: has metadata that is no JSON object (use {} when there is none)");
  ASSERT_EQ(query()->pending_notifications()->size(), 1U);
  EXPECT_EQ(query()->pending_notifications()->front().id, id + "/firing/warning@hook");
  store_->resolve_alert(id, keep);
  store_->resolve_alert("nobody", keep);
  ASSERT_TRUE(mailbox_.wait_until([&] { return answers.size() == 4; }));
  EXPECT_TRUE(query()->open_alerts()->empty());
  EXPECT_EQ(query()->pending_notifications()->size(), 2U);
  EXPECT_EQ(query()->alert_transitions(id)->size(), 2U);
  EXPECT_EQ(told, (std::vector<std::string>{id + " firing " + id + "/firing/warning@hook",
                                            id + " resolved " + id + "/resolved/warning@hook"}));
}

TEST_P(StoreAlertsTest, AllThatIsPendingIsFoundAfterALongOutageOfASink) {
  open();
  constexpr std::size_t many = 12'000;
  JournalBatch batch{.idempotency_key = "many", .rows = {}};
  for (std::size_t i = 0; i < many; ++i) {
    NotificationRow note;
    note.id = std::to_string(i);
    note.alert_id = "a1";
    note.sink = "hook";
    note.state = "pending";
    note.payload = "{}";
    batch.rows.emplace_back(std::move(note));
  }
  commit(std::move(batch));
  ASSERT_TRUE(wait_done(1));
  EXPECT_EQ(query()->pending_notifications()->size(), many);
}

TEST_P(StoreAlertsTest, CreateAlertIsOneRowPerIdentityAcrossReopen) {
  open();
  std::vector<std::string> ids;
  const auto keep = [&](const Result<std::string>& id) { ids.push_back(id ? *id : "error"); };
  const AlertRequest request{.type = "price_staleness",
                             .severity = "critical",
                             .message = "Critical stale: 1, Warnings: 0",
                             .metadata = R"({"stale_symbols":["BTCUSDT"]})"};
  store_->create_alert(request, keep);
  ASSERT_TRUE(mailbox_.wait_until([&] { return ids.size() == 1; }));
  store_.reset();
  open();
  store_->create_alert(request, keep);
  ASSERT_TRUE(mailbox_.wait_until([&] { return ids.size() == 2; }));
  EXPECT_EQ(ids[0], ids[1]);
  const auto alerts = query()->alerts();
  ASSERT_EQ(alerts->size(), 1U);
  EXPECT_EQ(alerts->front().identity, "price_staleness");
  EXPECT_EQ(query()->alert_transitions(ids[0])->size(), 1U);
}

}  // namespace
}  // namespace feedwatch::store
