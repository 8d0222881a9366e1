#include "feedwatch/app/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "feedwatch/api/server.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/engine/tests/control_bench.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ran {
  int code = -1;
  std::string out, err;
};
Ran ran(const std::function<int()>& command) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran run;
  run.code = command();
  run.out = ::testing::internal::GetCapturedStdout();
  run.err = ::testing::internal::GetCapturedStderr();
  return run;
}

/// A served API over a bench in virtual time; a lease makes the stream appear, with a price if
/// `priced_on_lease`.
class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    auto listening = api::ApiServer::listen(
        reactor, {.port = 0, .token = "secret", .version = "1.2.3"},
        {.clock = bench.clock,
         .control = bench.control,
         .monitor = bench.monitor,
         .decisions = decisions,
         .process = [] { return api::ProcessFacts{.shard_loop_alive = true}; },
         .want = [this](StreamKey key, const std::string& owner, Duration,
                        api::ApiPorts::Done done) { want(std::move(key), owner, std::move(done)); },
         .unwant =
             [](const StreamKey& key, const std::string& owner, api::ApiPorts::Done done) {
               if (owner == "cli") return done({});
               done(std::unexpected(Error{key.text(), "'" + owner + "' holds no lease on it", ""}));
             }});
    if (!listening) throw std::runtime_error(listening.error().text());
    server = std::move(*listening);
    args.api = server->url();
    token_file =
        std::filesystem::temp_directory_path() / ("feedwatch-token-" + std::to_string(::getpid()));
    std::ofstream(token_file) << "secret\n";
  }
  ~ClientTest() override {
    if (thread.joinable()) {
      reactor.stop();
      thread.join();
    }
    std::filesystem::remove(token_file);
  }

  void want(StreamKey key, const std::string&, api::ApiPorts::Done done) {
    if (key.venue != "v") {
      return done(std::unexpected(Error{"venue " + key.venue, "is not configured", ""}));
    }
    auto made = bench.watch(key.symbol);
    if (priced_on_lease && !quarantined_on_lease) {
      bench.price(made, "42.0");
      made = engine::ControlBench::at(made, Level::healthy, Reason::ok, bench.clock.time);
    } else if (quarantined_on_lease) {
      made.reason = Reason::quarantined;
      made.detail = "the venue lists no symbol " + key.symbol;
      bench.monitor.set_feed_reason(made.stream, Reason::quarantined, bench.clock.time);
    } else {
      made.reason = Reason::disconnected;
      made.detail = "no line\x1b[2J";
      bench.monitor.set_feed_reason(made.stream, Reason::disconnected, bench.clock.time);
    }
    bench.put(made);
    done({});
  }

  /// From here on the bench belongs to the server's thread.
  void serve() {
    thread = std::thread([this] { reactor.run(); });
  }

  void priced(const std::string& symbol, const char* text) {
    const auto made = bench.watch(symbol);
    bench.price(made, text);
    bench.put(engine::ControlBench::at(made, Level::healthy, Reason::ok, bench.clock.time));
  }

  engine::ControlBench bench;
  Decisions decisions;
  embed::SystemClock clock;
  net::Reactor reactor{clock};
  std::unique_ptr<api::ApiServer> server;
  std::thread thread;
  ClientArgs args;
  std::filesystem::path token_file;
  bool priced_on_lease = true;
  bool quarantined_on_lease = false;
};

TEST_F(ClientTest, status_is_one_screen_or_one_object) {
  priced("BTC", "64010.50");
  serve();
  const Ran text = ran([&] { return run_status(args); });
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("feedwatch 1.2.3 at " + args.api + ": healthy\n"));
  EXPECT_THAT(text.out, HasSubstr("v/BTC/mark  healthy"));
  EXPECT_EQ(text.out.find('\x1b'), std::string::npos) << "stdout is no terminal here";
  args.json = true;
  const auto json = nlohmann::json::parse(ran([&] { return run_status(args); }).out);
  EXPECT_EQ(json["health"]["state"], "healthy");
  EXPECT_EQ(json["streams"][0]["stream"], "v/BTC/mark");
  EXPECT_TRUE(json["lines"].is_array());
  EXPECT_TRUE(json["alerts"].is_array());
}

TEST_F(ClientTest, status_of_a_failing_monitor_is_a_status_all_the_same) {
  priced("BTC", "1");
  bench.clock.time += 301s;
  serve();
  const Ran text = ran([&] { return run_status(args); });
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr(": critical\n"));
}

TEST_F(ClientTest, price_with_both_ages_or_the_refusal) {
  priced("BTC/USD", "64010.50");
  bench.clock.time += 6s;
  serve();
  const Ran good = ran([&] { return run_price(args, "v/BTC/USD/mark", "6s"); });
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(good.out, "v/BTC/USD/mark 64010.50 receive age 6.00 s, event age unknown, healthy\n");
  const Ran late = ran([&] { return run_price(args, "v/BTC/USD/mark", "5s"); });
  EXPECT_EQ(late.code, exit_refused);
  EXPECT_EQ(late.out, "");
  EXPECT_EQ(late.err, "feedwatch: v/BTC/USD/mark: too_old: reason ok, age 6.00 s, limit 5s\n");
  args.json = true;
  const Ran json = ran([&] { return run_price(args, "v/BTC/USD/mark", "5s"); });
  EXPECT_EQ(json.code, exit_refused);
  EXPECT_EQ(nlohmann::json::parse(json.out)["refusal"], "too_old");
  const Ran nobody = ran([&] { return run_price(args, "v/NOBODY/mark", "5s"); });
  EXPECT_EQ(nobody.code, exit_refused);
  EXPECT_THAT(nobody.err, HasSubstr("v/NOBODY/mark: unconfigured: reason unconfigured"));
}

TEST_F(ClientTest, mistakes_of_usage_ask_nobody) {
  for (const char* stream : {"", "BTC", "v/BTC/spot", "v/\x1b[2J/spot"}) {
    const Ran run = ran([&] { return run_price(args, stream, "5s"); });
    EXPECT_EQ(run.code, 2) << stream;
    EXPECT_THAT(run.err, StartsWith("feedwatch: STREAM: "));
    EXPECT_EQ(run.err.find('\x1b'), std::string::npos);
    EXPECT_EQ(run_watch(args, stream, "cli", "1h"), 2);
    EXPECT_EQ(run_unwatch(args, stream, "cli"), 2);
  }
  EXPECT_EQ(ran([&] { return run_price(args, "v/BTC/mark", "5"); }).code, 2);
  EXPECT_EQ(ran([&] { return run_watch(args, "v/BTC/mark", "cli", "long"); }).code, 2);
}

TEST_F(ClientTest, watch_waits_for_the_first_price) {
  serve();
  args.token_file = token_file.string();
  const Ran run = ran([&] { return run_watch(args, "v/NEW/mark", "cli", "1h"); });
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "v/NEW/mark 42.0 age 0.00 s, healthy, until 1h from now\n");
  const Ran end = ran([&] { return run_unwatch(args, "v/NEW/mark", "cli"); });
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_THAT(end.out, HasSubstr("has ended"));
  const Ran other = ran([&] { return run_unwatch(args, "v/NEW/mark", "desk"); });
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("'desk' holds no lease"));
}

TEST_F(ClientTest, watch_without_data_ends_with_the_reason) {
  priced_on_lease = false;
  serve();
  args.token_file = token_file.string();
  const MonoTime start = clock.now();
  const Ran run = ran([&] { return run_watch(args, "v/NEW/mark", "cli", "1h"); });
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("feedwatch: v/NEW/mark: watched, but no data within 3 s: "
                                  "reason disconnected, no line\uFFFD[2J"));
  EXPECT_GE(clock.now() - start, 3s);
}

TEST_F(ClientTest, watch_of_what_is_quarantined_does_not_wait) {
  serve();
  args.token_file = token_file.string();
  const MonoTime start = clock.now();
  quarantined_on_lease = true;
  const Ran run = ran([&] { return run_watch(args, "v/NEW/mark", "cli", "1h"); });
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("reason quarantined, the venue lists no symbol NEW"));
  EXPECT_LT(clock.now() - start, 3s);
}

TEST_F(ClientTest, what_is_said_already_is_not_said_twice) {
  serve();
  args.token_file = token_file.string();
  const Ran run = ran([&] { return run_unwatch(args, "v/NEW/mark", "desk"); });
  EXPECT_EQ(run.err, "feedwatch: v/NEW/mark: 'desk' holds no lease on it\n");
}

TEST_F(ClientTest, the_token_goes_to_this_machine_or_over_tls) {
  args.token_file = token_file.string();
  for (const char* api : {"http://127.attacker.example:1", "http://127.0.0.1.attacker.example:1",
                          "http://localhost.attacker.example:1", "http://10.0.0.1:1"}) {
    args.api = api;
    const Ran run = ran([&] { return run_unwatch(args, "v/NEW/mark", "cli"); });
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.err, HasSubstr("the token is not sent over an open network")) << api;
  }
  args.api = "http://127.0.0.2:1";  // nobody listens, but it was tried
  EXPECT_THAT(ran([&] { return run_unwatch(args, "v/NEW/mark", "cli"); }).err,
              HasSubstr("connection refused"));
}

TEST_F(ClientTest, watch_says_what_stands_in_its_way) {
  serve();
  Ran run = ran([&] { return run_watch(args, "v/NEW/mark", "cli", "1h"); });
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.err,
            "feedwatch: v/NEW/mark: the monitor wants its write token, and got none or another one "
            "(give --token-file with the file of api.token_file, or set FEEDWATCH_TOKEN)\n");
  args.token_file = token_file.string();
  run = ran([&] { return run_watch(args, "other/NEW/mark", "cli", "1h"); });
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.err, "feedwatch: other/NEW/mark: venue other: is not configured\n");
  args.token_file = "/nonexistent/token";
  run = ran([&] { return run_watch(args, "v/NEW/mark", "cli", "1h"); });
  EXPECT_THAT(run.err, StartsWith("feedwatch: /nonexistent/token: cannot be read"));
}

TEST(ClientAlone, an_unreachable_monitor_is_named_with_what_to_do) {
  std::string url;
  {
    embed::SystemClock clock;
    net::Reactor reactor(clock);
    url = "http://127.0.0.1:" +
          std::to_string((*net::HttpServer::listen(reactor, {}, {}))->local_port());
  }
  const Ran run = ran([&] { return run_status({.api = url}); });
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.err, "feedwatch: " + url +
                         ": connection refused (start it with feedwatch run, or give --api URL)\n");
}

TEST(ClientAlone, an_address_that_is_none_is_a_mistake_of_usage) {
  for (const char* url : {"", "monitor", "ftp://h", "ws://127.0.0.1:8420"}) {
    const Ran run = ran([&] { return run_status({.api = url}); });
    EXPECT_EQ(run.code, 2) << url;
    EXPECT_THAT(run.err, StartsWith("feedwatch: --api: "));
    EXPECT_THAT(run.err, HasSubstr("http://127.0.0.1:8420"));
  }
}

TEST(ClientAlone, the_token_goes_over_no_open_network) {
  const auto path =
      std::filesystem::temp_directory_path() / ("feedwatch-open-" + std::to_string(::getpid()));
  std::ofstream(path) << "canary";
  const ClientArgs args{.api = "http://192.0.2.1:8420", .token_file = path.string()};
  const Ran run = ran([&] { return run_watch(args, "v/BTC/mark", "cli", "1h"); });
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("not sent over an open network"));
  EXPECT_EQ(run.err.find("canary"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(PercentEncoded, leaves_only_what_needs_nothing) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("BTC/USD ?&#%\xff"), "BTC%2FUSD%20%3F%26%23%25%FF");
  EXPECT_EQ(stream_path("/v1/prices", {"v", "BTC/USD", Kind::mark}), "/v1/prices/v/BTC%2FUSD/mark");
}

}  // namespace
}  // namespace feedwatch::app
