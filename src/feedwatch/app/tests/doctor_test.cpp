#include "feedwatch/app/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "feedwatch/base/http_date.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::app {
namespace {

using Outcome = Diagnosis::Outcome;
using ::testing::HasSubstr;

class Doctor : public ::testing::Test {
 protected:
  Doctor() { std::filesystem::create_directories(root / "state"); }
  ~Doctor() override { std::filesystem::remove_all(root); }

  config::Config config(const std::string& more = {}) {
    const std::string text = "[store]\nurl = \"sqlite://" + (root / "f.db").string() +
                             "\"\nstate_dir = \"" + (root / "state").string() + "\"\n" + more;
    auto loaded = config::load_text(text, "test.toml", {});
    if (!loaded) throw std::runtime_error(loaded.error().front().text());
    return std::move(*loaded);
  }
  static const Diagnosis& of(const std::vector<Diagnosis>& all, const std::string& words) {
    for (const Diagnosis& one : all) {
      if (one.found.contains(words)) return one;
    }
    std::string said;
    for (const Diagnosis& one : all) said += one.check + ": " + one.found + "\n";
    throw std::runtime_error("nothing says '" + words + "', but:\n" + said);
  }

  std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("feedwatch-doctor-" + std::to_string(::getpid()));
};

/// Answers every request with one status, on a loop of its own.
class Answering {
 public:
  explicit Answering(int status, net::Headers headers = {}) {
    auto listening = net::HttpServer::listen(
        reactor_, {},
        {.on_request =
             [status, headers](const net::Request&, net::Responder respond) {
               respond({.status = status, .headers = headers, .body = {}});
             },
         .on_upgrade = {},
         .on_connect = {}});
    if (!listening) throw std::runtime_error(listening.error().text());
    server_ = std::move(*listening);
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~Answering() {
    reactor_.stop();
    thread_.join();
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  std::uint16_t port() const { return server_->local_port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  std::string venue() const {
    return "[[venue]]\nname = \"binance-usdm\"\nstreams = [\"BTCUSDT/mark\"]\nurl = \"ws://"
           "127.0.0.1:" +
           std::to_string(port()) + "\"\n";
  }

 private:
  embed::SystemClock clock_;
  net::Reactor reactor_{clock_};
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

TEST_F(Doctor, says_something_of_the_clock) {
  const auto found = doctor::clock();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].found, HasSubstr("synchronized"));
  EXPECT_EQ(found[0].fix.empty(), found[0].outcome == Outcome::ok);
}

TEST_F(Doctor, looks_at_room_and_permissions) {
  EXPECT_EQ(of(doctor::places(config()), "state directory: can be written").outcome, Outcome::ok);
  EXPECT_EQ(of(doctor::places(config()), "MiB free of").check, "disk");
  std::filesystem::remove_all(root / "state");
  EXPECT_EQ(of(doctor::places(config()), "will be made at the start").outcome, Outcome::ok);
  std::ofstream(root / "state") << "a file";
  const auto found = doctor::places(config());
  EXPECT_EQ(of(found, "is no folder").outcome, Outcome::failed);
  EXPECT_THAT(of(found, "is no folder").fix, HasSubstr("[store] state_dir"));
}

TEST_F(Doctor, tells_a_database_that_is_missing_from_one_that_is_damaged) {
  EXPECT_EQ(of(doctor::database(config()), "will be made at the start").outcome, Outcome::ok);
  {
    embed::SystemClock clock;
    net::Reactor reactor(clock);
    auto opened = store::open_store(
        {.url = config().store.url, .state_dir = config().store.state_dir, .recipients = {}}, clock,
        reactor);
    ASSERT_TRUE(opened) << opened.error().text();
    ASSERT_TRUE((*opened)->close(1s));
  }
  auto found = doctor::database(config());
  EXPECT_EQ(of(found, "intact (quick_check)").outcome, Outcome::ok);
  EXPECT_EQ(of(found, "answers; 0 alerts are open").outcome, Outcome::ok);

  const auto size = std::filesystem::file_size(root / "f.db");
  ASSERT_GT(size, 8'192U);
  {
    std::fstream file(root / "f.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096);
    file << std::string(size - 4'096, 'x');
  }
  found = doctor::database(config());
  const bool told = std::ranges::any_of(found, [](const Diagnosis& one) {
    return one.outcome == Outcome::failed && one.fix.contains("restore a backup");
  });
  EXPECT_TRUE(told);
}

TEST_F(Doctor, tells_a_monitor_on_its_port_from_another_program) {
  EXPECT_EQ(of(doctor::listening(config("[api]\nlisten = \"127.0.0.1:0\"\n")), "free").outcome,
            Outcome::ok);
  const auto at = [](const Answering& server) {
    return "[api]\nlisten = \"127.0.0.1:" + std::to_string(server.port()) + "\"\n";
  };
  {
    const Answering monitor(200);
    EXPECT_EQ(of(doctor::listening(config(at(monitor))), "a monitor answers there").outcome,
              Outcome::ok);
  }
  const Answering other(404);
  const auto found = doctor::listening(config(at(other)));
  EXPECT_EQ(of(found, "address already in use").outcome, Outcome::failed);
  EXPECT_THAT(found[0].fix, HasSubstr("[api] listen"));
}

TEST_F(Doctor, asks_the_hosts_of_venues) {
  const auto judged = [&](int status, net::Headers headers = {}) {
    const Answering venue(status, std::move(headers));
    return doctor::venues(config(venue.venue()));
  };
  EXPECT_EQ(of(judged(404), "reached; HTTP 404").outcome, Outcome::ok) << "it is there";
  const auto weight = judged(200, {{"x-mbx-used-weight-1m", "12"}});
  EXPECT_EQ(of(weight, "x-mbx-used-weight-1m 12").outcome, Outcome::ok);
  EXPECT_EQ(of(weight, "our clock agrees").check, "clock");
  EXPECT_EQ(of(judged(429), "over the venue's limit").outcome, Outcome::failed);
  EXPECT_EQ(of(judged(451), "does not serve this address").outcome, Outcome::failed);
  EXPECT_EQ(of(judged(502), "in trouble itself").outcome, Outcome::warning);
}

TEST_F(Doctor, a_venue_that_is_not_there_fails_with_what_to_do) {
  std::string gone;
  {
    const Answering venue(200);
    gone = venue.venue();
  }
  auto found = doctor::venues(config(gone));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].check, "connection");
  EXPECT_EQ(found[0].outcome, Outcome::failed);
  EXPECT_THAT(found[0].found, HasSubstr("refused"));
  found = doctor::venues(
      config("[[venue]]\nname = \"kraken\"\nstreams = [\"BTC/USD/last\"]\nurl = "
             "\"ws://no-such-host.invalid\"\nrest_url = \"http://no-such-host.invalid\"\n"));
  EXPECT_EQ(found[0].check, "dns");
  EXPECT_EQ(found[0].outcome, Outcome::failed);
  EXPECT_EQ(doctor::venues(config())[0].outcome, Outcome::warning) << "nothing to watch";
}

TEST_F(Doctor, asks_the_hosts_of_those_who_are_told) {
  const auto told = [](const std::string& url) {
    return "[[sink]]\ntype = \"webhook\"\nname = \"ops\"\nurl = \"" + url +
           "/alerts-secret\"\n[[sink]]\ntype = \"log\"\n" +
           "[[decision_webhook]]\nname = \"bot\"\nurl = \"" + url + "/decisions-secret\"\n";
  };
  std::string gone;
  {
    const Answering bot(501);
    gone = told(bot.url());
    const auto found = doctor::receivers(config(gone));
    ASSERT_EQ(found.size(), 2U) << "a log is nobody's host";
    EXPECT_THAT(found[0].subject, HasSubstr("sink ops http://127.0.0.1"));
    EXPECT_THAT(found[1].subject, HasSubstr("decision_webhook bot http://127.0.0.1"));
    for (const Diagnosis& one : found) {
      EXPECT_EQ(one.outcome, Outcome::ok) << "who takes POST only answers GET so";
      EXPECT_EQ(one.found, "reached; HTTP 501");
      EXPECT_THAT(one.subject, ::testing::Not(HasSubstr("secret")));
    }
  }
  const auto found = doctor::receivers(config(gone));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].check, "connection");
  EXPECT_EQ(found[1].outcome, Outcome::failed);
  EXPECT_THAT(found[1].fix, HasSubstr("that the receiver runs"));
  const Answering proxy(502);
  EXPECT_EQ(of(doctor::receivers(config(told(proxy.url()))), "nobody is behind it").outcome,
            Outcome::warning);
}

TEST_F(Doctor, tells_what_the_configuration_is_warned_of) {
  EXPECT_TRUE(doctor::warnings(config()).empty());
  const auto found =
      doctor::warnings(config("[[venue]]\nname = \"okx\"\n[trailing]\nenabled = true\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].outcome, Outcome::warning);
  EXPECT_THAT(found[0].found, HasSubstr("mark prices come every 10s"));
  EXPECT_THAT(found[0].fix, HasSubstr("protect_max_age"));
}

TEST_F(Doctor, exit_code_and_json) {
  const auto path = root / "watch.toml";
  const Answering venue(200);
  std::ofstream(path) << "[store]\nurl = \"sqlite://" << (root / "f.db").string()
                      << "\"\nstate_dir = \"" << (root / "state").string()
                      << "\"\n[api]\nlisten = \"127.0.0.1:0\"\n"
                      << venue.venue();
  std::ostringstream out;
  EXPECT_EQ(run_doctor({.file = path.string()}, true, out), exit_ok) << out.str();
  const auto json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["checks"][0]["check"], "configuration");
  std::filesystem::remove_all(root / "state");
  std::ofstream(root / "state") << "a file";
  std::ostringstream text;
  EXPECT_EQ(run_doctor({.file = path.string()}, false, text), exit_failure);
  EXPECT_THAT(text.str(), HasSubstr("FAILED  permissions"));
  EXPECT_THAT(text.str(), HasSubstr("\n        -> set [store] state_dir"));
  EXPECT_EQ(run_doctor({.file = "/nowhere.toml"}, false, text), exit_configuration);
}

}  // namespace
}  // namespace feedwatch::app
