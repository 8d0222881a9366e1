// A venue whose certificate is another host's: `feedwatch run` refuses the line, goes on, and says
// why wherever a person looks.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/exchange/exchange.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/tests/certificates.hpp"
#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::HasSubstr;

/// An exchange on wss, on a thread of its own.
class SecureExchange {
 public:
  explicit SecureExchange(const net::testing::Certificates& certificates) {
    auto started = exchange::Exchange::start(reactor_, {.venue = "binance-usdm",
                                                        .cert_file = certificates.cert(),
                                                        .key_file = certificates.key(),
                                                        .symbols = {"BTCUSDT"}});
    if (!started) throw std::runtime_error(started.error().text());
    exchange_ = std::move(*started);
    url_ = exchange_->ws_url();
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~SecureExchange() {
    reactor_.stop();
    thread_.join();
  }
  SecureExchange(const SecureExchange&) = delete;
  SecureExchange& operator=(const SecureExchange&) = delete;
  const std::string& url() const { return url_; }

 private:
  embed::SystemClock clock_;
  net::Reactor reactor_{clock_};
  std::unique_ptr<exchange::Exchange> exchange_;
  std::string url_;
  std::thread thread_;
};

TEST(Certificate, OfAnotherHostIsRefusedVisibly) {
  const net::testing::Certificates certificates("DNS:exchange.example");
  const SecureExchange exchange(certificates);
  const Scratch scratch;
  Monitored monitor(scratch.write(
      "feedwatch.toml", fmt::format("[[venue]]\nname = \"binance-usdm\"\nurl = \"{}\"\n"
                                    "ca_file = \"{}\"\nstreams = [\"BTCUSDT/mark\"]\n"
                                    "[store]\nstate_dir = \"{}\"\n",
                                    exchange.url(), certificates.ca(), scratch.path().string())));
  const auto detail = [&] {
    const auto page = get(monitor.url() + "/v1/lines").json();
    if (!page.is_object() || page.at("lines").empty()) return std::string();
    return page["lines"][0].at("detail").get<std::string>();
  };
  ASSERT_TRUE(wait_for([&] { return detail().find("certificate") != std::string::npos; }))
      << detail();
  EXPECT_THAT(detail(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(run_feedwatch({"status", "--api", monitor.url()}).out, HasSubstr("certificate"));
  EXPECT_THAT(monitor.process().err(), HasSubstr("certificate"));
  EXPECT_EQ(get(monitor.url() + "/readyz").status, 503);
  monitor.process().signal(SIGTERM);
  EXPECT_EQ(monitor.process().wait(5s), 0);
}

}  // namespace
}  // namespace feedwatch::integration
