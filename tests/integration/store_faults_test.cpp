// Disks and databases that fail under `feedwatch run`: prices and guards notice nothing, alerts are
// kept and told, and what the store owes is written when it is back.

#include <errno.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "bystander.hpp"
#include "feedwatch/store/store.hpp"
#include "feedwatch/store/tests/pg_server.hpp"
#include "process.hpp"

namespace feedwatch::integration {
namespace {

using store::PgServer;
using testing::HasSubstr;

constexpr std::string_view outage =
    R"({"fault":"silent_symbol","symbol":"ETHUSDT","route":"market","for":"6s"})";

/// A monitor whose store is about to fail, and somebody who asks it for prices all the while.
class StoreFaults : public testing::Test {
 protected:
  void begin(const std::string& url, const std::filesystem::path& state_dir,
             std::vector<std::pair<std::string, std::string>> environment = {}) {
    url_ = url;
    configuration_ =
        scratch_.write("feedwatch.toml", fmt::format(R"(preset = "tight"
[[venue]]
name = "binance-usdm"
url = "{}"
rest_url = "{}"
streams = ["BTCUSDT/quote", "BTCUSDT/mark", "ETHUSDT/mark"]
[store]
url = "{}"
state_dir = "{}"
[watchdog]
enabled = false
[alerts]
group_wait = "0s"
keep_firing = "1s"
[[sink]]
type = "log"
)",
                                                     exchange_.ws_url(), exchange_.rest_url(), url,
                                                     state_dir.string()));
    environment_ = std::move(environment);
    start();
    ASSERT_TRUE(monitor_->ready()) << monitor_->process().err();
    bystander_ = std::make_unique<Bystander>(monitor_->url());
  }
  void start() { monitor_ = std::make_unique<Monitored>(configuration_, environment_); }

  bool is_open(std::string_view name) {
    for (const auto& alert : monitor_->open_alerts()) {
      if (alert.value("name", "") == name) return true;
    }
    return false;
  }
  double metric(const std::string& series) {
    const std::string text = "\n" + get(monitor_->url() + "/metrics").body;
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  double spool(const std::string& what) {
    return metric(fmt::format("feedwatch_queue_{}{{queue=\"spool\"}}", what));
  }

  /// An alert comes and goes while the store fails, and the store's own one is raised.
  void suffer() {
    exchange_.inject(std::string(outage));
    EXPECT_TRUE(wait_for([&] { return is_open("price_staleness"); })) << monitor_->process().err();
    EXPECT_TRUE(wait_for([&] { return is_open("store_down"); })) << monitor_->process().err();
    EXPECT_TRUE(wait_for([&] { return !is_open("price_staleness"); }));
    EXPECT_LE(spool("length"), spool("capacity"));
  }
  void expect_recovery() {
    EXPECT_TRUE(wait_for([&] { return !is_open("store_down") && spool("length") == 0; }))
        << monitor_->process().err();
  }
  /// Nobody who asked for a price was told anything but a price, at once.
  void expect_prices() {
    const Figures figures = bystander_->end();
    figures.print();
    EXPECT_GT(figures.asked, 100U);
    EXPECT_EQ(figures.failed, 0U) << figures.first_failure;
    EXPECT_LT(figures.p99, 250ms);
    EXPECT_LT(figures.oldest, 2s);
  }
  void end() {
    monitor_->process().signal(SIGTERM);
    EXPECT_EQ(monitor_->process().wait(), 0) << monitor_->process().err();
  }
  /// Of this name: how many, each with its firing and its resolved transition and nothing pending.
  void expect_kept(const std::string& name, std::size_t count) const {
    auto query = store::open_query(url_);
    ASSERT_TRUE(query) << query.error().text();
    std::size_t found = 0;
    for (const AlertRow& alert : (*query)->resolved_alerts(1000).value()) {
      if (alert.name != name) continue;
      ++found;
      std::vector<std::string> states;
      for (const auto& row : (*query)->alert_transitions(alert.id).value()) {
        if (row.from != row.to) states.push_back(row.to);
      }
      EXPECT_THAT(states, testing::ElementsAre("firing", "resolved")) << alert.id;
    }
    EXPECT_EQ(found, count) << name;
    EXPECT_TRUE((*query)->open_alerts().value().empty());
    EXPECT_TRUE((*query)->pending_notifications().value().empty());
  }

  Simulated exchange_{{"--venue", "binance-usdm", "--symbols", "BTCUSDT,ETHUSDT", "--rate", "50"}};
  Scratch scratch_;
  std::string url_, configuration_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::unique_ptr<Monitored> monitor_;
  std::unique_ptr<Bystander> bystander_;
};

// ---- the disk -----------------------------------------------------------------------------------

class DiskFaults : public StoreFaults {
 protected:
  std::string database() const { return scratch_.file("feedwatch.db"); }
  void begin_shimmed() {
    begin("sqlite://" + database(), scratch_.path(),
          {{"LD_PRELOAD", FEEDWATCH_DISK_FAULT}, {"FEEDWATCH_FAULT_FILE", scratch_.file("fault")}});
  }
  void fail(int code, const std::string& path) {
    scratch_.write("fault.new", fmt::format("{} {}", code, path));
    std::filesystem::rename(scratch_.file("fault.new"), scratch_.file("fault"));
  }
  void heal() { std::filesystem::remove(scratch_.file("fault")); }

  void survive(int code, const std::string& path) {
    begin_shimmed();
    if (HasFatalFailure()) return;
    fail(code, path);
    suffer();
    heal();
    expect_recovery();
    expect_prices();
    end();
    expect_kept("price_staleness", 1);
    expect_kept("store_down", 1);
  }
};

TEST_F(DiskFaults, TheDatabasesFileCannotBeReadOrWritten) {
  survive(EIO, database());
}

TEST_F(DiskFaults, TheDatabasesFileIsReadOnly) {
  survive(EROFS, database());
}

TEST_F(DiskFaults, NothingCanBeWrittenNotEvenTheSpool) {
  survive(ENOSPC, scratch_.path().string());
}

TEST_F(DiskFaults, TheStateDirectoryIsFull) {
  const std::filesystem::path disk = scratch_.path() / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("feedwatch-test", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
    GTEST_SKIP() << "a small disk needs root (mount: " << errno << ")";
  }
  begin("sqlite://" + (disk / "feedwatch.db").string(), disk);
  const std::filesystem::path ballast = disk / "ballast";
  {
    std::ofstream out(ballast, std::ios::binary);
    const std::string block(4096, 'x');
    while (out.write(block.data(), 4096).flush()) {
    }
  }
  suffer();
  std::filesystem::remove(ballast);
  expect_recovery();
  expect_prices();
  end();
  expect_kept("price_staleness", 1);
  expect_kept("store_down", 1);
  monitor_.reset();
  ::umount2(disk.c_str(), MNT_DETACH);
}

TEST_F(DiskFaults, PagesOfTheDatabaseAreOverwritten) {
  begin_shimmed();
  ASSERT_TRUE(wait_for([&] { return std::filesystem::exists(database() + "-wal"); }));
  for (const std::string& file : {database(), database() + "-wal"}) {
    std::fstream pages(file, std::ios::binary | std::ios::in | std::ios::out);
    const std::string rubbish(std::filesystem::file_size(file), '\xA5');
    pages.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
  }
  // The probe finds it, every 30 s; what comes from then on is kept.
  ASSERT_TRUE(wait_for([&] { return is_open("store_down"); }, 60s)) << monitor_->process().err();
  suffer();
  expect_prices();
  monitor_->process().signal(SIGTERM);
  ASSERT_TRUE(monitor_->process().wait()) << monitor_->process().err();
  const Ran again = run_feedwatch({"run", "-c", configuration_});
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_THAT(again.err, HasSubstr(database()));
  // As decision 32 has it: somebody puts another file in its place, and the spool goes there.
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(database() + end);
  start();
  ASSERT_TRUE(monitor_->ready()) << monitor_->process().err();
  expect_recovery();
  end();
  expect_kept("price_staleness", 1);
  expect_kept("store_down", 1);
}

// ---- PostgreSQL ---------------------------------------------------------------------------------

class ServerFaults : public StoreFaults {
 protected:
  void SetUp() override {
    if (!PgServer::installed()) {
      GTEST_SKIP() << "PostgreSQL 15 is not installed (apt-get install postgresql-15)";
    }
    server_ = std::make_unique<PgServer>();
    begin(server_->url(server_->create_database()), scratch_.path());
  }
  void TearDown() override { monitor_.reset(); }

  void survive(const std::function<void()>& fault, const std::function<void()>& cure) {
    fault();
    suffer();
    cure();
    expect_recovery();
    expect_prices();
    end();
    expect_kept("price_staleness", 1);
    expect_kept("store_down", 1);
  }
  void end_sessions() {
    server_->ask("postgres",
                 "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                 "pid <> pg_backend_pid() AND backend_type = 'client backend'");
  }

  std::unique_ptr<PgServer> server_;
};

TEST_F(ServerFaults, StoppedAndStartedAgain) {
  survive([&] { server_->stop(); }, [&] { server_->start(); });
}

TEST_F(ServerFaults, Killed) {
  survive([&] { server_->kill(); }, [&] { server_->start(); });
}

TEST_F(ServerFaults, Hung) {
  survive([&] { server_->suspend(); }, [&] { server_->resume(); });
}

TEST_F(ServerFaults, RefusingConnections) {
  survive(
      [&] {
        server_->write("pg_hba.conf", "host postgres all all trust\nhost all all all reject\n");
        server_->reload();
        end_sessions();
      },
      [&] {
        server_->write("pg_hba.conf", "host all all all trust\n");
        server_->reload();
      });
}

TEST_F(ServerFaults, SessionsEndedInTheMiddleOfTransactions) {
  exchange_.inject(std::string(outage));
  const MonoTime until = now() + 10s;
  while (now() < until) {
    end_sessions();
    std::this_thread::sleep_for(20ms);
  }
  ASSERT_TRUE(wait_for([&] { return monitor_->open_alerts().empty(); }))
      << monitor_->process().err();
  expect_recovery();
  expect_prices();
  end();
  expect_kept("price_staleness", 1);
}

}  // namespace
}  // namespace feedwatch::integration
