#include <sqlite3.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/store/tests/store_fixture.hpp"

/// Every naughty string through SQL as symbol, label and message, read back by the databases' own
/// JSON and by the store.
namespace feedwatch::store {
namespace {

using nlohmann::json;

class StoreNaughty : public StoreTest {
 protected:
  void SetUp() override {
    FEEDWATCH_NEEDS_DATA(file());
    StoreTest::SetUp();
  }
  static std::filesystem::path file() { return testing::test_data_path("hostile/blns/blns.json"); }
  static std::vector<std::string> strings() {
    std::ifstream in(file());
    return json::parse(in).get<std::vector<std::string>>();
  }

  /// One JSON text, asked of the database without the store.
  std::string text(const std::string& sqlite, const std::string& postgres) {
    if (GetParam() == Kind::postgres) {
      return PgServer::shared().ask(database_, "SET search_path = feedwatch; " + postgres);
    }
    std::string found;
    sqlite3* db = nullptr;
    sqlite3_open((dir_.path() / "feedwatch.db").c_str(), &db);
    sqlite3_exec(
        db, sqlite.c_str(),
        [](void* out, int, char** values, char**) {
          *static_cast<std::string*>(out) = values[0];
          return 0;
        },
        &found, nullptr);
    sqlite3_close(db);
    return found;
  }
};
INSTANTIATE_TEST_SUITE_P(Both, StoreNaughty, ::testing::Values(Kind::sqlite, Kind::postgres),
                         name_of);

TEST_P(StoreNaughty, EveryStringReadsBackAsItWas) {
  open();
  const auto all = strings();
  ASSERT_EQ(all.size(), 515U);
  std::map<std::string, std::string> written;
  for (std::size_t i = 0; i < all.size(); ++i) {
    AlertRow row = alert_row("a" + std::to_string(i));
    row.identity = "price_staleness{n=" + std::to_string(i) + ",symbol=" + all[i] + "}";
    row.message = all[i];
    row.labels = {{"symbol", all[i]}, {"venue", "v" + all[i]}};
    written[row.id] = all[i];
    StreamTransitionRow level = transition(1);
    level.stream = "v/" + all[i] + "/mark";
    commit(batch_of("k" + row.id, {row, level}));
  }
  ASSERT_TRUE(wait_done(all.size()));
  EXPECT_EQ(done_, std::vector<std::string>(all.size(), "ok"));

  const json rows = json::parse(
      text("SELECT json_group_array(json_array(id, message, labels, identity)) FROM alerts",
           "SELECT json_agg(json_build_array(id, message, labels, identity)) FROM alerts"));
  ASSERT_EQ(rows.size(), all.size());
  for (const json& row : rows) {
    const std::string& wanted = written.at(row.at(0));
    EXPECT_EQ(row.at(1), wanted);
    const json labels = json::parse(row.at(2).get<std::string>());
    EXPECT_EQ(labels.at("symbol"), wanted);
    EXPECT_EQ(labels.at("venue"), "v" + wanted);
    EXPECT_TRUE(row.at(3).get<std::string>().contains(wanted));
  }
  const auto reader = query();
  for (const auto& [id, wanted] : written) {
    const auto row = reader->alert(id);
    ASSERT_TRUE(row && *row) << id;
    EXPECT_EQ((*row)->message, wanted);
    EXPECT_EQ((*row)->labels, (Labels{{"symbol", wanted}, {"venue", "v" + wanted}}));
    EXPECT_FALSE(reader->stream_transitions("v/" + wanted + "/mark")->empty()) << wanted;
  }
}

}  // namespace
}  // namespace feedwatch::store
