// `feedwatch run` as a process: it stops in time with nothing lost, dies and goes on, and shares
// its database with nobody.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <system_error>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::HasSubstr;

std::int64_t count(const std::string& database, const std::string& query) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(database.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> db(raw, sqlite3_close);
  sqlite3_stmt* statement = nullptr;
  if (opened != SQLITE_OK ||
      sqlite3_prepare_v2(raw, query.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    ADD_FAILURE() << database << ": " << sqlite3_errmsg(raw);
    return -1;
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owned(statement,
                                                                         sqlite3_finalize);
  return sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
}

class Run : public testing::Test {
 protected:
  std::string configuration(std::string_view sink = "type = \"log\"") const {
    return scratch_.write("feedwatch.toml", fmt::format(R"(preset = "tight"
[[venue]]
name = "binance-usdm"
url = "{}"
streams = ["BTCUSDT/mark", "ETHUSDT/mark", "BTCUSDT/quote", "ETHUSDT/quote"]
[watchdog]
enabled = false
[store]
url = "sqlite://{}"
state_dir = "{}"
[alerts]
group_wait = "0s"
keep_firing = "1s"
[[sink]]
{}
)",
                                                        exchange_.ws_url(), database(),
                                                        scratch_.path().string(), sink));
  }
  std::string database() const { return scratch_.file("feedwatch.db"); }
  void silence_bitcoin() const {
    exchange_.inject(R"({"fault":"silent_symbol","symbol":"BTCUSDT","route":"market"})");
  }
  static bool alerts_open(Monitored& monitor, std::size_t wanted) {
    return wait_for([&] { return monitor.open_alerts().size() == wanted; });
  }

  Simulated exchange_{{"--venue", "binance-usdm", "--symbols", "BTCUSDT,ETHUSDT", "--rate", "500"}};
  Scratch scratch_;
};

TEST_F(Run, SigtermUnderLoadEndsWithinFiveSecondsAndEveryRowIsWritten) {
  Monitored monitor(configuration());
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  silence_bitcoin();
  ASSERT_TRUE(alerts_open(monitor, 1)) << monitor.process().err();
  // Right in the middle of things: every stream changes as its line goes.
  exchange_.inject(R"({"fault":"close"})");
  const MonoTime asked = now();
  monitor.process().signal(SIGTERM);
  EXPECT_EQ(monitor.process().wait(), 0) << monitor.process().err();
  EXPECT_LE(now() - asked, 5s);

  EXPECT_EQ(count(database(), "SELECT count(*) FROM alerts WHERE state = 'firing'"), 1);
  EXPECT_EQ(count(database(), "SELECT count(*) FROM alert_transitions WHERE to_state = 'firing'"),
            1);
  EXPECT_GE(count(database(), "SELECT count(*) FROM notifications WHERE state = 'delivered'"), 1);
  EXPECT_EQ(count(database(), "SELECT count(*) FROM notifications WHERE state = 'pending'"), 0);
  EXPECT_EQ(count(database(),
                  "SELECT count(DISTINCT stream) FROM stream_transitions "
                  "WHERE to_level = 'healthy'"),
            4);
  EXPECT_GE(count(database(), "SELECT count(*) FROM repairs WHERE step = 'resubscribe'"), 1);
}

TEST_F(Run, SigtermEndsWithinFiveSecondsWhileAnotherProgramHoldsTheDatabase) {
  Monitored monitor(configuration());
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open_v2(database().c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> other(raw, sqlite3_close);
  ASSERT_TRUE(wait_for([&] {
    return sqlite3_exec(raw, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
  }));
  silence_bitcoin();
  ASSERT_TRUE(alerts_open(monitor, 1)) << monitor.process().err();
  const MonoTime asked = now();
  monitor.process().signal(SIGTERM);
  EXPECT_TRUE(monitor.process().wait()) << monitor.process().err();
  EXPECT_LE(now() - asked, 5s);
}

TEST_F(Run, AStallOfItsOwnDegradesTheMonitorAndNobodyElse) {
  Monitored monitor(configuration());
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  monitor.process().signal(SIGSTOP);
  ASSERT_FALSE(monitor.process().wait(600ms));
  monitor.process().signal(SIGCONT);
  const auto component = [&] {
    return get(monitor.url() + "/health").json()["checks"]["Monitor"][0];
  };
  ASSERT_TRUE(wait_for([&] { return component().value("state", "") == "degraded"; }, 10s))
      << component().dump();
  EXPECT_THAT(component().value("output", ""), HasSubstr(" stalled "));
}

/// Takes connections and never says a word.
class DeadReceiver {
 public:
  DeadReceiver() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* const any = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(fd_, any, size) != 0 || ::listen(fd_, 16) != 0 ||
        ::getsockname(fd_, any, &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "receiver");
    }
  }
  ~DeadReceiver() { ::close(fd_); }
  DeadReceiver(const DeadReceiver&) = delete;
  DeadReceiver& operator=(const DeadReceiver&) = delete;
  std::string url() const {
    return fmt::format("http://127.0.0.1:{}/hook", ntohs(address_.sin_port));
  }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address_{};
};

TEST_F(Run, ASinkThatNeverAnswersDelaysNoStopAndItsAlertIsKept) {
  const std::string pending = "SELECT count(*) FROM notifications WHERE state = 'pending'";
  const std::string delivered = "SELECT count(*) FROM notifications WHERE state = 'delivered'";
  {
    const DeadReceiver receiver;
    Monitored monitor(configuration(
        fmt::format("type = \"webhook\"\nname = \"out\"\nurl = \"{}\"", receiver.url())));
    ASSERT_TRUE(monitor.ready()) << monitor.process().err();
    silence_bitcoin();
    ASSERT_TRUE(alerts_open(monitor, 1)) << monitor.process().err();
    const MonoTime asked = now();
    const std::string url = monitor.url();
    monitor.process().signal(SIGTERM);
    // It says at once that nobody should come any more, while it waits for the sink.
    EXPECT_TRUE(wait_for([&] { return get(url + "/readyz").status == 503; }, 2s));
    EXPECT_EQ(get(url + "/livez").status, 200);
    EXPECT_EQ(monitor.process().wait(), 0) << monitor.process().err();
    EXPECT_LE(now() - asked, 5s);
    EXPECT_EQ(count(database(), pending), 1);
    EXPECT_EQ(count(database(), delivered), 0);
  }
  // The same sink, alive: what waited goes out.
  Monitored monitor(configuration("type = \"log\"\nname = \"out\""));
  EXPECT_TRUE(wait_for([&] { return !monitor.url().empty() && count(database(), pending) == 0; }));
  EXPECT_GE(count(database(), delivered), 1);
}

TEST_F(Run, AnAlertOutlivesItsMonitorAndFiresOnce) {
  auto first = std::make_unique<Monitored>(configuration());
  ASSERT_TRUE(first->ready()) << first->process().err();
  silence_bitcoin();
  ASSERT_TRUE(alerts_open(*first, 1)) << first->process().err();
  const std::string id = first->open_alerts().at(0).at("id");
  // It is seen a moment before it is in the journal, and what is not there yet is begun anew.
  ASSERT_TRUE(wait_for([&] { return count(database(), "SELECT count(*) FROM alerts") == 1; }));
  first->process().signal(SIGKILL);
  EXPECT_EQ(first->process().wait(), 128 + SIGKILL);

  Monitored second(configuration());
  const auto bitcoin_stale = [&] {
    const auto stream = get(second.url() + "/v1/streams/binance-usdm/BTCUSDT/mark").json();
    return stream.is_object() && stream.value("level", "") == "stale";
  };
  // Never received by this run, which is for its first ten seconds no evidence of anything.
  while (!bitcoin_stale()) {
    const auto open = second.open_alerts();
    ASSERT_EQ(open.size(), 1U) << second.process().err();
    ASSERT_EQ(open.at(0).at("id"), id);
    wait_for([] { return false; }, 100ms);
    ASSERT_TRUE(second.process().running()) << second.process().err();
  }
  ASSERT_EQ(second.open_alerts().at(0).at("id"), id);

  exchange_.inject(R"({"clear":"all"})");
  ASSERT_TRUE(alerts_open(second, 0)) << second.process().err();
  second.process().signal(SIGTERM);
  EXPECT_EQ(second.process().wait(), 0) << second.process().err();
  EXPECT_EQ(count(database(), "SELECT count(*) FROM alerts"), 1);
  EXPECT_EQ(count(database(),
                  "SELECT count(*) FROM alert_transitions WHERE to_state = 'firing' "
                  "AND from_state <> 'firing'"),
            1);
  EXPECT_EQ(count(database(),
                  "SELECT count(*) FROM alert_transitions WHERE to_state = "
                  "'resolved'"),
            1);

  Monitored third(configuration());
  const Answer remembered = get(third.url() + "/v1/alerts/" + id);
  EXPECT_EQ(remembered.status, 200) << remembered.body;
  EXPECT_EQ(remembered.json().value("state", ""), "resolved");
}

TEST_F(Run, ASecondMonitorOnTheSameDatabaseIsRefused) {
  const std::string file = configuration();
  Monitored first(file);
  first.url();
  const Ran second = run_feedwatch({"run", "-c", file, "--set", "api.listen=127.0.0.1:0"});
  EXPECT_EQ(second.code, 3) << second.err;
  EXPECT_THAT(second.err, HasSubstr(database()));
  EXPECT_THAT(second.err,
              testing::AnyOf(HasSubstr("in use"), HasSubstr("locked"), HasSubstr("another")));
  EXPECT_TRUE(first.process().running());
}

}  // namespace
}  // namespace feedwatch::integration
